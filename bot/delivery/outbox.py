"""The outbox: what is stored to be said reaches Slack, nothing lost and nothing twice.

A delivery is claimed by a lease, sent with its key in the message, and recorded. Whoever claims one that somebody
may have sent already looks for the key before posting. A channel that fails waits by itself, and only a bot that
Slack refuses lets everything wait; what waits is in the store, so no restart loses it.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.delivery.decisions import PATIENCE, DeliveryFate, judge
from bot.delivery.dispatch import Dispatch, Hopeless, Waiting
from bot.delivery.notices import UNDELIVERED, is_notice, obituary
from bot.delivery.poster import Poster
from bot.delivery.straight import Straight
from bot.delivery.traffic import LONGEST_BACK_OFF, LONGEST_WAIT, SETTLES, Defaults, Pause, Traffic, back_off
from bot.delivery.troubles import Posted, PostError, Trouble
from bot.log_fields import extra, logged_with
from bot.store.model import Changes, Delivery, DeliveryState, StateStore, StoreError

__all__ = ["PATIENCE", "UNDELIVERED", "Outbox", "PostError", "Posted", "Poster", "Trouble"]

LEASE = timedelta(seconds=60)
"""Longer than the calls that one delivery takes, each with its time-out."""
SAFE = timedelta(seconds=25)
"""With less than this left of its lease a delivery is not sent: another instance may be about to take it over."""

BATCH = 5

_logger = logging.getLogger(__name__)


class Outbox:
    """Sends what waits in the store. ``pump`` and ``run`` belong to one thread; the rest may be called from any.

    ``owner`` is unique to this process and its sink. ``on_sent`` is told of each delivery once it is recorded,
    ``on_buried`` of each given up. ``told_in`` is the channel of Slack that hears what was given up: by default the
    default channel, or that of the message. Where several pipelines write, both are ``Defaults``: by channel, or by
    webhook.
    """

    def __init__(
        self,
        store: StateStore,
        poster: Poster,
        clock: Callable[[], datetime],
        owner: str,
        *,
        default_channel: str | Defaults | None = None,
        told_in: str | Defaults | None = None,
        on_sent: Callable[[Delivery], object] | None = None,
        on_buried: Callable[[Delivery], object] | None = None,
    ) -> None:
        self._store = store
        defaults = Defaults.read(default_channel)
        self._traffic = Traffic(defaults, poster.wording)
        self._dispatch = Dispatch(store, poster, defaults, self._traffic)
        self._clock = clock
        self._owner = owner
        self._told_in = Defaults.read(told_in or default_channel)
        self._wording = poster.wording
        self._on_sent = [] if on_sent is None else [on_sent]
        self._on_buried = on_buried
        self._wake_at: Callable[[datetime], object] = lambda _: None
        self._awake = threading.Event()
        self._stop = threading.Event()
        self._unsent: dict[str, int] = {}
        """Deliveries that we gave back knowing that nothing was sent, by the attempts that they had then."""
        self._handed_in: deque[Delivery] = deque()
        """What other threads want to be said past the store."""
        self._unrecorded: deque[tuple[Delivery, Posted]] = deque()
        """What Slack has confirmed and the store could not be told."""
        self._straight = Straight(self._dispatch, self._refused_straight, poster.wording.sink)

    def also_tell(self, listener: Callable[[Delivery], object]) -> None:
        """Have somebody else told of each delivery once it is recorded. Before anything is sent."""
        self._on_sent.append(listener)

    def ask_to_be_woken(self, at: Callable[[datetime], object]) -> None:
        """Have somebody told until when a message waits. Before anything is sent."""
        self._wake_at = at

    def wake(self) -> None:
        """Look at once whether something waits, and not only at the next turn."""
        self._awake.set()

    def say_without_store(self, delivery: Delivery) -> None:
        """Send what cannot be stored straight to Slack, once for each key."""
        self._handed_in.append(delivery)
        self.wake()

    def problems(self) -> Mapping[str, str]:
        """Return why the sink takes nothing, where only a person can repair that; from any thread."""
        return self._traffic.problems()

    def holds(self, delivery: Delivery) -> bool:
        """Whether a delivery waits until Slack or a person lets it go; from any thread."""
        return self._traffic.holds(delivery, self._clock())

    def run(self, stop: threading.Event, interval: float = 1.0) -> None:
        """Pump until told to stop, at least every ``interval`` seconds; what is not sent then stays in the store."""
        self._stop = stop
        while not stop.is_set():
            try:
                sent = self.pump()
            except Exception:
                # The loop is what everything depends on: whatever happens in one turn, there is a next one.
                _logger.exception("A turn of the outbox failed.")
                sent = 0
            if not sent:
                self._awake.wait(interval)
                self._awake.clear()

    def pump(self) -> int:
        """Send what may go now, a few messages at most; return how many went. Does not raise StoreError."""
        now = self._clock()
        sent = self._send_straight()
        try:
            self._record_rest()
            if self._traffic.app_waits(now):
                return sent
            # While Slack refuses the bot, one message finds out when it does no longer.
            limit = 1 if self._traffic.app_fails else BATCH
            channels = self._traffic.channels(now)
            claimed = self._store.claim(self._owner, now, now + LEASE, limit, channels)
            self._straight.is_over()
            return sent + self._deliver(claimed)
        except StoreError as error:
            _logger.warning("The store does not work, so the outbox sends past it what it can read: %s", error)
            self._straight.take_over(self._store, now)
            return sent

    def _deliver(self, claimed: Sequence[Delivery]) -> int:
        return sum(map(self._named_attempt, claimed))

    def _named_attempt(self, delivery: Delivery) -> bool:
        with logged_with(pipeline=pipeline_of(delivery)):
            return self._attempt(delivery)

    def _attempt(self, delivery: Delivery) -> bool:
        """Send one delivery, or give it back; True when Slack has it."""
        if (posted := self._straight.said(delivery.key)) is not None:
            self._record(delivery, posted)
            return True
        in_doubt = delivery.attempts > 0 and self._unsent.pop(delivery.key, None) != delivery.attempts
        now = self._clock()
        if self._stop.is_set() or (delivery.lease_until or now) - now < SAFE:
            self._give_back(delivery, now, delivery.error, in_doubt=in_doubt)
            return False
        try:
            posted = self._dispatch.send(delivery, now, in_doubt=in_doubt)
        except Waiting as reason:
            self._give_back(delivery, reason.until, delivery.error, in_doubt=in_doubt)
        except Hopeless as reason:
            self._bury(delivery, str(reason))
        except PostError as error:
            self._failed(delivery, error, in_doubt=in_doubt)
        except StoreError:
            raise
        except Exception as error:
            # One message that breaks us must not keep the others from being sent.
            _logger.exception("The delivery %s could not be sent.", delivery.key)
            until = self._clock() + back_off(delivery.attempts, LONGEST_WAIT)
            self._give_back(delivery, until, type(error).__name__, in_doubt=True)
        else:
            self._record(delivery, posted)
            return True
        return False

    def _failed(self, delivery: Delivery, error: PostError, *, in_doubt: bool) -> None:
        now = self._clock()
        reason = self._judged(delivery, error, now)
        pause = self._traffic.failed(reason, error, now)
        if reason in (DeliveryFate.UNACCEPTABLE, DeliveryFate.GIVEN_UP):
            self._bury(delivery, error.detail)
            return
        longest = LONGEST_BACK_OFF if reason is DeliveryFate.CANNOT_SEARCH else LONGEST_WAIT
        until = now + back_off(delivery.attempts, longest) if pause is None else pause.until
        in_doubt = in_doubt or reason is DeliveryFate.NO_ANSWER
        self._give_back(delivery, until, error.detail, in_doubt=in_doubt)

    def _judged(self, delivery: Delivery, error: PostError, now: datetime) -> DeliveryFate:
        since = self._traffic.failing_since(error.channel) or now
        reason = judge(
            error,
            age=now - delivery.created_at,
            failing=now - since,
            elsewhere=self._traffic.worked_elsewhere(error.channel, since),
            silent=self._traffic.silent,
        )
        news = reason is not DeliveryFate.RATE_LIMITED and not self._traffic.is_known(error)
        level = logging.WARNING if news else logging.INFO
        fields = _fields(delivery, now)
        _logger.log(level, "%s in %s waits: %s, %s", delivery.key, error.channel, reason, error.detail, extra=fields)
        return reason

    def _give_back(self, delivery: Delivery, not_before: datetime, error: str, *, in_doubt: bool) -> None:
        now = self._clock()
        given = self._store.hand_back(delivery.key, self._owner, now=now, not_before=not_before, error=error)
        if given:
            self._wake_at(not_before)
        if given and not in_doubt:
            # Another instance that takes it counts an attempt, too: then this does not match any more.
            self._unsent[delivery.key] = delivery.attempts + 1

    def _record(self, delivery: Delivery, posted: Posted) -> None:
        """Write down where a message stands; kept for later while the store does not work."""
        try:
            now = self._clock()
            recorded = self._store.record_sent(delivery.key, self._owner, ts=posted.ts, channel=posted.channel, now=now)
        except StoreError as error:
            _logger.warning("%s is sent, but the store could not be told: %s", delivery.key, error)
            self._unrecorded.append((delivery, posted))
            return
        self._straight.recorded(delivery.key)
        if recorded:
            _logger.info("%s is sent", delivery.key, extra=_fields(delivery, now))
            sent = replace(delivery, state=DeliveryState.SENT, ts=posted.ts, posted_channel=posted.channel, sent_at=now)
            for listener in self._on_sent:
                self._tell(listener, sent)

    def _record_rest(self) -> None:
        waiting, self._unrecorded = self._unrecorded, deque()
        for delivery, posted in waiting:
            self._record(delivery, posted)

    def _bury(self, delivery: Delivery, error: str) -> None:
        """Give a delivery up and say so where it is read, unless that is what cannot be said."""
        _logger.error("The delivery %s is given up: %s", delivery.key, error, extra=_fields(delivery, self._clock()))
        if not is_notice(delivery):
            channel = self._told_in.of(delivery.channel) or delivery.channel
            notice = obituary(self._wording, delivery, channel, error, self._clock())
            self._store.commit(Changes(deliveries=[notice]))
        if self._store.bury(delivery.key, self._owner, error=error):
            self._tell(self._on_buried, delivery)

    def _send_straight(self) -> int:
        """Send what could not be stored; what Slack does not take now stays for a later turn."""
        while self._handed_in:
            self._straight.say(self._handed_in.popleft())
        return self._straight.pump(self._clock())

    def _refused_straight(self, delivery: Delivery, error: PostError) -> Pause | None:
        """Return how long a message waits that is said past the store; None for one that Slack will never take."""
        now = self._clock()
        reason = self._judged(delivery, error, now)
        if reason in (DeliveryFate.UNACCEPTABLE, DeliveryFate.GIVEN_UP):
            return None
        return self._traffic.failed(reason, error, now) or Pause(now, now + SETTLES)

    def _tell(self, listener: Callable[[Delivery], object] | None, delivery: Delivery) -> None:
        if listener is None:
            return
        try:
            listener(delivery)
        except Exception:
            # The message is there whatever those who are told of it make of that.
            _logger.exception("A listener of the outbox failed on %s.", delivery.key)


_OF_PIPELINE = re.compile(r"(?:^|:)(?:alert|command|digest(?:-late)?):([a-z0-9_-]+):")


def pipeline_of(delivery: Delivery) -> str:
    """Return the name of the pipeline that a delivery tells of, by its key or that of what it answers; else nothing."""
    found = (_OF_PIPELINE.search(each) for each in (delivery.key, delivery.target or ""))
    return next((each[1] for each in found if each is not None), "")


def _fields(delivery: Delivery, now: datetime) -> dict[str, Any]:
    """Return what a line about a delivery carries: the incident that it tells, and how long it waited."""
    told = delivery.target or delivery.key
    return extra(
        pipeline=pipeline_of(delivery),
        incident=told if told.startswith("alert:") else None,
        kind=delivery.kind.value,
        sink=delivery.sink,
        attempts=delivery.attempts,
        waited=round((now - delivery.created_at).total_seconds(), 1),
    )
