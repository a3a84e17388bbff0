"""Whether the process is ready, however often somebody asks: one look at a time, and the last answer for others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

FRESH_SECONDS = 1.0
"""An answer serves everybody for so long: a look asks the store, and nobody outside may make it work harder."""

STALE_SECONDS = 20.0
"""A look that takes longer says by itself that something does not answer."""

Problems = Mapping[str, str]
"""What does not work, by part, each with its reason; empty when everything does."""


class Readiness:
    """Looks on the thread of whoever asks first; whoever asks meanwhile hears what was known before.

    So a store that hangs costs one thread, however many ask.
    """

    def __init__(
        self,
        look: Callable[[], Problems],
        timer: Callable[[], float] = time.monotonic,
        warnings: Callable[[], Problems] = dict,
    ) -> None:
        self.warnings = warnings
        """Returns what somebody should repair although the process is ready; costs nothing to ask."""
        self._look = look
        self._timer = timer
        self._looking = threading.Lock()
        self._known: tuple[float, Problems] | None = None

    def __call__(self) -> Problems:
        """Return what does not work."""
        known = self._known
        if known is not None and self._timer() - known[0] < FRESH_SECONDS:
            return known[1]
        if self._looking.acquire(blocking=False):
            try:
                problems = self._look()
                self._known = (self._timer(), problems)
                return problems
            finally:
                self._looking.release()
        if known is None or self._timer() - known[0] > STALE_SECONDS:
            return {"process": "does not know yet whether everything works"}
        return known[1]
