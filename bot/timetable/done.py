"""What came of a call that the timetable, a round or a person made."""

from __future__ import annotations

from enum import StrEnum


class Done(StrEnum):
    """What became of a call."""

    POSTED = "posted"
    REFRESHED = "refreshed"
    NOT_OWED = "not-owed"
    """It is done already, or not due."""
    BUSY = "busy"
    """Another instance is at it."""
    WATCHED = "watched"
