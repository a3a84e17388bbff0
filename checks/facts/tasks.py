"""The facts of tasks: what an orchestrator or dbt ran, what each works from, and what it makes. Instants are aware."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from checks.facts import PART, Facts, several


class TaskState(StrEnum):
    """How a task stands; the values are words for people."""

    SUCCEEDED = "succeeded"
    WARNED = "warned"
    """It did its work, and not all of it."""
    FAILED = "failed"
    BLOCKED = "blocked"
    """It was not run, because what it works from failed."""
    SKIPPED = "skipped"
    """It was left out on purpose."""
    RUNNING = "running"
    WAITING = "waiting"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """It could not be judged, or its state is none that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWork:
    """What a task follows, what tables it works from (``dataset.table``), what it makes, and its phase."""

    task: str
    after: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    phase: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts(Facts):
    """One run of a task; ``not_run`` are the tasks after it that were left out for it."""

    state: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    message: str = ""
    not_run: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksFacts(TaskFacts):
    """All tasks of a run, and what each works from and makes."""

    ran_at: datetime | None = None
    tasks: int = 0
    works: tuple[TaskWork, ...] = field(default=(), metadata=PART)


@dataclass(frozen=True, slots=True, kw_only=True)
class DbtTestFacts(Facts):
    """What a test of dbt found; ``failures`` counts rows, None where it does not say."""

    test: str = ""
    column: str = ""
    failures: int | None = None
    message: str = ""
    not_run: tuple[str, ...] = several()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAgeFacts(Facts):
    """How old the newest row of a source was when dbt looked."""

    newest_at: datetime | None = None
    looked_at: datetime | None = None


def is_of_tasks(facts: Facts) -> bool:
    """Whether facts are of what a run lists: its tasks, its tests, the sources that it looked at."""
    return not {TaskFacts, DbtTestFacts, SourceAgeFacts}.isdisjoint(facts.families())
