"""Our own threads: Bolt's only acknowledge, and nothing that takes time runs on them.

Clicks have a lane of their own, so that a button answers while validations fill the other one.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

log = logging.getLogger(__name__)


class Lane(StrEnum):
    QUICK = "quick"
    """Clicks and messages: a few calls to Slack or the store."""
    LONG = "long"
    """Validations."""


def _nothing() -> None:
    """Nobody needs to be told."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Something to do. ``abandoned`` is called instead of, or during, a run that a shutdown cuts short."""

    run: Callable[[], None]
    abandoned: Callable[[], None] = field(default=_nothing)


class Workers:
    """Bounded threads with bounded queues.

    ``quick`` and ``long`` count threads, ``waiting`` the jobs a lane holds. ``give_way`` is called before each job and
    returns when it may begin.
    """

    def __init__(
        self,
        *,
        quick: int = 16,
        long: int = 4,
        waiting: int = 200,
        give_way: Callable[[], object] = _nothing,
    ) -> None:
        self._give_way = give_way
        self._queues = {lane: queue.Queue[Job](maxsize=waiting) for lane in Lane}
        self._unfinished: set[Job] = set()
        self._changed = threading.Condition()
        self._closed = False
        for lane, count in ((Lane.QUICK, quick), (Lane.LONG, long)):
            for number in range(count):
                # Daemons: what does not end in time at a shutdown must not keep the process alive.
                name = f"{lane}-{number}"
                threading.Thread(target=self._work, args=(self._queues[lane],), name=name, daemon=True).start()

    def submit(self, lane: Lane, job: Job) -> bool:
        """Queue a job; False when too many wait already, or the process is stopping."""
        with self._changed:
            if self._closed:
                return False
            try:
                self._queues[lane].put_nowait(job)
            except queue.Full:
                return False
            self._unfinished.add(job)
            return True

    def stop(self, seconds: float) -> bool:
        """Take no more work and wait for what there is; tell those whose work does not end in time.

        Returns whether everything ended. Half of the time is for the work, the other for telling.
        """
        began = time.monotonic()
        with self._changed:
            self._closed = True
            waiting = self._drain()
        telling = [self._tell(job) for job in waiting]
        if not self._wait(began + seconds / 2):
            with self._changed:
                running = list(self._unfinished)
            telling += [self._tell(job) for job in running]
        for thread in telling:
            thread.join(max(0.0, began + seconds - time.monotonic()))
        with self._changed:
            return not self._unfinished

    def idle(self, seconds: float) -> bool:
        """Wait until nothing is left to do; False when that takes longer."""
        return self._wait(time.monotonic() + seconds)

    def _wait(self, until: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._unfinished, max(0.0, until - time.monotonic()))

    def _drain(self) -> list[Job]:
        """Take out what nobody has begun."""
        found = []
        for waiting in self._queues.values():
            while True:
                try:
                    found.append(waiting.get_nowait())
                except queue.Empty:
                    break
        self._unfinished.difference_update(found)
        return found

    def _tell(self, job: Job) -> threading.Thread:
        thread = threading.Thread(target=_safely, args=(job.abandoned,), daemon=True)
        thread.start()
        return thread

    def _work(self, jobs: queue.Queue[Job]) -> None:
        while True:
            job = jobs.get()
            self._give_way()
            _safely(job.run)
            with self._changed:
                self._unfinished.discard(job)
                self._changed.notify_all()


def _safely(run: Callable[[], None]) -> None:
    """A job that breaks is logged; the thread goes on to the next."""
    try:
        run()
    except Exception:
        log.exception("a job broke")
