"""Cloud Scheduler: which jobs there are, and how their last attempts ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from checks.reads import Read, Reads
from checks.scheduled import SchedulerJob as SchedulerJob  # noqa: PLC0414 - what is asked for
from checks.source import Source


class Scheduler(Protocol):
    """Cloud Scheduler."""

    def jobs(self) -> Sequence[SchedulerJob]:
        """Fetch every job of the region, ordered by name."""


SCHEDULER: Source[Scheduler] = Source("Cloud Scheduler", lambda limits: limits.control_plane, "scheduler")


def read_jobs(reads: Reads) -> Read[Sequence[SchedulerJob]]:
    """Ask for every job."""
    return reads.ask(SCHEDULER, "jobs", lambda port: port.jobs())
