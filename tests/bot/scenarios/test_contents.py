"""What the embedded database holds: what the queries so far have named, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import duckdb
import pytest

from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.contents import Contents
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.pipeline import Table
from checks.ports.warehouse import Query
from checks.source import Problem, SourceError
from tests.bot.scenarios.worlds import PIPELINE

TABLES = {
    "raw.games": Table(columns={"game": "INT64"}),
    "raw.games_final": Table(columns={"game": "INT64"}),
    "new.games": Table(columns={"game": "INT64"}),
    "new.empty-one": Table(columns={"game": "INT64"}),
}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(":memory:")) as made:
        yield made


def there(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {
        ".".join(row) for row in connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    }


@pytest.mark.parametrize(
    ("sql", "created"),
    [
        ("SELECT 1", set()),
        ("SELECT * FROM raw.games_final", {"raw.games_final"}),
        ('SELECT * FROM "RAW" . "Games"', {"raw.games", "new.games"}),
        ('SELECT * FROM new."empty-one"', {"new.empty-one"}),
        ("SELECT * FROM raw.players", set()),
    ],
)
def test_a_statement_brings_the_tables_that_it_names_and_no_others(
    connection: duckdb.DuckDBPyConnection, sql: str, created: set[str]
) -> None:
    contents = Contents(TABLES, {}, "")
    contents.create_datasets(connection)

    contents.create_named(connection, sql)
    contents.create_named(connection, sql)

    assert there(connection) == created


def test_a_macro_is_there_with_those_that_it_calls(connection: duckdb.DuckDBPyConnection) -> None:
    contents = Contents(TABLES, {}, "")
    sql = "SELECT BQ_STRING(CAST(1.5 AS DOUBLE)), bq_padded('.5')"

    contents.create_named(connection, sql)

    assert connection.execute(sql).fetchall() == [("1.5", ".500")]


ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {"raw.games": [{}, {"game": 1}, {"game": 10**30}]}


def test_rows_that_the_database_cannot_hold_are_said_each_time_and_half_of_them_never_answer() -> None:
    pipeline = PIPELINE.model_copy(update={"tables": TABLES})
    asked = Query("SELECT game FROM `raw.games`", label="games")

    with closing(DuckDbWarehouse(pipeline, ROWS, Faults(()))) as warehouse:
        problems = []
        for _ in range(2):
            with pytest.raises(SourceError) as refused:
                warehouse.query(asked)
            problems.append(refused.value.problem)

    assert problems == [Problem.INVALID, Problem.INVALID]
