"""Pools of threads: bounded, never waited for when the process ends, and their threads used again."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial

Work = Callable[[], None]

IDLE_SECONDS = 60.0
"""How long a thread without work is kept."""

MOST_IDLE = 256
"""How many of them are."""


class Reserve:
    """Threads that have done their work and wait for the next one, of any pool.

    Whoever starts a thread waits until it has had its first turn, which a busy interpreter gives it late; a validation
    needs 150 threads.
    """

    def __init__(self, seconds: float = IDLE_SECONDS, most: int = MOST_IDLE) -> None:
        self._seconds = seconds
        self._most = most
        self._lock = threading.Lock()
        self._idle: list[queue.SimpleQueue[tuple[str, Work]]] = []

    @property
    def idle(self) -> int:
        """How many threads wait for work."""
        with self._lock:
            return len(self._idle)

    def run(self, name: str, work: Work) -> None:
        """Run work, which must not raise, on a thread of this name, and return at once."""
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is not None:
            inbox.put((name, work))
        else:
            threading.Thread(target=self._serve, args=(work,), name=name, daemon=True).start()

    def forget(self) -> None:
        """Start anew in a process that has none of these threads."""
        self._lock = threading.Lock()
        self._idle = []

    def _serve(self, work: Work) -> None:
        inbox: queue.SimpleQueue[tuple[str, Work]] = queue.SimpleQueue()
        work()
        while self._waits(inbox) and (following := self._next(inbox)) is not None:
            threading.current_thread().name, work = following
            work()

    def _waits(self, inbox: queue.SimpleQueue[tuple[str, Work]]) -> bool:
        with self._lock:
            if len(self._idle) >= self._most:
                return False
            self._idle.append(inbox)
            return True

    def _next(self, inbox: queue.SimpleQueue[tuple[str, Work]]) -> tuple[str, Work] | None:
        try:
            return inbox.get(timeout=self._seconds)
        except queue.Empty:
            with self._lock:
                if inbox in self._idle:
                    self._idle.remove(inbox)
                    return None
            return inbox.get()  # it was taken just now, and its work is on its way


RESERVE = Reserve()
"""The threads of this process."""

os.register_at_fork(after_in_child=RESERVE.forget)


class BoundedPool:
    """Runs functions on at most ``bound`` daemon threads, started as they are needed.

    The standard library's executor joins its threads when the process exits, so one call that hangs
    would hang the process with it; these threads are abandoned instead.
    """

    def __init__(self, name: str, bound: int, reserve: Reserve = RESERVE) -> None:
        self._name = name
        self._bound = bound
        self._reserve = reserve
        self._waiting: deque[Work] = deque()
        self._threads = 0
        self._idle = 0
        self._closed = False
        self._changed = threading.Condition()

    def submit(self, work: Work) -> None:
        """Queue work; it must not raise. It runs in the context of whoever queues it."""
        with self._changed:
            self._waiting.append(partial(copy_context().run, work))
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif self._threads < self._bound:
                self._threads += 1
                self._reserve.run(f"{self._name}-{self._threads}", self._serve)

    def close(self) -> None:
        """Drop what has not started and let the threads end."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._waiting and not self._closed:
                    self._changed.wait()
                self._idle -= 1
                if self._closed:
                    return
                work = self._waiting.popleft()
            work()
