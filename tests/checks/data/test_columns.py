"""Columns that a table has lost, changed or got: what expects them says so, and what fails for it names them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bot.request import Request
from bot.sources.warehouse.live import BigQueryWarehouse
from bot.sources.warehouse.local import LocalData, LocalWarehouse
from bot.validation import Validation
from checks.catalog import checks_of
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.source import Problem, SourceError
from tests.fakes import FakeWarehouse, pipeline, ports, run_check
from tests.servers.bigquery_clients import emulator_client
from tests.servers.bigquery_emulator import create_tables

COLUMNS = {"order_id": "STRING", "day": "DATE", "amount": "NUMERIC", "status": "STRING"}
WRITTEN = {
    "id": "paid-orders",
    "title": "Orders are paid",
    "rationale": "They are our income.",
    "query": "SELECT COUNTIF(amount > 0) AS paid FROM {data}.orders WHERE day = @date",
    "subject": "data.orders",
    "summary": "{paid} orders are paid.",
    "rules": [{"if": {"paid": {"equals": 0}}, "severity": "P0", "code": "none-paid"}],
    "expected": "Some are.",
}


def described(**expect: Any) -> Pipeline:
    orders = {"columns": COLUMNS, "partition": "day", **({"expect": expect} if expect else {})}
    return pipeline(tables={"data.orders": orders}, checks=[WRITTEN])


def outcome(finding: Finding) -> str:
    return str(finding.outcome) if finding.severity is None else finding.severity.name


def asked(wanted: Pipeline, check: str, real: Mapping[str, str] | Exception, answer: Any = ()) -> list[tuple[str, ...]]:
    """Run a check on a table with the columns ``real``; return what it says."""
    warehouse = FakeWarehouse({check: answer})
    warehouse.tables["data.orders"] = real
    found = run_check(next(each for each in checks_of(wanted) if each.id == check), wanted, ports(warehouse=warehouse))
    return [(outcome(each), each.code, each.subject) for each in found.findings]


def without(column: str, **others: str) -> Mapping[str, str]:
    return {name: kind for name, kind in {**COLUMNS, **others}.items() if name != column}


class TestSchema:
    @pytest.mark.parametrize(
        ("schema", "real", "expected"),
        [
            pytest.param("strict", COLUMNS, [("passed", "as-expected", "schema")], id="as declared"),
            pytest.param("strict", without("amount"), [("P1", "column-lost", "schema amount")], id="lost"),
            pytest.param(
                "strict", {**COLUMNS, "amount": "FLOAT64"}, [("P1", "column-retyped", "schema amount")], id="retyped"
            ),
            pytest.param("strict", {**COLUMNS, "tip": "INT64"}, [("P3", "column-new", "schema tip")], id="new"),
            pytest.param(
                "strict",
                without("amount", Amount="NUMERIC"),
                [("passed", "as-expected", "schema")],
                id="capitals tell no names apart",
            ),
            pytest.param(
                {"amount": "NUMERIC"},
                {"amount": "STRING", "more": "BYTES"},
                [("P1", "column-retyped", "schema amount")],
                id="named columns alone",
            ),
            pytest.param(
                {"columns": {"amount": "NUMERIC"}, "severity": "P0"},
                {"status": "STRING"},
                [("P0", "column-lost", "schema amount")],
                id="a severity of its own",
            ),
        ],
    )
    def test_columns_are_compared(self, schema: Any, real: Mapping[str, str], expected: list[tuple[str, ...]]) -> None:
        found = asked(described(schema=schema), "data-orders", real)

        assert [(said, code, subject.removeprefix("data.orders ")) for said, code, subject in found] == expected

    def test_rows_are_judged_although_the_columns_cannot_be_read(self) -> None:
        denied = SourceError("BigQuery", Problem.DENIED, "no", advice="Ask.")
        rows = [{"part": "judged", "judged_rows": 20, "nulls_amount": 1}]

        found = asked(described(schema="strict", not_null=["amount"]), "data-orders", denied, rows)

        assert [each[:2] for each in found] == [("P1", "source-unavailable"), ("P2", "nulls")]


class TestAFailedQuery:
    FAILED = SourceError("BigQuery", Problem.INVALID, "Unrecognized name: amount", advice="Correct it.")

    @pytest.mark.parametrize(
        ("real", "code"),
        [
            pytest.param(without("amount"), "column-lost", id="lost"),
            pytest.param({**COLUMNS, "amount": "STRING"}, "column-retyped", id="retyped"),
        ],
    )
    @pytest.mark.parametrize(("check", "loud"), [("paid-orders", "P0"), ("data-orders", "P1")])
    def test_is_a_failure_that_names_the_column(
        self, check: str, loud: str, real: Mapping[str, str], code: str
    ) -> None:
        found = asked(described(not_null=["amount"]), check, real, self.FAILED)

        assert found[0] == (loud, code, "data.orders.amount")
        assert found[1][:2] == (loud, "no-value")

    def test_says_it_once_where_the_columns_are_expected(self) -> None:
        found = asked(described(schema="strict", not_null=["amount"]), "data-orders", without("amount"), self.FAILED)

        assert [each[1] for each in found] == ["column-lost", "no-value"]

    def test_of_the_subjects_names_the_column_too(self) -> None:
        of_subjects = {"severity": "P1", "query": "SELECT DISTINCT status AS subject FROM {data}.orders"}
        wanted = pipeline(
            tables={"data.orders": {"columns": COLUMNS, "partition": "day"}},
            checks=[
                {**WRITTEN, "query": "SELECT 1 AS paid, 'a' AS name", "subject": "{name}", "subjects": of_subjects}
            ],
        )
        warehouse = FakeWarehouse({"paid-orders": [{"paid": 1, "name": "a"}], "paid-orders-subjects": self.FAILED})
        warehouse.tables["data.orders"] = without("status")

        found = run_check(
            next(each for each in checks_of(wanted) if each.id == "paid-orders"), wanted, ports(warehouse=warehouse)
        )

        assert [each.code for each in found.findings] == ["as-expected", "column-lost", "no-value"]

    def test_still_says_what_the_source_said(self) -> None:
        warehouse = FakeWarehouse({"paid-orders": self.FAILED})
        warehouse.tables["data.orders"] = without("amount")
        wanted = described()
        (check,) = [each for each in checks_of(wanted) if each.id == "paid-orders"]

        (_, unknown) = run_check(check, wanted, ports(warehouse=warehouse)).findings

        assert self.FAILED.detail in unknown.summary

    def test_blames_no_column_that_it_does_not_read(self) -> None:
        found = asked(described(), "paid-orders", without("status"), self.FAILED)

        assert [each[1] for each in found] == ["source-unavailable"]

    def test_asks_nothing_of_a_source_that_is_down(self) -> None:
        down = SourceError("BigQuery", Problem.UNAVAILABLE, "no", advice="Wait.")

        assert [each[1] for each in asked(described(), "paid-orders", without("amount"), down)] == [
            "source-unavailable"
        ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("ALTER TABLE orders DROP amount", "column-lost"),
        ("ALTER TABLE orders ALTER amount TYPE VARCHAR", "column-retyped"),
    ],
)
@pytest.mark.parametrize("expect", [{"values": {"amount": {"at_least": 0}}}, {"schema": "strict"}])
def test_a_column_of_local_data_is_missed(tmp_path: Path, change: str, code: str, expect: dict[str, Any]) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.execute(
            "CREATE TABLE orders AS SELECT 'a' AS order_id, DATE '2026-02-10' AS day, 1.5 AS amount, '' AS status"
        )
        shop.execute(change)
    wanted = described(**expect)
    check = next(each for each in checks_of(wanted) if each.id == "data-orders")
    with closing(LocalWarehouse(LocalData(tmp_path / "shop.duckdb"), wanted)) as warehouse:
        (lost, *_) = run_check(check, wanted, ports(warehouse=warehouse)).findings

    assert (lost.outcome, lost.code) == (Outcome.FAILED, code)
    assert lost.place == Place(PlaceKind.TABLE, "data.orders", "amount")


@pytest.mark.xdist_group("emulators")
def test_bigquery_answers_that_a_column_is_lost(bigquery_address: str) -> None:
    wanted = described(unique=["order_id"], not_null=["amount"])
    (check,) = [each for each in checks_of(wanted) if each.id == "data-orders"]
    create_tables(bigquery_address, "lost-project", {"data.orders": without("amount")}, {})
    client = emulator_client(bigquery_address, "lost-project")
    with closing(BigQueryWarehouse(client, project="lost-project")) as warehouse:
        found = run_check(check, wanted, ports(warehouse=warehouse)).findings

    assert [(each.outcome, each.code) for each in found] == [
        (Outcome.FAILED, "column-lost"),
        (Outcome.UNKNOWN, "no-value"),
    ]
    assert found[0].severity == found[1].severity == check.worst


def test_whatever_reads_a_lost_column_is_no_source_that_could_not_be_read(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.execute("CREATE TABLE customers AS SELECT 'x' AS name")
        shop.execute("CREATE TABLE orders AS SELECT 'a' AS order_id, 'c' AS customer_id, DATE '2026-02-10' AS day")
    file = {
        "name": "shop",
        "tables": {
            "shop.customers": {
                "columns": {"customer_id": "STRING", "name": "STRING"},
                "expect": {"schema": "strict", "unique": ["customer_id"], "when": "always"},
            },
            "shop.orders": {
                "columns": {"order_id": "STRING", "customer_id": "STRING", "day": "DATE"},
                "date": "day",
                "expect": {"references": {"customer_id": "shop.customers.customer_id"}},
            },
        },
    }
    shop_file = Pipeline.model_validate(file, by_alias=True, by_name=False)
    with closing(LocalWarehouse(LocalData(tmp_path / "shop.duckdb"), shop_file)) as warehouse:
        validation = Validation(shop_file, ports(warehouse=warehouse), lambda: datetime(2026, 2, 11, 8, tzinfo=UTC))
        report = validation.run(validation.plan(Request()))

    failed = {(result.check, each.code) for result, each in report.findings() if each.outcome is Outcome.FAILED}
    unknown = [each.code for _, each in report.findings() if each.outcome is Outcome.UNKNOWN]
    assert failed == {("shop-customers", "column-lost"), ("shop-orders", "column-lost")}
    assert unknown == ["no-value", "no-value"]


READERS: Mapping[str, dict[str, Any]] = {
    "a condition": {
        "conditions": {
            "opened": {"title": "o", "otherwise": "c", "query": "SELECT COUNT(amount) AS number FROM {data}.orders"}
        },
        "tables": {
            "data.orders": {"columns": COLUMNS, "date": "day"},
            "data.items": {
                "columns": {"item": "STRING", "day": "DATE"},
                "date": "day",
                "expect": {"unique": ["item"], "when": "opened"},
            },
        },
    },
    "the rows of a phase": {
        "phases": [
            {"id": "load", "title": "Load"},
            {
                "id": "report",
                "title": "Report",
                "rows": "SELECT COUNT(amount) AS row_count, NULL AS first_at, NULL AS last_at FROM {data}.orders",
            },
        ],
        "transitions": [
            {
                "id": "go", "title": "Go", "from": "load", "to": "report",
                "runs": {"night": {"opens": "+1d 05:00", "due": "+1d 06:00"}},
            }
        ],
    },
    "a list of task runs": {"task_runs": {"query": "SELECT status AS task, amount AS state FROM {data}.orders"}},
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
def test_a_lost_column_is_one_failure_whatever_query_reads_it(tmp_path: Path, reader: str) -> None:
    with duckdb.connect(str(tmp_path / "data.duckdb")) as data:
        data.execute("CREATE TABLE orders AS SELECT 'a' AS order_id, DATE '2026-02-10' AS day, '' AS status")
        data.execute("CREATE TABLE items AS SELECT 'a' AS item, DATE '2026-02-10' AS day")
    orders = {"data.orders": {"columns": COLUMNS, "date": "day"}}
    file = Pipeline.model_validate({"name": "shop", "tables": orders} | READERS[reader], by_alias=True, by_name=False)
    with closing(LocalWarehouse(LocalData(tmp_path / "data.duckdb"), file)) as warehouse:
        validation = Validation(file, ports(warehouse=warehouse), lambda: datetime(2026, 2, 11, 8, tzinfo=UTC))
        report = validation.run(validation.plan(Request()))

    failed = {(each.code, each.subject) for _, each in report.findings() if each.outcome is Outcome.FAILED}
    unknown = {each.code for _, each in report.findings() if each.outcome is Outcome.UNKNOWN}
    (cause,) = report.causes
    assert failed == {("column-lost", "data.orders.amount")}
    assert unknown == {"no-value"}
    assert cause.title == "data.orders has no column amount; expected NUMERIC"
    assert cause.severity is not Severity.P0
