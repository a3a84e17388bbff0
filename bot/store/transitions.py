"""What becomes of a leased delivery: pure, and the same in both stores.

Each returns the delivery as it is to be stored, or None when the lease is no longer ours.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypeGuard

from bot.store.model import Delivery, DeliveryState


def sent(delivery: Delivery | None, owner: str, *, ts: str, channel: str, now: datetime) -> Delivery | None:
    """Record that Slack confirmed it. Said twice, it is as good as said once."""
    if delivery is not None and delivery.state is DeliveryState.SENT and _place(delivery) == (ts, channel):
        return delivery
    if not _is_ours(delivery, owner):
        return None
    return replace(
        delivery,
        state=DeliveryState.SENT,
        ts=ts,
        posted_channel=channel,
        sent_at=now,
        error="",
        lease_owner=None,
        lease_until=None,
    )


def handed_back(
    delivery: Delivery | None, owner: str, *, now: datetime, not_before: datetime, error: str
) -> Delivery | None:
    """Let it wait for another attempt."""
    if not _is_ours(delivery, owner):
        return None
    return replace(
        delivery,
        attempts=delivery.attempts + 1,
        not_before=not_before,
        waits_since=now,
        error=error,
        lease_owner=None,
        lease_until=None,
    )


def buried(delivery: Delivery | None, owner: str, *, error: str) -> Delivery | None:
    """Give it up for good."""
    if not _is_ours(delivery, owner):
        return None
    return replace(delivery, state=DeliveryState.DEAD, error=error, lease_owner=None, lease_until=None)


def ended_at(delivery: Delivery) -> datetime | None:
    """Return when it left the queue; for one that was never sent, when it came into it; None while it waits."""
    return None if delivery.state is DeliveryState.PENDING else delivery.sent_at or delivery.created_at


def _is_ours(delivery: Delivery | None, owner: str) -> TypeGuard[Delivery]:
    """Whether we hold the lease: also when it ran out, as long as nobody has taken it over."""
    return delivery is not None and delivery.lease_owner == owner


def _place(delivery: Delivery) -> tuple[str | None, str | None]:
    return delivery.ts, delivery.posted_channel
