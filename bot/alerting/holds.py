"""Quiet hours and maintenance: when alerts below P0 wait, why, and until when.

What is planned stands in the pipeline file; what somebody starts is a lease of the store, whose owner is the person
with their reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.store.model import Lease, StateStore
from checks.notifications import Notifications, QuietHours
from checks.pipeline import Pipeline

LONGEST = timedelta(hours=24)
"""For how long somebody may let alerts wait; longer work is planned in the pipeline file, where others review it."""

QUIET_HOURS = "quiet hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Until when alerts below P0 wait, and why; ``by`` is who started it, empty for what the pipeline file says."""

    until: datetime
    reason: str
    by: str = ""


def planned(notifications: Notifications, zone: ZoneInfo, now: datetime) -> Hold | None:
    """Return what the pipeline file plans for an instant; of several at once that which ends last."""
    windows = [
        Hold(until=_in(zone, each.end), reason=each.reason)
        for each in notifications.maintenance
        if _in(zone, each.start) <= now < _in(zone, each.end)
    ]
    quiet = None if notifications.quiet_hours is None else _quiet(notifications.quiet_hours, zone, now)
    return max((*windows, *((quiet,) if quiet else ())), key=lambda each: each.until, default=None)


def _in(zone: ZoneInfo, moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _quiet(hours: QuietHours, zone: ZoneInfo, now: datetime) -> Hold | None:
    today = now.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        start = datetime.combine(day, hours.start, tzinfo=zone)
        last = day if hours.start < hours.end else day + timedelta(days=1)
        end = datetime.combine(last, hours.end, tzinfo=zone)
        if start.astimezone(UTC) <= now < end.astimezone(UTC):
            return Hold(until=end.astimezone(UTC), reason=QUIET_HOURS)
    return None


def started(store: StateStore, pipeline: str, now: datetime) -> Hold | None:
    """Return the maintenance that somebody started and that is not over. Raises StoreError."""
    lease = store.lease(_name(pipeline), now)
    return None if lease is None else _held(lease)


def current(store: StateStore, pipeline: Pipeline, now: datetime) -> Hold | None:
    """Return what alerts below P0 wait for, None when they do not. Raises StoreError."""
    by_file = None if pipeline.notifications is None else planned(pipeline.notifications, pipeline.zone, now)
    by_hand = started(store, pipeline.name, now)
    return max((each for each in (by_file, by_hand) if each), key=lambda each: each.until, default=None)


def start(store: StateStore, pipeline: str, hold: Hold, now: datetime) -> None:
    """Let alerts below P0 wait; what was started before, by whomever, is replaced. Raises StoreError."""
    end(store, pipeline, now)
    store.acquire(_name(pipeline), f"{hold.by} {hold.reason}", now, hold.until)


def end(store: StateStore, pipeline: str, now: datetime) -> Hold | None:
    """End what somebody started; return it, None when there was nothing. Raises StoreError."""
    lease = store.lease(_name(pipeline), now)
    if lease is None:
        return None
    store.release(_name(pipeline), lease.owner)
    return _held(lease)


def _held(lease: Lease) -> Hold:
    by, _, reason = lease.owner.partition(" ")
    return Hold(until=lease.until, reason=reason, by=by)


def _name(pipeline: str) -> str:
    return f"maintenance:{pipeline}"
