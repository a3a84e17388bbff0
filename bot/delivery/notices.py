"""What the outbox says on its own account: that a message was given up, and that a channel takes none."""

from __future__ import annotations

from datetime import datetime

from bot.delivery.bodies import cut
from bot.delivery.poster import PostError, Trouble
from bot.delivery.slack_errors import remedy
from bot.render.slack_text import escape
from bot.store.model import Delivery, DeliveryKind

UNDELIVERED = "undelivered:"
REFUSES = "refuses:"


def is_notice(delivery: Delivery) -> bool:
    """Whether a delivery is one of these; a notice that cannot be given makes no further notice."""
    return delivery.key.startswith((UNDELIVERED, REFUSES))


def obituary(delivery: Delivery, channel: str, error: str, now: datetime) -> Delivery:
    """Say in a channel what could not be said in another."""
    said = cut(str(delivery.body.get("text", "")), 1_000)
    text = f"A message for <#{delivery.channel}> could not be delivered ({escape(error)}). It said: {said}"
    return _post(f"{UNDELIVERED}{delivery.key}", channel, text, now, urgent=delivery.urgent)


def refusal(error: PostError, default: str, now: datetime) -> Delivery:
    """Say in the default channel why another channel takes nothing and what to do; one notice a channel and day."""
    passing = error.trouble in (Trouble.BUSY, Trouble.UNAVAILABLE)
    fix = "If that lasts, name another channel under `routes`." if passing else remedy(error.detail)
    text = f"<#{error.channel}> does not take messages ({escape(error.detail)}): they come here instead. {fix}"
    return _post(f"{REFUSES}{error.channel}:{now:%Y-%m-%d}", default, text, now)


def _post(key: str, channel: str, text: str, now: datetime, *, urgent: bool = False) -> Delivery:
    return Delivery(
        key=key, kind=DeliveryKind.POST, channel=channel, body={"text": text}, created_at=now, urgent=urgent
    )
