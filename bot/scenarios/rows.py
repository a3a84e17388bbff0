"""The rows of a scenario's tables: groups laid over one another, then repeated with every gap filled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.definition.files import PipelineFileError, ReadFile
from bot.nearest import meant
from bot.scenarios.changes import RowGroup
from bot.scenarios.scenario import ScenarioFile
from bot.scenarios.stated_values import NotHeldError, conversion
from bot.scenarios.template import GapError, Gaps
from checks.column_types import column_type
from checks.pipeline import Pipeline, Table

Layer = ReadFile[ScenarioFile]

MOST_ROWS = 100_000
"""Rows of one group; a scenario describes a day, not a season."""


@dataclass(frozen=True, slots=True)
class _Group:
    """A group of rows as all layers state it. ``origin`` is the layer that stated each column last."""

    each: str | None
    repeat: int | tuple[int, ...] | str | None
    row: dict[str, Any]
    origin: dict[str, Layer]
    layer: Layer
    path: tuple[str, ...]

    def over(self, below: _Group | None, rows: RowGroup) -> _Group:
        if below is None:
            return self
        return _Group(
            each=self.each if "each" in rows.model_fields_set else below.each,
            repeat=self.repeat if "repeat" in rows.model_fields_set else below.repeat,
            row=below.row | self.row,
            origin=below.origin | self.origin,
            layer=self.layer,
            path=self.path,
        )

    def problem(self, text: str, *key: str) -> PipelineFileError:
        layer = self.origin.get(key[1], self.layer) if len(key) > 1 else self.layer
        return PipelineFileError((layer.problem((*self.path, *key), text),))


def table_rows(pipeline: Pipeline, layers: Sequence[Layer], gaps: Gaps) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table that a scenario fills, as JSON values. Raises PipelineFileError."""
    groups: dict[tuple[str, str], _Group] = {}
    for layer in layers:
        for table, stated in layer.content.bigquery.items():
            if table not in pipeline.tables:
                text = _no("table", table, pipeline.tables)
                raise PipelineFileError((layer.problem(("bigquery", table), text),))
            for name, rows in stated.items():
                if rows is None:
                    groups.pop((table, name), None)
                    continue
                path = ("bigquery", table, name)
                group = _Group(rows.each, rows.repeat, dict(rows.row), dict.fromkeys(rows.row, layer), layer, path)
                groups[table, name] = group.over(groups.get((table, name)), rows)
    found: dict[str, list[dict[str, Any]]] = {}
    for (table, _), group in groups.items():
        found.setdefault(table, []).extend(_rows(group, pipeline.tables[table], gaps))
    return found


def table_columns(pipeline: Pipeline, layers: Sequence[Layer]) -> dict[str, dict[str, str]]:
    """Return the columns of every table whose columns a scenario states. Raises PipelineFileError."""
    found: dict[str, dict[str, str | None]] = {}
    for layer in layers:
        for table, stated in layer.content.columns.items():
            if table not in pipeline.tables:
                text = _no("table", table, pipeline.tables)
                raise PipelineFileError((layer.problem(("columns", table), text),))
            declared = pipeline.tables[table].columns
            for column in (each for each, kind in stated.items() if kind is None and each not in declared):
                text = _no("column", column, declared)
                raise PipelineFileError((layer.problem(("columns", table, column), text),))
            found[table] = {**found.get(table, declared), **stated}
    return {
        table: {column: kind for column, kind in columns.items() if kind is not None}
        for table, columns in found.items()
    }


def _rows(group: _Group, table: Table, gaps: Gaps) -> Iterator[dict[str, Any]]:
    number = 0
    for item, of_item in enumerate(_items(group, gaps)):
        columns = {column: _column(group, column, table, of_item) for column in group.row}
        first, number = number + 1, number + _count(group, of_item, item)
        for each in range(first, number + 1):
            yield {column: value(each) for column, value in columns.items()}


def _items(group: _Group, gaps: Gaps) -> Iterator[Gaps]:
    """Yield the gaps of the rows, for each item that they are repeated for."""
    if group.each is None:
        yield gaps
        return
    if group.each not in gaps.lists:
        raise group.problem(_no("list", group.each, gaps.lists), "each")
    for item in gaps.lists[group.each]:
        yield replace(gaps, lists={**gaps.lists, group.each: (item,)})


def _count(group: _Group, gaps: Gaps, item: int) -> int:
    repeat = 1 if group.repeat is None else group.repeat
    if isinstance(repeat, tuple):
        if group.each is None or not repeat:
            raise group.problem("several numbers are those of the items of a list: name it with 'each'", "repeat")
        repeat = repeat[item % len(repeat)]
    if isinstance(repeat, str):
        if repeat not in gaps.lists:
            raise group.problem(_no("list", repeat, gaps.lists), "repeat")
        return len(gaps.lists[repeat])
    if not 0 <= repeat <= MOST_ROWS:
        raise group.problem(f"expected a number from 0 to {MOST_ROWS}, or the name of a list", "repeat")
    return repeat


def _column(group: _Group, column: str, table: Table, gaps: Gaps) -> Callable[[int], Any]:
    """Return the function from a row's number to the column's value."""
    declared = table.columns.get(column)
    if declared is None:
        raise group.problem(_no("column", column, table.columns), "row", column)
    stated = group.row[column]
    try:
        items = [_settled(item, gaps) for item in (stated if isinstance(stated, tuple) else (stated,))]
        convert = conversion(column_type(declared))

        def value(number: int) -> Any:
            item = items[(number - 1) % len(items)]
            if isinstance(item, str) and "<" in item:
                item = gaps.fill(item, number)
            return None if item is None else convert(item, gaps)

        if not items:
            raise group.problem("the list is empty; expected at least one value", "row", column)
        # All of them, so that a value of the wrong type is reported with its place.
        values = [value(number) for number in range(1, len(items) + 1)]
    except (GapError, ValueError, TypeError) as error:
        if isinstance(error, PipelineFileError):
            raise
        is_told = isinstance(error, GapError | NotHeldError)
        text = str(error) if is_told else f"'{stated}' is no {declared}"
        raise group.problem(text, "row", column) from None
    if not any(isinstance(item, str) and "<" in _once(item, gaps) for item in items):
        return lambda number: values[(number - 1) % len(values)]
    return value


def _once(item: str, gaps: Gaps) -> str:
    """Fill the lists of one item: then a text is the same in every row."""
    for name in gaps.lists_in(item):
        if len(gaps.lists[name]) == 1:
            item = item.replace(f"<{name}>", "")
    return item


def _settled(item: Any, gaps: Gaps) -> Any:
    return gaps.settle(item) if isinstance(item, str) else item


def _no(kind: str, name: str, known: Any) -> str:
    rest = f"there are: {', '.join(sorted(known))}."
    return f"there is no {kind} '{name}'; {meant(name, known, rest)}"
