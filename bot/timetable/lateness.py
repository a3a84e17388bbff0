"""Whether the digest is there in time: a word to the channel when not, a heartbeat when Slack has confirmed it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from bot.render.digest import late_message
from bot.render.notes import note_message
from bot.render.words import interval_title
from bot.store.model import Changes, Delivery, DeliveryState, StateStore, StoreError
from bot.timetable.digest_deliveries import late_key, message_to, posting_key
from bot.timetable.scheduled_run import PastStore
from bot.timetable.slots import DigestCalendar, notifications_of
from checks.model import Interval
from checks.pipeline import Pipeline

BEAT_LEASE = timedelta(minutes=5)
"""Who beats has so long before another instance does it."""

BEATS_FOR = timedelta(days=2)
"""A heartbeat is remembered until so long after the next digest is due, which is longer than anybody asks for it."""

EARLIER_DIGESTS = 8
"""Whoever posted none of so many digests before has just been set up, and missed none."""

NOT_ANY_MORE = "Nobody served at that time, and it is too old to be written now; the next digest comes at its time."


class Heartbeat(Protocol):
    """Tells a watcher outside that the digest is there. ``beat`` says whether it was heard, and never raises."""

    def beat(self) -> bool: ...


class Lateness:
    """Looks after the newest digest that is due, and after the one before: midnight ends neither.

    Methods raise StoreError.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        store: StateStore,
        clock: Callable[[], datetime],
        owner: str,
        heartbeat: Heartbeat | None,
        past_store: PastStore,
    ) -> None:
        self._pipeline = pipeline
        self._zone = pipeline.zone
        self._calendar = DigestCalendar(pipeline)
        self._channel = notifications_of(pipeline).routes.default
        self._store = store
        self._clock = clock
        self._owner = owner
        self._heartbeat = heartbeat
        self._past_store = past_store
        self._trouble: tuple[Interval, str] | None = None
        self._beaten: Interval | None = None

    def failed(self, reason: str) -> None:
        """Remember why the newest digest could not be written, so that the channel can be told."""
        self._trouble = (self._newest(), reason)

    def say_if_late(self) -> bool:
        """Tell the channel, once for each day, that a digest is not there. Whether one is missing.

        With the store down the word about the newest goes straight to Slack, and StoreError is raised.
        """
        now, newest = self._clock(), self._newest()
        try:
            missing = [of for of in (self._calendar.before(newest), newest) if self._is_missing(of, now)]
            for of in missing:
                self._commit(self._late_word(of, now))
        except StoreError:
            if self._calendar.is_late(newest, now):
                self.failed("The store is down, so none can be written.")
                self._past_store.say([self._late_word(newest, now)])
            raise
        return bool(missing)

    def follow_up(self, of: Interval | None = None) -> bool:
        """Do what is due once Slack has confirmed a digest, by default the newest that is due: the heartbeat,
        and a word if it came late.

        Whether Slack has confirmed it.
        """
        now, newest = self._clock(), self._newest()
        of = of or newest
        posting = self.posting(of)
        if posting is None or posting.state is not DeliveryState.SENT:
            return False
        if of in (newest, self._calendar.at(now)):
            self._beat(of, now)
            self._explain_delay(posting, of, now)
        return True

    def posting(self, of: Interval) -> Delivery | None:
        """Return the message of a digest: the last one, where the first could not be posted for good."""
        key = posting_key(self._pipeline.name, of.name)
        posting = self._store.delivery(key)
        if posting is None or posting.state is not DeliveryState.DEAD:
            return posting
        again = (self._store.delivery(f"{key}:{slot.name}") for slot in self._calendar.slots(of))
        return next((each for each in again if each is not None and each.state is not DeliveryState.DEAD), posting)

    def late_note(self, of: Interval, at: datetime) -> str:
        """Return the sentence for a digest that is written late, an empty text for one in time."""
        if not self._calendar.is_late(of, at):
            return ""
        return f"This digest is late: it was due at {self._due(of)}."

    def _is_missing(self, of: Interval, now: datetime) -> bool:
        if not self._calendar.is_late(of, now) or self.posting(of) is not None:
            return False
        return self._calendar.is_made_up_for(of, now) or self._was_served_before(of)

    def _was_served_before(self, of: Interval) -> bool:
        for _ in range(EARLIER_DIGESTS):
            of = self._calendar.before(of)
            if self._store.delivery(posting_key(self._pipeline.name, of.name)) is not None:
                return True
        return False

    def _late_word(self, of: Interval, now: datetime) -> Delivery:
        title = f"{self._pipeline.title}, {interval_title(of.name, now.astimezone(self._zone).date())}"
        failed_on, reason = self._trouble or (of, "")
        if not self._calendar.is_made_up_for(of, now):
            failed_on, reason = of, NOT_ANY_MORE
        message = late_message(title, self._due(of), reason if failed_on == of else "")
        return message_to(self._channel, late_key(self._pipeline.name, of.name), message, now)

    def _explain_delay(self, posting: Delivery, of: Interval, now: datetime) -> None:
        sent = posting.sent_at or now
        late = self._store.delivery(late_key(self._pipeline.name, of.name))
        if late is not None:
            message = note_message("The digest is here now.")
            self._commit(message_to(late.channel, f"{late.key}:here", message, now, target=late.key))
        elif self.late_note(of, sent) and not self.late_note(of, posting.created_at):
            local = sent.astimezone(self._zone)
            message = note_message(f"This digest was ready for {self._due(of)}; Slack took it at {local:%H:%M %Z}.")
            self._commit(message_to(posting.channel, f"{posting.key}:delay", message, now, target=posting.key))

    def _beat(self, of: Interval, now: datetime) -> None:
        """Beat once a digest. Who dies between the beat and the lease's long end makes another instance beat again."""
        if self._heartbeat is None or self._beaten == of:
            return
        lease = f"heartbeat:{self._pipeline.name}:{of.name}"
        if not self._store.acquire(lease, self._owner, now, now + BEAT_LEASE):
            return
        if self._heartbeat.beat():
            self._beaten = of
            self._store.acquire(lease, self._owner, now, self._calendar.next_post(now) + BEATS_FOR)
        else:
            self._store.release(lease, self._owner)

    def _commit(self, delivery: Delivery) -> None:
        if self._store.delivery(delivery.key) is None:
            self._store.commit(Changes(deliveries=[delivery]))

    def _due(self, of: Interval) -> str:
        return f"{self._calendar.posts_at(of).astimezone(self._zone):%H:%M %Z}"

    def _newest(self) -> Interval:
        return self._calendar.newest(self._clock())
