"""A clock that goes on by itself and can be put forward."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta


class PlayClock:
    """Begins at an instant, goes as fast as any clock, never back. Safe from several threads."""

    def __init__(self, begin: datetime) -> None:
        self._begin = begin
        self._since = time.monotonic()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            return self._now()

    def put_forward(self, to: datetime) -> None:
        """Go on from an instant; one that has passed changes nothing."""
        with self._lock:
            if to > self._now():
                self._begin, self._since = to, time.monotonic()

    def _now(self) -> datetime:
        return self._begin + timedelta(seconds=time.monotonic() - self._since)
