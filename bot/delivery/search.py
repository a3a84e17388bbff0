"""Whether a message that may be there already is there, and what to do when Slack does not let us look."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.delivery.decisions import Attempt, DeliveryFate, may_go_again
from bot.delivery.poster import Poster
from bot.delivery.traffic import Defaults, Traffic
from bot.delivery.troubles import Posted, PostError, SinkCall, Trouble
from bot.store.model import Delivery

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    """A message that may be there already, since when Slack does not let us look for it."""

    since: datetime
    reads: int = 0
    """How often it was refused since then."""
    again: bool = False
    """At ``since`` it was posted unsearched for, and Slack did not say whether it took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One delivery on its way. ``parent`` names the message that it answers; ``doubt_since`` is None for one that
    nobody can have sent. ``searched`` has the places where it was looked for, ``unsearched`` why that failed."""

    delivery: Delivery
    now: datetime
    doubt_since: datetime | None
    parent: str = ""
    searched: set[tuple[str, str | None]] = field(default_factory=set)
    unsearched: list[str] = field(default_factory=list)


class Search:
    """Looks for messages in doubt. ``defaults`` are where one may have gone instead."""

    def __init__(self, poster: Poster, defaults: Defaults, traffic: Traffic) -> None:
        self._poster = poster
        self._defaults = defaults
        self._traffic = traffic
        self._doubts: dict[str, _Doubt] = {}

    def settled(self, key: str) -> None:
        """Slack has confirmed a message: there is no doubt about it."""
        self._doubts.pop(key, None)

    def went_unsearched(self, key: str, now: datetime) -> None:
        """A message was posted unsearched for, and Slack did not say whether it took it."""
        self._doubts[key] = _Doubt(since=now, again=True)

    def anywhere(self, errand: Errand, attempt: Attempt) -> tuple[Posted, Attempt] | None:
        """Return where a message in doubt stands already: where it belongs, or where it may have gone instead."""
        if (found := self.at(errand, attempt)) is not None:
            return found, attempt
        default = self._defaults.of(attempt.channel)
        if errand.doubt_since is None or default in (None, attempt.channel):
            return None
        elsewhere = Attempt(channel=default or "")
        try:
            found = self._find(errand, elsewhere, errand.doubt_since)
        except PostError as error:
            # It will be looked for again before it is posted there; what belongs elsewhere does not wait for that.
            _logger.info("%s could not be looked for in the default channel: %s", errand.delivery.key, error.detail)
            return None
        return None if found is None else (found, elsewhere)

    def at(self, errand: Errand, attempt: Attempt) -> Posted | None:
        """Look for a message in doubt where it is about to be posted. Raises PostError while that may help later."""
        if errand.doubt_since is None or (attempt.channel, attempt.thread_ts) in errand.searched:
            return None
        key, now = errand.delivery.key, errand.now
        try:
            found = self._find(errand, attempt, errand.doubt_since)
        except PostError as error:
            doubt = self._refused(key, now)
            if not may_go_again(
                error,
                since=doubt.since,
                reads=doubt.reads,
                again=doubt.again,
                urgent=errand.delivery.urgent,
                now=now,
            ):
                raise
            _logger.warning("%s may be posted twice: it cannot be looked for (%s).", key, error.detail)
            errand.unsearched.append(error.detail)
            errand.searched.add((attempt.channel, attempt.thread_ts))
            return None
        if not errand.unsearched:
            self._doubts.pop(key, None)
        return found

    def _refused(self, key: str, now: datetime) -> _Doubt:
        doubt = self._doubts.get(key, _Doubt(since=now))
        self._doubts[key] = doubt = replace(doubt, reads=doubt.reads + 1)
        return doubt

    def _find(self, errand: Errand, attempt: Attempt, since: datetime) -> Posted | None:
        channel, now = attempt.channel, errand.now
        if (until := self._traffic.waits_until(channel, SinkCall.FIND, now)) is not None:
            raise PostError(Trouble.BUSY, "ratelimited", retry_after=until - now, channel=channel, call=SinkCall.FIND)
        try:
            found = self._poster.find(channel, errand.delivery.key, since, attempt.thread_ts)
        except PostError as error:
            if error.trouble is Trouble.BUSY:
                self._traffic.failed(DeliveryFate.RATE_LIMITED, error, now)
            raise
        errand.searched.add((channel, attempt.thread_ts))
        return found
