"""Waiting until what was stored to be said has left: for callers after whose answer there is no CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.store.model import Delivery

SECONDS = 20.0
"""How long a caller is kept waiting for Slack; what is left then waits for the next call."""

STEP_SECONDS = 0.1


class Backlog(Protocol):
    """What is asked of the store."""

    def pending(self) -> Sequence[Delivery]: ...


class Drain:
    """Wakes the outbox and waits, at most ``seconds``, until nothing is left that may be sent now.

    ``holds`` says of a delivery that it waits for Slack or for a person. Raises StoreError.
    """

    def __init__(
        self,
        queue: Backlog,
        wake: Callable[[], object],
        clock: Callable[[], datetime],
        holds: Callable[[Delivery], bool] = lambda _: False,
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._queue = queue
        self._wake = wake
        self._clock = clock
        self._holds = holds
        self._seconds = seconds

    def __call__(self) -> bool:
        """Whether everything that may be sent now has left."""
        self._wake()
        deadline = time.monotonic() + self._seconds
        while self._waiting():
            if time.monotonic() >= deadline:
                return False
            time.sleep(STEP_SECONDS)
        return True

    def _waiting(self) -> bool:
        now = self._clock()
        due = (each for each in self._queue.pending() if each.not_before is None or each.not_before <= now)
        return any(not self._holds(each) for each in due)
