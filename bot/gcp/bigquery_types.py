"""The types of BigQuery's columns, between its interface and GoogleSQL's names."""

from __future__ import annotations

from google.cloud import bigquery

from checks.column_types import LEGACY, ColumnType, column_type

_REPEATED = "REPEATED"


def type_of(field: bigquery.SchemaField) -> ColumnType:
    """Return the type of a column."""
    name = LEGACY.get(field.field_type, field.field_type)
    element = field.range_element_type
    found = ColumnType(
        name,
        element=ColumnType(element.element_type) if element is not None else None,
        fields=tuple((part.name, type_of(part)) for part in field.fields),
    )
    return ColumnType("ARRAY", found) if field.mode == _REPEATED else found


def field_of(name: str, declared: str) -> bigquery.SchemaField:
    """Return a column of a type, as GoogleSQL names it."""
    kind = column_type(declared)
    mode, kind = (_REPEATED, kind.element) if kind.name == "ARRAY" and kind.element is not None else ("NULLABLE", kind)
    return bigquery.SchemaField(
        name,
        kind.name,
        mode,
        fields=[field_of(part, str(inner)) for part, inner in kind.fields],
        range_element_type=kind.element.name if kind.element is not None else None,
    )
