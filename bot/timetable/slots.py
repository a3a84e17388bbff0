"""When the digest is due: the slots of an interval, each named once whatever the clock does.

A digest belongs to the interval that is being prepared when it is posted, and judges the one before; of an hourly
pipeline there is one a day. A slot is named by that interval and its time, never by an instant: an hour that comes
twice is one slot, an hour that is left out falls on the first instant after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

from bot.request import intervals_of
from bot.settings import SettingsError
from checks.model import Interval
from checks.notifications import Notifications
from checks.pipeline import Pipeline

JOB = "digest"
"""The job of a digest's reports in the store; later ones are compared with them."""

LOOK_BACK = timedelta(days=8)
"""An earlier digest is compared with for so long, and the one before in any case; what happened before a break of a
week is no news."""

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""From here the intervals of the watch are counted, the same in every process."""

CATCH_UP = timedelta(hours=12)
"""So long after its time a digest or a refresh is still made up for once its interval is over: one that was due shortly
before is, one of yesterday's morning is not. Until then everything of the interval is."""


class UnknownJobError(LookupError):
    """There is no job of this name."""


def notifications_of(pipeline: Pipeline) -> Notifications:
    """Return the part of the pipeline file about messages. Raises SettingsError when there is none."""
    if pipeline.notifications is None:
        message = f"The pipeline file of '{pipeline.name}' has no 'notifications', so there is no channel to write to."
        raise SettingsError(message)
    return pipeline.notifications


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One time at which a digest is written: posted, or brought up to date.

    ``of`` is the interval that the digest belongs to, ``judges`` the name of the one that it judges. ``due`` is in UTC.
    """

    of: Interval
    name: str
    due: datetime
    judges: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a recorded world is about: ``judged`` is, as long as the digest is the one of ``of``, not what is usual."""

    of: Interval
    judged: Interval


def recorded_at(pipeline: Pipeline, requested: str, now: datetime) -> Recorded:
    """Return what a world is about that was recorded at an instant for a request. Raises RequestError."""
    judged, _ = intervals_of(requested, pipeline, now)
    return Recorded(of=pipeline.digest_timeline.at(now), judged=judged)


class DigestCalendar:
    """The digests of one pipeline in their order. Raises SettingsError for a pipeline without notifications."""

    def __init__(self, pipeline: Pipeline, recorded: Recorded | None = None) -> None:
        self._recorded = recorded
        self._judged = pipeline.timeline
        self._times = notifications_of(pipeline).digest
        self._timeline = pipeline.digest_timeline

    def at(self, instant: datetime) -> Interval:
        """Return the interval whose digest is the one of an instant, due or not."""
        return self._timeline.at(instant)

    def on(self, day: date) -> Interval:
        """Return the interval whose digest is the one of a date."""
        return self._timeline.on(day)

    def before(self, of: Interval) -> Interval:
        """Return the interval of the digest before."""
        return self._timeline.previous(of)

    def slots(self, of: Interval) -> tuple[Slot, ...]:
        """Return the slots of an interval in their order; the first one posts. None where the calendar has no run."""
        if not self._timeline.has_run(of):
            return ()
        return tuple(
            self._slot(of, str(offset).replace(":", "").replace(" ", ""), offset.of(of, self._timeline))
            for offset in (self._times.post, *self._times.refresh)
        )

    def posts_at(self, of: Interval) -> datetime:
        """Return when the digest of an interval is due, in UTC."""
        return self._times.post.of(of, self._timeline).astimezone(UTC)

    def owed(self, now: datetime, is_posted: Callable[[Interval], bool]) -> Slot | None:
        """Return the newest slot that is due; those before it are needless, because it says more.

        One of the interval before is owed as long as it can be made up for: a digest, or a refresh of a posted one.
        """
        current = self.at(now)
        slots = (*self.slots(self.before(current)), *self.slots(current))
        newest = max((slot for slot in slots if slot.due <= now), key=lambda slot: slot.due, default=None)
        if newest is None or newest.of == current:
            return newest
        if self.is_made_up_for(newest.of, now) or (now <= newest.due + CATCH_UP and is_posted(newest.of)):
            return newest
        return None

    def is_made_up_for(self, of: Interval, now: datetime) -> bool:
        """Whether a digest that was not posted in time still is."""
        return of == self.at(now) or now <= self.posts_at(of) + CATCH_UP

    def last(self, count: int, now: datetime) -> tuple[Interval, ...]:
        """Return the intervals of the last digests, that of an instant included, the oldest first."""
        current = self.at(now)
        found = [current if self._timeline.has_run(current) else self.before(current)]
        while len(found) < count:
            found.append(self.before(found[-1]))
        return tuple(reversed(found))

    def newest(self, now: datetime) -> Interval:
        """Return the newest interval whose digest is due."""
        current = self.at(now)
        return current if self.slots(current) and self.posts_at(current) <= now else self.before(current)

    def next_post(self, now: datetime) -> datetime:
        """Return when the digest after that of an instant is due."""
        return self.posts_at(self._timeline.following(self.at(now)))

    def next_slot(self, of: Interval, now: datetime) -> datetime:
        """Return when the digest of an interval is brought up to date next, else when the one after it is due."""
        later = (each.due for each in self.slots(of) if each.due > now)
        return min(later, default=self.next_post(now))

    def by_hand(self, now: datetime, of: Interval) -> Iterator[Slot]:
        """Yield the slots of digests that somebody asks for at an instant, again and again."""
        instant = now.astimezone(UTC)
        name = f"by-hand-{instant:%Y%m%dT%H%M%S}"
        yield self._slot(of, name, instant)
        for number in count(2):
            yield self._slot(of, f"{name}-{number}", instant)

    def is_late(self, of: Interval, at: datetime) -> bool:
        """Whether a digest that is there ``at`` an instant is late."""
        return at > self.posts_at(of) + timedelta(minutes=self._times.late_minutes)

    def _slot(self, of: Interval, name: str, due: datetime) -> Slot:
        return Slot(of=of, name=name, due=due.astimezone(UTC), judges=self._judges(of, due).name)

    def _judges(self, of: Interval, due: datetime) -> Interval:
        if self._recorded is not None and self._recorded.of == of:
            return self._recorded.judged
        # One of another day that somebody asks for by hand judges what it did at its own time.
        moment = due if self._timeline.at(due) == of else self.posts_at(of)
        return self._judged.previous(of if self._judged == self._timeline else self._judged.at(moment))


def watch_slot(minutes: int, now: datetime) -> datetime:
    """Return the beginning of the watch interval in which an instant lies."""
    every = timedelta(minutes=minutes)
    return EPOCH + (now - EPOCH) // every * every


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An interval that a watch judges, with every quick check or with these only."""

    interval: str
    checks: tuple[str, ...] = ()


def watched(pipeline: Pipeline, now: datetime, recorded: Recorded | None = None) -> tuple[Watched, ...]:
    """Return what a watch judges: the previous interval with the current one, and the next once something of it is due.

    Of the next one the triggers alone are judged: the other quick checks belong to no interval, and ran already.
    """
    timeline = pipeline.timeline
    previous, current = timeline.around(now)
    if recorded is not None and recorded.of == pipeline.digest_timeline.at(now):
        previous = recorded.judged
    following = timeline.following(current)
    dues = (run.due.of(following, timeline) for each in pipeline.transitions for run in each.runs.values())
    usual = Watched(interval=previous.name)
    if any(due <= now for due in dues):
        return (usual, Watched(interval=following.name, checks=("trigger",)))
    return (usual,)
