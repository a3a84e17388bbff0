"""Who watches the page, and what has changed since they looked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

GATHER_SECONDS = 0.03
"""So long after a change others are waited for, which are then told at once."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What is another thing than before: a message by its channel and the time stamp of its thread, or ``what``."""

    what: str
    channel: str = ""
    ts: str = ""


@dataclass
class OpenPage:
    """One open page."""

    _changes: dict[Changed, None] = field(default_factory=dict)
    _some: threading.Condition = field(default_factory=threading.Condition)
    _over: bool = False

    def tell(self, changed: Changed) -> None:
        with self._some:
            self._changes[changed] = None
            self._some.notify()

    def end(self) -> None:
        with self._some:
            self._over = True
            self._some.notify()

    @property
    def over(self) -> bool:
        return self._over

    def wait(self, seconds: float) -> tuple[Changed, ...]:
        """Return what changed, in order and each once; nothing where nothing did within so many seconds."""
        with self._some:
            if not self._some.wait_for(lambda: self._changes or self._over, seconds):
                return ()
            if not self._over:
                self._some.wait_for(lambda: self._over, GATHER_SECONDS)
            changes, self._changes = tuple(self._changes), {}
            return changes


class Feed:
    """Tells every open page. Safe from several threads."""

    def __init__(self) -> None:
        self._watchers: list[OpenPage] = []
        self._lock = threading.Lock()

    def tell(self, changed: Changed) -> None:
        with self._lock:
            for each in self._watchers:
                each.tell(changed)

    @contextmanager
    def watching(self) -> Iterator[OpenPage]:
        watcher = OpenPage()
        with self._lock:
            self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            with self._lock:
                self._watchers.remove(watcher)

    def end(self) -> None:
        """Send everybody home."""
        with self._lock:
            for each in self._watchers:
                each.end()
