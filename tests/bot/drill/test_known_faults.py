"""Incidents that were once told as several, or by their symptom: each is one cause, at its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.drill.rows import none, on, with_dates
from bot.drill.rows import put as broken
from bot.scenarios.world import Change, World
from checks.model import Cause, Outcome, Report, Severity
from tests.bot.drill.test_drill import ground

NIGHT, SLATE = "2026-02-10", "2026-02-11"
PREDICTIONS = "nba_predictions.player_prop_predictions"
BOX_SCORES = ("gamebook_player_stats", "team_boxscore", "player_boxscores")


def report(*changes: Change) -> Report:
    whole = ground("healthy-afternoon")

    def change(world: World) -> World:
        for each in changes:
            world = each(world)
        return world

    return whole.validated(change)


def only(found: Report) -> Cause:
    (cause,) = found.causes
    failed = {
        finding.key(result.check)
        for result, finding in found.findings()
        if finding.outcome in (Outcome.FAILED, Outcome.UNKNOWN) and finding.severity is not Severity.P3
    }
    assert failed <= set(cause.explains)
    return cause


def gone(table: str, day: str = SLATE, *, empties: bool = True) -> Change:
    return broken(ground("healthy-afternoon").healthy, table, day, none, empties=empties)


def valued(table: str, day: str, column: str, value: object) -> Change:
    return broken(ground("healthy-afternoon").healthy, table, day, on(column, lambda _: value))


@pytest.mark.slow
def test_what_a_phase_is_made_of_is_the_cause_of_its_having_no_rows() -> None:
    assert str(only(report(gone("nba_raw.odds_api_player_points_props"))).place).startswith("table:nba_raw.odds_api")


SCHEDULE, RECORDS = "nba_reference.nba_schedule", "nba_analytics.player_game_summary"
GRADES = "nba_predictions.prediction_accuracy"
DECISIONS, SCRAPERS = "nba_orchestration.workflow_decisions", "nba_orchestration.scraper_execution_log"


def renamed(table: str, day: str, column: str, old: str, new: str) -> Change:
    return broken(
        ground("healthy-afternoon").healthy, table, day, on(column, lambda value: new if value == old else value)
    )


def wrong_keys(table: str, day: str, column: str) -> Change:
    return broken(ground("healthy-afternoon").healthy, table, day, on(column, lambda value: f"{value}-x"))


def a_day_old(table: str, day: str, column: str) -> Change:
    return broken(ground("healthy-afternoon").healthy, table, day, with_dates([column], -1))


@pytest.mark.parametrize(
    ("change", "table"),
    [
        pytest.param(lambda: renamed(SCHEDULE, SLATE, "home_team_tricode", "NOP", "NOR"), SCHEDULE, id="a team"),
        pytest.param(lambda: renamed(SCHEDULE, NIGHT, "home_team_tricode", "PHX", "PHO"), SCHEDULE, id="its games"),
        pytest.param(lambda: renamed(RECORDS, NIGHT, "team_abbr", "PHX", "PHO"), RECORDS, id="one team of the records"),
        pytest.param(lambda: renamed(GRADES, NIGHT, "game_id", "20260210_DAL_PHX", "20260210_DAL"), GRADES, id="game"),
        pytest.param(lambda: wrong_keys(RECORDS, NIGHT, "game_id"), RECORDS, id="games of the records"),
        pytest.param(lambda: wrong_keys(PREDICTIONS, NIGHT, "game_id"), PREDICTIONS, id="games of predictions"),
        pytest.param(lambda: wrong_keys("nba_precompute.player_daily_cache", NIGHT, "player_lookup"),
                     "nba_precompute.player_daily_cache", id="keys of a past date"),
        pytest.param(lambda: wrong_keys(SCRAPERS, SLATE, "scraper_name"), SCRAPERS, id="names of scrapers"),
        pytest.param(lambda: a_day_old(SCRAPERS, NIGHT, "triggered_at"), SCRAPERS, id="scrapers before the games"),
        pytest.param(lambda: gone(DECISIONS, NIGHT), DECISIONS, id="no decision, and nothing scraped"),
        pytest.param(
            lambda: lambda world: replace(world, tables={**world.tables, DECISIONS: []}), DECISIONS, id="none ever"
        ),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_what_is_written_otherwise_or_not_at_all_is_named_where_it_is(change: Callable[[], Change], table: str) -> None:
    place = only(report(change())).place

    assert place is not None
    assert place.name == table


def again(table: str, day: str, share: slice, **other: object) -> Change:
    """Some rows of a date are there a second time, with other values."""
    healthy = ground("healthy-afternoon").healthy
    return broken(healthy, table, day, lambda rows: [*rows, *({**row, **other} for row in rows[share])])


PICKS = "nba_predictions.signal_best_bets_picks"


@pytest.mark.parametrize(
    ("change", "table"),
    [
        pytest.param(lambda: again(SCHEDULE, SLATE, slice(5), game_id="0022501800"), SCHEDULE, id="other ids"),
        pytest.param(lambda: again(RECORDS, NIGHT, slice(30), game_id="20260210_LAL_SAS"), RECORDS, id="turned round"),
        pytest.param(lambda: valued(PICKS, SLATE, "edge", None), PICKS, id="picks without an edge"),
        pytest.param(lambda: valued(PICKS, SLATE, "system_id", "moving_average"), PICKS, id="picks of no system"),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_what_is_there_again_under_another_name_is_noticed(change: Callable[[], Change], table: str) -> None:
    place = only(report(change())).place

    assert place is not None
    assert place.name == table


@pytest.mark.slow
def test_predictions_that_are_made_of_features_follow_from_their_absence() -> None:
    made = (PREDICTIONS, "nba_predictions.daily_prediction_signals", PICKS)
    features = "nba_predictions.ml_feature_store_v2"

    def empty_handed(world: World) -> World:
        path = f"phase4_completion/{SLATE}"
        task = {**world.documents[path]["ml_feature_store"], "record_count": 0}
        return replace(world, documents={**world.documents, path: {**world.documents[path], "ml_feature_store": task}})

    place = only(report(empty_handed, gone(features), *map(gone, made))).place

    assert place is not None
    assert place.name == features


@pytest.mark.slow
def test_predictions_that_join_no_game_follow_from_the_teams_of_the_schedule() -> None:
    place = only(report(valued("nba_reference.nba_schedule", SLATE, "home_team_tricode", "ATL-x"))).place

    assert place is not None
    assert place.name == "nba_reference.nba_schedule"


@pytest.mark.parametrize("column", ["player_lookup", "game_id"])
def test_a_pick_that_is_no_prediction_is_noticed(column: str) -> None:
    place = only(report(valued("nba_predictions.signal_best_bets_picks", SLATE, column, "someone"))).place

    assert place is not None
    assert place.name == "nba_predictions.signal_best_bets_picks"


@pytest.mark.parametrize(("tables", "causes"), [(BOX_SCORES, 1), (BOX_SCORES[:2], 2)], ids=["many", "two"])
@pytest.mark.slow
def test_many_tables_of_one_writer_that_get_nothing_are_one_cause(tables: tuple[str, ...], causes: int) -> None:
    found = report(*(gone(f"nba_raw.nbac_{each}", NIGHT, empties=False) for each in tables))

    assert len(found.causes) == causes
    assert all(any(f"nbac_{each}" in str(said) for said in found.causes) for each in tables)


def test_what_has_no_value_to_judge_follows_from_the_missing_values() -> None:
    only(report(valued("nba_predictions.ml_feature_store_v2", SLATE, "matchup_quality_pct", None)))


def test_a_trigger_that_is_gone_is_a_cause() -> None:
    def without(world: World) -> World:
        kept = tuple(each for each in world.triggers if each.name != "deploy-prediction-worker")
        return replace(world, triggers=kept)

    assert only(report(without)).code == "not-deployed"
