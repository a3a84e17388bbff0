"""Answers come before work: a request that waits for an acknowledgement is never slowed by what another one started."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

QUIET_SECONDS = 0.03
"""Requests that belong together come within this time; work that began between two of them would slow the second."""

MOST_SECONDS = 0.25
"""Work waits no longer than this, however many requests come; nobody notices it in an answer that takes seconds."""


class Courtesy:
    """Knows when requests are being answered, so that work can let them go first.

    Python runs one thread at a time: each of a validation's many threads that begins would take its turn before
    the acknowledgement that Slack waits for.
    """

    def __init__(self, quiet_seconds: float = QUIET_SECONDS, most_seconds: float = MOST_SECONDS) -> None:
        self._quiet_seconds = quiet_seconds
        self._most_seconds = most_seconds
        self._answering = 0
        self._quiet_from = float("-inf")
        self._lock = threading.Lock()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request for as long as it is being answered."""
        with self._lock:
            self._answering += 1
        try:
            yield
        finally:
            with self._lock:
                self._answering -= 1
                self._quiet_from = time.monotonic() + self._quiet_seconds

    def give_way(self) -> bool:
        """Wait until no request has been there for a moment; False when that took too long."""
        deadline = time.monotonic() + self._most_seconds
        while (left := self._left()) > 0:
            if time.monotonic() + left > deadline:
                return False
            time.sleep(left)
        return True

    def _left(self) -> float:
        """Return the seconds after which it may be quiet; zero or less means that it is."""
        with self._lock:
            return self._quiet_seconds if self._answering else self._quiet_from - time.monotonic()
