"""What the outbox says on its own account: that a message was given up, and that a channel takes none."""

from __future__ import annotations

from datetime import datetime

from bot.delivery.poster import Body, Wording
from bot.delivery.troubles import PostError
from bot.store.model import Delivery, DeliveryKind

UNDELIVERED = "undelivered:"
REFUSES = "refuses:"


def is_notice(delivery: Delivery) -> bool:
    """Whether a delivery is one of these; a notice that cannot be given makes no further notice."""
    return delivery.key.startswith((UNDELIVERED, REFUSES))


def obituary(wording: Wording, delivery: Delivery, channel: str, error: str, now: datetime) -> Delivery:
    """Say in a channel what could not be said in another."""
    body = wording.undelivered(delivery, error)
    return _post(f"{UNDELIVERED}{delivery.key}", channel, body, now, urgent=delivery.urgent)


def refusal(wording: Wording, error: PostError, default: str, now: datetime) -> Delivery:
    """Say in the default channel why another channel takes nothing and what to do; one notice a channel and day."""
    return _post(f"{REFUSES}{error.channel}:{now:%Y-%m-%d}", default, wording.refusal(error), now)


def _post(key: str, channel: str, body: Body, now: datetime, *, urgent: bool = False) -> Delivery:
    return Delivery(key=key, kind=DeliveryKind.POST, channel=channel, body=body, created_at=now, urgent=urgent)
