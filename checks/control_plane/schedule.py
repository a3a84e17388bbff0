"""When a schedule of Cloud Scheduler has last been due: the five fields of unix-cron, in a time zone.

Two kinds are understood: unix-cron (with lists, ranges, steps, names of months and days), read by cronsim, and App
Engine's "every N minutes", "every N hours". Of anything else nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_FIELDS = 5
_AT_SECOND_ZERO = "0"
"""With a field for seconds cronsim reads local times as they are; without, it moves those that a change of the clock
skips, as Debian's cron does and Cloud Scheduler does not."""

_ANY_TIME = datetime(2025, 1, 1, tzinfo=UTC)
"""What is ever due was due before it: also on the 29th of February."""

_EVERY = re.compile(r"every\s+(?P<count>\d+)\s+(?P<unit>min(?:ute)?s?|hours?)", re.IGNORECASE)
_NOT_UNIX_CRON = re.compile(r"#|(?<![a-z])L|\b(\w+)-\1/", re.IGNORECASE)
"""What cronsim reads and Cloud Scheduler does not, such as L and 1#2, or reads in another way, such as 5-5/10."""


def due_since(schedule: str, zone: str, since: datetime, until: datetime) -> datetime | None:
    """Return the latest instant after ``since`` and not after ``until`` at which a schedule was due.

    None when there was none, and also when the schedule or its zone is not understood: nothing is claimed then.
    A local time that a change of the clock skips was never due; one that it repeats was due the first time. Where the
    clock changes by half an hour (Lord Howe Island), an earlier instant may be found on that day.
    Instants are aware; the answer is in UTC.
    """
    every = _EVERY.fullmatch(schedule.strip())
    if every is not None:
        # The first of them may lie anywhere within the first interval, so that a second one is waited for.
        return until.astimezone(UTC) if until - since > 2 * _interval(every) else None
    latest = _latest(schedule, zone, until)
    return latest if latest is not None and since < latest <= until else None


def due_after(schedule: str, zone: str, since: datetime) -> datetime | None:
    """Return the first instant after ``since`` at which a schedule is due; None as ``due_since`` says. In UTC."""
    every = _EVERY.fullmatch(schedule.strip())
    if every is not None:
        return since.astimezone(UTC) + 2 * _interval(every)
    instants = _instants(schedule, zone, since)
    first = next((each for each in instants if not each.fold), None) if instants is not None else None
    return None if first is None else first.astimezone(UTC)


@lru_cache(maxsize=4096)  # the jobs of a region keep their schedules
def is_understood(schedule: str, zone: str) -> bool:
    """Whether anything can be claimed of a schedule; one that is never due is not understood either."""
    return _EVERY.fullmatch(schedule.strip()) is not None or _latest(schedule, zone, _ANY_TIME) is not None


def _interval(every: re.Match[str]) -> timedelta:
    return timedelta(minutes=int(every["count"]) * (60 if every["unit"].lower().startswith("hour") else 1))


def _latest(schedule: str, zone: str, until: datetime) -> datetime | None:
    # cronsim looks for what lies before an instant, and one that is due at ``until`` counts.
    instants = _instants(schedule, zone, until + timedelta(microseconds=1), backwards=True)
    latest = next((each for each in instants if not each.fold), None) if instants is not None else None
    return None if latest is None else latest.astimezone(UTC)


def _instants(schedule: str, zone: str, begin: datetime, *, backwards: bool = False) -> Iterator[datetime] | None:
    if len(schedule.split()) != _FIELDS or _NOT_UNIX_CRON.search(schedule):
        return None
    try:
        return CronSim(f"{_AT_SECOND_ZERO} {schedule}", begin.astimezone(ZoneInfo(zone)), reverse=backwards)
    except (CronSimError, ZoneInfoNotFoundError, ValueError, OSError):
        return None
