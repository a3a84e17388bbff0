"""Reading a completion document: which processors are in, whether that is enough, and what the flag says.

The document is written by several programs, so every value may be of any type. What cannot be read is
never counted and always named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from checks.agreement import agreeing, counted
from checks.facts.orchestration import Flag
from checks.orchestration_spec import Run

FINISHED = ("success", "partial")
"""The values of ``status`` that make a processor count."""

_YEARS = range(2000, 2100)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = 1e11
"""Seconds of that size lie in the year 5138, so such a number counts milliseconds."""

_SHOWN = 60
"""Characters of a foreign value that a message shows."""


CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead a time may lie because two clocks differ."""


@dataclass(frozen=True, slots=True)
class ProcessorReport:
    """What a processor says of its work; ``records`` is None where it does not say how many it wrote."""

    status: str
    records: int | None = None

    @property
    def partial(self) -> bool:
        return self.status == "partial"

    @property
    def failed(self) -> bool:
        return self.status not in FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A completion document. ``finished`` maps a processor to when it completed, None where that cannot
    be read. ``oddities`` are clauses about what was not as it should be."""

    flag: Flag
    flag_oddity: str = ""
    triggered_at: datetime | None = None
    reason: str | None = None
    first_at: datetime | None = None
    finished: Mapping[str, datetime | None] = field(default_factory=dict)
    reports: Mapping[str, ProcessorReport] = field(default_factory=dict)
    """What each processor says of its work, those that failed included."""
    ahead: frozenset[str] = frozenset()
    """The processors whose time of completion is yet to come."""
    oddities: tuple[str, ...] = ()

    @property
    def last_at(self) -> datetime | None:
        """When the latest processor came in, None when no such time can be read."""
        return max((at for at in self.finished.values() if at is not None), default=None)

    def is_stale(self, opens: datetime) -> bool:
        """Whether the trigger belongs to a run before the window that opens at ``opens``."""
        return self.flag is Flag.TRUE and self.triggered_at is not None and self.triggered_at < opens

    def flag_in(self, opens: datetime) -> Flag:
        """Return the flag as it counts for the window that opens at ``opens``."""
        return Flag.FALSE if self.is_stale(opens) else self.flag


NO_DOCUMENT = Completion(flag=Flag.ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the processors of a run are. ``since`` is when it became enough, None when unknown."""

    arrived: tuple[str, ...]
    expected: int
    missing: tuple[str, ...]
    critical_missing: tuple[str, ...]
    unknown: tuple[str, ...]
    """Processors in the document that the run does not know; they are not counted."""
    enough: bool
    since: datetime | None

    @property
    def counted(self) -> str:
        """A clause: how many have reported, of how many that the run waits for."""
        arrived = len(self.arrived)
        if arrived > self.expected:
            return f"{arrived} processors have reported ({self.expected} needed)"
        said = f"{counted(arrived)} of {counted(self.expected)} processors have"
        return f"{agreeing(said)} reported"


def moment_of(value: Any) -> datetime | None:
    """Read a time given as a datetime, ISO text, or a number since 1970; without a zone it is UTC.

    Returns None for anything else, and for years that no pipeline has seen.
    """
    moment = _parsed(value)
    if moment is None or moment.year not in _YEARS:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def past_moment_of(value: Any, now: datetime) -> datetime | None:
    """Read a time as ``moment_of`` does. One that lies in the future says nothing about what has happened: None."""
    moment = moment_of(value)
    return None if moment is None or moment - now > CLOCKS_DIFFER else moment


def _parsed(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value.strip())
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _EPOCH + timedelta(seconds=value / 1000 if abs(value) >= _MILLISECONDS_FROM else value)
    except (ValueError, OverflowError):
        return None
    return None


def read_completion(data: Mapping[str, Any] | None, now: datetime) -> Completion:
    """Read a document's data as of an instant, None when the document does not exist. Never raises, whatever it
    holds."""
    if data is None:
        return NO_DOCUMENT
    finished: dict[str, datetime | None] = {}
    oddities: list[str] = []
    for name, value in sorted(data.items()):
        if not name.startswith("_"):
            oddity = _oddity(value)
            if oddity:
                oddities.append(f"{name} {oddity}")
            else:
                finished[name] = past_moment_of(value.get("completed_at"), now)
    flag, flag_oddity = _flag(data)
    reason = data.get("_trigger_reason")
    return Completion(
        flag=flag,
        flag_oddity=flag_oddity,
        triggered_at=past_moment_of(data.get("_triggered_at"), now),
        reason=reason if isinstance(reason, str) and reason else None,
        first_at=past_moment_of(data.get("_first_completion_at"), now),
        finished=finished,
        reports={name: report for name, value in data.items() if (report := _report(name, value)) is not None},
        ahead=frozenset(name for name, value in data.items() if _is_ahead(name, value, now)),
        oddities=tuple(oddities),
    )


def _is_ahead(name: str, value: Any, now: datetime) -> bool:
    if name.startswith("_") or not isinstance(value, Mapping):
        return False
    at = value.get("completed_at")
    return moment_of(at) is not None and past_moment_of(at, now) is None


def _report(name: str, value: Any) -> ProcessorReport | None:
    if name.startswith("_") or not isinstance(value, Mapping) or not isinstance(value.get("status"), str):
        return None
    records = value.get("record_count")
    return ProcessorReport(
        value["status"], records if isinstance(records, int) and not isinstance(records, bool) else None
    )


def _flag(data: Mapping[str, Any]) -> tuple[Flag, str]:
    value = data.get("_triggered", False)
    if isinstance(value, bool):
        return (Flag.TRUE if value else Flag.FALSE), ""
    return Flag.UNREADABLE, f"_triggered is {described(value)}"


def _oddity(value: Any) -> str:
    """Say why a processor's entry does not count; empty when it does."""
    if not isinstance(value, Mapping):
        return f"is {described(value)} instead of a map"
    if "status" not in value:
        return "has no status"
    status = value["status"]
    return "" if isinstance(status, str) and status in FINISHED else f"has the status {described(status)}"


def described(value: Any) -> str:
    """Name a value and its type, short enough for a sentence."""
    if value is None:
        return "null"
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    return f"{shown} ({type(value).__name__})"


def progress_of(completion: Completion, run: Run, now: datetime) -> Progress:
    """Apply a run's trigger rule: the expected number, or every critical one and the majority, or a tier
    whose wait is over at ``now``."""
    arrived = tuple(name for name in run.processors if name in completion.finished)
    expected = run.expected or len(run.processors)
    absent = tuple(name for name in run.processors if name not in completion.finished)
    critical_missing = tuple(name for name in run.critical if name in absent)
    reached = _reached(completion, run, expected, arrived, critical_missing, now)
    return Progress(
        arrived=arrived,
        expected=expected,
        missing=absent if len(arrived) < expected else critical_missing,
        critical_missing=critical_missing,
        unknown=tuple(name for name in completion.finished if name not in run.processors),
        enough=bool(reached),
        since=None if not reached or _LONG_AGO in reached else min(reached),
    )


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""Stands for a time that cannot be read; it sorts first."""


def _reached(
    completion: Completion,
    run: Run,
    expected: int,
    arrived: tuple[str, ...],
    critical_missing: tuple[str, ...],
    now: datetime,
) -> list[datetime]:
    """Return when each part of the trigger rule that holds began to hold."""
    arrivals = {name: completion.finished[name] or _LONG_AGO for name in arrived}
    times = sorted(arrivals.values())
    reached = []
    if 0 < expected <= len(times):
        reached.append(times[expected - 1])
    if run.majority is not None and not critical_missing:
        needed = max(1, -(-expected * run.majority // 100))
        if needed <= len(times):
            reached.append(max([times[needed - 1], *(arrivals[name] for name in run.critical)]))
    first = completion.first_at or next((at for at in times if at > _LONG_AGO), None)
    for tier in run.tiers:
        if first is not None and len(times) >= tier.at_least:
            waited = first + timedelta(minutes=tier.after_minutes)
            if waited <= now:
                reached.append(max(waited, times[tier.at_least - 1]))
    return reached
