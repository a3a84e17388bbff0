"""How a scheduler job fails, and how grave that is: decided from the job alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from checks.control_plane.schedule import due_after, due_since, is_understood
from checks.control_plane_spec import Season
from checks.facts.control_plane import JobStatus
from checks.model import Severity
from checks.ports.scheduler import SchedulerJob

NEVER_RAN = "NEVER_RAN"
NOT_ATTEMPTED = "NOT_ATTEMPTED"
PAUSED = "PAUSED"
DELETED = "DELETED"
LATELY = timedelta(days=2)
"""A job that no run saw enabled, and that is paused for longer, may rest on purpose."""

LONG_GONE = timedelta(days=1)
"""So long after its first missed start, what a job that was taken away should have done is missing."""

TAKEN_AWAY = frozenset({PAUSED, DELETED})

GRACE = timedelta(hours=1)
"""How long after a schedule was due its attempt may still be on its way: Cloud Scheduler does not start a job while
its last attempt runs, which is for 30 minutes at most, and goes on with retries."""

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead an attempt may lie because two clocks differ."""

WORDS = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    15: "DATA_LOSS",
    16: "UNAUTHENTICATED",
}
"""gRPC's status codes, as Cloud Scheduler records them."""


class Class(StrEnum):
    """How grave a failing job is, the gravest first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_CLASSES = {7: Class.CRITICAL, 16: Class.CRITICAL, 13: Class.HIGH, 14: Class.HIGH, 3: Class.LOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailure:
    """A job that fails: the word of its status, and how grave that is."""

    job: SchedulerJob
    word: str
    grade: Class
    since: datetime | None = None

    @property
    def rank(self) -> tuple[int, str]:
        """Sorts failures, the gravest first."""
        return tuple(Class).index(self.grade), self.job.name

    @property
    def status(self) -> JobStatus:
        return JobStatus(self.job.name, self.word, since=self.since)

    @property
    def unstarted(self) -> bool:
        """Whether its work was not even begun."""
        return self.status.unstarted or bool(self.job.fault)


def failure_of(job: SchedulerJob, now: datetime) -> JobFailure | None:
    """Return how a job that is not paused fails, None for one that does not."""
    if job.fault:
        return JobFailure(job=job, word=job.fault, grade=Class.HIGH, since=_first_missed(job))
    if job.status:
        word = WORDS.get(job.status, f"CODE_{job.status}")
        return JobFailure(job=job, word=word, grade=_CLASSES.get(job.status, Class.MEDIUM), since=job.last_attempt)
    if never_ran(job, now):
        return JobFailure(job=job, word=NEVER_RAN, grade=Class.HIGH, since=_first_missed(job))
    if overdue(job, now):
        return JobFailure(job=job, word=NOT_ATTEMPTED, grade=Class.HIGH, since=_first_missed(job))
    return None


def missed_of(job: SchedulerJob, now: datetime, word: str, *, known: bool) -> JobFailure | None:
    """Return the failure of a job that was paused or deleted and has been due since; ``word`` says which.

    One that an earlier run saw enabled is missed until it is back, however long that takes.
    """
    missed = _first_missed(job)
    if missed is None or missed > now - GRACE or not (known or missed >= now - LATELY):
        return None
    return JobFailure(job=job, word=word, grade=Class.HIGH, since=missed)


def _first_missed(job: SchedulerJob) -> datetime | None:
    since = max(filter(None, (job.last_attempt, job.updated_at)), default=None)
    return due_after(job.schedule, job.zone, since) if since is not None else None


def overdue(job: SchedulerJob, now: datetime) -> bool:
    """Whether a job was due after its last attempt, and has not been attempted again.

    What was due before its last change does not count: its schedule may have been another, or it may have been paused.
    """
    if job.last_attempt is None:
        return False
    since = max(job.last_attempt, job.updated_at) if job.updated_at is not None else job.last_attempt
    return due_since(job.schedule, job.zone, since, now - GRACE) is not None


def never_ran(job: SchedulerJob, now: datetime) -> bool:
    """Whether a job has not been attempted once although it was due.

    A job that was changed lately may have been made lately, so that only what was due after that counts.
    """
    if job.last_attempt is not None or job.status is not None:
        return False
    return job.updated_at is None or due_since(job.schedule, job.zone, job.updated_at, now - GRACE) is not None


def doubt_of(job: SchedulerJob, now: datetime) -> str:
    """Return why it cannot be told whether a job was started when it was due; empty where it can."""
    if not is_understood(job.schedule, job.zone):
        return f"its schedule is not understood: {job.schedule or 'none'}, {job.zone}"
    ahead = job.last_attempt is not None and job.last_attempt - now > CLOCKS_DIFFER
    return "its last attempt lies in the future" if ahead else ""


def season_of(job: SchedulerJob, seasons: Iterable[Season], today: date) -> Season | None:
    """Return the season that excuses a job on a local date, None for none."""
    return next(
        (each for each in seasons if job.name.startswith(each.prefix) and each.since <= today <= each.until), None
    )


def loudness(
    failures: Sequence[JobFailure],
    many: int,
    needed: Collection[str] = (),
    feeding: Collection[str] = (),
    now: datetime | None = None,
) -> tuple[str, Severity | None]:
    """Return code and severity for the failing jobs; ``many`` is from how many on they are P1. One that was not started
    is P1 alone when a pattern of ``needed`` matches its name, and a day after its first missed start also when it was
    taken away and is one of ``feeding``, which work for a phase: nothing brings its work. Whether the work of
    another is missing, its data says."""
    if not failures:
        return "jobs-in-order", None
    if any(each.grade is Class.CRITICAL for each in failures):
        return "jobs-refused", Severity.P1
    silent = [each for each in failures if each.unstarted]
    missed = any(fnmatchcase(each.job.name, pattern) for each in silent for pattern in needed) or any(
        each.job.name in feeding and now is not None and each.since is not None and now - each.since >= LONG_GONE
        for each in silent
        if each.word in TAKEN_AWAY
    )
    return ("jobs-failing", Severity.P1) if missed or len(failures) >= many else ("some-jobs-failing", Severity.P2)
