"""What a failure does to what comes after it."""

from __future__ import annotations

from enum import StrEnum


class FailureEffect(StrEnum):
    """The effects of a failure; what it may explain depends on it."""

    STOPS = "stops"
    """Nothing comes from the place any more: it can explain that data is absent, and that data is wrong."""
    HARMS = "harms"
    """What comes is wrong, late or too little: it can explain wrong data, never absent data."""
    NOTE = "note"
    """It is worth a line and explains nothing."""
    RISK = "risk"
    """It may break something one day, and has broken nothing yet: it explains nothing."""


COLUMN_FAILURES = frozenset({"column-lost", "column-retyped"})
"""The codes of a table that lacks a column as it is declared: the queries that read it stop."""
