"""Answers of Slack about people, kept for a while, so that a click costs a look-up now and then and not each time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.http import retry_after

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

AT_MOST = 1_000
"""Answers that are kept; the one that was not asked for longest goes first."""

PAUSE = timedelta(seconds=2)
"""For so long nothing is asked after Slack did not answer, unless it names a time itself."""

_PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_RATE_LIMITED, _SERVER_ERRORS = 429, 500


class UnavailableError(Exception):
    """Slack does not say what was asked. ``passing``: it may in a moment, after ``pause``; else it refuses for good,
    and the message is Slack's word for why."""

    def __init__(self, reason: str, *, passing: bool = True, pause: timedelta = PAUSE) -> None:
        super().__init__(reason)
        self.passing = passing
        self.pause = pause


def unavailable(error: SlackClientError | OSError) -> UnavailableError:
    """Return what the client of Slack raises, in our words."""
    if not isinstance(error, SlackApiError):
        return UnavailableError(type(error).__name__)
    answer = error.response
    reason = str(answer.get("error") or f"HTTP {answer.status_code}")
    passing = reason in _PASSING or answer.status_code == _RATE_LIMITED or answer.status_code >= _SERVER_ERRORS
    asked = retry_after(answer.headers)
    return UnavailableError(reason, passing=passing, pause=PAUSE if asked is None else asked)


@dataclass(frozen=True, slots=True)
class _Known(Generic[Value]):
    value: Value
    at: datetime


class Remembered(Generic[Key, Value]):
    """Asks, and remembers the answers. Safe from several threads; none waits for another's question.

    ``ask`` raises UnavailableError. After one that may pass nothing is asked for its pause.
    """

    def __init__(self, ask: Callable[[Key], Value], clock: Callable[[], datetime], at_most: int = AT_MOST) -> None:
        self._ask = ask
        self._clock = clock
        self._at_most = at_most
        self._known: OrderedDict[Key, _Known[Value]] = OrderedDict()
        self._silent_until: datetime | None = None
        self._lock = threading.Lock()

    def known(self, key: Key, within: timedelta) -> Value | None:
        """Return an answer that is younger than ``within``, None without one. Asks nobody."""
        with self._lock:
            known = self._known.get(key)
        return known.value if known is not None and self._clock() - known.at < within else None

    def get(self, key: Key, *, fresh: timedelta, usable: timedelta) -> Value:
        """Return an answer younger than ``fresh``, else ask; while Slack does not answer, one younger than ``usable``.

        Raises UnavailableError: at once for a definite one, whatever was answered before.
        """
        if (value := self.known(key, fresh)) is not None:
            return value
        try:
            return self._asked(key)
        except UnavailableError:
            # A definite error has made it forget what was answered before.
            older = self.known(key, usable)
            if older is None:
                raise
            return older

    def _asked(self, key: Key) -> Value:
        now = self._clock()
        with self._lock:
            silent_until = self._silent_until
        if silent_until is not None and now < silent_until:
            raise UnavailableError("it was asked a moment ago")
        try:
            value = self._ask(key)
        except UnavailableError as error:
            with self._lock:
                if error.passing:
                    self._silent_until = now + error.pause
                else:
                    self._known.pop(key, None)
            raise
        with self._lock:
            self._known[key] = _Known(value, now)
            self._known.move_to_end(key)
            while len(self._known) > self._at_most:
                self._known.popitem(last=False)
        return value
