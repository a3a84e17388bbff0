"""How regular dates are: what is no more than an exception, and whether there is one a week or one a month. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.discovery.names import is_creation, words_in
from bot.discovery.profile import Profile
from checks.intervals import LAST_DAY_OF_EVERY_MONTH, Cadence, Timeline
from checks.span import Interval

FEWEST_ALLOWED = 8
"""Intervals; of fewer, no exception is taken for one."""

REGULAR = 0.9
"""The share of the intervals that have rows in a table of which each is expected to."""

FEWEST_SELDOM = 4
"""Weeks or months with rows that make it the cadence."""

READY = timedelta(hours=12)
"""So long after the end of an interval its rows are not late: they are judged in the morning."""

_SELDOM = (
    [Cadence("weekly", on) for on in range(7)],
    [Cadence("monthly", on) for on in range(1, LAST_DAY_OF_EVERY_MONTH + 1)],
)
_FIRST = {"start", "starting", "begin", "beginning", "begins", "from", "first"}
"""Words of a column that has the first date of a span, whose rows come when the span is over."""


def allowed(intervals: int) -> int:
    """Return how many of some intervals may be exceptions: one of eight, later one of twenty."""
    return 0 if intervals < FEWEST_ALLOWED else max(1, intervals // 20)


def exceptions(figures: Sequence[tuple[Any, int]]) -> Sequence[tuple[Any, int]] | None:
    """Return the few intervals that have a fault, each with its size; None where they are no exceptions."""
    found = [each for each in figures if each[1] > 0]
    return found if len(found) <= allowed(len(figures)) else None


@dataclass(frozen=True, slots=True)
class Seldom:
    """A cadence of weeks or months, the table that shows it, and how many intervals of it have rows."""

    cadence: Cadence
    table: str
    intervals: int
    by_load: bool
    """Whether loads say when an interval is complete; else the name or the age of its newest date does."""


def seldom(profiles: Sequence[Profile], zone: ZoneInfo, today: date) -> Seldom | None:
    """Return the cadence where no table has more than one date a week, or a month. Of the days on which an interval may
    begin it is the one by which the rows are there when it ends, and no longer before than need be."""
    dated = [each for each in profiles if not is_creation(each.subject.date)]
    for cadences in _SELDOM:
        tried = [
            (lateness, cadence, found)
            for cadence in cadences
            if (found := _most_regular(dated, Timeline(zone, cadence))) is not None
            and (lateness := _lateness(dated, Timeline(zone, cadence), today))
        ]
        if tried:
            _, cadence, (profile, intervals) = min(tried, key=lambda each: each[0])
            return Seldom(cadence, profile.subject.name, intervals, any(each.loads for each in profile.periods))
    return None


def _most_regular(profiles: Sequence[Profile], timeline: Timeline) -> tuple[Profile, int] | None:
    """Return the table with rows in nearly each interval, and in how many; None where one has several dates in one."""
    counted = [(each, Counter(timeline.on(day) for day in _days(each))) for each in profiles]
    if any(exceptions([(one, number - 1) for one, number in counts.items()]) is None for _, counts in counted):
        return None
    regular = [(each, len(counts)) for each, counts in counted if _is_regular(list(counts), timeline)]
    return max(regular, key=lambda each: each[1], default=None)


def _is_regular(intervals: Sequence[Interval], timeline: Timeline) -> bool:
    if len(intervals) < FEWEST_SELDOM:
        return False
    each, last, expected = min(intervals), max(intervals), 1
    while each < last:
        each, expected = timeline.next(each), expected + 1
    return len(intervals) >= REGULAR * expected


def _days(profile: Profile) -> Iterator[date]:
    for period in profile.periods:
        if period.start is not None:
            yield period.start.date() if isinstance(period.start, datetime) else period.start


def _lateness(profiles: Sequence[Profile], timeline: Timeline, today: date) -> tuple[int, timedelta]:
    """Return how many dates have their rows only after their interval, and how long all others are there before."""
    late, idle = 0, timedelta()
    for profile in profiles:
        is_ready = _ready(profile, timeline, today)
        for day in _days(profile):
            spare = timeline.on(day).end - is_ready(day)
            late += spare < -READY
            idle += max(spare, timedelta())
    return late, idle


def _ready(profile: Profile, timeline: Timeline, today: date) -> Callable[[date], datetime]:
    """Return what says when the rows of a date are there: their last load; else the end of that day, or of the span
    that begins with it where the column is named so or the newest date is already so old."""
    loads = {day: max(each.loads) for day, each in zip(_days(profile), profile.periods, strict=True) if each.loads}
    is_weekly = timeline.cadence.kind == "weekly"
    length, newest = timedelta(days=7 if is_weekly else 31), max(_days(profile))
    is_old = newest + length <= today < newest + 2 * length and (is_weekly or newest.day == 1)
    starts = is_old or _names_a_start(profile.subject.date or "")

    def ready(day: date) -> datetime:
        if (loaded := loads.get(day)) is not None:
            return loaded
        own = timeline.on(day)
        return (own.end if own.day == day else own.end + length) if starts else _midnight(day, timeline.zone)

    return ready


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=zone)


def _names_a_start(name: str) -> bool:
    words = words_in(name)
    return bool(_FIRST & set(words)) or words in (("week",), ("month",))
