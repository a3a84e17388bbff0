"""The outbox: what is stored to be said reaches Slack, nothing lost and nothing twice.

A delivery is claimed by a lease, sent with its key in the message, and recorded. Whoever claims one that somebody
may have sent already looks for the key before posting. A 429 lets its channel wait, a Slack that does not answer
lets everything wait; what waits is in the store, so no restart loses it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.delivery.poster import Posted, Poster, PostError, Trouble
from bot.delivery.sending import NOT_YET, Hopeless, Sending, Waiting
from bot.render.slack_text import escape
from bot.store.model import Changes, Delivery, DeliveryKind, DeliveryState, StateStore, StoreError

__all__ = ["Outbox", "PostError", "Posted", "Poster", "Trouble"]

LEASE = timedelta(seconds=60)
"""Longer than the calls that one delivery takes, each with its time-out."""
SAFE = timedelta(seconds=25)
"""With less than this left of its lease a delivery is not sent: another instance may be about to take it over."""

BATCH = 5
SETTLES = timedelta(seconds=5)
"""After an ambiguous time-out: by then Slack shows what it accepted."""
LONGEST_BACK_OFF = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=10)
"""Between attempts at a message that Slack refuses for a reason which people can mend."""
PATIENCE = timedelta(hours=24)
"""A message that is refused for so long is given up, and the default channel is told."""

UNDELIVERED = "undelivered:"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Pause:
    """Nothing is sent from one instant to another. A clock that was set back does not lengthen it."""

    since: datetime
    until: datetime

    def holds(self, now: datetime) -> bool:
        return self.since <= now < self.until


class Outbox:
    """Sends what waits in the store. ``pump`` and ``run`` belong to one thread; the rest may be called from any.

    ``owner`` is unique to this process. ``on_sent`` is told of each delivery once it is recorded, ``on_buried`` of
    each given up, ``on_busy`` of each 429.
    """

    def __init__(
        self,
        store: StateStore,
        poster: Poster,
        clock: Callable[[], datetime],
        owner: str,
        *,
        default_channel: str | None = None,
        on_sent: Callable[[Delivery], object] | None = None,
        on_buried: Callable[[Delivery], object] | None = None,
        on_busy: Callable[[Delivery], object] | None = None,
    ) -> None:
        self._store = store
        self._sending = Sending(store, poster, default_channel)
        self._poster = poster
        self._clock = clock
        self._owner = owner
        self._default_channel = default_channel
        self._on_sent = on_sent
        self._on_buried = on_buried
        self._on_busy = on_busy
        self._awake = threading.Event()
        self._stop = threading.Event()
        self._failures = 0
        self._all_wait: _Pause | None = None
        self._channel_waits: dict[str, _Pause] = {}
        self._unsent: dict[str, int] = {}
        """Deliveries that we gave back knowing that nothing was sent, by the attempts that they had then."""
        self._unrecorded: deque[tuple[Delivery, Posted]] = deque()
        """What Slack has confirmed and the store could not be told."""
        self._straight: deque[tuple[Delivery, bool]] = deque()
        """What must reach people while the store is down, and whether it may be there already."""

    def wake(self) -> None:
        """Look at once whether something waits, and not only at the next turn."""
        self._awake.set()

    def say_without_store(self, delivery: Delivery) -> None:
        """Send a POST that cannot be stored: at least once, for it is remembered by this process alone."""
        self._straight.append((delivery, False))
        self.wake()

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
        if self._all_wait is not None and self._all_wait.holds(now):
            return 0
        sent = self._send_straight()
        if self._all_wait is not None and self._all_wait.holds(now):
            return sent
        try:
            self._record_rest()
            # While Slack does not answer, one message finds out when it does again.
            limit = 1 if self._failures else BATCH
            return sent + self._deliver(self._store.claim(self._owner, now, now + LEASE, limit))
        except StoreError as error:
            _logger.warning("The store does not work, so the outbox waits: %s", error)
            return sent

    def _deliver(self, claimed: Sequence[Delivery]) -> int:
        return sum(self._attempt(delivery) for delivery in claimed)

    def _attempt(self, delivery: Delivery) -> bool:
        """Send one delivery, or give it back; True when Slack has it."""
        in_doubt = delivery.attempts > 0 and self._unsent.pop(delivery.key, None) != delivery.attempts
        now = self._clock()
        until = self._may_not_go_before(delivery, now)
        if until is not None:
            self._give_back(delivery, until, delivery.error, in_doubt=in_doubt)
            return False
        try:
            posted = self._sending.send(delivery, now, in_doubt=in_doubt)
        except Waiting as reason:
            self._give_back(delivery, self._clock() + NOT_YET, str(reason), in_doubt=in_doubt)
        except Hopeless as reason:
            self._bury(delivery, str(reason))
        except PostError as error:
            self._failed(delivery, error, in_doubt=in_doubt)
        except StoreError:
            raise
        except Exception as error:
            # One message that breaks us must not keep the others from being sent.
            _logger.exception("The delivery %s could not be sent.", delivery.key)
            until = self._clock() + _back_off(delivery.attempts, LONGEST_WAIT)
            self._give_back(delivery, until, type(error).__name__, in_doubt=True)
        else:
            self._failures = 0
            self._record(delivery, posted)
            return True
        return False

    def _may_not_go_before(self, delivery: Delivery, now: datetime) -> datetime | None:
        """Return when a claimed delivery may go, None for now."""
        lease_ends = delivery.lease_until or now
        if self._stop.is_set() or lease_ends - now < SAFE:
            return now
        waits = [self._all_wait, self._channel_waits.get(delivery.channel)]
        return max((each.until for each in waits if each is not None and each.holds(now)), default=None)

    def _failed(self, delivery: Delivery, error: PostError, *, in_doubt: bool) -> None:
        now = self._clock()
        match error.trouble:
            case Trouble.BUSY:
                self._tell(self._on_busy, delivery)
                self._channel_waits[delivery.channel] = _Pause(now, now + error.retry_after)
                self._give_back(delivery, now + error.retry_after, error.detail, in_doubt=in_doubt)
            case Trouble.UNAVAILABLE:
                self._failures += 1
                self._let_all_wait(now, error)
                until = now + _back_off(max(self._failures, delivery.attempts), LONGEST_BACK_OFF)
                self._give_back(delivery, until, error.detail, in_doubt=True)
            case Trouble.CONTENT:
                self._bury(delivery, error.detail)
            case _ if now - delivery.created_at >= PATIENCE:
                self._bury(delivery, error.detail)
            case _:
                _logger.error("Slack refuses %s in %s: %s", delivery.key, delivery.channel, error.detail)
                until = now + _back_off(delivery.attempts, LONGEST_WAIT)
                self._give_back(delivery, until, error.detail, in_doubt=in_doubt)

    def _let_all_wait(self, now: datetime, error: PostError) -> None:
        pause = _back_off(self._failures, LONGEST_BACK_OFF)
        _logger.warning("Slack does not answer (%s); the next attempt is in %s.", error.detail, pause)
        self._all_wait = _Pause(now, now + pause)

    def _give_back(self, delivery: Delivery, not_before: datetime, error: str, *, in_doubt: bool) -> None:
        now = self._clock()
        given = self._store.hand_back(delivery.key, self._owner, now=now, not_before=not_before, error=error)
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
        if recorded:
            sent = replace(delivery, state=DeliveryState.SENT, ts=posted.ts, posted_channel=posted.channel, sent_at=now)
            self._tell(self._on_sent, sent)

    def _record_rest(self) -> None:
        waiting, self._unrecorded = self._unrecorded, deque()
        for delivery, posted in waiting:
            self._record(delivery, posted)

    def _bury(self, delivery: Delivery, error: str) -> None:
        """Give a delivery up and say so where it is read, unless that is what cannot be said."""
        _logger.error("The delivery %s is given up: %s", delivery.key, error)
        if not delivery.key.startswith(UNDELIVERED):
            channel = self._default_channel or delivery.channel
            self._store.commit(Changes(deliveries=[_obituary(delivery, channel, error, self._clock())]))
        if self._store.bury(delivery.key, self._owner, error=error):
            self._tell(self._on_buried, delivery)

    def _send_straight(self) -> int:
        """Send what could not be stored; what Slack does not take now stays for the next turn."""
        sent = 0
        for _ in range(len(self._straight)):
            delivery, in_doubt = self._straight.popleft()
            now = self._clock()
            try:
                self._sending.send(delivery, now, in_doubt=in_doubt)
                sent += 1
            except PostError as error:
                _logger.warning("%s cannot be said past the store yet: %s", delivery.key, error)
                if error.trouble is Trouble.CONTENT:
                    continue
                self._straight.append((delivery, in_doubt or error.trouble is Trouble.UNAVAILABLE))
                self._all_wait = _Pause(now, now + max(error.retry_after, SETTLES))
                break
        return sent

    def _tell(self, listener: Callable[[Delivery], object] | None, delivery: Delivery) -> None:
        if listener is None:
            return
        try:
            listener(delivery)
        except Exception:
            # The message is there whatever those who are told of it make of that.
            _logger.exception("A listener of the outbox failed on %s.", delivery.key)


def _back_off(attempts: int, longest: timedelta) -> timedelta:
    return min(longest, max(SETTLES, timedelta(seconds=2 ** min(attempts, 20))))


def _obituary(delivery: Delivery, channel: str, error: str, now: datetime) -> Delivery:
    said = str(delivery.body.get("text", ""))[:1_000]
    text = f"A message for <#{delivery.channel}> could not be delivered ({escape(error)}). It said: {said}"
    return Delivery(
        key=f"{UNDELIVERED}{delivery.key}",
        kind=DeliveryKind.POST,
        channel=channel,
        body={"text": text},
        created_at=now,
        urgent=delivery.urgent,
    )
