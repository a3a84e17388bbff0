"""What the columns of a table are for: told by their types, their names and how many values they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from checks.column_types import NUMBERS
from checks.pipeline import Pipeline, Table
from checks.sql_check_spec import SqlCheck

Row = Mapping[str, Any]
Rows = Sequence[Row]

FEW = 12
"""Values of a column that divides rows into groups, at most."""

SEVERAL, MANY = 4, 60
"""Values of a column that names one of a set: on a date more than a state has, and in the whole table at most."""


def date_column(table: Table, rows: Rows) -> str | None:
    """Return the column that says to which interval a row belongs; None for a table without one."""
    dates = [name for name, kind in table.columns.items() if kind == "DATE"]
    for name in (table.date, table.partition, *dates):
        if name is not None and any(row.get(name) for row in rows):
            return name
    return None


def day_of(row: Row, column: str, zone: tzinfo = UTC) -> str:
    """Return the date of a row, of an instant the one in a zone."""
    value = str(row.get(column) or "")
    if len(value) <= len("2026-02-10"):
        return value
    return datetime.fromisoformat(value).astimezone(zone).date().isoformat()


def times(table: Table) -> tuple[str, ...]:
    """Return the columns that say when something was done."""
    return tuple(name for name, kind in table.columns.items() if kind == "TIMESTAMP")


def read_by(checks: Sequence[SqlCheck], table: str, column: str) -> bool:
    """Whether a check that reads the table names the column: what nobody asks for is no part of what is watched."""
    return any(table in check.tables and column in check.query for check in checks)


def measures(table: Table, rows: Rows) -> tuple[str, ...]:
    """Return the columns with figures that differ from row to row: numbers that are neither zero nor codes."""
    numeric = [name for name, kind in table.columns.items() if kind in NUMBERS]
    return tuple(name for name in numeric if len({row.get(name) for row in rows} - {None}) > 2)  # noqa: PLR2004 - two values are a state


def keys(table: Table, rows: Rows) -> tuple[str, ...]:
    """Return the columns that join tables: texts with more values than a group has."""
    return tuple(
        name
        for name, kind in table.columns.items()
        if kind == "STRING" and len({row.get(name) for row in rows} - {None}) > min(FEW, max(2, len(rows) // 3))
    )


def names(table: Table, rows: Rows, every: Rows) -> tuple[str, ...]:
    """Return the columns that name one of a set that stays: texts with several values, of which the whole table, dates
    and all, has few. Others join by them: teams, accounts, shops."""
    return tuple(
        name
        for name, kind in table.columns.items()
        if kind == "STRING"
        and len({row.get(name) for row in rows} - {None}) > SEVERAL
        and len({row.get(name) for row in every} - {None}) <= MANY
    )


def groups(table: Table, rows: Rows) -> tuple[str, ...]:
    """Return the columns that divide the rows: texts with a few values, each of several rows."""
    found = []
    for name, kind in table.columns.items():
        values = {row.get(name) for row in rows} - {None}
        if kind == "STRING" and 1 < len(values) <= max(FEW, len(rows) // 4) and len(rows) > len(values):
            found.append(name)
    return tuple(found)


def directions(table: Table, rows: Rows) -> tuple[str, ...]:
    """Return the columns that point one of a few ways: texts and flags with two to four values, each of several."""
    found = []
    for name, kind in table.columns.items():
        values = {row.get(name) for row in rows} - {None}
        is_few = 2 <= len(values) <= 4 and len(rows) > 3 * len(values)  # noqa: PLR2004 - as the docstring says
        if is_few and kind in ("STRING", "BOOL"):
            found.append(name)
    return tuple(found)


def checks_of_tables(pipeline: Pipeline) -> tuple[SqlCheck, ...]:
    """Return the checks of the pipeline file that ask tables, those that expectations make included."""
    from checks.expansion import expansions  # noqa: PLC0415 - only here

    return (*pipeline.checks, *(each.spec for each in expansions(pipeline)))
