"""Instants as other programs write them, kept within what Python can count and show in any time zone.

A commit may bear any date: git takes years far beyond 9999 and zones such as +99:59. Whatever is out of range becomes
the nearest instant that is not, so that one odd commit never stops a check.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1, 1, 3, tzinfo=UTC)
LATEST = datetime(9999, 12, 29, tzinfo=UTC)
"""Two days from the ends of Python's calendar: they can be shown in every time zone."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 12
_TOO_LATE = re.compile(r"\+?\d{5,}-")
_WITHOUT_ZONE = re.compile(r"(?P<clock>.*T[\d:.]+)[+-]\d\d:?\d\d(?::?\d\d)?")


def of_seconds(text: str) -> datetime:
    """Return the instant so many seconds after 1970, written in digits; 1970 itself where nothing is written.

    Raises ValueError.
    """
    digits = text.strip() or "0"
    if len(digits.lstrip("+-")) > _MOST_DIGITS:
        return EARLIEST if digits.startswith("-") else LATEST
    return _moved(_EPOCH, timedelta(seconds=int(digits)))


def of_iso(text: str) -> datetime:
    """Return the instant that ISO 8601 writes; a zone that cannot be is taken for UTC. Raises ValueError."""
    if _TOO_LATE.match(text):
        return LATEST
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        odd = _WITHOUT_ZONE.fullmatch(text)
        if odd is None:
            raise
        written = datetime.fromisoformat(odd["clock"])
    offset = written.utcoffset() or timedelta()
    return _moved(written.replace(tzinfo=UTC), -offset)


def _moved(start: datetime, by: timedelta) -> datetime:
    try:
        return min(max(start + by, EARLIEST), LATEST)
    except OverflowError:
        return LATEST if by > timedelta() else EARLIEST
