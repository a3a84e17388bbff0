"""What the text of a query tells by the declared tables: an honest one has no problems, a wrong one has its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.definition.statement_checks import statement_problems
from bot.statements import only_reads
from checks.pipeline import Table
from checks.ports.warehouse import Query
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
            "other-project.shop.stores": Table.model_validate(
                {"partition": "day", "filter_required": True, "columns": {"day": "DATE", "country": "STRING"}}
            ),
        },
    }
)


@pytest.mark.parametrize("sql", HONEST)
def test_an_honest_query_reads_and_has_no_problems(sql: str) -> None:
    assert only_reads(Query(sql)) is True
    assert list(statement_problems(sql, SHOP)) == []


@pytest.mark.xdist_group("googlesql")
@pytest.mark.slow
def test_every_honest_query_is_one_for_googles_parser(googlesql_compiled: None) -> None:
    from tests.googlesql import statement_kinds  # noqa: PLC0415 - heavy, and few tests need it

    kinds = {sql: statement_kinds(Query(sql).text()) for sql in HONEST}

    assert {sql for sql, found in kinds.items() if found != ["ast_query_statement_node"]} == set()


UNFILTERED = "without a constant filter on day"
ENDLESS = "SELECT day FROM {shop}.orders UNION ALL SELECT DATE_ADD(day, INTERVAL 1 DAY) FROM r"
CUSTOMERS = "JOIN {shop}.customers AS c ON c.customer_id = o.customer_id AND o.day = @date"


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param("SELECT order_id FROM {shop}.orders", id="the column does not leave"),
        pytest.param("SELECT * EXCEPT (day) FROM {shop}.orders", id="it is left out"),
        pytest.param("SELECT * REPLACE (DATE(created_at) AS day) FROM {shop}.orders", id="it is replaced"),
        pytest.param("SELECT DATE_ADD(day, INTERVAL 1 DAY) AS day FROM {shop}.orders", id="it is another value"),
        pytest.param("SELECT DATE(created_at) AS day, day AS d FROM {shop}.orders", id="its name is another column's"),
        pytest.param("SELECT * FROM {shop}.orders LIMIT 5", id="a limit"),
        pytest.param("SELECT * FROM {shop}.orders ORDER BY amount LIMIT 5 OFFSET 2", id="an offset"),
        pytest.param("SELECT MAX(day) AS day FROM {shop}.orders", id="an aggregate of it"),
        pytest.param("SELECT MIN(day) AS day FROM {shop}.orders GROUP BY status", id="another key"),
        pytest.param("SELECT day, COUNT(*) AS n FROM {shop}.orders GROUP BY ROLLUP (day)", id="a total over all of it"),
        pytest.param("SELECT day, SUM(amount) OVER (ORDER BY day) AS s FROM {shop}.orders", id="a running sum"),
        pytest.param(
            "SELECT day, LAG(amount) OVER w AS a FROM {shop}.orders WINDOW w AS (PARTITION BY status ORDER BY day)",
            id="a named window over other days",
        ),
        pytest.param(
            "SELECT * FROM {shop}.orders QUALIFY ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY created_at) = 1",
            id="the newest of all days",
        ),
        pytest.param(
            "SELECT o.day FROM {shop}.customers AS c LEFT JOIN {shop}.orders AS o USING (customer_id)",
            id="the side of a LEFT JOIN that may be NULL",
        ),
        pytest.param(
            "SELECT o.day FROM {shop}.orders AS o RIGHT JOIN {shop}.customers AS c USING (customer_id)",
            id="the side of a RIGHT JOIN that may be NULL",
        ),
        pytest.param(
            "SELECT o.day FROM {shop}.orders AS o FULL JOIN {shop}.customers AS c USING (customer_id)", id="a FULL JOIN"
        ),
        pytest.param(
            "(SELECT day FROM {shop}.orders WHERE day = @date) UNION ALL (SELECT DATE(created_at) FROM {shop}.orders)",
            id="another column of a union",
        ),
        pytest.param(
            "SELECT day FROM {shop}.orders WHERE day = @date UNION ALL SELECT day FROM {shop}.orders LIMIT 9",
            id="a union with a limit",
        ),
        pytest.param(
            "SELECT url, 1 AS day FROM {shop}.visits WHERE @date IN (SELECT day FROM {shop}.orders)",
            id="a subquery in a condition",
        ),
    ],
)
def test_a_filter_outside_does_not_reach_what_would_change_by_it(inner: str) -> None:
    for sql in (f"WITH a AS ({inner}) SELECT 1 FROM a WHERE day = @date", f"SELECT 1 FROM ({inner}) WHERE day = @date"):
        (problem,) = [sentence for sentence, _ in statement_problems(sql, SHOP)]

        assert UNFILTERED in problem


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("WITH a AS (SELECT * FROM {shop}.orders) SELECT 1 FROM a", UNFILTERED),
        ("WITH a AS (SELECT * FROM {shop}.orders) SELECT 1 FROM a WHERE status = 'paid'", UNFILTERED),
        (
            "WITH a AS (SELECT * FROM {shop}.orders) SELECT 1 FROM a JOIN a AS b USING (order_id) WHERE a.day = @date",
            UNFILTERED,
        ),
        ("WITH a AS (SELECT * FROM {shop}.orders) SELECT 1 FROM a WHERE day = @date OR status = 'open'", UNFILTERED),
        ("WITH a AS (SELECT * FROM {shop}.orders) SELECT 1 FROM a WHERE day = (SELECT MAX(day) FROM a)", UNFILTERED),
        (
            "WITH a AS (SELECT * FROM {shop}.orders), b AS (SELECT * FROM a LIMIT 9) SELECT 1 FROM b WHERE day = @date",
            UNFILTERED,
        ),
        (
            "WITH a AS (SELECT * FROM {shop}.orders) SELECT 1 FROM a WHERE day = @date UNION ALL SELECT 1 FROM a",
            UNFILTERED,
        ),
        (
            f"WITH RECURSIVE r AS ({ENDLESS}) SELECT 1 FROM r WHERE day = @date",
            UNFILTERED,
        ),
        ("SELECT 1 FROM {shop}.orders AS o FULL JOIN {shop}.orders AS p USING (day) WHERE day = @date", UNFILTERED),
        (f"SELECT 1 FROM {{shop}}.orders AS o LEFT {CUSTOMERS}", UNFILTERED),
        (f"SELECT 1 FROM {{shop}}.orders AS o FULL {CUSTOMERS}", UNFILTERED),
        ("SELECT 1 FROM {shop}.visits RIGHT JOIN {shop}.orders AS o ON o.day = @date", UNFILTERED),
        ("SELECT 1 FROM {shop}.orders, {shop}.elsewhere WHERE day = @date", UNFILTERED),
        ("SELECT 1 FROM {shop}.orders, (SELECT * FROM {shop}.elsewhere) WHERE day = @date", UNFILTERED),
        ("FROM {shop}.orders |> AGGREGATE COUNT(*) AS n, MAX(day) AS day |> WHERE day = @date", UNFILTERED),
        ("SELECT 1 FROM {shop}.customers QUALIFY ROW_NUMBER() OVER (PARTITION BY contry) = 1", "'country'"),
        ("SELECT 1 FROM {shop}.customers GROUP BY contry", "'country'"),
        ("SELECT 1 FROM {shop}.customers ORDER BY contry", "'country'"),
        ("SELECT 1 FROM {shop}.customers HAVING MAX(contry) = 'a'", "'country'"),
        ("SELECT * EXCEPT (contry) FROM {shop}.customers", "'country'"),
        ("SELECT 1 FROM {shop}.visits JOIN {shop}.customers USING (contry)", "'country'"),
        ("FROM {shop}.customers |> WHERE contry = 'a' |> AGGREGATE COUNT(*) AS n", "'country'"),
        ("WITH a AS (SELECT contry FROM {shop}.customers) SELECT * FROM a", "'country'"),
        ("SELECT 1 FROM `other-project.shop.visits`", "other-project.shop.visits"),
        ("SELECT 1 FROM `other-project`.shop.stores WHERE day = @date", "in one pair of backquotes"),
        ("SELECT 1 FROM `other-project.shop.stores`", "other-project.shop.stores without a constant filter on day"),
        ("SELECT contry FROM `other-project.shop.stores` WHERE day = @date", "'country'"),
    ],
)
def test_a_wrong_query_has_its_problem(sql: str, words: str) -> None:
    (problem,) = [sentence for sentence, _ in statement_problems(sql, SHOP)]

    assert words in problem
