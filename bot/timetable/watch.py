"""The watch: the quick checks, every few minutes, so that what is late is told when it is late."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from bot.request import Request
from bot.store.model import StateStore, StoreError
from bot.timetable.done import Done
from bot.timetable.scheduled_run import ScheduledRun
from bot.timetable.slots import Recorded, watch_slot, watched
from checks.pipeline import Pipeline

WATCH = "watch"
"""The job of its reports in the store; they have no findings."""

LOOKS_MISSED = 2.5
"""Intervals without a watch from which on it counts as having stood still; a slow run is late by one."""

LOOKS_AT_MOST = 10_000
"""Looks whose times are read: of a day at one a minute, for several dates each."""

_logger = logging.getLogger(__name__)


class Watch:
    """Watches one pipeline, once in each interval whoever calls."""

    def __init__(
        self,
        scheduled: ScheduledRun,
        pipeline: Pipeline,
        store: StateStore,
        clock: Callable[[], datetime],
        owner: str,
        minutes: int,
        *,
        recorded: Recorded | None = None,
    ) -> None:
        self._scheduled = scheduled
        self._pipeline = pipeline
        self._store = store
        self._clock = clock
        self._owner = owner
        self._interval = timedelta(minutes=minutes)
        self._minutes = minutes
        self._recorded = recorded
        self._last: datetime | None = None
        self._one_at_a_time = threading.Lock()

    def watch(self) -> Done:
        """Look, unless somebody has looked in this interval, and let incidents follow."""
        with self._one_at_a_time:
            now = self._clock()
            slot = watch_slot(self._minutes, now)
            if slot == self._last:
                return Done.NOT_OWED
            lease = f"watch:{self._pipeline.name}:{slot.astimezone(UTC):%Y%m%dT%H%M}"
            taken = self._leased(lease, slot)
            if taken:
                self._look(lease, now)
            # Whoever else has the interval keeps it to its end, done or dead; the next one is free.
            self._last = slot
            return Done.WATCHED if taken else Done.BUSY

    def stood_still(self, since: datetime, until: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """Return from when to when nobody watched, this or any other process."""
        reports = self._store.report_heads(self._pipeline.name, WATCH, since, LOOKS_AT_MOST)
        return gaps([each.at for each in reports], since, until, self._interval * LOOKS_MISSED)

    def _look(self, lease: str, now: datetime) -> None:
        for each in watched(self._pipeline, now, self._recorded):
            request = Request(interval=each.interval, checks=each.checks, depth="quick", trigger=WATCH)
            report = self._scheduled.look(request)
            stored = self._scheduled.short_record(report, f"{lease}:{each.interval}", WATCH)
            self._scheduled.follow(report, stored)

    def _leased(self, lease: str, slot: datetime) -> bool:
        """Take a lease. A store that is down must not silence the watch: twice is better than never."""
        try:
            return self._store.acquire(lease, self._owner, self._clock(), slot + self._interval)
        except StoreError as error:
            _logger.warning("the store is down, so the watch runs without a lease: %s", error)
            return True


def gaps(
    times: Sequence[datetime], since: datetime, until: datetime, longest: timedelta
) -> tuple[tuple[datetime, datetime], ...]:
    """Return the stretches between two instants in which there is no time for longer than ``longest``."""
    inside = sorted(each for each in times if since < each < until)
    ends = [since, *inside, until]
    return tuple((begin, end) for begin, end in pairwise(ends) if end - begin > longest)
