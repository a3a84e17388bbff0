"""Asking to be woken when a message that waits may go: where a CPU is there only while a request is answered.

What is asked for is an instant, whoever asks; instants of one slot are one call. A wake-up that cannot be had costs a
message its delay until the next round by the clock, and nothing else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.store.model import Delivery
from checks.source import SourceError

SLOT = timedelta(seconds=10)
"""What is due within it is woken for once."""

FARTHEST = timedelta(days=29)
"""Cloud Tasks keeps a task for 30 days."""

PAUSE = timedelta(minutes=1)
"""After one that was refused nothing is asked for: a quota, or a missing role, is not helped by asking."""

_logger = logging.getLogger(__name__)


class WakeUps(Protocol):
    """What wakes us from outside."""

    def wake_at(self, at: datetime) -> None:
        """Have somebody call us then; for the same instant once, however often it is asked. Raises SourceError."""
        ...


def slot_of(due: datetime, now: datetime) -> datetime:
    """Return when to be woken for what is due: never before it, at a time that others would name, too."""
    wanted = min(max(due, now), now + FARTHEST).astimezone(UTC)
    return datetime.fromtimestamp(-(-wanted.timestamp() // SLOT.total_seconds()) * SLOT.total_seconds(), UTC)


def next_due(pending: Iterable[Delivery], now: datetime) -> datetime | None:
    """Return when the first delivery may go that may not go now; None where none waits for a time.

    One whose lease is held may go when that is over. What could go now, and did not, waits for something else.
    """
    times = (each.not_before if each.lease_until is None else each.lease_until for each in pending)
    return min((each for each in times if each is not None and each > now), default=None)


class Waker:
    """Collects instants from any thread; ``run`` asks for them on a thread of its own, ``flush`` at once."""

    def __init__(self, wake_ups: WakeUps, clock: Callable[[], datetime]) -> None:
        self._wake_ups = wake_ups
        self._clock = clock
        self._wanted: set[datetime] = set()
        self._asked: set[datetime] = set()
        self._paused_until: datetime | None = None
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._awake = threading.Event()

    def at(self, due: datetime) -> None:
        """Ask for a wake-up, soon and not here: whoever sends messages waits for nothing."""
        slot = slot_of(due, self._clock())
        with self._lock:
            if slot not in self._asked:
                self._wanted.add(slot)
        self._awake.set()

    def round_is_over(self, pending: Iterable[Delivery]) -> None:
        """Ask at once for what waits still: after the answer of a round there is no CPU."""
        due = next_due(pending, self._clock())
        if due is not None:
            self.at(due)
        self.flush()

    def run(self, stop: threading.Event, interval: float = 1.0) -> None:
        """Ask for what is wanted until told to stop."""
        while not stop.is_set():
            self._awake.wait(interval)
            self._awake.clear()
            self.flush()

    def flush(self) -> None:
        """Ask for what is wanted, the soonest first. Never raises: the clock comes in any case."""
        with self._asking:
            for slot in self._taken():
                try:
                    self._wake_ups.wake_at(slot)
                except SourceError as error:
                    self._refused(error)
                    return
                with self._lock:
                    self._asked.add(slot)

    def _taken(self) -> list[datetime]:
        """Take what is wanted; while refused, nothing."""
        now = self._clock()
        with self._lock:
            wanted, self._wanted = sorted(self._wanted), set()
            self._asked = {each for each in self._asked if each >= now}
        return [] if self._paused_until is not None and now < self._paused_until else wanted

    def _refused(self, error: SourceError) -> None:
        self._paused_until = self._clock() + PAUSE
        _logger.warning("nobody wakes this service before its clock does: %s %s", error, error.advice)
