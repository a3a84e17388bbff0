"""Healthy days of every sort: a healthy world moved to other dates and times of its day, with more or less to do.

Everything in a world keeps its time of day, so that a day of 23 or of 25 hours is one too.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from bot.drill.earlier import earlier
from bot.drill.fault import Healthy
from bot.drill.sizes import Sizes
from bot.scenarios.world import Change, World

_DATE = re.compile(r"(?<!\d)(20\d\d)(-?)([01]\d)\2([0-3]\d)(?!\d)")
_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\S*")

EARLIEST, LATEST = time(5), time(23, 59)
"""Between these somebody may look at a report."""


CLOCKS = 18
"""Times of its day to which a world is moved, beside its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A healthy day: when it is, why it was chosen, and what makes the world of it."""

    now: datetime
    sort: str
    change: Change
    units: tuple[int, ...] = ()
    """How much there is to do on the dates that are judged."""


def days_of(healthy: Healthy, count: int, seed: int) -> tuple[Day, ...]:
    """Return so many days of a world: those on which clocks and calendars turn first, then others of a year by chance;
    at its own time of day in turn with others at which it is the same; with as much to do as it has, and with less."""
    zone = healthy.pipeline.zone
    shifts = list(_shifts(healthy.world.now.astimezone(zone).date(), zone, seed))
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    clocks, sizes = clocks_of(healthy, CLOCKS), Sizes(healthy)
    full = tuple(sizes.of(day) for day in healthy.days)
    found = []
    for turn in range(len(clocks)):
        for number, (days, sort) in enumerate(shifts):
            units = full if (number + turn) % 3 == 0 else tuple(draw.randint(0, size) for size in full)
            found.append(_day(sizes, days, sort, clocks[(number + turn) % len(clocks)], units))
    return tuple(found[:count])


def _day(sizes: Sizes, days: int, sort: str, clock: datetime, units: tuple[int, ...]) -> Day:
    healthy = sizes.healthy
    zone = healthy.pipeline.zone

    def change(world: World) -> World:
        for day, number in zip(healthy.days, units, strict=True):
            world = sizes.resized(world, day, number)
        return moved(at(earlier(world, clock, healthy.pipeline), clock), days, zone)

    return Day(now=_moved_instant(clock, days, zone), sort=sort, change=change, units=units)


def clocks_of(healthy: Healthy, count: int) -> tuple[datetime, ...]:
    """Return instants of the day at which it is known how the world is, its own first: earlier ones, since it says when
    what is in it happened, and later ones until the pipeline file expects the next thing."""
    now, zone = healthy.world.now, healthy.pipeline.zone
    today = now.astimezone(zone).date()
    first = datetime.combine(today, EARLIEST, zone)
    if now < first:
        first = max([*_written(healthy.world), first])
    last = min([each for each in _turns(healthy) if each > now] + [datetime.combine(today, LATEST, zone)])
    step = (last - first) / (count + 1)
    inside = [(first + step * number).replace(second=0, microsecond=0) for number in range(1, count + 1)]
    return tuple(dict.fromkeys([now, *(each for each in inside if first < each < last)]))


def _turns(healthy: Healthy) -> Iterator[datetime]:
    """Yield when something opens or is due, around the judged intervals."""
    timeline = healthy.pipeline.timeline
    runs = [run for each in healthy.pipeline.transitions for run in each.runs.values()]
    offsets = [offset for run in runs for offset in (run.opens, run.due)]
    offsets += [check.due for check in healthy.pipeline.checks if check.due is not None]
    for interval in (healthy.previous, healthy.current, timeline.next(healthy.current)):
        yield from (offset.of(interval, timeline) for offset in offsets)


def _written(world: World) -> Iterator[datetime]:
    """Yield every instant of the data that has been, but for that of the world itself."""
    for value in _leaves((world.tables, world.documents)):
        if isinstance(value, str) and _INSTANT.fullmatch(value):
            value = datetime.fromisoformat(value)  # noqa: PLW2901 - the same instant
        if isinstance(value, datetime) and value < world.now:
            yield value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


def at(world: World, clock: datetime) -> World:
    """Return the world at another time of its day: what has just been attempted is attempted again."""
    jobs = tuple(
        replace(job, last_attempt=clock if job.last_attempt == world.now else job.last_attempt) for job in world.jobs
    )
    return replace(world, now=clock, jobs=jobs)


def moved(world: World, days: int, zone: ZoneInfo) -> World:
    """Return the world so many days later; every instant and date in it keeps its time of day."""

    def instant(value: datetime) -> datetime:
        return _moved_instant(value, days, zone)

    @cache  # a world says most of its dates many times
    def text(value: str) -> str:
        if _INSTANT.fullmatch(value):
            return instant(datetime.fromisoformat(value)).isoformat()
        return _DATE.sub(lambda match: _moved_date(match, days), value)

    return World(**{each.name: _mapped(getattr(world, each.name), instant, text) for each in fields(world)})


def _mapped(value: Any, instant: Callable[[datetime], datetime], text: Callable[[str], str]) -> Any:
    if type(value) is str:
        return text(value)
    if value is None or isinstance(value, int | float | str):
        return value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Mapping):
        return {text(key): _mapped(each, instant, text) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mapped(each, instant, text) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: _mapped(getattr(value, each.name), instant, text) for each in fields(value)}
        )
    return value


def _moved_instant(value: datetime, days: int, zone: ZoneInfo) -> datetime:
    local = value.astimezone(zone)
    return (local + timedelta(days=days)).replace(fold=0).astimezone(value.tzinfo)


def _moved_date(match: re.Match[str], days: int) -> str:
    try:
        there = date(int(match[1]), int(match[3]), int(match[4])) + timedelta(days=days)
    except ValueError:
        return match[0]
    return f"{there:%Y}{match[2]}{there:%m}{match[2]}{there:%d}"


def _shifts(today: date, zone: ZoneInfo, seed: int) -> Iterator[tuple[int, str]]:
    """Yield days from today, with what is special about each: its own, then turns of clocks, years, months, a week."""
    year = [today + timedelta(days=number) for number in range(366)]
    named = {today: "its own day"}
    for day in year:
        if _offset(day, zone) != _offset(day + timedelta(days=1), zone):
            named |= {day: "the clocks change", day + timedelta(days=1): "after the clocks changed"}
        if (day.month, day.day) in ((12, 31), (1, 1), (1, 2)):
            named[day] = "the year's end"
        elif (day + timedelta(days=1)).day == 1 or day.day == 1:
            named.setdefault(day, "a month's end")
    for number in range(1, 8):
        named.setdefault(today + timedelta(days=number), f"a {today + timedelta(days=number):%A}")
    others = [day for day in year if day not in named]
    random.Random(seed).shuffle(others)  # noqa: S311 - a sample, not a secret
    for day, sort in (*named.items(), *((day, "any day") for day in others[:30])):
        yield (day - today).days, sort


def _offset(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime.combine(day, time(), zone).utcoffset()
