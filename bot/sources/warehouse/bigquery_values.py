"""BigQuery's cells and columns, between Google's client and the types of ``checks.cells`` and GoogleSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.cloud.bigquery import SchemaField

from checks.amounts import CELL, cut_text
from checks.cells import Range, SqlInterval, json_text
from checks.column_types import LEGACY, ColumnType, column_type

_REPEATED = "REPEATED"
_MONTHS, _MINUTES, _SECONDS, _MICROSECONDS = 12, 60, 60, 1_000_000


def cell(value: Any, field: SchemaField) -> Any:
    """Return a value of a column as plain Python, and of a very long text the beginning."""
    return reader_of(field)(value)


def reader_of(field: SchemaField) -> Callable[[Any], Any]:
    """Return what makes of each value of a column what ``cell`` says: its type is looked at once for all rows."""
    read = _READ.get(field.field_type)

    def one(value: Any) -> Any:
        plain = value if read is None or value is None else read(value, field)
        return cut_text(plain, CELL) if isinstance(plain, str) else plain

    def several(values: Any) -> Any:
        return None if values is None else [one(each) for each in values]

    return several if field.mode == _REPEATED else one


def _struct(value: Mapping[str, Any], field: SchemaField) -> dict[str, Any]:
    return {part.name: cell(value[part.name], part) for part in field.fields}


def _interval(value: Any, field: SchemaField) -> SqlInterval:
    """Read the client's ``relativedelta``, which has made months of twelve years and days of 24 hours."""
    del field
    seconds = (value.hours * _MINUTES + value.minutes) * _SECONDS + value.seconds
    return SqlInterval(
        months=value.years * _MONTHS + value.months,
        days=value.days,
        microseconds=seconds * _MICROSECONDS + value.microseconds,
    )


_READ: Mapping[str, Callable[[Any, SchemaField], Any]] = {
    "RECORD": _struct,
    "STRUCT": _struct,
    "INTERVAL": _interval,
    "JSON": lambda value, _: json_text(value),
    "RANGE": lambda value, _: Range(value["start"], value["end"]),
}
"""By the type of a column; every other is in Python what it is here."""


def type_of(field: SchemaField) -> ColumnType:
    """Return the type of a column."""
    name = LEGACY.get(field.field_type, field.field_type)
    element = field.range_element_type
    found = ColumnType(
        name,
        element=ColumnType(element.element_type) if element is not None else None,
        fields=tuple((part.name, type_of(part)) for part in field.fields),
    )
    return ColumnType("ARRAY", found) if field.mode == _REPEATED else found


def field_of(name: str, declared: str) -> SchemaField:
    """Return a column of a type, as GoogleSQL names it."""
    kind = column_type(declared)
    mode, kind = (_REPEATED, kind.element) if kind.name == "ARRAY" and kind.element is not None else ("NULLABLE", kind)
    return SchemaField(
        name,
        kind.name,
        mode,
        fields=[field_of(part, str(inner)) for part, inner in kind.fields],
        range_element_type=kind.element.name if kind.element is not None else None,
    )
