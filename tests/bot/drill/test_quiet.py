"""``reveille drill --quiet``: healthy days keep their times, and an alarm on one of them is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.composition.validation import pipeline_of
from bot.drill.days import clocks_of, days_of, moved
from bot.drill.quiet import alarms_of
from bot.drill.run import Ground, ground_of, validated
from bot.scenarios.scenario import load_scenario
from tests.bot.in_process import run

ZONE = ZoneInfo("America/New_York")


@cache
def ground(name: str = "healthy-morning") -> Ground:
    scenario = load_scenario(name)
    return ground_of(pipeline_of(None, None, scenario), scenario)


def test_every_instant_keeps_its_time_of_day_when_the_clocks_change() -> None:
    world = ground().healthy.world  # 11 February, 08:10

    after = moved(world, 25, ZONE)  # 8 March, on which 02:00 is 03:00

    assert after.now == datetime(2026, 3, 8, 12, 10, tzinfo=UTC)
    rows = after.tables["nba_precompute.player_daily_cache"]
    assert {row["processed_at"] for row in rows if row["cache_date"] == "2026-03-07"} == {"2026-03-08T10:54:00+00:00"}
    assert "phase3_completion/2026-03-07" in after.documents


@settings(max_examples=15, deadline=None)
@given(days=st.integers(min_value=-400, max_value=400))
def test_a_world_that_is_moved_there_and_back_is_as_it_was(days: int) -> None:
    world = ground().healthy.world

    back = moved(moved(world, days, ZONE), -days, ZONE)

    assert (back.tables, back.documents, back.now) == (world.tables, world.documents, world.now)


def test_the_clock_stays_where_nothing_more_has_happened_and_nothing_is_due() -> None:
    clocks = [each.astimezone(ZONE) for each in clocks_of(ground().healthy, 4)]

    assert len(clocks) > 1
    assert all(8 <= each.hour < 11 for each in clocks)


def test_days_are_drawn_by_their_seed_and_the_ones_on_which_clocks_change_are_among_them() -> None:
    days = days_of(ground().healthy, 60, 3)

    assert [each.now for each in days_of(ground().healthy, 60, 3)] == [each.now for each in days]
    assert {"the clocks change", "the year's end", "any day"} <= {each.sort for each in days}


def test_an_alarm_on_a_day_is_a_false_one_and_a_quiet_day_has_none() -> None:
    healthy = ground()
    fine = validated(healthy.healthy.pipeline, healthy.scenario)
    bad = validated(healthy.healthy.pipeline, healthy.scenario, lambda world: replace(world, jobs=world.jobs[1:]))

    assert alarms_of(fine, "a", "any day") == ()
    assert {each.check for each in alarms_of(bad, "a", "any day")} == {"scheduler-jobs"}


@pytest.mark.parametrize("shape", [(), pytest.param(("--json",), marks=pytest.mark.slow)])
def test_the_command_looks_at_so_many_days(tmp_path: Path, shape: tuple[str, ...]) -> None:
    done = run(("drill", "--scenario", "healthy-morning", "--quiet", "--count", "2", *shape), tmp_path, {})

    assert done.returncode == 0
    assert not shape or json.loads(done.stdout) == {"schema_version": 1, "seed": 1, "days": 2, "alarms": []}
