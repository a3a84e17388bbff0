"""What follows a repair that was made: its effect is looked for until it is there, its alert is looked at again.

Everything is in the store, so whoever serves next goes on where a process that died has stopped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.log_fields import logged_with
from bot.repairs.journal import AT_MOST, LOOK_BACK
from bot.repairs.model import NEVER_WRITTEN, RepairOutcome, RepairRefusedError, RepairRun
from bot.repairs.service import RepairService
from bot.store.model import StateStore, StoreError

PACE = 5.0
"""Seconds between two looks while something waits."""

IDLE_SECONDS = 300.0
"""While nothing waits the store is looked at no more often than this: another process may have died in a repair."""

REMEMBERED = timedelta(hours=1)
"""For so long what was found out is said, if nobody has said it."""

_MADE = frozenset({RepairOutcome.APPLIED, RepairOutcome.VERIFIED, RepairOutcome.UNVERIFIED})

_logger = logging.getLogger(__name__)


class Thread(Protocol):
    """The thread of an alert. Every method raises StoreError."""

    def tell(self, key: str, name: str, body: Mapping[str, Any], now: datetime) -> bool:
        """Say something, once for each ``name``."""
        ...

    def look_again(self, key: str, name: str, now: datetime, repairer: str = "") -> None:
        """Validate what an alert is about and let it be decided again; ``repairer`` is whose repair is looked after."""
        ...


@dataclass(frozen=True, slots=True)
class Group:
    """Repairs that were confirmed together for one alert; ``name`` is the id of the first. ``repairer`` is who
    confirmed them, nobody for an undo."""

    alert: str
    name: str
    repairer: str = ""


class FollowUp:
    """Looks after repairs. ``say`` writes what the thread hears of repairs whose effect is known."""

    def __init__(
        self,
        repairs: RepairService,
        store: StateStore,
        thread: Thread,
        say: Callable[[Sequence[RepairRun]], Mapping[str, Any]],
        clock: Callable[[], datetime],
        *,
        pace: float = PACE,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._repairs = repairs
        self._store = store
        self._thread = thread
        self._say = say
        self._clock = clock
        self._pace = pace
        self._seconds = seconds
        self._idle_until = float("-inf")
        self._turning = threading.Lock()
        self._next: dict[str, datetime] = {}
        self._told: set[Group] = set()
        self._woken = threading.Event()

    def wake(self) -> None:
        """Something was repaired just now."""
        self._woken.set()

    def run(self, stopping: threading.Event) -> None:
        """Follow until told to stop. Whatever breaks is logged, and following goes on."""
        with logged_with(pipeline=self._repairs.pipeline.name):
            while not stopping.is_set():
                try:
                    self.turn()
                except StoreError as error:
                    _logger.warning("repairs cannot be followed while the store is down: %s", error)
                except Exception:
                    _logger.exception("following repairs broke; it goes on")
                self._pause(stopping)

    def turn(self) -> int:
        """Look once at everything that is due; return how many repairs still wait. Raises StoreError.

        Costs nothing while nothing waits, but for a look now and then.
        """
        with self._turning:
            if self._seconds() < self._idle_until and not self._woken.is_set():
                return 0
            self._woken.clear()
            waiting = self._look_at_all(self._clock())
            if not waiting:
                self._idle_until = self._seconds() + IDLE_SECONDS
            return waiting

    def _look_at_all(self, now: datetime) -> int:
        self._reconcile(now)
        self._tell_never_written(now)
        left = sum(not self._is_settled(run, now) for run in self._repairs.waiting(now))
        self._tell_settled(now)
        return left

    def _is_settled(self, run: RepairRun, now: datetime) -> bool:
        """Look for the effect of a repair where it is time to; whether that was the last look."""
        if self._next.get(run.id, now) > now:
            return False
        try:
            verification = self._repairs.verify(run, now)
        except RepairRefusedError as error:
            _logger.warning("the effect of the repair %s could not be looked for: %s", run.id, error)
            return False
        if verification.next_at is not None:
            self._next[run.id] = verification.next_at
            return False
        self._next.pop(run.id, None)
        return True

    def _tell_settled(self, now: datetime) -> None:
        """Say of each group whose effects are all known what they are, and look at its alert again.

        Also of those that became known a while ago: whoever found it out may have died before it was said.
        """
        runs = [each for each in self._repairs.runs(now - REMEMBERED) if each.outcome in _MADE]
        groups = self._groups(now) if runs else {}
        found: dict[Group, list[RepairRun]] = {}
        for run in runs:
            if (group := groups.get(run.id)) is not None:
                found.setdefault(group, []).append(run)
        for group, made in found.items():
            if group in self._told or not all(run.settled for run in made):
                continue
            self._thread.tell(group.alert, f"verified:{group.name}", self._say(made), now)
            if self._store.first_time(f"repair-looked:{group.name}", now):
                self._thread.look_again(group.alert, group.name, now, group.repairer)
            self._told.add(group)

    def _tell_never_written(self, now: datetime) -> None:
        """Say of each repair that a process has begun and not made that nothing was changed."""
        runs = [each for each in self._repairs.runs(now - REMEMBERED) if each.detail == NEVER_WRITTEN]
        groups = self._groups(now) if runs else {}
        for run in runs:
            if (group := groups.get(run.id)) is not None:
                self._thread.tell(group.alert, f"never-written:{run.id}", self._say([run]), now)

    def _groups(self, now: datetime) -> Mapping[str, Group]:
        """Return by repair what it was confirmed with; those from a shell belong to no alert."""
        entries = self._store.audit(now - LOOK_BACK, AT_MOST)
        return {
            str(each.details["run"]): Group(
                each.subject, str(each.details["group"]), "" if each.action == "undo" else each.actor
            )
            for each in entries
            if each.key.startswith("repair-of:")
        }

    def _reconcile(self, now: datetime) -> None:
        try:
            for run in self._repairs.reconcile(now):
                _logger.warning("the repair %s of %s ended without its process: %s", run.id, run.key, run.detail)
        except RepairRefusedError as error:
            _logger.warning("what became of a repair could not be found out: %s", error)

    def _pause(self, stopping: threading.Event) -> None:
        """Wait for the next turn, or until something was repaired, in steps that a stop is not kept up by."""
        waited = 0.0
        while waited < self._pace and not stopping.is_set() and not self._woken.is_set():
            stopping.wait(0.2)
            waited += 0.2
