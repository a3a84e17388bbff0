"""Answers come before work: a request that waits for an acknowledgement is never slowed by what another one started."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

MOST_SECONDS = 0.15
"""A job waits no longer than this, however many requests come; nobody notices it in an answer that takes seconds."""


class Courtesy:
    """Counts the requests that are being answered, so that jobs can let them go first.

    Python runs one thread at a time: fifty jobs that begin at once would each take a slice of the
    acknowledgements that Slack waits for.
    """

    def __init__(self, most_seconds: float = MOST_SECONDS) -> None:
        self._most_seconds = most_seconds
        self._answering = 0
        self._changed = threading.Condition()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request for as long as it is being answered."""
        with self._changed:
            self._answering += 1
        try:
            yield
        finally:
            with self._changed:
                self._answering -= 1
                if not self._answering:
                    self._changed.notify_all()

    def give_way(self) -> bool:
        """Wait until no request is being answered; False when that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._answering, self._most_seconds)
