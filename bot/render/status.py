"""How Reveille itself is: when it looked and looks next, what it may do, what answers it. One screen, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from bot.alerting.holds import Hold
from bot.render.blocks import first_page
from bot.render.maintenance import hold_note
from bot.render.message import Heading, Line, Mark, Part, SmallPrint
from bot.render.pages import SlackMessage
from bot.render.preflight import State
from bot.render.slack_text import escape
from bot.render.words import capital, duration, interval_title, joined, number, sentence, time_of
from bot.store.model import Alert, AlertState, Delivery, ReportHead
from checks.intervals import Interval
from checks.pipeline import Pipeline
from checks.source import UNANSWERED, Problem

ERROR_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What came of asking a source. ``problem`` is empty for one that answered."""

    name: str
    problem: str = ""
    detail: str = ""
    advice: str = ""

    @property
    def words(self) -> str:
        """Why it does not answer, and what to do."""
        return f"{self.problem}: {sentence(self.detail)} {self.advice}".strip()

    @property
    def state(self) -> State:
        """How it is, for a preflight: what may pass is not wrong."""
        if not self.problem:
            return "well"
        may_pass = Problem(self.problem) in UNANSWERED or self.problem == Problem.THROTTLED
        return "unanswered" if may_pass else "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """What the store knows: the newest reports, what is open, what waits to be sent, what alerts wait for."""

    digest: ReportHead | None
    watch: ReportHead | None
    alerts: Sequence[Alert]
    pending: Sequence[Delivery]
    hold: Hold | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How things are at an instant.

    ``next_digest`` and ``next_watch`` are None where nothing is planned. ``remembered`` is None without a store, and
    where it cannot be read: ``unread`` then says why. ``repairs`` are the things that may be repaired, by kind.
    ``unasked`` are sources that the pipeline file needs and nothing connects. ``problems`` are what a process that
    serves knows of.
    """

    pipeline: Pipeline
    version: str
    now: datetime
    previous: Interval
    current: Interval
    next_digest: datetime | None
    next_watch: datetime | None
    remembered: StoredState | None
    unread: str = ""
    repairs: Mapping[str, Sequence[str]]
    sources: Sequence[SourceState]
    unasked: Sequence[str] = ()
    sinks: Sequence[str]
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def silent(self) -> list[SourceState]:
        """The sources that do not answer."""
        return [each for each in self.sources if each.problem]


def status_sentence(status: Status) -> str:
    """Return the whole in one sentence, for notifications."""
    known = status.remembered
    open_alerts = "the store is not read" if known is None else number(len(known.alerts), "open alert")
    silent = [each.name for each in status.silent]
    well = "every connected source answers" if status.unasked else "every source answers"
    well = well if status.sources else "no source is connected"
    sources = f"{joined(silent)} {'does' if len(silent) == 1 else 'do'} not answer" if silent else well
    return f"{status.pipeline.title}: {open_alerts}, {sources}."


def status_message(status: Status) -> SlackMessage:
    """Return it as Slack takes it."""
    return SlackMessage(text=escape(status_sentence(status)), blocks=first_page(status_parts(status)))


def status_parts(status: Status) -> Iterator[Part]:
    """Yield the lines, each about one thing."""
    cadence = status.pipeline.timeline.cadence.kind
    yield Heading(text=f"{status.pipeline.title} · {cadence} · Reveille {status.version}")
    for name, problem in status.problems.items():
        yield Line(label=capital(name), text=sentence(problem), mark=Mark.P1)
    yield from _runs(status)
    yield from _alerts(status)
    yield from _repairs(status)
    yield from _sources(status)
    yield from _sinks(status)


def _runs(status: Status) -> Iterator[Part]:
    previous, current = (interval_title(each.name, _today(status)) for each in (status.previous, status.current))
    words = status.pipeline.words
    judged = f"{words.previous} {previous}, {words.current} {current}" if previous != current else current
    yield Line(label="Judged now", text=f"{judged}.")
    if status.pipeline.notifications is None:
        yield Line(label="Digest", text="none: the pipeline file has no section 'notifications'.")
        return
    known = status.remembered
    yield Line(
        label="Digest", text=_last_and_next(status, known.digest if known else None, status.next_digest, named=True)
    )
    yield Line(label="Watch", text=_last_and_next(status, known.watch if known else None, status.next_watch))


def _last_and_next(status: Status, head: ReportHead | None, after: datetime | None, *, named: bool = False) -> str:
    at, about = "none yet", ""
    if head is not None:
        about = f" ({interval_title(head.previous, _today(status))}: {head.verdict})" if named else f" ({head.verdict})"
        at = _at(status, head.at)
    last = f"last {at}{about}" if status.remembered is not None else "last one not known"
    return f"{last}, next {_at(status, after)}." if after is not None else f"{last}."


def _alerts(status: Status) -> Iterator[Part]:
    if status.remembered is None:
        if status.unread:
            yield Line(label="Store", text=sentence(status.unread), mark=Mark.UNKNOWN)
        else:
            yield SmallPrint(text="Open alerts and waiting messages are not known here: REVEILLE_STORE names no store.")
        return
    alerts = status.remembered.alerts
    if alerts:
        grave = Counter(each.severity.name for each in alerts)
        by = joined([f"{count} {name}" for name, count in sorted(grave.items())])
        free = sum(each.state is AlertState.FIRING for each in alerts)
        rest = f", {free} unacknowledged" if free else ""
        yield Line(label="Open alerts", text=f"{len(alerts)} ({by}){rest}. /reveille alerts lists them.")
    else:
        yield Line(label="Open alerts", text="none.")
    if status.remembered.hold is not None:
        yield Line(label="Maintenance", text=hold_note(status.remembered.hold, status.pipeline.zone, status.now))


def _repairs(status: Status) -> Iterator[Part]:
    allowed = {kind: targets for kind, targets in status.repairs.items() if targets}
    if not allowed:
        yield Line(label="Repairs", text="none: the pipeline file allows none, so Reveille only reads.")
        return
    notifications = status.pipeline.notifications
    named = notifications is not None and notifications.permissions.repairers
    nobody = "" if named else " Nobody is named who may repair from Slack."
    yield Line(label="Repairs", text=f"{joined([f'{kind} ({len(each)})' for kind, each in allowed.items()])}.{nobody}")


def _sources(status: Status) -> Iterator[Part]:
    answering = [each.name for each in status.sources if not each.problem]
    if answering:
        yield Line(label="Sources that answer", text=f"{joined(answering)}.")
    for each in status.silent:
        yield Line(label=f"{each.name} does not answer", text=each.words, mark=Mark.UNKNOWN)
    if status.unasked:
        yield SmallPrint(text=f"Not connected: {joined(list(status.unasked))}.")


def _sinks(status: Status) -> Iterator[Part]:
    if status.remembered is None:
        return
    for sink in status.sinks:
        waiting = [each for each in status.remembered.pending if each.sink == sink]
        if not waiting:
            yield Line(label=f"To {sink}", text="nothing waits.")
            continue
        oldest = min(waiting, key=lambda each: each.created_at)
        age = duration(status.now - oldest.created_at)
        words = f"{number(len(waiting), 'message')} waiting" + (f", the oldest for {age}" if age else "")
        refused = next((each.error for each in waiting if each.error), "")
        yield Line(
            label=f"To {sink}",
            text=sentence(f"{words}: {refused[:ERROR_TEXT]}" if refused else words),
            mark=Mark.P2 if refused else None,
        )


def _today(status: Status) -> date:
    return status.now.astimezone(status.pipeline.zone).date()


def _at(status: Status, instant: datetime) -> str:
    return time_of(instant, status.pipeline.zone, status.now)


def status_document(status: Status) -> Mapping[str, Any]:
    """Return the status as JSON. Times are ISO 8601 with their offset; what nobody knows is null."""
    known = status.remembered
    return {
        "version": status.version,
        "pipeline": status.pipeline.name,
        "cadence": status.pipeline.timeline.cadence.kind,
        "now": status.now.isoformat(),
        "previous": status.previous.name,
        "current": status.current.name,
        "digest": {"last": _head(known.digest if known else None), "next": _iso(status.next_digest)},
        "watch": {"last": _head(known.watch if known else None), "next": _iso(status.next_watch)},
        "alerts": None
        if known is None
        else [
            {"key": each.key, "severity": each.severity.name, "state": each.state.value, "owner": each.owner}
            for each in known.alerts
        ],
        "hold": None
        if known is None or known.hold is None
        else {"until": known.hold.until.isoformat(), "reason": known.hold.reason, "by": known.hold.by},
        "store": status.unread or None,
        "repairs": {kind: list(targets) for kind, targets in status.repairs.items() if targets},
        "sources": [
            {"source": each.name, "answers": not each.problem, "problem": each.problem or None}
            | ({"detail": each.detail, "advice": each.advice} if each.problem else {})
            for each in status.sources
        ],
        "not_connected": list(status.unasked),
        "sinks": [
            {"sink": sink, "waiting": None if known is None else sum(each.sink == sink for each in known.pending)}
            for sink in status.sinks
        ],
        "problems": dict(status.problems),
    }


def _head(head: ReportHead | None) -> Mapping[str, str] | None:
    return None if head is None else {"interval": head.previous, "verdict": head.verdict, "at": head.at.isoformat()}


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
