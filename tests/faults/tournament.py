"""What the instances of a race have in common: a fast clock, and what is true on each day."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from checks.model import Severity
from tests.faults.story import PIPELINE, START, Fact

FASTER = 20.0
"""The clock of a race runs so much faster than ours: Slack takes one message a second in a channel."""


class FastClock:
    """Runs on from an instant, many times as fast as ours."""

    def __init__(self) -> None:
        self.set(START)

    def set(self, now: datetime) -> None:
        self._from, self._began = now, time.monotonic()

    def step(self, by: timedelta) -> None:
        """Be set forward, or back, while everything goes on."""
        self._from += by

    def __call__(self) -> datetime:
        return self._from + timedelta(seconds=(time.monotonic() - self._began) * FASTER)


def days_facts(now: datetime) -> Mapping[str, Fact]:
    """Return what is true at an instant: one service fails every other day, one for three of each seven, and one
    from noon to the evening of every third, so that digests are brought up to date with something new."""
    local = now.astimezone(PIPELINE.zone)
    day = local.toordinal()
    return {
        "service-0": Severity.P0 if day % 2 else "passed",
        "service-1": Severity.P1 if day % 7 in (1, 2, 3) else "passed",
        "service-2": Severity.P1 if day % 3 == 0 and 12 <= local.hour < 18 else "passed",
    }
