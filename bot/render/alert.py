"""An alert in Slack: the message that its thread hangs on, in every state. It is edited in place, and says at any
time what is wrong, who cares for it, what to do, and where to look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.alerting.alerts import Transition
from bot.alerting.incident import Member, members_of, scalar, total
from bot.alerting.recheck import RecheckResult
from bot.render.alert_links import links_of
from bot.render.alert_list import broken_since, since_words, state_words
from bot.render.alert_replies import by_repair, click_reply, look_reply, pointer, transition_reply
from bot.render.alert_title import short_title
from bot.render.buttons import buttons_of
from bot.render.logged import logged_lines
from bot.render.mentions import mention_of
from bot.render.message import Command, Line, SmallPrint, mark_of_severity
from bot.render.post import Actions, Aside, Body, Code, Link, Part, Post, Text, Title, joined_by, limited, text
from bot.render.slack_text import EMOJI
from bot.render.words import (
    clean,
    duration,
    evidence_words,
    interval_title,
    joined,
    listed,
    moment,
    number,
    once,
    value_words,
)
from bot.store.model import Alert, AlertState
from checks.log_evidence import CHECK
from checks.model import FindingKey
from checks.pipeline import Pipeline

FINDINGS_AT_MOST = 6
"""Findings listed in the message; more are counted, and the details have them."""

STORE_IS_DOWN = (
    "The store of this bot cannot be reached: this message is not kept up to date, has no buttons, and may come twice."
)

TITLE_TEXT = 150
CODE_TEXT = 60


class AlertMessages:
    """Writes every message about the alerts of one pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def parent(self, alert: Alert, now: datetime, digest: tuple[str, str] | None = None) -> Body:
        """Return the message that the thread hangs on; ``digest`` is the address of the digest and what it is."""
        return alert_message(alert, self._pipeline, now, digest=digest).document

    def past_store(self, alert: Alert, now: datetime) -> Body:
        """Return the message while the store is down: nothing can be clicked that nobody would remember."""
        post = alert_message(alert, self._pipeline, now, note=STORE_IS_DOWN)
        return replace(post, parts=tuple(each for each in post.parts if not isinstance(each, Actions))).document

    def reply(self, transition: Transition, now: datetime) -> Body:
        """Return what the thread hears of a transition."""
        return transition_reply(transition, self._pipeline, now)

    def clicked(self, alert: Alert, action: str, actor: str) -> Body:
        """Return what the thread hears of a click."""
        return click_reply(alert, action, actor, self._pipeline.zone)

    def looked(
        self, alert: Alert, transition: Transition | None, actor: str, now: datetime, look: RecheckResult
    ) -> Body:
        """Return what the thread hears of a re-check."""
        return look_reply(alert, transition, actor, now, self._pipeline.zone, look)

    def pointer(self, alert: Alert) -> Body:
        """Return what another channel hears of an alert that has become its business."""
        return pointer(alert, self._pipeline)


def alert_message(
    alert: Alert, pipeline: Pipeline, now: datetime, *, note: str = "", digest: tuple[str, str] | None = None
) -> Post:
    """Return the message of an alert as it is. ``note`` is a sentence below the title, ``digest`` a link beside the
    others: its address, and its words."""
    title = short_title(alert)
    if alert.state is AlertState.RESOLVED:
        parts, frame = tuple(_closed_parts(alert)), _closed_frame(alert, pipeline, now)
    else:
        parts, frame = tuple(_open_parts(alert, pipeline, title, now)), _open_frame(alert, pipeline, now)
    headline = f"{_emoji(alert)} {_lead(alert)}: {title}"
    mention = mention_of(alert, pipeline)
    links = [*links_of(alert, pipeline, now), (Link(*digest),) if digest else ()]
    return Post(
        notice=text(limited(headline, TITLE_TEXT), mention and (" ", *mention)),
        parts=(
            Title(headline),
            *(Aside(each) for each in (frame, mention and ("cc ", *mention), text(note)) if each),
            *parts,
            *(Aside(each) for each in (joined_by(" · ", links),) if each),
            buttons_of(alert, pipeline),
        ),
    )


def _emoji(alert: Alert) -> str:
    match alert.state, alert.details.get("closing"):
        case AlertState.RESOLVED, "superseded":
            return "↪️"
        case AlertState.RESOLVED, "gone":
            return "⌛"
        case AlertState.RESOLVED, _:
            return "✅"
        case AlertState.SNOOZED, _:
            return "💤"
        case AlertState.ACKNOWLEDGED, _:
            return "👀"
        case _:
            return EMOJI[mark_of_severity(alert.severity)]


def _lead(alert: Alert) -> str:
    if alert.state is not AlertState.RESOLVED:
        return alert.severity.name
    return {"superseded": "Told elsewhere", "gone": "No longer checked"}.get(
        alert.details.get("closing", ""), "Resolved"
    )


def _open_frame(alert: Alert, pipeline: Pipeline, now: datetime) -> Text:
    zone = pipeline.zone
    since, state = (since_words(alert, zone, now),), state_words(alert, zone, now)
    return joined_by(" · ", [*_about(alert, pipeline, now), since, state])


def _closed_frame(alert: Alert, pipeline: Pipeline, now: datetime) -> Text:
    ended = alert.resolved_at or alert.changed_at
    began = broken_since(alert)
    first = alert.opened_at if began is None else began
    lasted = duration(ended - first)
    span = f"{_at(first, pipeline, now)} to {_at(ended, pipeline, now)}"
    seen = (f"first seen {_at(alert.opened_at, pipeline, now)}",) if began is not None else ()
    how = by_repair(alert)
    ended_by = ("resolved", *how) if how else ()
    lasting = (f"{span} ({lasted})" if lasted else span,)
    return joined_by(" · ", [*_about(alert, pipeline, now), lasting, seen, ended_by])


def _about(alert: Alert, pipeline: Pipeline, now: datetime) -> Iterator[Text]:
    phase = next((each.title for each in pipeline.phases if each.id == alert.phase), "")
    today = now.astimezone(pipeline.zone).date()
    dates = joined([interval_title(each, today) for each in _intervals(alert)])
    yield from ((clean(each),) for each in (phase, dates) if each)
    yield (Code(limited(alert.code, CODE_TEXT)),)


def _intervals(alert: Alert) -> Sequence[str]:
    """Return the intervals for which what the alert is about fails: its own, and others of the same failure."""
    lead, *others = members_of(alert)
    same = {
        each.interval
        for each in others
        if (each.check, each.code, each.subject) == (lead.check, lead.code, lead.subject)
    }
    return sorted(each for each in {alert.interval, *same} if each is not None)


def _at(instant: datetime, pipeline: Pipeline, now: datetime) -> str:
    return f"{moment(instant, pipeline.zone, now)} {instant.astimezone(pipeline.zone):%Z}"


def _closed_parts(alert: Alert) -> Iterator[Part]:
    """A closed alert is short: what it was, and how it ended where that is not plain."""
    what = clean(str(alert.details.get("what") or alert.title))
    yield Line(label=f"Was {alert.severity.name}", text=what)
    other = str(alert.details.get("closing_title") or "")
    match alert.details.get("closing"):
        case "superseded":
            yield Line(label="Goes on in", text=other)
        case "gone":
            yield Line(text="No run judges that date any more. When one last did, it was still failing.")
        case "note":
            yield Line(text=f"What is left is {other}: a note in the report, and no alert.")


def _open_parts(alert: Alert, pipeline: Pipeline, title: str, now: datetime) -> Iterator[Part]:
    details = alert.details
    what = clean(str(details.get("what") or alert.title))
    if rest := _beyond(title, what):
        yield Line(text=rest)
    if evidence := _evidence(details.get("evidence") or {}, what, pipeline, now):
        yield Line(label="Evidence", text=evidence, inset=True)
    yield from logged_lines(details.get("logged") or (), pipeline.zone, now)
    for impact in details.get("impacts") or ():
        yield Line(label="Impact", text=impact, inset=True)
    action = details.get("action")
    if action:
        yield Line(label="Repair", text=action["text"], inset=True)
        if action.get("command"):
            yield Command(text=action["command"])
    yield from _finding_lines(alert, what)
    if unread := details.get("unread"):
        yield Line(label="Could not check", text=listed(unread, FINDINGS_AT_MOST), inset=True)


def _beyond(title: str, what: str) -> str:
    """Return what the title does not say yet; where it says a part of a sentence, the whole."""
    if not what.startswith(title):
        return what
    rest = what[len(title) :]
    return rest.removeprefix(".").strip() if not rest.strip() or rest.startswith(". ") or rest == "." else what


IN_THE_FIRST_LINES = ("transitions", "dates", "broken_since")
"""Evidence in records of before that the first lines say."""


def _evidence(evidence: Mapping[str, Any], what: str, pipeline: Pipeline, now: datetime) -> str:
    """The evidence that the sentence does not tell."""
    values = {name: scalar(value) for name, value in evidence.items() if name not in IN_THE_FIRST_LINES}
    unsaid = {
        name: value
        for name, value in values.items()
        if any(part not in what for part in value_words(value, pipeline.zone, now).split(", "))
    }
    return evidence_words(unsaid, pipeline.zone, now)


def _finding_lines(alert: Alert, what: str) -> Iterator[Part]:
    members = members_of(alert)
    more = int(alert.details.get("more") or 0)
    if "runs" in alert.details:
        yield Line(label="Not checked", text=listed(once(each.title for each in members), FINDINGS_AT_MOST), inset=True)
        yield SmallPrint(text=f"{alert.details['runs']} runs in a row could not check. Silence is not green.")
        return
    named_first = sorted(members, key=lambda each: each.count > 1)
    logged = {FindingKey(CHECK, each["service"], None) for each in alert.details.get("logged") or ()}
    others = [each for each in named_first if not _is_said(each, members[0], what) and each.key not in logged]
    left = total(others) - total(others[:FINDINGS_AT_MOST]) + more
    if not others:
        return
    label = "Also affected" if _is_cause(alert, members) else "With it"
    yield Line(label=label, text=number(total(others) + more, "finding"), inset=True)
    for each in others[:FINDINGS_AT_MOST]:
        yield Line(mark=mark_of_severity(each.severity), text=each.summary, code=each.check, inset=True)
    if left:
        yield SmallPrint(text=f"and {left:,} more")


def _is_said(member: Member, lead: Member, what: str) -> bool:
    """Whether the message says a finding already: in its own words, or by naming what it is about."""
    return clean(member.summary) in what or (member.check == lead.check and member.subject in what)


def _is_cause(alert: Alert, members: Sequence[Member]) -> bool:
    return bool(members) and alert.code != members[0].code
