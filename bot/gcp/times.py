"""Times in Google's messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.instants import EARLIEST, LATEST


def time_of(message: Any, name: str) -> datetime | None:
    """Return a time that a message states, aware, in whole microseconds; None where it states none.

    ``message`` is the protobuf message itself: the wrapper's times carry nanoseconds and cannot be written as JSON.
    """
    if not message.HasField(name):
        return None
    stamp = getattr(message, name)
    try:
        moment: datetime = stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        return LATEST if stamp.seconds > 0 else EARLIEST
    return min(max(moment, EARLIEST), LATEST)
