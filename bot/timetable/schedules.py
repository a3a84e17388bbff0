"""The timetable: what runs when, in the pipeline's zone, and what happens when it did not.

The scheduler only knocks. Whether something is owed is decided by ``Digests`` from the clock and the store, so a
knock too many does nothing, and each minute a round catches up with what a restart, a frozen process or a
doubled hour made somebody miss.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from apscheduler.events import (  # type: ignore[import-untyped]
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
    JobSubmissionEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from bot.log_fields import logged_with
from bot.timetable.digest import EARLY, Digests
from bot.timetable.slots import EPOCH, UnknownJobError
from bot.timetable.steady import SteadyScheduler
from bot.timetable.turns import Turns
from checks.notifications import Notifications

ROUND = "round"

ROUND_SECONDS = 60
"""How often somebody looks whether anything was missed."""

GRACE = {"digest": 3600, "refresh": 3600, "watch": 300, "round": ROUND_SECONDS, "prune": 6 * 3600}
"""Seconds after its time in which a run still makes sense. APScheduler's own is one second: a busy one would
lose the digest. What is later still is caught up by the next round."""

LONGEST_PAUSE = timedelta(minutes=16)
"""After failures a round waits 1, 2, 4, 8, then so many minutes before it tries the digest again."""

_logger = logging.getLogger(__name__)


class JobMetrics(Protocol):
    """What is counted of jobs."""

    def job_missed(self, job: str) -> None: ...

    def job_failed(self, job: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One line of the timetable."""

    id: str
    job: str
    trigger: BaseTrigger


def timetable(notifications: Notifications, zone: ZoneInfo) -> tuple[Planned, ...]:
    """Return what runs when. Times of the day are local to the zone, whatever its clocks do.

    A digest whose time is more than one of the day (``+1d 08:00`` of a week) is written by the round that finds it due.
    """
    times = notifications.digest
    offsets = [("digest", times.post), *(("refresh", offset) for offset in times.refresh)]
    written = tuple(
        Planned(id=f"{job}-{offset.clock:%H%M}", job=job, trigger=_daily(offset.clock.hour, offset.clock.minute, zone))
        for job, offset in offsets
        if offset.is_clock
    )
    return (
        *written,
        Planned(id="watch", job="watch", trigger=_every(timedelta(minutes=notifications.watch_minutes))),
        Planned(id="round", job="round", trigger=_every(timedelta(seconds=ROUND_SECONDS))),
        Planned(id="prune", job="prune", trigger=_daily(3, 30, zone)),
    )


def _daily(hour: int, minute: int, zone: ZoneInfo) -> CronTrigger:
    return CronTrigger(hour=hour, minute=minute, timezone=zone)


def _times(trigger: BaseTrigger, since: datetime, until: datetime) -> Iterator[datetime]:
    moment = trigger.get_next_fire_time(None, since + timedelta(microseconds=1))
    while moment is not None and moment <= until:
        yield moment
        moment = trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))


def _every(interval: timedelta) -> IntervalTrigger:
    return IntervalTrigger(seconds=int(interval.total_seconds()), start_date=EPOCH, timezone=UTC)


class Schedules:
    """The jobs of one process.

    ``pump`` sends what a job has stored, for where nobody else does at that time; ``follow`` looks after repairs in
    each round; ``turns`` hears what of a round worked.
    """

    def __init__(
        self,
        digests: Digests,
        notifications: Notifications,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        *,
        metrics: JobMetrics | None = None,
        pump: Callable[[], object] = lambda: None,
        follow: Callable[[], object] | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._digests = digests
        self._clock = clock
        self._metrics = metrics
        self._pump = pump
        self._follow = follow
        self._turns = turns or Turns()
        self._failures = 0
        self._paused_until: datetime | None = None
        self._idle = threading.Condition()
        self._under_way = 0
        self._jobs: Mapping[str, Callable[[], str]] = {
            "digest": self._digest,
            "refresh": self._digest,
            "watch": lambda: self._tried("watch", self._digests.watch),
            "round": self._round,
            "prune": lambda: f"{self._digests.prune()} records deleted",
        }
        self._scheduler = SteadyScheduler(
            executors={"default": ThreadPoolExecutor(4, {"thread_name_prefix": "schedule"})}, timezone=zone, daemon=True
        )
        self._scheduler.add_listener(self._heard, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._lines = timetable(notifications, zone)
        for planned in self._lines:
            self._scheduler.add_job(
                self.run,
                planned.trigger,
                (planned.job,),
                id=planned.id,
                name=planned.job,
                misfire_grace_time=GRACE[planned.job],
                coalesce=True,
                max_instances=1,
            )

    @property
    def running(self) -> bool:
        """Whether the timetable is being followed; for readiness."""
        return bool(self._scheduler.running)

    @property
    def jobs(self) -> tuple[str, ...]:
        """The names that ``run`` takes."""
        return tuple(self._jobs)

    def due_between(self, since: datetime, until: datetime) -> Sequence[tuple[datetime, str]]:
        """Return which jobs are due after one instant, up to another, each with its time and in order. Rounds are due
        all the time, and left out."""
        lines = (each for each in self._lines if each.job != ROUND)
        return sorted((moment, each.job) for each in lines for moment in _times(each.trigger, since, until))

    def start(self) -> None:
        """Follow the timetable, and catch up at once with what is owed."""
        self._scheduler.start()
        self._scheduler.modify_job("round", next_run_time=datetime.now(UTC))

    def stop(self, seconds: float = 0.0) -> bool:
        """Start nothing more, and give what runs so many seconds; whether all of it has ended.

        A run that the end of the process cuts off leaves its slot to the next round of any instance.
        """
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        with self._idle:
            return self._idle.wait_for(lambda: self._under_way == 0, seconds)

    def run(self, job: str) -> str:
        """Do a job now, in this thread, and say what came of it. Raises UnknownJobError, and what the job raises."""
        work = self._jobs.get(job)
        if work is None:
            raise UnknownJobError(f"There is no job '{job}'; there are {', '.join(self._jobs)}.")
        with self._counted(), logged_with(pipeline=self._digests.name, job=job):
            outcome = work()
            self._pump()
        return outcome

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._idle:
            self._under_way += 1
        try:
            yield
        finally:
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()

    def _digest(self) -> str:
        """Write the digest that is owed. Whoever calls from outside may have a clock that is a little ahead."""
        return self._owed(EARLY)

    def _round(self) -> str:
        """Catch up, then say what is late, then do what is due once Slack has the digest; one never stops another."""
        outcomes: list[str] = []
        errors: list[Exception] = []
        digests = self._digests
        steps = (
            ("digest", self._catch_up),
            ("watch", digests.watch),
            ("late", digests.say_if_late),
            ("follow-up", digests.follow_up),
            ("repairs", self._followed),
        )
        for name, step in steps:
            try:
                outcomes.append(self._tried(name, step))
            except Exception as error:  # noqa: BLE001 - the first of them is raised below, when all had their turn
                errors.append(error)
        if errors:
            raise errors[0]
        return ", ".join(outcomes)

    def _tried(self, name: str, step: Callable[[], object]) -> str:
        try:
            outcome = str(step())
        except Exception as error:
            self._turns.failed(name, error)
            raise
        self._turns.worked(name)
        return outcome

    def _catch_up(self) -> str:
        if self._paused_until is not None and self._clock() < self._paused_until:
            return "paused"
        return self._owed()

    def _owed(self, early: timedelta = timedelta(0)) -> str:
        try:
            done = self._digests.run_owed(early)
        except Exception as error:
            self._failed(error)
            raise
        self._failures, self._paused_until = 0, None
        return done.value

    def _followed(self) -> str:
        waiting = self._follow() if self._follow is not None else 0
        return f"{waiting} repairs wait for their effect" if waiting else "no repair waits"

    def _failed(self, error: Exception) -> None:
        """Wait longer from failure to failure, and keep a reason that names nothing secret."""
        pause = min(timedelta(minutes=2**self._failures), LONGEST_PAUSE)
        self._failures += 1
        self._paused_until = self._clock() + pause
        self._digests.failed(f"The last attempt failed ({type(error).__name__}); the next one follows by itself.")

    def _heard(self, event: JobExecutionEvent | JobSubmissionEvent) -> None:
        job = self._name(event.job_id)
        with logged_with(pipeline=self._digests.name, job=job):
            self._tell_of(event, job)

    def _tell_of(self, event: JobExecutionEvent | JobSubmissionEvent, job: str) -> None:
        if event.code == EVENT_JOB_ERROR:
            _logger.error("the job %s failed", event.job_id, exc_info=getattr(event, "exception", None))
            if self._metrics is not None:
                self._metrics.job_failed(job)
            return
        why = "still running" if event.code == EVENT_JOB_MAX_INSTANCES else "too late"
        _logger.warning("a run of the job %s was missed: %s", event.job_id, why)
        if self._metrics is not None:
            self._metrics.job_missed(job)

    def _name(self, job_id: str) -> str:
        return job_id.partition("-")[0]
