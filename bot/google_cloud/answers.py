"""Google's answers: lists that come page by page, bounded as a whole, times and names."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from bot.instants import EARLIEST, LATEST

LONGEST = 25.0
"""Seconds that all pages of a list may take together: a check has 30, and another question may follow."""


def every(pages: Iterable[Any], seconds: float = LONGEST) -> Iterator[Any]:
    """Yield the items of every page; each page is bounded by the caller's own time-out.

    Raises TimeoutError when the pages together take longer, as of a server that never says which is the last.
    """
    deadline = time.monotonic() + seconds
    for item in pages:
        if time.monotonic() > deadline:
            message = f"the list did not end within {seconds:g} s"
            raise TimeoutError(message)
        yield item


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


def short_name(name: str) -> str:
    """Return the last part of a resource's name; one that has a single part is that part."""
    return name.rpartition("/")[2]
