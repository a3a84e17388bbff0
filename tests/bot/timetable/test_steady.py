"""The scheduler itself, on a clock that is set back under it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from bot.timetable.steady import SMALL_STEP, SteadyScheduler

PATIENCE = 10.0
"""Seconds that a real scheduler gets in these tests; it needs some milliseconds."""


class AheadClock:
    """Shows the present and so much more; ``looked`` is set whenever somebody has looked."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead
        self.looked = threading.Event()

    def __call__(self) -> datetime:
        self.looked.set()
        return datetime.now(UTC) + self.ahead


class Planned:
    """A scheduler with one job a second, which was planned by a clock that is ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self.clock = AheadClock(ahead)
        self.ran = threading.Event()
        self.at = datetime.now(UTC) + timedelta(hours=1)
        self.scheduler = SteadyScheduler(clock=self.clock, timezone=UTC, daemon=True)
        self.scheduler.add_job(self.ran.set, IntervalTrigger(seconds=1, timezone=UTC), id="watch")
        self.scheduler.start(paused=True)
        self.scheduler.modify_job("watch", next_run_time=self.at)
        self.look_again(self.scheduler.resume)

    def look_again(self, wake: object = None) -> None:
        self.clock.looked.clear()
        (wake if callable(wake) else self.scheduler.wakeup)()
        assert self.clock.looked.wait(PATIENCE)


@pytest.fixture
def planned() -> Iterator[Planned]:
    found = Planned(timedelta(hours=1))
    yield found
    found.scheduler.shutdown()


def test_what_was_planned_by_a_clock_that_was_set_back_runs_at_its_next_time(planned: Planned) -> None:
    planned.clock.ahead = timedelta(0)

    planned.look_again()

    assert planned.ran.wait(PATIENCE)


@pytest.mark.parametrize(
    "step", [timedelta(0), -SMALL_STEP + timedelta(seconds=1), timedelta(hours=1)], ids=["none", "small", "forward"]
)
def test_a_clock_that_goes_on_changes_no_plan(planned: Planned, step: timedelta) -> None:
    planned.clock.ahead += step

    planned.look_again()
    planned.look_again()

    assert planned.scheduler.get_job("watch").next_run_time == planned.at
