"""Which columns of a table say when: to which interval a row belongs, and when it was loaded.

What the file does not state is taken from the types where only one column can be meant, and only for expectations that
need it: of any other table all rows are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from checks.expectations_spec import Expect

COMPARING = ("freshness", "renewed", "volume", "mean")
"""Expectations that compare intervals; the others hold for a table without dates as a whole."""


def compared(expect: Expect) -> str | None:
    """Return an expectation that compares intervals and cannot do without; fixed limits hold for a table as a whole."""
    learned = any(each.at_least is None and each.at_most is None for each in expect.volume)
    if learned or any(each.between is not None or each.per is not None for each in expect.volume):
        return "volume"
    return "mean" if any(each.between is None for each in expect.mean.values()) else None


LOADING = ("freshness", "renewed")
"""Expectations of when rows were loaded."""


class Dateable(Protocol):
    """What a table of the pipeline file says of its columns."""

    @property
    def columns(self) -> Mapping[str, str]: ...
    @property
    def partition(self) -> str | None: ...
    @property
    def date(self) -> str | None: ...
    @property
    def loaded(self) -> str | None: ...
    @property
    def expect(self) -> Sequence[Expect]: ...


def date_column(table: Dateable) -> str | None:
    """Return the column that says to which interval a row belongs."""
    stated = table.date or table.partition
    return stated or _only(dates_of(table) if _expects(table, COMPARING) else ())


def load_column(table: Dateable) -> str | None:
    """Return the column that says when a row was loaded."""
    return table.loaded or _only(loads_of(table) if _expects(table, LOADING) else ())


def dates_of(table: Dateable) -> Sequence[str]:
    """Return the columns by which rows may be dated: a date before an instant, and another instant before the load."""
    instants = _typed(table, "TIMESTAMP")
    return _typed(table, "DATE") or [each for each in instants if each != table.loaded] or instants


def loads_of(table: Dateable) -> Sequence[str]:
    """Return the columns that may say when a row was loaded: another instant before the one that dates it."""
    instants = _typed(table, "TIMESTAMP")
    return [each for each in instants if each not in (table.date, table.partition)] or instants


def found_columns(table: Dateable, expect: Expect) -> Iterator[str]:
    """Yield what was taken from the types, each as a sentence without its full stop."""
    date, loaded = date_column(table), load_column(table)
    if date is not None and not (table.date or table.partition):
        yield f"Rows are dated by {date}, the only column that can"
    if loaded is not None and table.loaded is None and any(getattr(expect, each) for each in LOADING):
        yield f"They were loaded at {loaded}, the only column that can say it"


def _typed(table: Dateable, kind: str) -> list[str]:
    return [column for column, declared in table.columns.items() if declared == kind]


def _expects(table: Dateable, keys: Sequence[str]) -> bool:
    return any(getattr(expect, key) for expect in table.expect for key in keys)


def _only(columns: Sequence[str]) -> str | None:
    return columns[0] if len(columns) == 1 else None
