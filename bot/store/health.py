"""Whether the store can be written: asked with a write, because a store that can only be read withholds every alert."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from bot.store.model import StoreError

PROBE_SECONDS = 15.0
"""A probe is a write, so whoever asks more often hears what the last one found."""

_logger = logging.getLogger(__name__)


class Probed(Protocol):
    """A store, as far as its health is concerned."""

    def ping(self) -> None: ...


class StoreHealth:
    """What the last write said. Safe from several threads; only one of them probes at a time."""

    def __init__(
        self, store: Probed, *, seconds: float = PROBE_SECONDS, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._seconds = seconds
        self._timer = timer
        self._asked_at: float | None = None
        self._problem: str | None = None
        self._probing = threading.Lock()

    def problem(self) -> str | None:
        """Return in a few words why the store cannot be written, None when it can. A change is logged once."""
        if self._asked_at is not None and self._timer() - self._asked_at < self._seconds:
            return self._problem
        # While somebody probes a store that is slow to answer, everybody else hears what is known.
        wait = self._asked_at is None
        if self._probing.acquire(blocking=wait):
            try:
                self._remember(self._probed())
            finally:
                self._probing.release()
        return self._problem

    def _probed(self) -> str | None:
        try:
            self._store.ping()
        except StoreError as error:
            if self._problem is None:
                _logger.error("the store cannot be written: %s", error)  # noqa: TRY400 - the traceback says no more
            return str(error.problem)
        if self._problem is not None:
            _logger.warning("the store can be written again")
        return None

    def _remember(self, problem: str | None) -> None:
        self._problem, self._asked_at = problem, self._timer()
