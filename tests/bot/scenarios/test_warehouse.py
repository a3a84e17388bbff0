"""DuckDB must answer GoogleSQL as BigQuery would: same values, same types, same refusals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.scenarios.faults import Faults
from bot.scenarios.scenario import Fault
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.pipeline import Pipeline, Table
from checks.ports.warehouse import Parameter, Query
from checks.source import Problem, SourceError

TABLES = {
    "raw.things": Table(
        partition="day",
        columns={
            "name": "STRING",
            "number": "INT64",
            "share": "FLOAT64",
            "good": "BOOL",
            "day": "DATE",
            "at": "TIMESTAMP",
            "extra": "JSON",
        },
    ),
    "raw.nothing": Table(columns={"number": "INT64"}),
}

PIPELINE = Pipeline(
    name="tiny",
    title="Tiny",
    timezone="America/New_York",
    project="example-project",
    project_number="1",
    region="us-west2",
    invoker="serviceAccount:caller@example.com",
    datasets=("raw",),
    tables=TABLES,
    phases=(),
    transitions=(),
)

ROW = {
    "name": "first",
    "number": 7,
    "share": 0.5,
    "good": True,
    "day": "2026-02-11",
    "at": "2026-02-11T13:00:00+00:00",
    "extra": '{"message_id": "12"}',
}
EMPTY = {"name": "second", "day": "2026-02-12"}

NOON = datetime(2026, 2, 11, 17, tzinfo=UTC)


@pytest.fixture
def warehouse() -> Iterator[DuckDbWarehouse]:
    made = DuckDbWarehouse(PIPELINE, {"raw.things": [ROW, EMPTY]}, Faults(()))
    yield made
    made.close()


def ask(warehouse: DuckDbWarehouse, sql: str, **parameters: Parameter) -> list[Mapping[str, Any]]:
    return list(warehouse.query(Query(sql, parameters, "a-check")))


def value(warehouse: DuckDbWarehouse, expression: str, **parameters: Parameter) -> Any:
    (row,) = ask(warehouse, f"SELECT {expression} AS found FROM {{raw}}.things WHERE number = 7", **parameters)
    return row["found"]


def test_every_declared_type_comes_back_as_plain_python(warehouse: DuckDbWarehouse) -> None:
    (row,) = ask(warehouse, "SELECT * FROM {raw}.things WHERE name = 'first'")

    assert row == {
        "name": "first",
        "number": 7,
        "share": 0.5,
        "good": True,
        "day": date(2026, 2, 11),
        "at": datetime(2026, 2, 11, 13, tzinfo=UTC),
        "extra": '{"message_id":"12"}',
    }
    assert {name: type(each) for name, each in row.items()} == {
        "name": str,
        "number": int,
        "share": float,
        "good": bool,
        "day": date,
        "at": datetime,
        "extra": str,
    }
    assert row["at"].utcoffset() == timedelta(0)


def test_digits_and_times_without_a_zone_come_back_as_they_were_declared() -> None:
    digits = "99999999999999999999999999999.123456789"
    tables = {"raw.books": Table(columns={"amount": "NUMERIC", "booked": "DATETIME", "opens": "TIME"})}
    rows = [{"amount": digits, "booked": "2026-02-11T07:30:00.123456", "opens": "07:30:00"}]
    made = DuckDbWarehouse(PIPELINE.model_copy(update={"tables": tables}), {"raw.books": rows}, Faults(()))
    try:
        (row,) = ask(made, "SELECT amount, booked, opens FROM {raw}.books")
    finally:
        made.close()

    assert row == {
        "amount": Decimal(digits),
        "booked": datetime(2026, 2, 11, 7, 30, 0, 123456),  # noqa: DTZ001 - a DATETIME has no zone
        "opens": time(7, 30),
    }


def test_columns_that_a_row_does_not_name_are_null(warehouse: DuckDbWarehouse) -> None:
    (row,) = ask(warehouse, "SELECT * FROM {raw}.things WHERE name = 'second'")

    assert row == dict.fromkeys(TABLES["raw.things"].columns) | {"name": "second", "day": date(2026, 2, 12)}


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        pytest.param(Parameter("STRING", "it's"), "it's", id="text"),
        pytest.param(Parameter("INT64", 3), 3, id="integer"),
        pytest.param(Parameter("FLOAT64", 2.5), 2.5, id="float"),
        pytest.param(Parameter("BOOL", True), True, id="boolean"),
        pytest.param(Parameter("DATE", date(2026, 2, 11)), date(2026, 2, 11), id="date"),
        pytest.param(Parameter("TIMESTAMP", NOON), NOON, id="instant"),
        pytest.param(
            Parameter("TIMESTAMP", datetime(2026, 2, 11, 12, tzinfo=timezone(timedelta(hours=-5)))),
            NOON,
            id="instant in another zone",
        ),
    ],
)
def test_a_named_parameter_keeps_value_and_type(
    warehouse: DuckDbWarehouse, parameter: Parameter, expected: object
) -> None:
    found = value(warehouse, "@given", given=parameter)

    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("number / 2", 3.5, id="division of integers is a float"),
        pytest.param("ROUND(100.0 * number / 8, 1)", 87.5, id="decimals come back as floats"),
        pytest.param("1.5", 1.5, id="a literal with a point is a float"),
        pytest.param("SAFE_DIVIDE(number, 0)", None, id="safe division by zero"),
        pytest.param("DATE_SUB(day, INTERVAL 14 DAY)", date(2026, 1, 28), id="a date minus days is a date"),
        pytest.param("DATE_ADD(@day, INTERVAL 1 DAY)", date(2026, 2, 12), id="also of a parameter"),
        pytest.param("TIMESTAMP_DIFF(@noon, at, MINUTE)", 240, id="minutes between instants"),
        pytest.param(
            "TIMESTAMP_DIFF(TIMESTAMP_ADD(at, INTERVAL 119 SECOND), at, MINUTE)", 1, id="only whole minutes count"
        ),
        pytest.param(
            "TIMESTAMP_DIFF(TIMESTAMP '2026-02-11 14:10:00+00', TIMESTAMP '2026-02-11 13:50:00+00', HOUR)",
            0,
            id="a crossed hour is no hour",
        ),
        pytest.param("TIMESTAMP(day)", datetime(2026, 2, 11, tzinfo=UTC), id="midnight of a date is UTC"),
        pytest.param(
            "DATE(TIMESTAMP '2026-02-11 03:00:00+00', 'America/New_York')", date(2026, 2, 10), id="local date"
        ),
        pytest.param("JSON_VALUE(extra, '$.message_id')", "12", id="a value inside JSON"),
        pytest.param("name IN UNNEST(@names)", True, id="membership in an array"),
        pytest.param("SUBSTR('20260211_LAL_BOS', 10)", "LAL_BOS", id="the end of a text"),
        pytest.param("IF(good, 'yes', 'no')", "yes", id="a choice"),
        pytest.param("LOWER(CONCAT(name, '!'))", "first!", id="texts put together"),
        pytest.param("CAST(ROUND(2.6) AS INT64)", 3, id="a cast to an integer"),
    ],
)
def test_expressions_mean_what_they_mean_in_bigquery(
    warehouse: DuckDbWarehouse, expression: str, expected: object
) -> None:
    given = {
        "day": Parameter("DATE", date(2026, 2, 11)),
        "noon": Parameter("TIMESTAMP", NOON),
        "names": Parameter("ARRAY<STRING>", ("first", "third")),
    }
    named = {name: each for name, each in given.items() if f"@{name}" in expression}

    found = value(warehouse, expression, **named)

    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        pytest.param("COUNT(*)", 0, id="count"),
        pytest.param("COUNTIF(number > 1)", 0, id="conditional count"),
        pytest.param("SUM(number)", None, id="sum"),
        pytest.param("MAX(number)", None, id="maximum"),
        pytest.param("COALESCE(AVG(number), 0)", 0.0, id="average with a default"),
    ],
)
def test_aggregates_over_no_rows(warehouse: DuckDbWarehouse, aggregate: str, expected: object) -> None:
    (row,) = ask(warehouse, f"SELECT {aggregate} AS found FROM {{raw}}.nothing")

    assert row["found"] == expected


def test_a_null_instant_stays_null(warehouse: DuckDbWarehouse) -> None:
    rows = ask(warehouse, "SELECT MAX(at) AS last_at FROM {raw}.things WHERE name = 'second'")

    assert rows == [{"last_at": None}]


def test_a_distinct_ordered_list_of_texts(warehouse: DuckDbWarehouse) -> None:
    rows = ask(warehouse, "SELECT STRING_AGG(DISTINCT name, ', ' ORDER BY name) AS names FROM {raw}.things")

    assert rows == [{"names": "first, second"}]


def test_the_order_of_rows_is_kept_when_instants_are_converted(warehouse: DuckDbWarehouse) -> None:
    rows = ask(warehouse, "SELECT name, at FROM {raw}.things ORDER BY name DESC")

    assert [row["name"] for row in rows] == ["second", "first"]


def test_the_prefix_names_the_datasets() -> None:
    warehouse = DuckDbWarehouse(PIPELINE, {"raw.things": [ROW]}, Faults(()), "staging_")

    assert ask(warehouse, "SELECT COUNT(*) AS n FROM {raw}.things") == [{"n": 1}]
    with pytest.raises(SourceError) as caught:
        ask(warehouse, "SELECT COUNT(*) AS n FROM raw.things")
    assert caught.value.problem is Problem.NOT_FOUND


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        pytest.param("SELECT nowhere FROM {raw}.things", Problem.INVALID, id="unknown column"),
        pytest.param("SELECT 1 FROM {raw}.missing", Problem.NOT_FOUND, id="unknown table"),
        pytest.param("SELECT 1 FROM {lost}.things", Problem.NOT_FOUND, id="unknown dataset"),
        pytest.param("DELETE FROM {raw}.things WHERE TRUE", Problem.INVALID, id="no read"),
        pytest.param("SELECT FROM WHERE", Problem.UNSUPPORTED, id="what cannot be parsed here"),
        pytest.param("SELECT 'half", Problem.UNSUPPORTED, id="a text that does not end"),
        pytest.param("FROM {raw}.things |> DROP day", Problem.UNSUPPORTED, id="newer than the parser"),
        pytest.param("SELECT @given", Problem.INVALID, id="a parameter without a value"),
        pytest.param("SELECT CAST('x' AS INT64)", Problem.INVALID, id="a value of the wrong type"),
    ],
)
def test_a_wrong_question_is_refused_when_run(warehouse: DuckDbWarehouse, sql: str, problem: Problem) -> None:
    with pytest.raises(SourceError) as caught:
        ask(warehouse, sql)

    assert (caught.value.source, caught.value.problem, caught.value.retryable) == ("BigQuery", problem, False)
    assert "a-check" in caught.value.detail
    assert "\n" not in caught.value.detail


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        pytest.param("SELECT nowhere FROM {raw}.things", Problem.INVALID, id="unknown column"),
        pytest.param("SELECT 1 FROM {raw}.missing", Problem.NOT_FOUND, id="unknown table"),
    ],
)
def test_a_wrong_question_is_refused_on_a_dry_run(warehouse: DuckDbWarehouse, sql: str, problem: Problem) -> None:
    with pytest.raises(SourceError) as caught:
        warehouse.dry_run(Query(sql))

    assert caught.value.problem is problem


@pytest.mark.parametrize("quote", ["`", "'"])
def test_a_file_is_no_table(warehouse: DuckDbWarehouse, tmp_path: Path, quote: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n", encoding="utf-8")

    with pytest.raises(SourceError):
        ask(warehouse, f"SELECT * FROM {quote}{secret}{quote}")


def test_a_dry_run_of_a_right_question_costs_nothing(warehouse: DuckDbWarehouse) -> None:
    query = Query("SELECT at FROM {raw}.things WHERE day = @day", {"day": Parameter("DATE", date(2026, 2, 11))})

    assert warehouse.dry_run(query) == 0


def test_queries_of_many_threads_do_not_disturb_one_another(warehouse: DuckDbWarehouse) -> None:
    def once(number: int) -> Any:
        return value(warehouse, "number + @given", given=Parameter("INT64", number))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(once, range(64)))

    assert found == [number + 7 for number in range(64)]


@pytest.mark.parametrize(
    ("only", "fails"),
    [
        pytest.param(None, True, id="the whole source"),
        pytest.param("a-check", True, id="this check"),
        pytest.param("another-check", False, id="another check"),
        pytest.param("raw.things", True, id="this table"),
        pytest.param("raw.nothing", False, id="another table"),
    ],
)
def test_a_fault_hits_what_it_names(only: str | None, fails: bool) -> None:
    faults = Faults((Fault(source="BigQuery", only=only, problem="denied"),))
    warehouse = DuckDbWarehouse(PIPELINE, {"raw.things": [ROW]}, faults)

    if not fails:
        assert value(warehouse, "number") == 7
        return
    with pytest.raises(SourceError) as caught:
        value(warehouse, "number")
    assert caught.value.problem is Problem.DENIED
