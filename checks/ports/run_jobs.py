"""Cloud Run: jobs and the latest execution of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from checks.reads import Read, Reads
from checks.source import Source


class ExecutionState(StrEnum):
    """How an execution stands; the values are words for people."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RUNNING = "running"
    PENDING = "pending"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """A Cloud Run job and its latest execution; one that was never executed has neither ``state`` nor ``started_at``.

    ``started_at`` is when the execution was created, ``longest_seconds`` how long its tasks may take with all their
    retries, None where the job does not say. ``deployed_at`` is the job's last change.
    """

    name: str
    execution: str = ""
    state: ExecutionState | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    longest_seconds: int | None = None
    deployed_at: datetime | None = None
    deployed_by: str = ""


class RunJobs(Protocol):
    """Cloud Run's jobs."""

    def run_jobs(self) -> Sequence[RunJob]:
        """Read every job of the region, ordered by name."""


CLOUD_RUN_JOBS: Source[RunJobs] = Source("Cloud Run jobs", lambda limits: limits.control_plane, "run_jobs")


def read_run_jobs(reads: Reads) -> Read[Sequence[RunJob]]:
    """Ask for every job with its latest execution: one list has both."""
    return reads.ask(CLOUD_RUN_JOBS, "run jobs", lambda port: port.run_jobs())
