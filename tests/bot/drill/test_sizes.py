"""Healthy days on which there is less to do: what is counted by units follows, what is not stays."""

from __future__ import annotations

from functools import cache

import pytest

from bot.drill.quiet import alarms_of
from bot.drill.sizes import Sizes
from tests.bot.drill.test_quiet import ground

NIGHT, SLATE = "2026-02-10", "2026-02-11"


@cache
def sizes() -> Sizes:
    return Sizes(ground().healthy)


def test_the_units_are_the_rows_of_the_table_that_most_checks_ask_first() -> None:
    assert (sizes().unit_table, sizes().of(NIGHT), sizes().of(SLATE)) == ("nba_reference.nba_schedule", 4, 14)


@pytest.mark.parametrize("units", [1, 3, 13])
@pytest.mark.slow
def test_a_smaller_day_is_as_healthy_as_it_was(units: int) -> None:
    whole = ground()

    report = whole.validated(lambda world: sizes().resized(world, SLATE, units))

    assert alarms_of(report, "smaller", "any day") == ()


def test_what_belonged_to_a_unit_that_is_left_out_belongs_to_one_that_stays() -> None:
    table = "nba_analytics.team_offense_game_summary"

    smaller = sizes().resized(ground().healthy.world, NIGHT, 2)

    rows = [row for row in smaller.tables[table] if row["game_date"] == NIGHT]
    assert {row["team_abbr"] for row in rows} == {"IND", "NYK", "LAC", "HOU"}
    assert len(rows) == 4


def test_a_date_without_units_has_no_rows_and_no_documents_and_another_date_keeps_its_own() -> None:
    world = ground().healthy.world

    off = sizes().resized(world, SLATE, 0)

    assert all(not path.endswith(SLATE) for path in off.documents)
    assert {row["game_date"] for row in off.tables["nba_predictions.player_prop_predictions"]} >= {NIGHT}
    assert all(row["game_date"] != SLATE for row in off.tables["nba_predictions.player_prop_predictions"])
    assert sizes().resized(world, SLATE, 14) is world
