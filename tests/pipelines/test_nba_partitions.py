"""Every query of the NBA pipeline filters its partitioned tables by a constant."""

from __future__ import annotations

import pytest

from bot.definition.pipeline_queries import queries_of
from tests.pipelines.nba_world import NBA
from tests.pipelines.sql_text import unfiltered_in

GRADES = "nba_predictions.prediction_accuracy"


def test_every_partitioned_table_is_filtered_by_a_constant() -> None:
    unfiltered = {query.path: unfiltered_in(query.sql, NBA.tables) for query in queries_of(NBA)}

    assert {path: tables for path, tables in unfiltered.items() if tables} == {}


def test_the_tables_that_require_a_filter_are_those_that_bigquery_refuses_to_read_without() -> None:
    required = {name for name, table in NBA.tables.items() if table.filter_required}

    assert required == {
        "nba_raw.nbac_schedule",
        "nba_raw.nbac_team_boxscore",
        "nba_raw.nbac_player_boxscores",
        "nba_raw.bigdataball_play_by_play",
        "nba_raw.odds_api_player_points_props",
        "nba_raw.odds_api_game_lines",
        "nba_raw.bettingpros_player_points_props",
        "nba_predictions.signal_best_bets_picks",
        "nba_predictions.player_prop_predictions",
        "nba_predictions.prediction_accuracy",
        "nba_predictions.ml_feature_store_v2",
        "nba_analytics.team_offense_game_summary",
    }


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("game_date = @date", id="a parameter"),
        pytest.param("@date = game_date", id="the other way round"),
        pytest.param("game_date = '2026-02-10'", id="a literal"),
        pytest.param("game_date >= DATE_SUB(@date, INTERVAL 7 DAY)", id="a function of a parameter"),
        pytest.param("game_date BETWEEN DATE_SUB(@date, INTERVAL 7 DAY) AND @date", id="between"),
        pytest.param("GAME_DATE = @date", id="in capitals"),
        pytest.param("game_date IN (@date, DATE_SUB(@date, INTERVAL 1 DAY))", id="a list of constants"),
        pytest.param("game_date IN UNNEST(GENERATE_DATE_ARRAY(@date, @date))", id="an array of constants"),
        pytest.param("game_date = @date OR (game_date < '2020-01-01' AND is_voided)", id="both sides of an OR"),
        pytest.param("is_voided AND (game_date = @date) AND graded_at IS NOT NULL", id="among others"),
    ],
)
def test_a_constant_filter_is_accepted(where: str) -> None:
    sql = f"SELECT COUNT(*) AS n FROM {{nba_predictions}}.prediction_accuracy WHERE {where}"

    assert unfiltered_in(sql, NBA.tables) == []


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("", id="none"),
        pytest.param("WHERE is_voided", id="another column"),
        pytest.param("WHERE game_date IS NOT NULL", id="no comparison"),
        pytest.param("WHERE game_date = DATE(graded_at)", id="a column instead of a constant"),
        pytest.param("WHERE game_date = @date OR is_voided", id="one side of an OR"),
        pytest.param("WHERE NOT game_date = @date", id="negated"),
        pytest.param("WHERE game_date IN (SELECT cache_date FROM x.y)", id="in a subquery"),
        pytest.param("WHERE game_date IN (@date, DATE(graded_at))", id="a list, half constant"),
        pytest.param("WHERE game_date <> @date", id="all other days"),
        pytest.param("WHERE DATE_ADD(game_date, INTERVAL 1 DAY) = @date", id="a function of the column"),
        pytest.param("WHERE game_date = (SELECT MAX(cache_date) FROM x.y)", id="a subquery"),
        pytest.param("WHERE game_date BETWEEN @date AND DATE(graded_at)", id="between, half constant"),
        pytest.param("GROUP BY system_id HAVING MAX(game_date) = @date", id="after grouping"),
    ],
)
def test_what_is_no_constant_filter_is_found(where: str) -> None:
    tables = {
        **NBA.tables,
        "x.y": NBA.tables["nba_precompute.player_daily_cache"].model_copy(update={"partition": None}),
    }
    sql = f"SELECT COUNT(*) AS n FROM {{nba_predictions}}.prediction_accuracy {where}"

    assert unfiltered_in(sql, tables) == [GRADES]


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            "WITH a AS (SELECT * FROM {nba_predictions}.prediction_accuracy) SELECT * FROM a WHERE game_date = @date",
            id="outside its common table expression",
        ),
        pytest.param(
            "SELECT 1 AS n FROM {nba_predictions}.prediction_accuracy GROUP BY game_date HAVING game_date = @date",
            id="on a key of its groups",
        ),
    ],
)
def test_a_filter_that_bigquery_can_apply_to_the_table_is_accepted_where_it_stands(sql: str) -> None:
    assert unfiltered_in(sql, NBA.tables) == []


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            "WITH a AS (SELECT * FROM {nba_predictions}.prediction_accuracy LIMIT 9) "
            "SELECT * FROM a WHERE game_date = @date",
            id="outside a common table expression that BigQuery has to compute without it",
        ),
        pytest.param(
            "SELECT 1 AS n FROM {nba_predictions}.ml_feature_store_v2 AS f "
            "JOIN {nba_predictions}.prediction_accuracy AS g ON g.player_lookup = f.player_lookup "
            "WHERE f.game_date = @date",
            id="on the other table of a join",
        ),
        pytest.param(
            "SELECT 1 AS n FROM {nba_predictions}.prediction_accuracy WHERE game_date = @date "
            "UNION ALL SELECT 1 FROM {nba_predictions}.prediction_accuracy",
            id="in the other half of a union",
        ),
        pytest.param(
            "SELECT 1 AS n FROM {nba_predictions}.ml_feature_store_v2 AS f "
            "JOIN {nba_predictions}.prediction_accuracy AS g ON g.player_lookup = f.player_lookup "
            "WHERE f.game_date = @date AND game_date = @date",
            id="on a column of nobody knows which table",
        ),
    ],
)
def test_a_filter_in_the_wrong_place_is_found(sql: str) -> None:
    assert unfiltered_in(sql, NBA.tables) == [GRADES]
