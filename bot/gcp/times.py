"""Times in Google's messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def time_of(message: Any, name: str) -> datetime | None:
    """Return a time that a message states, aware, in whole microseconds; None where it states none.

    ``message`` is the protobuf message itself: the wrapper's times carry nanoseconds and cannot be written as JSON.
    """
    return getattr(message, name).ToDatetime(tzinfo=UTC) if message.HasField(name) else None
