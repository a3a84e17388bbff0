"""A scheduler that goes on when the clock is set back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

SMALL_STEP = timedelta(seconds=30)
"""Clocks are set back by less all the time; nothing is planned again for that."""

_logger = logging.getLogger(__name__)


class SteadyScheduler(BackgroundScheduler):  # type: ignore[misc]
    """Plans every job again once the clock shows less than before.

    APScheduler keeps the instants that it planned, so with a clock that is set back by an hour nothing would run for
    an hour: no watch, no alert.
    """

    def __init__(self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), **options: Any) -> None:
        super().__init__(**options)
        self._clock = clock
        self._seen: datetime | None = None

    def _process_jobs(self) -> float | None:
        """Called by the thread of APScheduler when the next job is due, and whenever it is woken."""
        now = self._clock()
        if self._seen is not None and now < self._seen - SMALL_STEP:
            _logger.warning("The clock was set back by %s; the timetable is planned again.", self._seen - now)
            for job in self.get_jobs():
                job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))
        self._seen = now
        wait: float | None = super()._process_jobs()
        return wait
