"""What a statement reads of its tables: never less than its answer depends on."""

from __future__ import annotations

import pytest

from bot.sources.warehouse.table_reads import TableRead, table_reads
from checks.pipeline import Table
from checks.ports.warehouse import Parameter, Query

TABLES = {
    "raw.games": Table(columns={"game": "STRING", "day": "DATE", "status": "INT64"}, partition="day"),
    "raw.notes": Table(columns={"game": "STRING", "day": "DATE", "text": "STRING"}),
}


def read(sql: str, name: str = "raw.games") -> TableRead:
    return table_reads([Query(sql)], TABLES)[name]


def test_only_the_columns_and_the_rows_that_count_are_read() -> None:
    found = read("SELECT COUNT(*) AS n FROM {raw}.games WHERE day = '2026-02-10'")

    assert found.columns == {"day"}
    assert found.conditions == {"day = '2026-02-10'"}


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT COUNTIF(day = '2026-02-10') AS n FROM {raw}.games", id="no condition"),
        pytest.param(
            "SELECT COUNT(*) AS n FROM {raw}.notes n LEFT JOIN {raw}.games g ON n.game > g.game WHERE g.day IS NULL",
            id="rows that an outer join looks for in vain",
        ),
        pytest.param(
            "SELECT COUNT(*) AS n FROM {raw}.games WHERE game IN (SELECT game FROM {raw}.notes)", id="another table"
        ),
        pytest.param("SELECT COUNT(*) AS n FROM {raw}.games WHERE status = 1 OR RAND() < status", id="chance"),
    ],
)
def test_a_condition_that_may_change_the_answer_is_left_away(sql: str) -> None:
    assert read(sql).conditions is None


def test_a_query_that_reads_everything_wins_over_one_that_filters() -> None:
    filtered = Query("SELECT COUNT(*) AS n FROM {raw}.games WHERE status = 1")
    every = Query("SELECT MAX(day) AS n FROM {raw}.games")

    for queries in ([filtered, every], [every, filtered]):
        found = table_reads(queries, TABLES)["raw.games"]
        assert (found.conditions, found.columns) == (None, {"status", "day"})


def test_parameters_of_one_name_that_differ_stay_apart() -> None:
    sql = "SELECT COUNT(*) AS n FROM {raw}.games WHERE status = @status"

    found = table_reads([Query(sql, {"status": Parameter("INT64", each)}) for each in (1, 2, 2)], TABLES)["raw.games"]

    assert len(found.conditions or ()) == 2
    assert sorted(each.value for each in found.parameters.values()) == [1, 2]


def test_a_star_reads_every_column_and_an_alias_only_its_own() -> None:
    joined = "SELECT n.text FROM {raw}.notes AS n JOIN {raw}.games AS g ON n.game = g.game AND g.day = n.day"

    assert read("SELECT * FROM {raw}.games").columns == {"game", "day", "status"}
    assert read(joined).columns == {"game", "day"}
    assert read(joined, "raw.notes").columns == {"game", "day", "text"}


def test_of_a_statement_that_nobody_can_parse_every_column_it_names_is_read() -> None:
    found = read("SELECT game, FROM games ((( WHERE status = 1")

    assert found.columns == {"game", "status"}
    assert found.conditions is None


def test_a_column_without_a_qualifier_may_be_of_a_table_behind_a_subquery_without_a_name() -> None:
    sql = "SELECT COUNTIF(copies > 1) AS n FROM (SELECT COUNT(*) AS copies FROM {raw}.games GROUP BY status)"

    assert read(sql).columns == {"status"}
