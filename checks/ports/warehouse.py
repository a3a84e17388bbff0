"""BigQuery: what the pipeline wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from checks.reads import Read, Reads
from checks.source import Source

Row = Mapping[str, Any]
Answers = Mapping[str, Sequence[Row]]
"""The rows of several queries, by their names."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named query parameter; ``type`` is STRING, INT64, FLOAT64, BOOL, DATE, TIMESTAMP or ARRAY<STRING>."""

    type: str
    value: str | int | float | bool | date | datetime | tuple[str, ...]


_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Query:
    """GoogleSQL with named parameters; ``{dataset}`` stands for a dataset, prefix not included."""

    sql: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    label: str = "query"
    """The check or purpose, for job labels and error messages."""

    def text(self, dataset_prefix: str = "") -> str:
        """The statement with every ``{dataset}`` replaced by its prefixed name."""
        return _PLACEHOLDER.sub(lambda match: f"{dataset_prefix}{match[1]}", self.sql)

    @property
    def datasets(self) -> frozenset[str]:
        """Every dataset that the statement names."""
        return frozenset(_PLACEHOLDER.findall(self.sql))

    @property
    def key(self) -> str:
        """Equal for queries that must give the same answer."""
        return repr((self.sql, sorted(self.parameters.items())))


class Warehouse(Protocol):
    """BigQuery."""

    def query(self, query: Query) -> Sequence[Row]:
        """Run a query. Column values are of the types that ``checks.cells`` lists."""

    def dry_run(self, query: Query) -> int:
        """Analyse a query without running it; return the bytes that it would read."""

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table, ``dataset.table`` without prefix, with their types as GoogleSQL names them."""


BIGQUERY: Source[Warehouse] = Source("BigQuery", lambda limits: limits.bigquery, "datasets")


def read_rows(reads: Reads, query: Query) -> Read[Sequence[Row]]:
    """Ask for the rows of a query."""
    return reads.ask(BIGQUERY, query.key, lambda port: port.query(query))


def read_columns(reads: Reads, table: str) -> Read[Mapping[str, str]]:
    """Ask for the columns of a table, with their types."""
    return reads.ask(BIGQUERY, f"columns {table}", lambda port: port.columns(table))
