"""Incidents that were once told as several, or by their symptom: each is one cause, at its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.drill.rows import none, on
from bot.drill.rows import put as broken
from bot.drill.run import validated
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

    return validated(whole.healthy.pipeline, whole.scenario, change)


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


def test_what_a_phase_is_made_of_is_the_cause_of_its_having_no_rows() -> None:
    assert str(only(report(gone("nba_raw.odds_api_player_points_props"))).place).startswith("table:nba_raw.odds_api")


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
