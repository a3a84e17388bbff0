"""When the digest is owed: the slots of a local day, each named once whatever the clock does.

A slot is named by local date and time, never by an instant: an hour that comes twice is one slot, an hour that
is left out falls on the first instant after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from checks.notifications import DigestTimes
from checks.pipeline import Pipeline

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""From here the intervals of the watch are counted, the same in every process."""

CATCH_UP = timedelta(hours=12)
"""So long after its time a digest or a refresh is still made up for after midnight: one that was due shortly before is,
one of yesterday's morning is not. Until midnight everything of the day is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One time at which the digest of a local day is written: posted, or brought up to date. ``due`` is in UTC."""

    day: date
    name: str
    due: datetime


def slots_of(times: DigestTimes, zone: ZoneInfo, day: date) -> tuple[Slot, ...]:
    """Return the slots of a local day in their order; the first one posts."""
    return tuple(
        Slot(day=day, name=f"{moment.clock:%H%M}", due=moment.on(day, zone).astimezone(UTC))
        for moment in (times.post, *times.refresh)
    )


def owed_slot(times: DigestTimes, zone: ZoneInfo, now: datetime, is_posted: Callable[[date], bool]) -> Slot | None:
    """Return the newest slot that is due; those before it are needless, because it says more.

    One of the day before is owed as long as it can be made up for: a digest, or a refresh of one that is posted.
    """
    today = now.astimezone(zone).date()
    slots = (*slots_of(times, zone, today - timedelta(days=1)), *slots_of(times, zone, today))
    newest = max((slot for slot in slots if slot.due <= now), key=lambda slot: slot.due, default=None)
    if newest is None or newest.day == today:
        return newest
    if is_made_up_for(times, zone, newest.day, now) or (now <= newest.due + CATCH_UP and is_posted(newest.day)):
        return newest
    return None


def is_made_up_for(times: DigestTimes, zone: ZoneInfo, day: date, now: datetime) -> bool:
    """Whether a digest that was not posted in time still is."""
    return day == now.astimezone(zone).date() or now <= slots_of(times, zone, day)[0].due + CATCH_UP


def newest_day(times: DigestTimes, zone: ZoneInfo, now: datetime) -> date:
    """Return the newest local day whose digest is due: today, or yesterday until today's time has come."""
    today = now.astimezone(zone).date()
    return today if slots_of(times, zone, today)[0].due <= now else today - timedelta(days=1)


def slots_by_hand(now: datetime, day: date) -> Iterator[Slot]:
    """Yield the slots of digests that somebody asks for at an instant, again and again."""
    instant = now.astimezone(UTC)
    name = f"by-hand-{instant:%Y%m%dT%H%M%S}"
    yield Slot(day=day, name=name, due=instant)
    for number in count(2):
        yield Slot(day=day, name=f"{name}-{number}", due=instant)


def is_late(times: DigestTimes, zone: ZoneInfo, day: date, at: datetime) -> bool:
    """Whether a digest of a day that is there ``at`` an instant is late."""
    return at > slots_of(times, zone, day)[0].due + timedelta(minutes=times.late_minutes)


def watch_slot(minutes: int, now: datetime) -> datetime:
    """Return the beginning of the watch interval in which an instant lies."""
    interval = timedelta(minutes=minutes)
    return EPOCH + (now - EPOCH) // interval * interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A game date that a watch looks at, with every quick check or with these only."""

    date: date
    checks: tuple[str, ...] = ()


def watched(pipeline: Pipeline, now: datetime) -> tuple[Watched, ...]:
    """Return what a watch looks at: last night with today, and tomorrow as soon as something of it is due today.

    Of tomorrow the triggers alone are judged: the other quick checks have no date, and were looked at already.
    """
    today = now.astimezone(pipeline.zone).date()
    tomorrow = today + timedelta(days=1)
    previous = Watched(date=today - timedelta(days=1))
    if any(due <= now for due in _dues(pipeline, tomorrow)):
        return (previous, Watched(date=tomorrow, checks=("trigger",)))
    return (previous,)


def _dues(pipeline: Pipeline, tomorrow: date) -> Iterator[datetime]:
    for transition in pipeline.transitions:
        if transition.runs.tomorrow is not None:
            yield transition.runs.tomorrow.due.on(tomorrow, pipeline.zone).astimezone(UTC)
