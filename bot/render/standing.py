"""What has become of a digest since it was written: pure, from its verdict and what its alerts are now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from bot.alerting.alerts import was_told
from bot.alerting.incident import CANNOT_LOOK, members_of
from bot.render.alert_list import by_repair, gravest_first
from bot.render.alert_title import cut, short_title
from bot.render.mentions import mention
from bot.render.message import mark_of_severity
from bot.render.post import Code, Link, Paragraph, Part, Post, Strong, Text, ThreadLink, Title, joined_by, text
from bot.render.slack_text import EMOJI, VERDICT_EMOJI
from bot.render.words import number, sentence, time_of
from bot.store.model import Alert, AlertState
from checks.model import Outcome, Severity, Verdict

ALERTS_AT_MOST = 4
TITLE_TEXT = 80

GRAVEST = {Verdict.BLOCKED: Severity.P0, Verdict.ACT: Severity.P1, Verdict.WATCH: Severity.P2}
"""The gravest alert that a verdict goes with. An UNKNOWN one goes with any, and ALL CLEAR with none."""

UNVALIDATED = "The latest run has not been validated yet"
"""Said where there is no report of how things are: an answer about another date may be there all the same."""

Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A digest that said ``verdict`` when it was ``written``, and its alerts as they are now: those that it ``told``,
    and those that are ``new`` since. Alerts that were resolved before it do not belong here."""

    verdict: Verdict
    written: datetime
    told: Sequence[Alert]
    new: Sequence[Alert] = ()

    @cached_property
    def open(self) -> Sequence[Alert]:
        """The alerts that are open now, the gravest first."""
        return gravest_first([each for each in (*self.told, *self.new) if each.state is not AlertState.RESOLVED])

    @cached_property
    def closed(self) -> Sequence[Alert]:
        """The alerts that ended since. What is told elsewhere goes on there."""
        ended = [each for each in (*self.told, *self.new) if each.state is AlertState.RESOLVED]
        return gravest_first([each for each in ended if each.details.get("closing") != "superseded"])

    @property
    def now(self) -> Verdict | None:
        """The verdict that the open alerts go with; None while none is open, which says nothing of the rest."""
        if not self.open:
            return None
        gravest = min(each.severity for each in self.open)
        if self.verdict is Verdict.UNKNOWN and self.until is None and not self.is_worse:
            return Verdict.UNKNOWN
        return next((verdict for verdict, least in GRAVEST.items() if gravest <= least), Verdict.WATCH)

    @property
    def until(self) -> datetime | None:
        """Until when its verdict was true: None as long as an alert keeps it so, or was closed unseen, or none ever
        stood for it."""
        stood_for = [each for each in self.closed if self._stands_for(each)]
        if any(self._stands_for(each) for each in self.open) or not any(each in self.told for each in stood_for):
            return None
        if any(each.details.get("closing") == "gone" for each in stood_for):
            return None
        return max(each.resolved_at or each.changed_at for each in stood_for)

    @property
    def is_worse(self) -> bool:
        """Whether an alert that was opened since, and is open, is graver than the verdict."""
        least = {**GRAVEST, Verdict.UNKNOWN: Severity.P2}.get(self.verdict)
        return any(each in self.new and (least is None or each.severity < least) for each in self.open)

    @property
    def has_moved(self) -> bool:
        """Whether anything is otherwise than the digest told it."""
        return bool(self.closed or self.new or any(each.changed_at > self.written for each in self.told))

    def _stands_for(self, alert: Alert) -> bool:
        if self.verdict is Verdict.ALL_CLEAR:
            return False
        return alert.severity <= GRAVEST.get(self.verdict, Severity.P3)


def since_digest(verdict: Verdict, written: datetime, alerts: Collection[Alert]) -> Standing:
    """Return what became of a digest; whatever was open when it was written, it told."""
    apply = [
        each
        for each in sorted(alerts, key=lambda each: each.key)
        if was_told(each) and (each.state is not AlertState.RESOLVED or (each.resolved_at or written) > written)
    ]
    return Standing(
        verdict=verdict,
        written=written,
        told=[each for each in apply if each.opened_at <= written],
        new=[each for each in apply if each.opened_at > written],
    )


def since_report(verdict: Verdict, seen: datetime, document: Body, alerts: Collection[Alert]) -> Standing:
    """Return what became of a report, whose ``document`` says what failed; of alerts that were resolved those count
    that it told."""
    wrong = _wrong_in(document)
    told = [each for each in alerts if was_told(each) and _tells(wrong, each)]
    others = [each for each in alerts if each not in told and each.state is not AlertState.RESOLVED]
    return Standing(verdict=verdict, written=seen, told=told, new=others)


def _wrong_in(document: Body) -> Mapping[tuple[str, str, Any], str]:
    """Return the outcome of whatever is not as it should be, by check, subject and date."""
    return {
        (str(result.get("check")), str(finding.get("subject")), finding.get("interval")): finding["outcome"]
        for result in document.get("results") or ()
        for finding in result.get("findings") or ()
        if finding.get("outcome") in (Outcome.FAILED, Outcome.UNKNOWN)
    }


def _tells(wrong: Mapping[tuple[str, str, Any], str], alert: Alert) -> bool:
    if alert.check == CANNOT_LOOK:
        return Outcome.UNKNOWN in wrong.values()
    intervals = {each.interval for each in members_of(alert)}
    return any((each.check, each.subject, name) in wrong for each in members_of(alert) for name in intervals)


def lead(standing: Standing, zone: ZoneInfo) -> str:
    """Return the one sentence that says until when what the digest says was so, and what is so now: plain text."""
    now = standing.now
    opened = number(len(standing.open), "alert is open", "alerts are open") if standing.open else "no alert is open"
    if now is standing.verdict:
        return f"{_past(standing, zone)}: {opened}"
    return f"{_past(standing, zone)}; now {opened if now is None else f'{now}, {opened}'}"


def _past(standing: Standing, zone: ZoneInfo) -> str:
    """Return until when the verdict was so; of one that never was told to end, when it was written."""
    if standing.until is not None:
        return f"Was {standing.verdict} until {time_of(standing.until, zone, standing.written)}"
    if standing.now is standing.verdict:
        return f"Still {standing.verdict}"
    return f"Was {standing.verdict} at {time_of(standing.written, zone, standing.written)}"


def standing_text(standing: Standing, links: Mapping[str, str], zone: ZoneInfo) -> Text:
    """Return what a digest says of its alerts. ``links`` has the address of each one's thread."""
    lines = [text(f"{emoji_of(standing)} ", Strong((sentence(lead(standing, zone)),)))]
    alerts = (*standing.open, *standing.closed)
    lines += [_line(alert, links.get(alert.key, ""), standing, zone) for alert in alerts[:ALERTS_AT_MOST]]
    if len(alerts) > ALERTS_AT_MOST:
        more = len(alerts) - ALERTS_AT_MOST
        lines.append((f"and {more} more: ", Code("/alerts"), " lists those that are open"))
    return joined_by("\n", lines)


def restated(post: Post, standing: Standing, links: Mapping[str, str], zone: ZoneInfo) -> Post:
    """Return the message of a digest with what has become of it, first in its title and in the notification; the
    message itself while nothing has."""
    if not standing.has_moved:
        return post
    notice = text(f"{emoji_of(standing)} {lead(standing, zone)}. ", post.notice)
    now = Paragraph(standing_text(standing, links, zone))
    match post.parts:
        case (Title(words), *others):
            title = words.partition(" ")[2].removesuffix(f": {standing.verdict}").removesuffix(f" · {standing.verdict}")
            head = Title(f"{emoji_of(standing)} {_past(standing, zone)}: {title}")
            return Post(notice, (head, now, *(each for each in others if not _tells_alerts(each))))
        case others:
            return Post(notice, (now, *others))


def _tells_alerts(part: Part) -> bool:
    """Whether a part of a digest is the line of an alert as it was."""
    return isinstance(part, Paragraph) and any(isinstance(each, ThreadLink) for each in part.text)


def emoji_of(standing: Standing) -> str:
    """The colour of what is so now. No open alert is no proof that all is clear: then it is a tick, and no light."""
    if standing.now is not None:
        return VERDICT_EMOJI[standing.now]
    return "✅" if standing.until is not None else "⚪"


def _line(alert: Alert, link: str, standing: Standing, zone: ZoneInfo) -> Text:
    is_open = alert.state is not AlertState.RESOLVED
    severity = (f"{EMOJI[mark_of_severity(alert.severity)]} ", Strong((alert.severity.name,)))
    mark: Text = severity if is_open else ("✅",)
    if alert.details.get("closing") == "gone" and not is_open:
        mark = ("⌛",)
    thread = (" · ", Link(link, "thread")) if link else ()
    return text(mark, f" {cut(short_title(alert), TITLE_TEXT)} · ", _state(alert, standing, zone), thread)


def _state(alert: Alert, standing: Standing, zone: ZoneInfo) -> Text:
    who = mention(alert.owner or "")
    by = (" by ", *who) if who else ()
    match alert.state:
        case AlertState.FIRING:
            return ("unacknowledged",)
        case AlertState.ACKNOWLEDGED:
            return ("acknowledged", *by)
        case AlertState.SNOOZED:
            return ("snoozed", *by)
    if alert.details.get("closing") == "gone":
        return ("no longer checked",)
    ended = time_of(alert.resolved_at or alert.changed_at, zone, standing.written)
    return (f"resolved {ended}", *by_repair(alert))
