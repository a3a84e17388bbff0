"""Tables of other projects: from the pipeline file to findings, beside a table of the same name in its own project."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bot.definition.pipeline_queries import queries_of, query_problems
from bot.definition.pipeline_references import reference_problems
from bot.definition.statement_checks import statement_problems
from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from bot.sources.warehouse.local import LocalData, LocalWarehouse
from bot.sources.warehouse.recorder import plan
from checks.catalog import checks_of
from checks.expansion.data_checks import data_checks
from checks.model import Finding
from checks.pipeline import Pipeline
from checks.ports.warehouse import Query, Warehouse
from checks.table_names import tables_in
from tests.fakes import pipeline, ports, run_check

ORDERS, CUSTOMERS = "other-project.shop.orders", "other-project.crm.customers"
COLUMNS = {"order_id": "STRING", "customer_id": "STRING", "amount": "NUMERIC", "day": "DATE"}
TABLES: Mapping[str, Any] = {
    "shop.orders": {"columns": COLUMNS, "partition": "day", "reads": [ORDERS]},
    ORDERS: {
        "columns": COLUMNS,
        "partition": "day",
        "filter_required": True,
        "expect": {"unique": ["order_id"], "references": {"customer_id": f"{CUSTOMERS}.customer_id"}},
    },
    CUSTOMERS: {"columns": {"customer_id": "STRING"}},
}
QUERY = f"SELECT COUNT(*) AS n FROM `{ORDERS}` AS o JOIN {{shop}}.orders AS own USING (order_id) WHERE o.day = @date"


def described(**changed: Any) -> Pipeline:
    quiet: dict[str, Any] = {"phases": (), "conditions": {}}
    agree = {"left": f"SUM(amount) of {ORDERS}", "right": "SUM(amount) of shop.orders"}
    own = {
        "id": "both",
        "title": "t",
        "rationale": "r",
        "query": QUERY,
        "subject": "s",
        "summary": "s",
        "expected": "e",
    }
    stated = {"tables": TABLES, "datasets": ["shop"], "reconcile": [agree], "checks": [own], **quiet, **changed}
    return pipeline(**stated)


def order(name: str, amount: int, customer: str = "c1", day: str = "2026-02-10") -> Mapping[str, Any]:
    return {"order_id": name, "customer_id": customer, "amount": amount, "day": day}


WORLD: Mapping[str, Any] = {
    "shop.orders": [order("a", 1), order("b", 2)],
    ORDERS: [order("a", 1), order("a", 5), order("c", 7, "c9")],
    CUSTOMERS: [{"customer_id": "c1"}],
}


def findings(wanted: Pipeline, warehouse: Warehouse) -> Mapping[str, Finding]:
    checks = [each for each in checks_of(wanted) if each.id in {spec.id for spec in data_checks(wanted)}]
    every = [each for check in checks for each in run_check(check, wanted, ports(warehouse=warehouse)).findings]
    return {each.subject: each for each in every}


@pytest.mark.parametrize("prefix", ["", "test_"])
def test_each_project_has_its_own_rows(prefix: str) -> None:
    wanted = described()
    with closing(DuckDbWarehouse(wanted, WORLD, Faults(()), prefix)) as warehouse:
        found = findings(wanted, warehouse)

    assert found[f"{ORDERS} unique order_id"].code == "doubled"
    assert found[f"{ORDERS} references customer_id"].code == "unmatched"
    (agreement,) = [each for each in found.values() if each.code == "disagrees"]
    assert {"13", "3"} <= {*agreement.summary.replace(",", " ").replace(".", " ").split()}


def test_on_this_machine_a_table_is_of_no_project(tmp_path: Path) -> None:
    file = tmp_path / "here.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA shop; CREATE SCHEMA crm")
        connection.execute("CREATE TABLE crm.customers AS SELECT 'c1' AS customer_id")
        rows = "('a', 'c1', 1.0, DATE '2026-02-10'), ('a', 'c2', 1.0, DATE '2026-02-10')"
        connection.execute(f"CREATE TABLE shop.orders AS FROM (VALUES {rows}) AS t(order_id, customer_id, amount, day)")
    wanted = described()
    with closing(LocalWarehouse(LocalData(file), wanted)) as warehouse:
        found = findings(wanted, warehouse)
        assert warehouse.columns(CUSTOMERS) == {"customer_id": "STRING"}

    assert found[f"{ORDERS} unique order_id"].code == "doubled"
    assert found[f"{ORDERS} references customer_id"].code == "unmatched"


def test_the_file_fits_together_and_its_queries_name_their_tables() -> None:
    wanted = described()

    assert [*reference_problems(wanted), *query_problems(wanted)] == []
    assert [each for query in queries_of(wanted) for each in statement_problems(query.sql, wanted)] == []
    assert {spec.id: spec.tables for spec in data_checks(wanted)} == {
        "both": (ORDERS, "shop.orders"),
        "other-project-shop-orders": (CUSTOMERS, ORDERS),
        "other-project-shop-orders-shop-orders": (ORDERS, "shop.orders"),
    }


def test_what_is_recorded_is_read_where_it_is() -> None:
    wanted = described()
    asked = plan(wanted, [Query(query.sql) for query in queries_of(wanted)], 100)

    assert f"FROM `{ORDERS}` WHERE" in asked[ORDERS].sql
    assert "FROM {shop}.orders" in asked["shop.orders"].sql


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"tables": {**TABLES, "example-project.shop.x": {"columns": COLUMNS}}, "project": "example-project"},
            "'shop.x'",
        ),
        ({"tables": {**TABLES, "Other.shop.x": {"columns": COLUMNS}}}, "such as 'other-project.shop.x'"),
        ({"tables": {**TABLES, "shop.orders": {"columns": COLUMNS, "reads": ["other-project.shop.oders"]}}}, ORDERS),
        ({"reconcile": [{"left": "COUNT(*) of other-project.shop.order", "right": "COUNT(*) of shop.orders"}]}, ORDERS),
    ],
)
def test_a_wrong_name_is_one_sentence(changed: Any, words: str) -> None:
    (problem,) = reference_problems(described(**changed))

    assert words in problem[1]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT 1 FROM {shop}.a JOIN `{shop}.b` JOIN {shop}.`c`", ("shop.a", "shop.b", "shop.c")),
        ("SELECT `a-column-of.a.struct` FROM `other-project.s.t` JOIN `other-project.s.t`", ("other-project.s.t",)),
        ("SELECT 1 FROM {shop}.INFORMATION_SCHEMA.TABLES", ()),
    ],
)
def test_tables_are_told_from_the_text(sql: str, names: tuple[str, ...]) -> None:
    assert [each for each in tables_in(sql) if not each.startswith("a-column")] == list(names)


@pytest.mark.xdist_group("googlesql")
@pytest.mark.slow
def test_each_query_is_one_for_googles_analyser(googlesql_compiled: None) -> None:
    from tests.googlesql import GoogleSql  # noqa: PLC0415 - heavy, and few tests need it

    wanted = described()
    analyser = GoogleSql(wanted)

    assert all(analyser.columns(query.sql) for query in queries_of(wanted))
