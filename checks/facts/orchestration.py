"""The facts that the checks of the orchestration find. Instants are aware."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from checks.facts import Facts, Scalar, several


class Flag(StrEnum):
    """What ``_triggered`` says."""

    ABSENT = "absent"
    """There is no document."""
    TRUE = "true"
    FALSE = "false"
    """False, or not set at all."""
    UNREADABLE = "unreadable"
    """Neither true nor false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts(Facts):
    """As which run of its date something is judged."""

    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts(RunFacts):
    """The rows of a phase for a date; ``effect_rows`` is None where it is not known."""

    effect_rows: int | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerFacts(DataFacts):
    """Whether a phase was triggered: what the document, the data and the log say. None is not known."""

    processors_in: int | None = None
    expected: int | None = None
    missing: tuple[str, ...] = several()
    critical_missing: tuple[str, ...] = several()
    enough_since: datetime | None = None
    triggered: bool | None = None
    triggered_at: datetime | None = None
    trigger_reason: str | None = None
    stale_trigger: bool = False
    source_rows: int | None = None
    effect_last_at: datetime | None = None
    log_row: bool | None = None
    last_good_trigger: datetime | None = None
    window_opens: datetime | None = None
    not_counted: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorFacts(Facts):
    """What a processor reported; ``records`` is None where it does not say how many it wrote."""

    status: str = ""
    records: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFacts(RunFacts):
    """What the phase log says of a transition, and what else shows that it ran."""

    log_rows: int = 0
    last_at: datetime | None = None
    last_good_trigger: datetime | None = None
    log_empty: bool = False
    traces: tuple[str, ...] = several()
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFacts(Facts):
    """How long lay between two phases."""

    gap_minutes: int | None = None
    source_completed: datetime | None = None
    target_first: datetime | None = None
    target_last: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressFacts(RunFacts):
    """How far the processors before a transition are."""

    processors_in: int = 0
    expected: int | None = None
    missing: tuple[str, ...] = several()
    last_arrival: datetime | None = None
    silent_minutes: int | None = None
    effect_rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedFacts(Facts):
    """A run of a processor that has not ended."""

    processor: str = ""
    run_id: str = ""
    started_at: datetime | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRunsFacts(UnfinishedFacts):
    """Further runs that have not ended."""

    count: int = 0

    def lines(self) -> Iterator[tuple[str, Scalar]]:
        yield "count", self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class CountFacts(Facts):
    """How many there are, and a few of them."""

    count: int = 0
    examples: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsFacts(Facts):
    """How many heartbeat documents there are; more, unless ``all_counted``."""

    count: int
    all_counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadUpToFacts(Facts):
    """How many documents were read, and which was the last."""

    read: int
    last_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningFacts(Facts):
    """How many processors are running."""

    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatFacts(Facts):
    """The last heartbeat of a processor."""

    last_heartbeat: datetime | None = None
    silent_minutes: int | None = None
    data_date: str = ""
    run_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFacts(Facts):
    """What a condition of the pipeline file comes to on a date, and what speaks against it."""

    number: float | None = None
    traces: tuple[str, ...] = several()
