"""What the timetable of the bot has due in a span of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.timetable.schedules import timetable
from bot.timetable.slots import watch_slot
from checks.notifications import Notifications

ROUND = "round"
"""What catches up with everything else that is due; each other job is followed by one."""


@dataclass(frozen=True, slots=True, order=True)
class DueJob:
    """A job of the timetable and its time."""

    at: datetime
    job: str


def due_between(notifications: Notifications, zone: ZoneInfo, since: datetime, until: datetime) -> Sequence[DueJob]:
    """Return what is due after one instant, up to another, in order; of rounds only those that follow another job."""
    found = sorted(
        DueJob(moment, planned.job)
        for planned in timetable(notifications, zone)
        if planned.job != ROUND
        for moment in _times(planned.trigger, since, until)
    )
    return tuple(each for job in found for each in (job, DueJob(job.at, ROUND)))


def next_watch(notifications: Notifications, now: datetime) -> datetime:
    """Return when the bot looks next by itself."""
    minutes = notifications.watch_minutes
    return watch_slot(minutes, now) + timedelta(minutes=minutes)


def _times(trigger: object, since: datetime, until: datetime) -> Iterator[datetime]:
    moment = since
    while True:
        moment = trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))  # type: ignore[attr-defined]
        if moment is None or moment > until:
            return
        yield moment
