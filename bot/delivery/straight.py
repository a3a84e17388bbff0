"""Past the store: what must reach people while nothing can be stored, or while what is stored cannot be claimed.

Each message goes once: it carries the key of the delivery that it stands for and is looked for before it is posted,
so that neither a restart nor another instance repeats it. When the store works again, the delivery finds the message
there (``said``) and is recorded instead of sent.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.delivery.dispatch import Dispatch, Hopeless, Waiting
from bot.delivery.traffic import Pause
from bot.delivery.troubles import Posted, PostError, SinkCall, Trouble
from bot.store.model import Channels, Delivery, DeliveryKind, StateStore, StoreError
from bot.store.queue import choose, referred

HICCUP = timedelta(seconds=10)
"""A store that is locked or unreachable for less is waited for."""

LOOK_BACK = timedelta(hours=24)
"""A message may have been said by a process that has ended since, or by another instance. Its key names one incident,
so what is found is never another one."""

_PASSES = (Trouble.BUSY, Trouble.UNAVAILABLE)
"""A search that fails with anything else is not allowed; nothing was done, and the bot may still post."""

Refused = Callable[[Delivery, PostError], Pause | None]
"""Says how long a message waits that Slack refused; None gives it up."""

_logger = logging.getLogger(__name__)


class Straight:
    """A queue in memory, and the memory of what went through it. Belongs to the outbox and its thread."""

    def __init__(self, dispatch: Dispatch, refused: Refused, sink: str) -> None:
        self._sink = sink
        self._dispatch = dispatch
        self._refused = refused
        self._queue: deque[Delivery] = deque()
        self._pauses: dict[str, Pause] = {}
        self._keys: set[str] = set()
        self._said: dict[str, Posted] = {}
        self._down_since: datetime | None = None

    def say(self, delivery: Delivery) -> None:
        """Queue a message, once for each key."""
        if delivery.key not in self._keys:
            self._keys.add(delivery.key)
            self._queue.append(delivery)

    def take_over(self, store: StateStore, now: datetime) -> None:
        """Queue what is stored and cannot be claimed, as far as it can be read; edits wait for the store."""
        self._down_since = self._down_since or now
        if now - self._down_since < HICCUP:
            return
        try:
            waiting = _claimable(store, now, self._sink)
        except StoreError:
            return
        for delivery in waiting:
            self.say(delivery)

    def is_over(self) -> None:
        """Hear that the store takes writes again: what is said from now on is another matter."""
        self._down_since = None
        self._keys = {each.key for each in self._queue} | set(self._said)

    def said(self, key: str) -> Posted | None:
        """Return where the message of a delivery stands that was said past the store."""
        return self._said.get(key)

    def recorded(self, key: str) -> None:
        """Forget a message that the store knows of now."""
        self._said.pop(key, None)
        self._keys.discard(key)

    def pump(self, now: datetime) -> int:
        """Send what waits; return how many went. What Slack refuses waits by itself, and holds up nothing else."""
        waiting, self._queue = self._queue, deque()
        return sum(self._went(each, now) for each in waiting)

    def _went(self, delivery: Delivery, now: datetime) -> bool:
        pause = self._pauses.get(delivery.key)
        if pause is not None and pause.holds(now):
            self._queue.append(delivery)
            return False
        try:
            self._said[delivery.key] = self._send(delivery, now)
        except Waiting as reason:
            self._wait(delivery, Pause(now, reason.until))
        except PostError as error:
            _logger.warning("%s cannot be said past the store yet: %s", delivery.key, error)
            if (pause := self._refused(delivery, error)) is not None:
                self._wait(delivery, pause)
        except (StoreError, Hopeless) as reason:
            # What it belongs to is not known: it is decided again when the store is back.
            _logger.warning("%s cannot be said past the store: %s", delivery.key, reason)
            self._keys.discard(delivery.key)
        else:
            self._pauses.pop(delivery.key, None)
            return True
        return False

    def _wait(self, delivery: Delivery, pause: Pause) -> None:
        self._pauses[delivery.key] = pause
        self._queue.append(delivery)

    def _send(self, delivery: Delivery, now: datetime) -> Posted:
        earlier = replace(delivery, created_at=min(delivery.created_at, now - LOOK_BACK))
        try:
            return self._dispatch.send(earlier, now, in_doubt=True)
        except PostError as error:
            if error.call is not SinkCall.FIND or error.trouble in _PASSES:
                raise
        # A channel whose history may not be read must not withhold an alert: rather twice than not at all.
        return self._dispatch.send(delivery, now, in_doubt=False)


def _claimable(store: StateStore, now: datetime, sink: str) -> Sequence[Delivery]:
    pending = store.pending()
    targets = {key: found for key in referred(pending) if (found := store.delivery(key)) is not None}
    ours = Channels(sink=sink)
    choice = choose(pending, targets, owner="", now=now, lease_until=now, limit=len(pending), channels=ours)
    return [each for each in choice.claimed if each.kind is not DeliveryKind.UPDATE]
