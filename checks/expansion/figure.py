"""What one expectation counts in the query of its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checks.cells import exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something that the judged part of the query counts: ``sql`` under the name ``column``, for one expectation.

    ``columns`` are those of the table that it reads. ``of`` is how many values it is of, the name of another column.
    ``said`` is a sentence about it with ``{measured}``, ``{share}`` and ``{rows}``, ``good`` the one of a figure that
    is as expected, with ``{others}``, those that it does not count, too.
    """

    expectation: str
    facet: str
    columns: tuple[str, ...]
    column: str
    sql: str
    said: str
    good: str
    of: str = "judged_rows"
    fewest: int = 1
    """Of fewer values nothing can be told."""
    allowed: float = 0.0
    """The share that may be so: then a sentence about any says the share, and what is allowed."""
    before: tuple[str, ...] = ()
    """Columns that have to be made first, each ``expression AS name``."""
    more: tuple[tuple[str, str], ...] = ()
    """Further figures, by column."""


def words_of(among: Sequence[str | int], lowest: float | None, highest: float | None) -> str:
    """Say which values a column may have."""
    if among:
        return f"one of {', '.join(map(str, among))}"
    if lowest is not None and highest is not None:
        return f"between {exact(lowest)} and {exact(highest)}"
    return f"at least {exact(lowest)}" if lowest is not None else f"at most {exact(highest)}"
