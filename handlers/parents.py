"""The message that an alert's thread hangs on, as it was posted."""

from __future__ import annotations

from bot.store.model import ANEW, Alert, Delivery, StateStore


def parent_of(store: StateStore, alert: Alert) -> Delivery | None:
    """Return the delivery that posted an alert's message; where somebody deleted it, the one posted in its place.

    Raises StoreError.
    """
    parent = store.delivery(alert.thread)
    while parent is not None and (successor := store.delivery(f"{parent.key}{ANEW}")) is not None:
        parent = successor
    return parent
