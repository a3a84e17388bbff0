"""Faults of rows and of values: each breaks one table, for one date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.drill import columns
from bot.drill.fault import Faults, Healthy, PutFault
from bot.scenarios.world import World
from checks.places import Place, PlaceKind
from checks.table_names import tables_in

Row = dict[str, Any]
Rows = list[Row]
Breaks = Callable[[Rows], Rows]


def none(rows: Rows) -> Rows:
    """Nothing was written."""
    del rows
    return []


def half(rows: Rows) -> Rows:
    """Every second row is there."""
    return rows[::2]


def doubled(rows: Rows) -> Rows:
    """Every row is there twice."""
    return [row for row in rows for _ in range(2)]


def one_a_group(column: str) -> Breaks:
    """Each group has one row."""

    def broken(rows: Rows) -> Rows:
        return list({row.get(column): row for row in reversed(rows)}.values())

    return broken


def group_gone(column: str, value: Any) -> Breaks:
    """A group has no row."""
    return lambda rows: [row for row in rows if row.get(column) != value]


def with_dates(names: Sequence[str], days: int) -> Breaks:
    """Columns with a date or an instant are some days off."""

    def broken(rows: Rows) -> Rows:
        return [{**row, **{name: _moved(row[name], days) for name in names if row.get(name)}} for row in rows]

    return broken


def _moved(value: str, days: int) -> str:
    shifted = timedelta(days=days)
    if len(value) == len("2026-02-10"):
        return (date.fromisoformat(value) + shifted).isoformat()
    return (datetime.fromisoformat(value) + shifted).isoformat()


def on(column: str, value: Callable[[Any], Any], every: int = 1) -> Breaks:
    """Every so-manieth row has another value in a column."""
    return lambda rows: [
        {**row, column: value(row.get(column))} if number % every == 0 else row for number, row in enumerate(rows)
    ]


def put(
    healthy: Healthy, table: str, day: str | None, breaks: Breaks, *, empties: bool = False
) -> Callable[[World], World]:
    """Return the change that breaks the rows of a date, and empties what is made of them where they are gone."""

    def change(world: World) -> World:
        tables = {name: list(rows) for name, rows in world.tables.items()}
        emptied = _made_of(healthy, table) if empties and healthy.cascade else ()
        for name in (table, *emptied):
            tables[name] = _broken(healthy, world, name, day, breaks if name == table else none)
        return replace(world, tables=tables)

    return change


def _made_of(healthy: Healthy, table: str) -> tuple[str, ...]:
    found: list[str] = []
    for name, declared in healthy.pipeline.tables.items():
        if table in declared.reads and name != table:
            found += [name, *_made_of(healthy, name)]
    return tuple(dict.fromkeys(found))


def _broken(healthy: Healthy, world: World, table: str, day: str | None, breaks: Breaks) -> Rows:
    rows = list(world.tables.get(table, ()))
    column = columns.date_column(healthy.pipeline.tables[table], rows)
    if day is None or column is None:
        return breaks(rows)
    dated = _dated(healthy, rows, column)
    return [row for its, row in dated if its != day] + breaks([row for its, row in dated if its == day])


def _dated(healthy: Healthy, rows: Iterable[Row], column: str) -> list[tuple[str, Row]]:
    """Return rows with their dates, each read once."""
    return [(columns.day_of(row, column, healthy.pipeline.zone), row) for row in rows]


def judged(healthy: Healthy) -> Iterator[tuple[str, str | None, Rows]]:
    """Yield the tables that checks read with each date that is judged and has rows, and those rows."""
    read = {table for check in columns.checks_of_tables(healthy.pipeline) for table in check.tables}
    for table, rows in healthy.world.tables.items():
        column = columns.date_column(healthy.pipeline.tables[table], rows)
        if table not in read or not rows:
            continue
        if column is None:
            yield table, None, list(rows)
            continue
        dated = _dated(healthy, rows, column)
        for day in healthy.days:
            of_day = [row for its, row in dated if its == day]
            if of_day:
                yield table, day, of_day


def rows_faults(healthy: Healthy) -> Faults:
    """Rows: none, half, doubled, one a group, one group gone, of yesterday, loaded too early."""
    for table, day, rows in judged(healthy):
        declared = healthy.pipeline.tables[table]
        column = columns.date_column(declared, rows)
        loads = [name for name in columns.times(declared) if name != column and any(row.get(name) for row in rows)]

        def fault(
            name: str,
            breaks: Breaks,
            part: str = "",
            *,
            empties: bool = False,
            table: str = table,
            day: str | None = day,
        ) -> PutFault:
            return PutFault(
                kind="rows",
                name=name,
                place=Place(PlaceKind.TABLE, table),
                detail=" ".join(filter(None, (day, part))),
                change=put(healthy, table, day, breaks, empties=empties),
                awaited=day,
            )

        yield fault("none", none, empties=True)
        if len(rows) > 1:
            yield fault("half", half)
        if table in _kept(healthy):
            continue
        yield fault("doubled", doubled)
        for group in columns.groups(declared, rows):
            if columns.read_by(columns.checks_of_tables(healthy.pipeline), table, group):
                if len(rows) > 2 * len({row.get(group) for row in rows}):
                    yield fault("one a group", one_a_group(group), group)
                largest = Counter(row.get(group) for row in rows).most_common(1)[0][0]
                yield fault("group gone", group_gone(group, largest), f"{group}={largest}")
        if column is not None and declared.columns[column] == "DATE":
            yield fault("of yesterday", with_dates([column], -1), empties=True)
        if loads and day is not None:
            yield fault("not renewed", with_dates(loads, -1))


def _kept(healthy: Healthy) -> frozenset[str]:
    """Return the tables in which the pipeline keeps what it did: a line more or an old one says nothing there."""
    log, history = healthy.pipeline.phase_log, healthy.pipeline.run_history
    queries = () if history is None else (history.unfinished, history.succeeded or "")
    return frozenset(table for query in queries for table in tables_in(query)) | ({log.table} if log else set())


def values_faults(healthy: Healthy) -> Faults:
    """Values: NULL in half of the rows or all, constant, zero, out of range, another unit, one direction, keys that
    match nothing, one name of a few that is written otherwise. Only columns that a check of the file names."""
    checks = columns.checks_of_tables(healthy.pipeline)
    for table, day, rows in judged(healthy):
        if table in _kept(healthy):
            continue
        declared = healthy.pipeline.tables[table]
        for column, name, breaks in (*_values(declared, rows), *_names(healthy, table, rows)):
            if columns.read_by(checks, table, column):
                yield PutFault(
                    kind="values",
                    name=name,
                    place=Place(PlaceKind.TABLE, table),
                    detail=" ".join(filter(None, (day, column))),
                    change=put(healthy, table, day, breaks),
                    awaited=day,
                    column=column,
                )


def _values(declared: Any, rows: Rows) -> Iterator[tuple[str, str, Breaks]]:
    for column in columns.measures(declared, rows):
        is_whole = declared.columns[column] == "INT64"
        first = next(row[column] for row in rows if row.get(column) is not None)
        yield column, "NULL in half", on(column, lambda _: None, 2)
        yield column, "all NULL", on(column, lambda _: None)
        yield column, "all zero", on(column, lambda _: 0)
        yield column, "constant", on(column, _constant(first))
        yield column, "out of range", on(column, lambda value: value if value is None else -value * 1000 - 1000)
        yield column, "another unit", on(column, _scaled(100 if is_whole else 0.01))
    for column in columns.keys(declared, rows):
        yield column, "key matches nothing", on(column, lambda value: None if value is None else f"{value}-x")
        yield column, "NULL in half", on(column, lambda _: None, 2)
    for column in columns.directions(declared, rows):
        commonest = Counter(row.get(column) for row in rows if row.get(column) is not None).most_common(1)[0][0]
        yield column, "one direction", on(column, _constant(commonest))


def _names(healthy: Healthy, table: str, rows: Rows) -> Iterator[tuple[str, str, Breaks]]:
    declared = healthy.pipeline.tables[table]
    for column in columns.names(declared, rows, healthy.world.tables[table]):
        one = max(row[column] for row in rows if row.get(column) is not None)
        yield column, "one renamed", on(column, _renamed(one))


def _renamed(one: str) -> Callable[[Any], Any]:
    return lambda value: f"{value}-x" if value == one else value


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _scaled(factor: float) -> Callable[[Any], Any]:
    return lambda value: None if value is None else value * factor
