"""Clicks on alerts, and what one makes of an open alert: pure. None means that it is so already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.alerting.alerts import awake
from bot.store.model import Alert, AlertState, SnoozeUntil


class ClickResult(StrEnum):
    """What became of a click on an alert."""

    DONE = "done"
    ALREADY = "already"
    """It was so before: somebody else was faster, or the click came twice."""
    STALE = "stale"
    """The alert moved on since the message that was clicked; nothing was changed."""
    GONE = "gone"
    """The store knows no such alert any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """Who clicked what: ``version`` is that of the alert on the message, None when it is not known.

    ``action_key`` is the same for a click that comes twice.
    """

    key: str
    actor: str
    now: datetime
    action_key: str
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """The answer to a click, and the alert as it is now."""

    result: ClickResult
    alert: Alert | None = None


def acknowledged(alert: Alert, actor: str, now: datetime) -> Alert | None:
    """Return the alert as somebody takes it; an alert that somebody has taken already stays with them."""
    return None if alert.state is AlertState.ACKNOWLEDGED else _taken(alert, actor, now)


def taken_over(alert: Alert, actor: str, now: datetime) -> Alert | None:
    """Return an acknowledged alert in other hands; None for whose it is already, and for one that nobody has."""
    if alert.state is not AlertState.ACKNOWLEDGED or alert.owner == actor:
        return None
    return _taken(alert, actor, now)


def released(alert: Alert, now: datetime) -> Alert | None:
    """Return an acknowledged alert that nobody has any more; it calls and reminds again."""
    return _firing(alert, now) if alert.state is AlertState.ACKNOWLEDGED else None


def snoozed(
    alert: Alert, actor: str, now: datetime, *, until: datetime | None, ends_on: SnoozeUntil, reason: str
) -> Alert | None:
    """Return the alert asleep. Raises ValueError for a snooze that would never end, or end before it begins."""
    if until is None and ends_on is SnoozeUntil.TIME:
        raise ValueError("a snooze needs a time, or something that ends it")
    if until is not None and until <= now:
        raise ValueError("a snooze must end in the future")
    wanted = (AlertState.SNOOZED, until, ends_on, reason)
    if (alert.state, alert.snoozed_until, alert.snooze_ends_on, alert.reason) == wanted:
        return None
    return replace(
        alert,
        state=AlertState.SNOOZED,
        owner=actor,
        owner_before=alert.owner if alert.state is AlertState.ACKNOWLEDGED else alert.owner_before,
        changed_at=now,
        snoozed_until=until,
        snooze_ends_on=ends_on,
        reason=reason,
        answered=alert.severity,
    )


def unsnoozed(alert: Alert, now: datetime) -> Alert | None:
    """Return the alert awake, with whoever had acknowledged it before; it reminds again from now on."""
    if alert.state is not AlertState.SNOOZED:
        return None
    return _taken(alert, alert.owner_before, now) if alert.owner_before else _firing(alert, now)


def _taken(alert: Alert, actor: str, now: datetime) -> Alert:
    return replace(
        awake(alert),
        state=AlertState.ACKNOWLEDGED,
        owner=actor,
        changed_at=now,
        notified_at=now,
        answered=alert.severity,
        escalated_at=None,
    )


def _firing(alert: Alert, now: datetime) -> Alert:
    return replace(
        awake(alert),
        state=AlertState.FIRING,
        changed_at=now,
        notified_at=now,
        waits_since=now,
        escalated_at=None,
    )
