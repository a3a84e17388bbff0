"""The rows of a scenario's tables: groups laid over one another, then repeated with every gap filled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bot.definition.files import PipelineFileError, ReadFile
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

    repeat: int | str | None
    row: dict[str, Any]
    origin: dict[str, Layer]
    layer: Layer
    path: tuple[str, ...]

    def over(self, below: _Group | None, rows: RowGroup) -> _Group:
        if below is None:
            return self
        return _Group(
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
                group = _Group(rows.repeat, dict(rows.row), dict.fromkeys(rows.row, layer), layer, path)
                groups[table, name] = group.over(groups.get((table, name)), rows)
    found: dict[str, list[dict[str, Any]]] = {}
    for (table, _), group in groups.items():
        found.setdefault(table, []).extend(_rows(group, pipeline.tables[table], gaps))
    return found


def _rows(group: _Group, table: Table, gaps: Gaps) -> list[dict[str, Any]]:
    columns = {column: _column(group, column, table, gaps) for column in group.row}
    return [
        {column: value(number) for column, value in columns.items()} for number in range(1, _count(group, gaps) + 1)
    ]


def _count(group: _Group, gaps: Gaps) -> int:
    repeat = 1 if group.repeat is None else group.repeat
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
        for number in range(1, len(items) + 1):  # so that a value of the wrong type is reported with its place
            value(number)
    except (GapError, ValueError, TypeError) as error:
        if isinstance(error, PipelineFileError):
            raise
        is_told = isinstance(error, GapError | NotHeldError)
        text = str(error) if is_told else f"'{stated}' is no {declared}"
        raise group.problem(text, "row", column) from None
    if len(items) == 1 and not (isinstance(items[0], str) and "<" in items[0]):
        constant = value(1)
        return lambda _: constant
    return value


def _settled(item: Any, gaps: Gaps) -> Any:
    return gaps.settle(item) if isinstance(item, str) else item


def _no(kind: str, name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(sorted(known))}."
    return f"there is no {kind} '{name}'; {hint}"
