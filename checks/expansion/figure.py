"""What one expectation counts in the query of its table."""

from __future__ import annotations

from dataclasses import dataclass


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
    before: tuple[str, ...] = ()
    """Columns that have to be made first, each ``expression AS name``."""
    more: tuple[tuple[str, str], ...] = ()
    """Further figures, by column."""
