"""The types of BigQuery that the embedded engine has, and the values that a scenario may give them."""

from __future__ import annotations

from collections.abc import Mapping

from checks.column_types import ColumnType, column_type

_SIMPLE: Mapping[str, str] = {
    "STRING": "VARCHAR",
    "BYTES": "BLOB",
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "NUMERIC": "DECIMAL(38, 9)",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMPTZ",
    "INTERVAL": "INTERVAL",
    "JSON": "JSON",
}
"""BIGNUMERIC has more digits than any number of DuckDB; it has no RANGE, and no GEOGRAPHY that means the same."""

_READ_AS_TEXT = frozenset({"BYTES", "JSON"})
"""From JSON they are read as a text, which the insertion turns into the type."""


def quoted(name: str) -> str:
    """Return a name as DuckDB reads it, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def duckdb_type(declared: str) -> str:
    """Return DuckDB's name for a type of the pipeline file or of a parameter. Raises ValueError for one that it has
    not."""
    return _named(column_type(declared), _SIMPLE)


def json_shape(declared: str) -> str:
    """Return the type as which a value of a scenario is read from JSON. Raises ValueError."""
    return _named(column_type(declared), {**_SIMPLE, **dict.fromkeys(_READ_AS_TEXT, "VARCHAR")})


def not_held(declared: str) -> str | None:
    """Say which part of a type the embedded engine cannot hold; None for a type that it has."""
    try:
        duckdb_type(declared)
    except ValueError as error:
        return str(error)
    return None


def _named(kind: ColumnType, simple: Mapping[str, str]) -> str:
    if kind.name == "ARRAY" and kind.element is not None:
        return f"{_named(kind.element, simple)}[]"
    if kind.fields:
        return f"STRUCT({', '.join(f'{quoted(name)} {_named(inner, simple)}' for name, inner in kind.fields)})"
    if kind.name not in simple:
        what = "a STRUCT without its fields" if kind.name == "STRUCT" else f"a {kind.name}"
        raise ValueError(what)
    return simple[kind.name]
