"""The tables of the embedded database: the columns that the pipeline file declares, the rows that a scenario states."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from duckdb import DuckDBPyConnection

from bot.scenarios.column_types import duckdb_type, json_shape, not_held, quoted
from bot.sources.warehouse.duckdb.macros import refused
from checks.pipeline import Table
from checks.table_names import SUFFIX

_NOTHING = {"no_column": "BOOL"}
"""DuckDB has no table without columns."""


def create_schema(connection: DuckDBPyConnection, dataset: str) -> None:
    """Create a dataset without tables."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(dataset)}")


def create_table(connection: DuckDBPyConnection, name: str, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Create a table, ``dataset.table``, with JSON-like rows, in a dataset that is there.

    Who asks for a column of a type that the database lacks is told so; who asks for others, is answered.
    """
    dataset, _, short = name.rpartition(".")
    schema = quoted(dataset)
    held = {column: kind for column, kind in table.columns.items() if not_held(kind) is None} or _NOTHING
    is_whole = len(held) == len(table.columns)
    target = f"{schema}.{quoted(short if is_whole else f'{short} (held)')}"
    columns = ", ".join(f"{quoted(column)} {duckdb_type(kind)}" for column, kind in held.items())
    connection.execute(f"CREATE TABLE {target} ({columns})")
    for stated, alike in _by_columns(rows, held).items():
        shape = json.dumps({column: json_shape(held[column]) for column in stated})
        names = ", ".join(map(quoted, stated))
        read = "SELECT unnest(it) FROM (SELECT unnest(from_json_strict(?::JSON, ?)) AS it)"
        statement = f"INSERT INTO {target} ({names}) {read}"
        connection.execute(statement, [json.dumps(alike), f"[{shape}]"])
    if not is_whole:
        selected = ", ".join(
            quoted(each) if each in held else _told(each, kind) for each, kind in table.columns.items()
        )
        connection.execute(f"CREATE VIEW {schema}.{quoted(short)} AS SELECT {selected} FROM {target}")  # noqa: S608 - quoted names


def _by_columns(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]
) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Return the rows that state the same columns together: what is not stated need not be read. An array that is not
    there is empty in BigQuery. A shard is named by its date without hyphens."""
    arrays = [name for name, kind in columns.items() if kind.startswith("ARRAY")]
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        given = {name: row[name] for name in columns if name in row} or {next(iter(columns)): None}
        if given.get(SUFFIX) is not None:
            given[SUFFIX] = given[SUFFIX].replace("-", "")
        given |= {name: row.get(name) or [] for name in arrays}
        found.setdefault(tuple(given), []).append(given)
    return found


def _told(name: str, kind: str) -> str:
    """Return a column that ends in an error when it is asked for, of a type that lets a statement come so far."""
    type_name = "DOUBLE" if kind == "BIGNUMERIC" else "VARCHAR"
    return f"CAST({refused(f'the column {name} is of the type {kind}')} AS {type_name}) AS {quoted(name)}"
