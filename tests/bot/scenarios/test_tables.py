"""A table of the embedded database has every column that is declared; what it cannot hold is said when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from bot.scenarios.faults import Faults
from bot.scenarios.stated_values import conversion
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.cells import SqlInterval
from checks.column_types import column_type
from checks.pipeline import Table
from checks.ports.warehouse import Query
from checks.source import Problem, SourceError
from tests.bot.scenarios.test_template import GAPS
from tests.bot.scenarios.test_warehouse import PIPELINE

AT = datetime(2026, 2, 10, 7, 30, tzinfo=UTC)
HELD = {
    "STRING": ("x", "x"),
    "BYTES": ("00ff", b"\x00\xff"),
    "INT64": (2**53 + 1, 2**53 + 1),
    "FLOAT64": (1.5, 1.5),
    "NUMERIC": ("1.000000001", Decimal("1.000000001")),
    "BOOL": (True, True),
    "DATE": ("2026-02-10", date(2026, 2, 10)),
    "DATETIME": ("2026-02-10T07:30:00", datetime(2026, 2, 10, 7, 30)),  # noqa: DTZ001 - a DATETIME has no zone
    "TIME": ("07:30:00", time(7, 30)),
    "TIMESTAMP": (AT, AT),
    "INTERVAL": ("-1-2 3 4:05:06.5", SqlInterval(months=-14, days=3, microseconds=14_706_500_000)),
    "JSON": ('{"a": 1}', '{"a":1}'),
    "ARRAY<INT64>": ("[1, 2]", [1, 2]),
    "STRUCT<a FLOAT64, b ARRAY<STRUCT<c BYTES, d JSON>>>": (
        '{"a": 1.5, "b": [{"c": "00ff", "d": "[1]"}]}',
        {"a": 1.5, "b": [{"c": b"\x00\xff", "d": "[1]"}]},
    ),
}
LACKING = ("BIGNUMERIC", "GEOGRAPHY", "RANGE<DATE>", "STRUCT", "ARRAY<GEOGRAPHY>", "STRUCT<a GEOGRAPHY>")
TYPES = {f"c{index}": kind for index, kind in enumerate((*HELD, *LACKING))}
NAMES = {kind: column for column, kind in TYPES.items()}


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDbWarehouse]:
    row = {NAMES[kind]: conversion(column_type(kind))(stated, GAPS) for kind, (stated, _) in HELD.items()}
    tables = {"raw.all_types": Table(columns=TYPES), "raw.places": Table(columns={"place": "GEOGRAPHY"})}
    pipeline = PIPELINE.model_copy(update={"tables": tables})
    made = DuckDbWarehouse(pipeline, {"raw.all_types": [row, {}], "raw.places": [{}, {}]}, Faults(()))
    yield made
    made.close()


@pytest.mark.parametrize("kind", HELD)
def test_a_value_comes_back_as_it_was_stated(engine: DuckDbWarehouse, kind: str) -> None:
    found = [row["it"] for row in engine.query(Query(f"SELECT {NAMES[kind]} AS it FROM {{raw}}.all_types"))]

    assert found == [HELD[kind][1], [] if kind.startswith("ARRAY") else None]


@pytest.mark.parametrize("kind", LACKING)
@pytest.mark.parametrize("wanted", ["{it}", "COUNT({it})", "{it} IS NULL", "COALESCE({it}, {it})", "*"])
def test_a_column_that_cannot_be_held_is_named_when_it_is_asked_for(
    engine: DuckDbWarehouse, kind: str, wanted: str
) -> None:
    with pytest.raises(SourceError) as told:
        engine.query(Query(f"SELECT {wanted.format(it=NAMES[kind])} FROM {{raw}}.all_types"))

    assert told.value.problem is Problem.UNSUPPORTED
    assert wanted == "*" or f"the column {NAMES[kind]} is of the type {kind}" in told.value.detail


@pytest.mark.parametrize("table", ["all_types", "places"])
def test_the_rows_are_there_without_such_a_column(engine: DuckDbWarehouse, table: str) -> None:
    assert engine.query(Query(f"SELECT COUNT(*) AS it FROM {{raw}}.{table}")) == [{"it": 2}]
