"""What the text of a query tells by the declared tables: an honest one has no problems, a wrong one has its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.definition.statement_checks import statement_problems
from bot.statements import only_reads
from checks.pipeline import Table
from checks.ports import Query
from tests.pipelines.nba_world import NBA

HONEST = (Path(__file__).parent / "honest_queries.sql").read_text(encoding="utf-8").splitlines()
ORDERS = {
    "order_id": "INT64",
    "customer_id": "INT64",
    "amount": "NUMERIC",
    "tax": "NUMERIC",
    "status": "STRING",
    "day": "DATE",
    "created_at": "TIMESTAMP",
    "tags": "ARRAY<STRING>",
}
SHOP = NBA.model_copy(
    update={
        "project": "example-project",
        "tables": {
            "shop.orders": Table.model_validate({"partition": "day", "filter_required": True, "columns": ORDERS}),
            "shop.customers": Table(
                columns={"customer_id": "INT64", "country": "STRING", "address": "STRUCT<city STRING, postcode STRING>"}
            ),
            "shop.events": Table(columns={"created_at": "TIMESTAMP", "payload": "JSON"}),
            "shop.visits": Table(columns={"url": "STRING"}),
        },
    }
)


@pytest.mark.parametrize("sql", HONEST)
def test_an_honest_query_reads_and_has_no_problems(sql: str) -> None:
    assert only_reads(Query(sql)) is True
    assert list(statement_problems(sql, SHOP)) == []


@pytest.mark.xdist_group("googlesql")
def test_every_honest_query_is_one_for_googles_parser(googlesql_compiled: None) -> None:
    from tests.googlesql import statement_kinds  # noqa: PLC0415 - heavy, and few tests need it

    kinds = {sql: statement_kinds(Query(sql).text()) for sql in HONEST}

    assert {sql for sql, found in kinds.items() if found != ["ast_query_statement_node"]} == set()


UNFILTERED = "without a constant filter on day"
CUSTOMERS = "JOIN {shop}.customers AS c ON c.customer_id = o.customer_id AND o.day = @date"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"SELECT 1 FROM {{shop}}.orders AS o LEFT {CUSTOMERS}", UNFILTERED),
        (f"SELECT 1 FROM {{shop}}.orders AS o FULL {CUSTOMERS}", UNFILTERED),
        ("SELECT 1 FROM {shop}.visits RIGHT JOIN {shop}.orders AS o ON o.day = @date", UNFILTERED),
        ("SELECT 1 FROM {shop}.orders, {shop}.elsewhere WHERE day = @date", UNFILTERED),
        ("SELECT 1 FROM {shop}.orders, (SELECT * FROM {shop}.elsewhere) WHERE day = @date", UNFILTERED),
        ("FROM {shop}.orders |> AGGREGATE COUNT(*) AS n GROUP BY day |> WHERE day = @date", UNFILTERED),
        ("SELECT 1 FROM {shop}.customers QUALIFY ROW_NUMBER() OVER (PARTITION BY contry) = 1", "'country'"),
        ("SELECT 1 FROM {shop}.customers GROUP BY contry", "'country'"),
        ("SELECT 1 FROM {shop}.customers ORDER BY contry", "'country'"),
        ("SELECT 1 FROM {shop}.customers HAVING MAX(contry) = 'a'", "'country'"),
        ("SELECT * EXCEPT (contry) FROM {shop}.customers", "'country'"),
        ("SELECT 1 FROM {shop}.visits JOIN {shop}.customers USING (contry)", "'country'"),
        ("FROM {shop}.customers |> WHERE contry = 'a' |> AGGREGATE COUNT(*) AS n", "'country'"),
        ("WITH a AS (SELECT contry FROM {shop}.customers) SELECT * FROM a", "'country'"),
        ("SELECT 1 FROM `other-project.shop.visits`", "'other-project'"),
    ],
)
def test_a_wrong_query_has_its_problem(sql: str, words: str) -> None:
    (problem,) = [sentence for sentence, _ in statement_problems(sql, SHOP)]

    assert words in problem
