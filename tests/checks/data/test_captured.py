"""A column that a table has lost is missed, also beside a table that has one of the same name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from bot.definition.pipeline_file import load_pipeline
from bot.definition.pipeline_queries import queries_of
from bot.discovery.profile import KeyReference, Subject, references_query
from bot.sources.warehouse.local import LocalData, LocalWarehouse
from bot.statements import statement_of
from checks.catalog import checks_of
from checks.model import Outcome
from checks.pipeline import Pipeline
from tests.fakes import pipeline, ports, run_check

REPOSITORY = Path(__file__).parents[3]
PIPELINES = [*sorted((REPOSITORY / "examples").glob("*/pipeline.yaml")), REPOSITORY / "bot/pipelines/nba.yaml"]
SHOP: dict[str, Any] = {
    "shop.customers": {
        "columns": {"customer_id": "STRING", "day": "DATE", "name": "STRING"},
        "partition": "day",
        "filter_required": True,
    },
    "shop.orders": {
        "columns": {"order_id": "STRING", "customer_id": "STRING", "day": "DATE", "refunds": "STRING"},
        "partition": "day",
        "expect": {
            "volume": {"by": "customer_id"},
            "references": {"customer_id": "shop.customers.customer_id", "refunds": "shop.orders.order_id"},
        },
    },
}


CUSTOMER = KeyReference(column="customer_id", table="shop.customers", key="customer_id")


def shop() -> Pipeline:
    return pipeline(tables=SHOP, checks=[])


def capturable(sql: str) -> Iterator[str]:
    """Yield each column that a SELECT inside of another one names alone, where it reads a table itself: if the table
    lost it, it would be taken from the tables around. What stands in WITH has none around."""
    tree = statement_of(re.sub(r"[{}]", "", sql)).tree
    assert tree is not None, sql
    for scope in traverse_scope(tree):
        reads = any(isinstance(each, exp.Table) for each in scope.sources.values())
        if reads and (scope.is_subquery or joined(scope)):
            yield from (column.sql() for column in scope.columns if not column.table)


def joined(scope: Scope) -> bool:
    """Whether a SELECT in FROM has another table before it."""
    return scope.is_derived_table and isinstance(scope.expression.find_ancestor(exp.Join, exp.From), exp.Join)


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.parent.name)
def test_no_query_of_a_pipeline_takes_a_column_from_the_tables_around(path: Path) -> None:
    queries = list(queries_of(load_pipeline(path)))

    assert queries
    assert {each.label: found for each in queries if (found := list(capturable(each.sql)))} == {}


def test_no_generated_query_takes_a_column_from_the_tables_around() -> None:
    subject = Subject(name="shop.orders", columns=SHOP["shop.orders"]["columns"], date="day")
    discovered = references_query(subject, [CUSTOMER], "UTC")
    queries = [*(each.sql for each in queries_of(shop())), discovered.sql]

    assert [each for sql in queries for each in capturable(sql)] == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 FROM a LEFT JOIN (SELECT DISTINCT k AS there FROM b) ON there = a.k", ["k"]),
        ("SELECT 1 FROM a WHERE k IN (SELECT k FROM b)", ["k"]),
        ("SELECT (SELECT COUNT(b.k) FROM b WHERE day = @date) AS n FROM a", ["day"]),
        ("WITH b AS (SELECT k FROM c) SELECT 1 FROM a WHERE k IN (SELECT k FROM b)", []),
        ("SELECT 1 FROM (SELECT k FROM a) LEFT JOIN (SELECT b.k AS there FROM b) ON there = k", []),
    ],
)
def test_what_could_be_taken_is_found(sql: str, expected: list[str]) -> None:
    assert list(capturable(sql)) == expected


@pytest.mark.parametrize("lost", ["customer_id", "day"])
def test_a_column_that_the_other_table_has_lost_is_no_pass(tmp_path: Path, lost: str) -> None:
    with duckdb.connect(str(tmp_path / "all.duckdb")) as data:
        kept = {"customer_id": "'c'", "day": "DATE '2026-02-10'", "name": "'x'"}
        named = ", ".join(f"{sql} AS {name}" for name, sql in kept.items() if name != lost)
        data.execute("CREATE SCHEMA shop")
        data.execute(f"CREATE TABLE shop.customers AS SELECT {named}")
        data.execute(
            "CREATE TABLE shop.orders AS "
            "SELECT 'a' AS order_id, 'c' AS customer_id, DATE '2026-02-10' AS day, 'a' AS refunds"
        )
    with closing(LocalWarehouse(LocalData(tmp_path / "all.duckdb"), shop())) as warehouse:
        check = next(each for each in checks_of(shop()) if each.id == "shop-orders")
        found = run_check(check, shop(), ports(warehouse=warehouse)).findings

    assert [each.subject for each in found if each.code == "column-lost"] == [f"shop.customers.{lost}"]
    assert all(each.outcome is not Outcome.PASSED for each in found)
