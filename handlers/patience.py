"""Calls to Slack that wait as long as a 429 says, instead of giving up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from slack_sdk.errors import SlackApiError, SlackClientError

from bot import http

Answer = TypeVar("Answer")

ATTEMPTS = 5
LONGEST_WAIT = 60.0
"""Seconds that a result waits for its edit; who asked has gone by then."""

SHORT_WAIT = 10.0
"""Seconds that anything on the quick lane waits: longer, and clicks would queue behind it."""

RATE_LIMITED = 429
SERVER_ERRORS = 500


def retry_after(error: Exception) -> float | None:
    """Return for how many seconds Slack wants to hear nothing; None when that is not what it says."""
    if not isinstance(error, SlackApiError) or error.response.status_code != RATE_LIMITED:
        return None
    asked = http.retry_after(error.response.headers)
    return 1.0 if asked is None else asked.total_seconds()


def patiently(
    call: Callable[[], Answer],
    *,
    repeatable: bool,
    longest: float = SHORT_WAIT,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Call until Slack answers, or wants to hear nothing for longer than ``longest`` seconds.

    What was refused by a 429 was not done, and is called again. After a lost connection or a 5xx only a
    ``repeatable`` call is, one that does no harm when it is done twice: an edit, never a post.
    Raises what the last attempt raised.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return call()
        except (SlackClientError, OSError) as error:
            wait = retry_after(error)
            if wait is None and repeatable and _is_passing(error):
                wait = float(attempt)
            if wait is None or wait > longest or attempt == ATTEMPTS:
                raise
            sleep(wait)


def _is_passing(error: Exception) -> bool:
    """Whether the same call may succeed a moment later."""
    return not isinstance(error, SlackApiError) or error.response.status_code >= SERVER_ERRORS
