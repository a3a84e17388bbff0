"""Requests that are refused: counted by reason, and said in the log at most once a minute, however many come."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

SUMMARY_SECONDS = 60.0
"""Whoever sends a thousand forged requests a second is told of in one line a minute; the metric counts them all."""

_logger = logging.getLogger(__name__)


class Refused(StrEnum):
    """Why a request is not taken. The values are labels of ``reveille_requests_refused_total``."""

    MALFORMED = "malformed"
    """It is no proper HTTP."""
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    """It was not whole, or its answer not read, in time."""
    CROWDED_OUT = "crowded_out"
    """It was not whole when others needed its place."""
    METHOD = "method"
    UNSIGNED = "unsigned"
    """Nothing in it can be a signature of Slack."""
    STALE = "stale"
    """It was signed too long ago, or in the future."""
    FORGED = "forged"
    """Somebody else signed it, or it was changed since."""
    UNREADABLE = "unreadable"
    """Slack's signature is right, and what it says is nothing that Slack says."""
    TASK = "task"
    """It asks for a scheduled task, and its token is not the scheduler's."""
    TASK_UNDECIDED = "task_undecided"
    """Likewise, and Google's certificates cannot be had."""
    OPERATIONS = "operations"
    """It asks for metrics or for reasons, and does not have the token."""
    BOARD = "board"
    """It asks for the board, and does not have the token."""


class Refusals:
    """Safe from several threads, and never slow: it is called for what an attacker sends."""

    def __init__(
        self, count: Callable[[str], None] = lambda _: None, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._count = count
        self._timer = timer
        self._lock = threading.Lock()
        self._unsaid: Counter[str] = Counter()
        self._said_at = float("-inf")

    def __call__(self, reason: Refused) -> None:
        """Count a refused request; the first of a minute says in the log what came since the last line."""
        self._count(reason)
        now = self._timer()
        with self._lock:
            self._unsaid[reason] += 1
            if now - self._said_at < SUMMARY_SECONDS:
                return
            self._said_at = now
            unsaid, self._unsaid = self._unsaid, Counter()
        _logger.warning(
            "requests refused since the last such line: %d (%s)",
            unsaid.total(),
            ", ".join(f"{name} {number}" for name, number in unsaid.most_common()),
        )
