"""When a schedule of Cloud Scheduler has last been due: the five fields of unix-cron, in a time zone.

Two kinds are understood: unix-cron (with lists, ranges, steps, names of months and days), and App Engine's "every N
minutes", "every N hours". Of anything else nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LONGEST_SEARCH = timedelta(days=8 * 366)
"""A schedule on 29 February is due once in eight years at worst."""

_EVERY = re.compile(r"every\s+(?P<count>\d+)\s+(?P<unit>min(?:ute)?s?|hours?)", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """The minutes, hours, days and months of a schedule. Days of the week count from Sunday, 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def on(self, day: date) -> bool:
        """Whether the schedule is due on a day. Where day and weekday are both restricted, either suffices."""
        if day.month not in self.months:
            return False
        matches = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return all(matches) if self.any_day or self.any_weekday else any(matches)


def parsed(schedule: str) -> Cron | None:
    """Return a schedule in unix-cron, None for a text that is none."""
    fields = schedule.split()
    if len(fields) != 5:  # noqa: PLR2004 - minute, hour, day, month, weekday
        return None
    minutes = _field(fields[0], 0, 59)
    hours = _field(fields[1], 0, 23)
    days = _field(fields[2], 1, 31)
    months = _field(fields[3], 1, 12, _MONTHS)
    weekdays = _field(fields[4], 0, 7, _DAYS)
    if not (minutes and hours and days and months and weekdays):
        return None
    return Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(each % 7 for each in weekdays),
        any_day=fields[2].startswith("*"),
        any_weekday=fields[4].startswith("*"),
    )


def _field(text: str, lowest: int, highest: int, names: tuple[str, ...] = ()) -> frozenset[int] | None:
    """Return the values of one field, None for a text that is none."""
    values: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return None
        first = lowest if match["first"] == "*" else _value(match["first"], lowest, names)
        # "*/5" and "3/5" go on to the end, "3" stands for itself.
        last = highest if match["first"] == "*" or match["step"] else first
        if match["last"] is not None:
            last = _value(match["last"], lowest, names)
        step = int(match["step"] or 1)
        if first is None or last is None or step < 1 or not lowest <= first <= last <= highest:
            return None
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _value(text: str, lowest: int, names: tuple[str, ...]) -> int | None:
    """Return a number or the number of a name; names count from the lowest value on."""
    if text.isascii() and text.isdigit():
        return int(text)
    short = text.lower()[:3]
    return names.index(short) + lowest if short in names else None


def due_since(schedule: str, zone: str, since: datetime, until: datetime) -> datetime | None:
    """Return the latest instant after ``since`` and not after ``until`` at which a schedule was due.

    None when there was none, and also when the schedule or its zone is not understood: nothing is claimed then.
    Instants are aware; the answer is in UTC.
    """
    every = _EVERY.fullmatch(schedule.strip())
    if every is not None:
        minutes = int(every["count"]) * (60 if every["unit"].lower().startswith("hour") else 1)
        # The first of them may lie anywhere within the first interval, so that a second one is waited for.
        return until.astimezone(UTC) if until - since > timedelta(minutes=2 * minutes) else None
    cron = parsed(schedule)
    if cron is None or until <= since:
        return None
    try:
        local_zone = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return next((each for each in _instants(cron, local_zone, since, until) if since < each <= until), None)


def _instants(cron: Cron, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield when a schedule was due, the latest first.

    A local time that a change of the clock skips was never due; one that it repeats was due the first time.
    """
    day = until.astimezone(zone).date()
    first = max(since, until - LONGEST_SEARCH).astimezone(zone).date()
    while day >= first:
        if cron.on(day):
            for hour in sorted(cron.hours, reverse=True):
                for minute in sorted(cron.minutes, reverse=True):
                    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                    instant = local.astimezone(UTC)
                    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                        yield instant
        day -= timedelta(days=1)
