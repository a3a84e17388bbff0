"""Who looks at the home tab: for them it is drawn again when a message says that something changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

log = logging.getLogger(__name__)

LOOKED_WITHIN = timedelta(hours=12)
"""Who opened the tab longer ago opens it again, and it is drawn then. Nothing of this is stored."""

AT_MOST = 50
"""People; Slack takes some fifty drawings a minute."""

SETTLE_SECONDS = 2.0
"""A change sends several messages; the tab is drawn once for all of them."""


class Viewers:
    """Those who opened the tab lately, each with their workspace. May be used from any thread."""

    def __init__(self, *, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._settle_seconds = settle_seconds
        self._looked: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()
        self._changed = threading.Event()

    def looked(self, user: str, team: str, now: datetime) -> None:
        """Remember who opened the tab; of too many the one who did longest ago is forgotten."""
        with self._lock:
            self._looked.pop(user, None)
            self._looked[user] = (team, now)
            while len(self._looked) > AT_MOST:
                del self._looked[next(iter(self._looked))]

    def current(self, now: datetime) -> dict[str, str]:
        """Return the workspaces of those who opened it lately, by user."""
        with self._lock:
            return {user: team for user, (team, at) in self._looked.items() if now - at <= LOOKED_WITHIN}

    def changed(self) -> None:
        """Something that the tab shows has changed."""
        self._changed.set()

    def run(self, draw: Callable[[], None], stopping: threading.Event) -> None:
        """Have the tab drawn after changes, until the process ends."""
        while not stopping.wait(self._settle_seconds):
            if self._changed.is_set():
                self._changed.clear()
                try:
                    draw()
                except Exception:
                    log.exception("the home tab could not be redrawn")
