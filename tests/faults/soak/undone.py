"""Takes a part of the product away in an instance, to see that a soak notices it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.timetable import jobs_before, scheduled_run
from checks.ports.scheduler import SchedulerJob


def _forget_missed_jobs() -> None:
    """Let a digest remember only the jobs that it saw, so that one that is gone is news for a day."""

    def forgetful(jobs: Iterable[SchedulerJob], missed: Iterable[SchedulerJob] = ()) -> list[dict[str, str]]:
        del missed
        return jobs_before.kept(jobs)

    scheduled_run.kept = forgetful  # type: ignore[attr-defined]


UNDONE: Mapping[str, Callable[[], None]] = {"missed jobs": _forget_missed_jobs}
"""What can be taken away, by name."""


def take_away(birth: Mapping[str, Any]) -> None:
    """Take away what a birth names."""
    if (name := birth.get("without")) is not None:
        UNDONE[name]()
