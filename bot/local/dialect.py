"""GoogleSQL for DuckDB: sqlglot's translation, and the places where its result would mean something else."""

from __future__ import annotations

import threading
from functools import lru_cache

import sqlglot
from sqlglot import exp

_SQL_TYPES = {
    "STRING": "VARCHAR",
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMPTZ",
    "JSON": "JSON",
    "ARRAY<STRING>": "VARCHAR[]",
}


def duckdb_type(name: str) -> str:
    """Return DuckDB's name for a type of the pipeline file or of a parameter."""
    return _SQL_TYPES[name]


_ONE_AT_A_TIME = threading.Lock()
"""sqlglot sets its dialects up at their first use; threads that meet there get parameters wrong, now and then."""


@lru_cache(maxsize=1024)
def duckdb_sql(sql: str, parameters: tuple[tuple[str, str], ...] = ()) -> str:
    """Translate one statement; ``parameters`` are names and types. Raises sqlglot's ParseError or TokenError."""
    types = dict(parameters)
    with _ONE_AT_A_TIME:
        tree = sqlglot.parse_one(sql, read="bigquery")
        return tree.transform(lambda node: _as_bigquery_means_it(node, types)).sql(dialect="duckdb", identify=True)


def _as_bigquery_means_it(node: exp.Expression, types: dict[str, str]) -> exp.Expression:
    parent = node.parent
    if isinstance(node, exp.Parameter) and not isinstance(parent, exp.Cast):
        # DuckDB would guess the type from the value, and guess a timestamp from a date minus an interval.
        declared = types.get(node.name)
        return exp.cast(node, exp.DataType.build(_SQL_TYPES[declared], dialect="duckdb")) if declared else node
    if isinstance(node, exp.DateAdd | exp.DateSub) and not isinstance(parent, exp.Cast):
        return exp.cast(node, exp.DataType.Type.DATE)
    if isinstance(node, exp.TimestampDiff):
        # BigQuery counts whole units that have passed, DATE_DIFF the boundaries that were crossed.
        unit = exp.Literal.string(node.text("unit").lower())
        return exp.Anonymous(this="DATE_SUB", expressions=[unit, node.expression, node.this])
    if isinstance(node, exp.Literal) and not node.is_string and not node.this.isdigit():
        # A literal with a point is a FLOAT64; DuckDB would calculate with decimals.
        return exp.cast(node.copy(), exp.DataType.Type.DOUBLE)
    if isinstance(node, exp.CountIf):
        # Over no rows BigQuery counts 0, DuckDB's COUNT_IF says NULL.
        return exp.Count(this=exp.Case().when(node.this, exp.Literal.number(1)))
    return node
