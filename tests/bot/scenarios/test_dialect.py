"""The embedded engine against Google's own evaluator: an expression gives the same value, or is not run.

Each line of the three files is an expression. What the evaluator lacks stands below with the values of BigQuery's
documentation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.cells import exact
from checks.pipeline import Table
from checks.ports.warehouse import Query
from checks.source import Problem, SourceError
from tests.bot.scenarios.test_warehouse import PIPELINE

HERE = Path(__file__).parent


def expressions(name: str) -> list[str]:
    return (HERE / name).read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDbWarehouse]:
    made = DuckDbWarehouse(PIPELINE, {}, Faults(()))
    yield made
    made.close()


def answer(engine: DuckDbWarehouse, expression: str) -> Any:
    """Return the value of an expression, or the problem that the engine has with it."""
    try:
        (row,) = engine.query(Query(f"SELECT {expression} AS it"))
    except SourceError as error:
        return error.problem
    return row["it"]


def comparable(value: Any) -> Any:
    """Name type and value; a float by the digits in which the engines agree, a struct without its names."""
    if isinstance(value, dict):
        return tuple(comparable(each) for each in value.values())
    if isinstance(value, list | tuple):
        return type(value)(comparable(each) for each in value)
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.15g}")
    return type(value).__name__, exact(value)


PARTS = 8
"""Of the expressions that are compared with Google's evaluator; the first is compared every day."""


@pytest.mark.xdist_group("googlesql")
@pytest.mark.parametrize("part", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in range(1, PARTS))])
@pytest.mark.slow
def test_what_the_engine_runs_gives_the_value_of_googles_evaluator(
    engine: DuckDbWarehouse, googlesql_compiled: None, part: int
) -> None:
    from tests.googlesql import evaluated  # noqa: PLC0415 - heavy, and few tests need it

    lines = expressions("same_as_bigquery.sql")[part::PARTS]

    found = {line: comparable(answer(engine, line)) for line in lines}

    assert found == {line: comparable(evaluated(line)) for line in lines}


@pytest.mark.parametrize("expression", expressions("not_run_here.sql"))
def test_what_the_engine_would_do_in_another_way_is_not_run(engine: DuckDbWarehouse, expression: str) -> None:
    assert answer(engine, expression) is Problem.UNSUPPORTED


@pytest.mark.parametrize("expression", expressions("errors_in_bigquery.sql"))
def test_what_is_an_error_in_bigquery_has_no_value(engine: DuckDbWarehouse, expression: str) -> None:
    assert isinstance(answer(engine, expression), Problem)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("CONTAINS_SUBSTR('Hello World', 'WORLD')", True),
        ("(SELECT MAX_BY(x, -x) FROM UNNEST([1, 3, 2]) AS x)", 1),
        ("(SELECT MIN_BY(x, -x) FROM UNNEST([1, 3, 2]) AS x)", 3),
        ("(SELECT APPROX_COUNT_DISTINCT(x) FROM UNNEST([1, 2, 2]) AS x)", 2),
        ("(SELECT APPROX_QUANTILES(x, 2) FROM UNNEST([1, 2, 3]) AS x)", [1, 2, 3]),
    ],
)
def test_what_the_evaluator_lacks_is_as_documented(engine: DuckDbWarehouse, expression: str, value: Any) -> None:
    assert answer(engine, expression) == value


@pytest.mark.parametrize("expression", ["FARM_FINGERPRINT('a')", "KEYS.NEW_KEYSET('AES')", "SOME_DAY_NEW(1)"])
def test_a_function_that_nobody_compared_is_not_run(engine: DuckDbWarehouse, expression: str) -> None:
    with pytest.raises(SourceError) as caught:
        engine.query(Query(f"SELECT {expression} AS it"))

    assert caught.value.problem in (Problem.UNSUPPORTED, Problem.INVALID)
    assert "Correct" not in caught.value.advice


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT CAST(COUNT(*) * CAST('nan' AS FLOAT64) AS STRING) AS it FROM {raw}.nothing WHERE number = 1", "nan"),
        ("SELECT IEEE_DIVIDE(0, 0) AS it FROM {raw}.nothing HAVING it > 1", Problem.UNSUPPORTED),
        ("SELECT IEEE_DIVIDE(0, 0) AS it FROM {raw}.nothing HAVING IEEE_DIVIDE(0, 0) > 1", Problem.UNSUPPORTED),
        ("SELECT it FROM (SELECT IEEE_DIVIDE(0, 0) AS it) WHERE it > 1", Problem.UNSUPPORTED),
        ("SELECT it FROM UNNEST([IEEE_DIVIDE(0, 0)]) AS it WHERE it > 1", Problem.UNSUPPORTED),
        ("SELECT DISTINCT it FROM UNNEST([IEEE_DIVIDE(0, 0)]) AS it", Problem.UNSUPPORTED),
    ],
)
def test_nan_is_a_value_until_it_is_compared(engine: DuckDbWarehouse, sql: str, value: Any) -> None:
    try:
        (row,) = engine.query(Query(sql))
        found = row["it"]
    except SourceError as error:
        found = error.problem

    assert found == value


@pytest.fixture(scope="module")
def amounts() -> Iterator[DuckDbWarehouse]:
    tables = {"raw.amounts": Table(columns={"amount": "NUMERIC", "number": "INT64"})}
    rows = [{"amount": "1.000000001", "number": 2}]
    made = DuckDbWarehouse(PIPELINE.model_copy(update={"tables": tables}), {"raw.amounts": rows}, Faults(()))
    yield made
    made.close()


@pytest.mark.parametrize(
    "select",
    [
        "amount / 2", "SAFE_DIVIDE(amount, 2)", "MOD(amount, 2)", "DIV(amount, 2)", "amount * amount", "AVG(amount)",
        "AVG(DISTINCT amount)", "ROUND(amount, 2)", "POW(amount, 2)", "SQRT(amount)", "FORMAT('%.2f', amount)",
        "COUNT(DISTINCT amount, number)", "_PARTITIONTIME",
    ],
)  # fmt: skip
def test_what_a_column_would_give_in_another_way_is_not_run(amounts: DuckDbWarehouse, select: str) -> None:
    with pytest.raises(SourceError) as told:
        amounts.query(Query(f"SELECT {select} AS it FROM {{raw}}.amounts"))

    assert told.value.problem is Problem.UNSUPPORTED


@pytest.mark.parametrize(
    ("select", "value"),
    [
        ("SUM(amount)", Decimal("1.000000001")),
        ("amount * number", Decimal("2.000000002")),
        ("amount > 1", True),
        ("number * number", 4),
        ("AVG(number)", 2.0),
        ("ROUND(number / 3, 2)", 0.67),
        ("CAST(amount AS FLOAT64) / 2", 0.5000000005),
    ],
)
def test_a_column_gives_what_bigquery_documents(amounts: DuckDbWarehouse, select: str, value: object) -> None:
    assert amounts.query(Query(f"SELECT {select} AS it FROM {{raw}}.amounts")) == [{"it": value}]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT number FROM {raw}.amounts TABLESAMPLE SYSTEM (10 PERCENT)",
        "SELECT number FROM {raw}.amounts FOR SYSTEM_TIME AS OF TIMESTAMP '2026-02-01 00:00:00+00'",
        "SELECT table_name FROM {raw}.INFORMATION_SCHEMA.TABLES",
        "SELECT row_count FROM {raw}.__TABLES__",
        "SELECT AS VALUE STRUCT(number) FROM {raw}.amounts",
        "SELECT a, b FROM UNNEST([STRUCT(1 AS a, 2 AS b), (3, 4)])",
    ],
)
def test_what_only_bigquery_has_is_said_to_be_so(amounts: DuckDbWarehouse, sql: str) -> None:
    with pytest.raises(SourceError) as told:
        amounts.query(Query(sql))

    assert told.value.problem is Problem.UNSUPPORTED
