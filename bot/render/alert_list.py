"""Open alerts in a list: what ``/alerts`` and the home page show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.alerting.incident import broken_since
from bot.render.alert_title import cut, short_title
from bot.render.mentions import mention
from bot.render.message import mark_of_severity
from bot.render.pages import Block, SlackMessage
from bot.render.post import Link, Mention, Strong, Text, text
from bot.render.slack_text import EMOJI, escape, fitted, markup
from bot.render.words import duration, moment, number, zoned
from bot.store.model import Alert, AlertState, SnoozeUntil
from checks.pipeline import Pipeline

TITLE_TEXT = 600
REASON_TEXT = 150
ALERTS_AT_MOST = 15
"""Alerts in one message; more are counted."""


def alert_list(
    pipeline: Pipeline, alerts: Sequence[Alert], now: datetime, threads: Mapping[str, str] = MappingProxyType({})
) -> SlackMessage:
    """Return the open alerts of a pipeline, the gravest first; ``threads`` are the addresses of theirs."""
    title = escape(pipeline.title)
    if not alerts:
        said = f"🟢 {title}: no open alert."
        return SlackMessage(text=said, blocks=(section(said),))
    said = f"{title}: {number(len(alerts), 'open alert')}"
    shown = gravest_first(alerts)[:ALERTS_AT_MOST]
    blocks = [
        section(f"*{said}*"),
        *map(section, alert_lines([alert_row(each, now, pipeline.zone, threads.get(each.key, "")) for each in shown])),
    ]
    if len(alerts) > len(shown):
        blocks.append(section(f"… and {len(alerts) - len(shown)} less grave ones."))
    return SlackMessage(text=said, blocks=tuple(blocks))


def gravest_first(alerts: Sequence[Alert]) -> list[Alert]:
    """Return alerts by severity, those of one severity by age."""
    return sorted(alerts, key=lambda alert: (alert.severity, alert.opened_at))


def alert_row(alert: Alert, now: datetime, zone: ZoneInfo, thread: str = "") -> tuple[str, str]:
    """Return one alert in two lines: what it is, with a link to its ``thread``; who cares for it since when."""
    link = f" · {markup((Link(thread, 'open thread'),))}" if thread else ""
    where = f" · <#{alert.channel}>" if alert.channel.isalnum() else ""
    emoji = EMOJI[mark_of_severity(alert.severity)]
    return (
        f"{emoji} *{alert.severity.name}* {fitted(short_title(alert), TITLE_TEXT)}{link}",
        f"{since_words(alert, zone, now)}{where} · {markup(state_words(alert, zone, now))}",
    )


def alert_lines(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the text of each row; neighbours whose second line is the same share it, below the last of them."""
    alike = 0
    for at, (title, state) in enumerate(rows):
        following = rows[at + 1][1] if at + 1 < len(rows) else None
        alike += 1
        if state == following:
            yield title
        else:
            yield f"{title}\n{f'These {alike}: ' if alike > 1 else ''}{state}"
            alike = 0


def since_words(alert: Alert, zone: ZoneInfo, now: datetime) -> str:
    """Return since when it is broken, where that is known, and when it was first seen."""
    first = f"first seen {zoned(alert.opened_at, zone, now)}"
    began = broken_since(alert)
    age = duration(now - (began or alert.opened_at))
    lasting = f" ({age})" if age else ""
    if began is None:
        return f"{first}{lasting}"
    return f"broken since {zoned(began, zone, now)}{lasting} · {first}"


def state_words(alert: Alert, zone: ZoneInfo, now: datetime, most: int = REASON_TEXT) -> Text:
    """Return who has an alert, or until when it sleeps, with at most so many characters of the reason."""
    owner = (" by ", Mention(alert.owner)) if alert.owner else ()
    reason = f": {cut(alert.reason, most)}" if alert.reason else ""
    match alert.state:
        case AlertState.FIRING:
            return (Strong(("unacknowledged",)),)
        case AlertState.ACKNOWLEDGED:
            return text("acknowledged", owner, reason)
        case AlertState.SNOOZED:
            return text(f"snoozed {_until(alert, zone, now)}", owner, reason)
        case AlertState.RESOLVED:
            return ("resolved",)


def _until(alert: Alert, zone: ZoneInfo, now: datetime) -> str:
    change = alert.snooze_ends_on is SnoozeUntil.CHANGE
    if alert.snoozed_until is None:
        return "until it changes" if change else "until the next run"
    return f"until {moment(alert.snoozed_until, zone, now)}{' or it changes' if change else ''}"


def section(text: str) -> Block:
    """Return a section; verbatim, so that words which look like links stay words."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def by_repair(alert: Alert) -> Text:
    """Say whose repair resolved an alert, where one did; it goes on a sentence."""
    who = mention(str(alert.details.get("repaired_by") or ""))
    return (" by a repair of ", *who) if who else ()
