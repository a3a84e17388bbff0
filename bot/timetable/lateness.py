"""Whether the digest is there in time: a word to the channel when not, a heartbeat when Slack has confirmed it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.render.digest import late_message, note_message
from bot.render.words import day as day_words
from bot.store.model import Changes, Delivery, DeliveryState, StateStore, StoreError
from bot.timetable.digest_deliveries import late_key, message_to, posting_key
from bot.timetable.looking import PastStore, notifications_of
from bot.timetable.slots import is_late, is_made_up_for, newest_day, slots_of
from checks.pipeline import Pipeline

BEAT_LEASE = timedelta(minutes=5)
"""Who beats has so long before another instance does it."""

BEATS_FOR = timedelta(days=2)
"""A day's heartbeat is remembered so long, which is longer than anybody asks for it."""

EARLIER_DAYS = 8
"""Whoever posted no digest on any of so many days before has just been set up, and missed none."""

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
        self._times = notifications_of(pipeline).digest
        self._channel = notifications_of(pipeline).routes.default
        self._store = store
        self._clock = clock
        self._owner = owner
        self._heartbeat = heartbeat
        self._past_store = past_store
        self._trouble: tuple[date, str] | None = None
        self._beaten: date | None = None

    def failed(self, reason: str) -> None:
        """Remember why the newest digest could not be written, so that the channel can be told."""
        self._trouble = (self._newest(), reason)

    def say_if_late(self) -> bool:
        """Tell the channel, once for each day, that a digest is not there. Whether one is missing.

        With the store down the word about the newest goes straight to Slack, and StoreError is raised.
        """
        now, newest = self._clock(), self._newest()
        try:
            missing = [day for day in (newest - timedelta(days=1), newest) if self._is_missing(day, now)]
            for day in missing:
                self._commit(self._late_word(day, now))
        except StoreError:
            if is_late(self._times, self._zone, newest, now):
                self.failed("The store is down, so none can be written.")
                self._past_store.say([self._late_word(newest, now)])
            raise
        return bool(missing)

    def follow_up(self, day: date | None = None) -> bool:
        """Do what is due once Slack has confirmed a day's digest, by default the newest that is due: the heartbeat,
        and a word if it came late.

        Whether Slack has confirmed it.
        """
        now, newest = self._clock(), self._newest()
        day = day or newest
        posting = self.posting(day)
        if posting is None or posting.state is not DeliveryState.SENT:
            return False
        if day in (newest, now.astimezone(self._zone).date()):
            self._beat(day, now)
            self._explain_delay(posting, day, now)
        return True

    def posting(self, day: date) -> Delivery | None:
        """Return the message of a day's digest: the last one, where the first could not be posted for good."""
        key = posting_key(self._pipeline.name, day)
        posting = self._store.delivery(key)
        if posting is None or posting.state is not DeliveryState.DEAD:
            return posting
        again = (self._store.delivery(f"{key}:{slot.name}") for slot in slots_of(self._times, self._zone, day))
        return next((each for each in again if each is not None and each.state is not DeliveryState.DEAD), posting)

    def late_note(self, day: date, at: datetime) -> str:
        """Return the sentence for a digest that is written late, an empty text for one in time."""
        if not is_late(self._times, self._zone, day, at):
            return ""
        return f"This digest is late: it was due at {self._due(day)}."

    def _is_missing(self, day: date, now: datetime) -> bool:
        if not is_late(self._times, self._zone, day, now) or self.posting(day) is not None:
            return False
        return is_made_up_for(self._times, self._zone, day, now) or self._was_served_before(day)

    def _was_served_before(self, day: date) -> bool:
        keys = (posting_key(self._pipeline.name, day - timedelta(days=back)) for back in range(1, EARLIER_DAYS + 1))
        return any(self._store.delivery(key) is not None for key in keys)

    def _late_word(self, day: date, now: datetime) -> Delivery:
        title = f"{self._pipeline.title}, {day_words(day, now.astimezone(self._zone).date())}"
        failed_on, reason = self._trouble or (day, "")
        if not is_made_up_for(self._times, self._zone, day, now):
            failed_on, reason = day, NOT_ANY_MORE
        message = late_message(title, self._due(day), reason if failed_on == day else "")
        return message_to(self._channel, late_key(self._pipeline.name, day), message, now)

    def _explain_delay(self, posting: Delivery, day: date, now: datetime) -> None:
        sent = posting.sent_at or now
        late = self._store.delivery(late_key(self._pipeline.name, day))
        if late is not None:
            message = note_message("The digest is here now.")
            self._commit(message_to(late.channel, f"{late.key}:here", message, now, target=late.key))
        elif self.late_note(day, sent) and not self.late_note(day, posting.created_at):
            local = sent.astimezone(self._zone)
            message = note_message(f"This digest was ready for {self._due(day)}; Slack took it at {local:%H:%M %Z}.")
            self._commit(message_to(posting.channel, f"{posting.key}:delay", message, now, target=posting.key))

    def _beat(self, day: date, now: datetime) -> None:
        """Beat once a day. Who dies between the beat and the lease's long end makes another instance beat again."""
        if self._heartbeat is None or self._beaten == day:
            return
        lease = f"heartbeat:{self._pipeline.name}:{day.isoformat()}"
        if not self._store.acquire(lease, self._owner, now, now + BEAT_LEASE):
            return
        if self._heartbeat.beat():
            self._beaten = day
            self._store.acquire(lease, self._owner, now, now + BEATS_FOR)
        else:
            self._store.release(lease, self._owner)

    def _commit(self, delivery: Delivery) -> None:
        if self._store.delivery(delivery.key) is None:
            self._store.commit(Changes(deliveries=[delivery]))

    def _due(self, day: date) -> str:
        return f"{slots_of(self._times, self._zone, day)[0].due.astimezone(self._zone):%H:%M %Z}"

    def _newest(self) -> date:
        return newest_day(self._times, self._zone, self._clock())
