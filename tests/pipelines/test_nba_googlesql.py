"""Every statement of the NBA pipeline, analysed by Google's own analyser against the declared columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from bot.definition.pipeline_queries import DeclaredQuery, queries_of
from bot.definition.pipeline_references import TEMPLATE_NAMES, templates_of
from checks.sql_check_spec import Rule, SqlCheck
from checks.templates import columns_in
from checks.values import Comparison
from tests.pipelines.nba_world import NBA
from tests.thoroughness import sampled

if TYPE_CHECKING:
    from tests.googlesql import GoogleSql

pytestmark = pytest.mark.xdist_group("googlesql")

CONTRACT = {
    "period": "DATE",
    "number": "INT64",
    "row_count": "INT64",
    "first_at": "TIMESTAMP",
    "last_at": "TIMESTAMP",
    "transition": "STRING",
    "rows_for_date": "INT64",
    "last_ever_at": "TIMESTAMP",
    "processor": "STRING",
    "run_id": "STRING",
    "phase": "STRING",
    "run_count": "INT64",
    "started_at": "TIMESTAMP",
    "service": "STRING",
    "at": "TIMESTAMP",
    "message": "STRING",
}
"""The types of the columns that the Python checks read."""


def misfits(check: SqlCheck, columns: Mapping[str, str]) -> list[str]:
    """Return the columns that templates or rules of a check need and its query does not give, or not in that type."""
    templates = {column for _, template in templates_of(check) for column in columns_in(template)}
    lacking = [f"{column} is not selected" for column in sorted(templates - TEMPLATE_NAMES - columns.keys())]
    return [*lacking, *(problem for rule in check.rules for problem in _rule_misfits(rule, columns))]


def _rule_misfits(rule: Rule, columns: Mapping[str, str]) -> Iterator[str]:
    for column, comparison in rule.condition.items():
        if column not in columns:
            yield f"{column} is not selected"
        elif columns[column] not in _types_for(comparison):
            yield f"{column} is {columns[column]}"


def _types_for(comparison: Comparison) -> set[str]:
    if isinstance(comparison.equals, bool):
        return {"BOOL"}
    return {"STRING"} if isinstance(comparison.equals, str) else {"INT64", "FLOAT64"}


@pytest.mark.parametrize("query", sampled(tuple(queries_of(NBA)), 3), ids=lambda query: ".".join(map(str, query.path)))
@pytest.mark.sampled(4)
def test_a_query_is_googlesql_on_the_declared_columns(query: DeclaredQuery, googlesql: GoogleSql) -> None:
    columns = googlesql.columns(query.sql)

    assert {name: CONTRACT[name] for name in query.columns} == {name: columns.get(name) for name in query.columns}


@pytest.mark.parametrize("check", NBA.checks, ids=lambda check: check.id)
@pytest.mark.sampled(4)
def test_templates_and_rules_use_columns_that_the_query_gives(check: SqlCheck, googlesql: GoogleSql) -> None:
    assert misfits(check, googlesql.columns(check.query)) == []


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT usage AS n FROM {nba_analytics}.player_game_summary", "usage"),
        ("SELECT COUNT(*) AS n FROM {nba_analytics}.players", "players"),
        ("SELECT COUNT(*) AS n FROM {nba_raw}.nbac_schedule WHERE game_date = @day", "day"),
        ("SELECT COUNT(*) AS n FROM {nba_raw}.nbac_schedule WHERE game_date = game_id", "="),
        ("SELECT COUNT(*) AS n FROM {nba_raw}.nbac_schedule WHERE game_date = @minimum_picks", "="),
        ("SELECT game_id, COUNT(*) AS n FROM {nba_raw}.nbac_schedule", "game_id"),
        ("SELECT COUNT(*) FILTER (WHERE TRUE) AS n FROM {nba_raw}.nbac_schedule", "("),
    ],
    ids=["column", "table", "parameter", "types", "type of a parameter", "aggregation", "another dialect"],
)
def test_a_statement_that_is_wrong_is_rejected(sql: str, named: str, googlesql: GoogleSql) -> None:
    from tests.googlesql import RejectedSqlError  # noqa: PLC0415 - see the fixture

    with pytest.raises(RejectedSqlError) as rejection:
        googlesql.columns(sql)

    assert named in str(rejection.value)


@pytest.mark.parametrize("check", NBA.checks, ids=lambda check: check.id)
def test_a_shipped_query_with_a_wrong_column_is_rejected(check: SqlCheck, googlesql: GoogleSql) -> None:
    from tests.googlesql import RejectedSqlError  # noqa: PLC0415 - see the fixture

    wrong = check.query.replace("game_date", "date_of_game").replace("cache_date", "date_of_cache")
    wrong = wrong.replace("inserted_at", "added_at").replace("decision_time", "decided_at")

    with pytest.raises(RejectedSqlError, match=r"date_of_game|date_of_cache|added_at|decided_at"):
        googlesql.columns(wrong)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"cache_rows": "INT64"}, "players is not selected"),
        ({"players": "INT64"}, "cache_rows is not selected"),
        ({"cache_rows": "STRING", "players": "INT64"}, "cache_rows is STRING"),
        ({"cache_rows": "BOOL", "players": "INT64"}, "cache_rows is BOOL"),
    ],
    ids=["a column of a template", "a column of a rule", "a rule on a text", "a rule on a truth value"],
)
def test_a_column_that_does_not_fit_is_found(columns: Mapping[str, str], problem: str) -> None:
    (check,) = (each for each in NBA.checks if each.id == "precompute-rows")

    assert problem in misfits(check, columns)
