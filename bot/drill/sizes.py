"""Healthy days of other sizes: a healthy world in which an interval had fewer units to do, down to none.

Units are the rows of the table that the condition of most checks asks: games, orders, branches. One that is left out is
taken over by one that stays, and what is counted by units is as much as an earlier interval of that size had.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median
from typing import Any

from bot.drill import columns
from bot.drill.fault import Healthy
from bot.scenarios.world import World
from checks.pipeline import Table
from checks.table_names import tables_in

Row = dict[str, Any]
Rows = list[Row]

_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Sizes:
    """How a healthy world would be, had there been less to do on a date."""

    healthy: Healthy

    @cached_property
    def condition(self) -> str | None:
        """The condition on which most checks depend; None where none depends on one."""
        named = Counter(each.when for each in columns.checks_of_tables(self.healthy.pipeline) if each.when)
        known = [(name, count) for name, count in named.most_common() if name in self.healthy.pipeline.conditions]
        return known[0][0] if known else None

    @cached_property
    def unit_table(self) -> str | None:
        """The table whose rows of a date are its units."""
        if self.condition is None:
            return None
        asked = tables_in(self.healthy.pipeline.conditions[self.condition].query)
        return asked[0] if len(asked) == 1 and self.healthy.world.tables.get(asked[0]) else None

    def of(self, day: str) -> int:
        """Return how many units a date has."""
        return 0 if self.unit_table is None else len(self._of_day(self.unit_table, day))

    def resized(self, world: World, day: str, units: int) -> World:
        """Return the world with only the first so many units on a date of it."""
        size = self.of(day)
        if self.unit_table is None or units >= size:
            return world
        if not units and len(self._of_day(self.unit_table, day)) == len(world.tables[self.unit_table]):
            return world  # without any unit on any date the calendar would be empty, which is a fault
        tables = {name: list(rows) for name, rows in world.tables.items()}
        kept = self._taken_over(day, units) if units else {}
        for name, rows in world.tables.items():
            column = self._date_column(name)
            if column is None or not self._belongs_to_units(name):
                continue
            of_day = [row for row in rows if columns.day_of(row, column) == day]
            others = [row for row in rows if columns.day_of(row, column) != day]
            fewer = self._fewer(name, of_day, kept, size, units) if units else []
            tables[name] = others + fewer
        documents = {path: data for path, data in world.documents.items() if units or path.rpartition("/")[2] != day}
        return replace(world, tables=tables, documents=documents)

    def _fewer(self, name: str, rows: Rows, taken_over: Mapping[str, str], size: int, units: int) -> Rows:
        if name == self.unit_table:
            return rows[:units]
        said = [{key: _renamed(value, taken_over) for key, value in row.items()} for row in rows]
        whole = [new for new, old in zip(said, rows, strict=True) if not self._names_unit(old, taken_over)]
        names_units = any(new != old for new, old in zip(said, rows, strict=True))
        once = self._once(name, whole)
        count = self._usual(name, units)
        if count is None and (names_units or self._as_many_as(name, rows)):
            count = max(1, round(len(rows) * units / size)) if rows else 0
            twin = self._as_many_as(name, rows)
            count = self._usual(twin, units) or count if twin is not None else count
        return once if count is None else once[:count]

    def _names_unit(self, row: Row, taken_over: Mapping[str, str]) -> bool:
        """Whether a row is that of a unit which is left out, as a copy of the units has it."""
        return any(row.get(key) in taken_over for key in self._keys)

    def _once(self, name: str, rows: Rows) -> Rows:
        """Leave out what is there twice, by the first key that the pipeline file says is there once."""
        declared = self.healthy.pipeline.tables[name]
        key = next((unique.key for expect in declared.expect for unique in expect.unique), None)
        if key is None:
            return rows
        return list({tuple(row.get(each) for each in key): row for row in reversed(rows)}.values())[::-1]

    @cached_property
    def _keys(self) -> tuple[str, ...]:
        """The columns that tell a unit from every other."""
        declared = self.healthy.pipeline.tables[self.unit_table or ""]
        return next((unique.key for expect in declared.expect for unique in expect.unique), ())

    def _taken_over(self, day: str, units: int) -> Mapping[str, str]:
        """Return the words of the units that are left out, with those of the unit that has their place."""
        rows = self._of_day(self.unit_table or "", day)
        pairs: dict[str, str] = {}
        for number, row in enumerate(rows[units:], start=units):
            for column, value in row.items():
                if isinstance(value, str) and value != day:
                    pairs[value] = str(rows[number % units].get(column))
        return pairs

    def _usual(self, name: str, units: int) -> int | None:
        """Return how many rows an earlier date of about that size has; None where the table does not follow it."""
        of_past = [(self.of(day), count) for day, count in self._counts(name).items() if day < min(self.healthy.days)]
        sized = [(size, count) for size, count in of_past if size]
        if len({count for _, count in sized}) < 3 or not _follows(sized):  # noqa: PLR2004 - two are no rule
            return None
        near = min(abs(size - units) for size, _ in sized)
        return round(median(count for size, count in sized if abs(size - units) == near))

    def _as_many_as(self, name: str, rows: Rows) -> str | None:
        """Return a table that follows the size and has as many rows, so that this one follows it."""
        column = self._date_column(name)
        if column is None or not rows or len(rows) < columns.FEW:
            return None
        day = columns.day_of(rows[0], column)
        return next(
            (
                other
                for other in self.healthy.world.tables
                if other != name and self._counts(other).get(day) == len(rows) and self._usual(other, 1) is not None
            ),
            None,
        )

    def _counts(self, name: str) -> Mapping[str, int]:
        column = self._date_column(name)
        rows = self.healthy.world.tables.get(name, ())
        return Counter(columns.day_of(row, column) for row in rows) if column is not None else {}

    def _of_day(self, name: str, day: str) -> Sequence[Row]:
        column = self._date_column(name)
        rows = self.healthy.world.tables.get(name, ())
        return [row for row in rows if column is not None and columns.day_of(row, column) == day]

    def _date_column(self, name: str) -> str | None:
        declared = self.healthy.pipeline.tables[name]
        column = columns.date_column(declared, self.healthy.world.tables.get(name, ()))
        return column if column is not None and declared.columns[column] == "DATE" else None

    def _belongs_to_units(self, name: str) -> bool:
        """Whether a table has rows for units only, and not for every date."""
        declared: Table = self.healthy.pipeline.tables[name]
        return all(expect.when == self.condition for expect in declared.expect) or name == self.unit_table


def _renamed(value: Any, taken_over: Mapping[str, str]) -> Any:
    return _TOKEN.sub(lambda each: taken_over.get(each[0], each[0]), value) if isinstance(value, str) else value


def _follows(sized: Sequence[tuple[int, int]]) -> bool:
    """Whether more units mean more rows: the larger half of the dates has more than the smaller half."""
    ordered = [count for _, count in sorted(sized)]
    half = len(ordered) // 2
    return median(ordered[half:]) > 1.05 * median(ordered[: half or 1])
