"""``reveille drill --quiet``: healthy days keep their times, and an alarm on one of them is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.composition.validation import pipeline_of
from bot.drill.days import at, clocks_of, days_of, moved
from bot.drill.earlier import earlier
from bot.drill.platform import JUST_DEPLOYED, services_faults
from bot.drill.quiet import alarms_of
from bot.drill.run import Ground, ground_of
from bot.scenarios.scenario import load_scenario
from bot.scenarios.world import World
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
@pytest.mark.slow
def test_a_world_that_is_moved_there_and_back_is_as_it_was(days: int) -> None:
    world = ground().healthy.world

    back = moved(moved(world, days, ZONE), -days, ZONE)

    assert (back.tables, back.documents, back.now) == (world.tables, world.documents, world.now)


@pytest.mark.slow
def test_the_clock_is_moved_to_every_hour_before_and_to_none_at_which_something_more_is_due() -> None:
    morning, evening = ([each.astimezone(ZONE) for each in clocks_of(ground(name).healthy, 18)] for name in DAY)

    assert all(5 <= each.hour < 11 for each in morning)
    assert {each.hour for each in evening} == set(range(5, 24))


DAY = ("healthy-morning", "healthy-evening")
PREDICTIONS = "nba_predictions.player_prop_predictions"


@pytest.mark.parametrize(
    ("name", "hour"),
    [("healthy-morning", 5), ("healthy-afternoon", 6), ("healthy-afternoon", 12), ("healthy-evening", 18)],
)
@pytest.mark.slow
def test_a_healthy_day_was_healthy_before(name: str, hour: int) -> None:
    whole, clock = ground(name), at_hour(name, hour)

    report = whole.validated(lambda world: at(earlier(world, clock, whole.healthy.pipeline), clock))

    assert report.now == clock
    assert alarms_of(report, name, "any day") == ()


def at_hour(name: str, hour: int) -> datetime:
    return ground(name).healthy.now.replace(hour=hour, minute=20)


@settings(max_examples=10, deadline=None)
@given(minutes=st.integers(min_value=0, max_value=9 * 60 - 1))
@pytest.mark.slow
def test_nothing_has_been_that_is_yet_to_come_and_what_had_been_stays(minutes: int) -> None:
    healthy = ground("healthy-afternoon").healthy
    clock = at_hour("healthy-afternoon", 5) + timedelta(minutes=minutes)

    before = earlier(healthy.world, clock, healthy.pipeline)

    made = [datetime.fromisoformat(row["created_at"]) for row in before.tables[PREDICTIONS]]
    done = [row for row in healthy.world.tables[PREDICTIONS] if datetime.fromisoformat(row["created_at"]) <= clock]
    assert all(each <= clock for each in made)
    assert all(row in before.tables[PREDICTIONS] for row in done[::40])
    assert all(path in healthy.world.documents for path in before.documents)


@pytest.mark.slow
def test_what_ran_again_later_shows_its_run_before_and_what_had_not_run_is_not_there() -> None:
    healthy = ground("healthy-afternoon").healthy

    before = earlier(healthy.world, at_hour("healthy-afternoon", 6), healthy.pipeline).tables

    evening = {row["created_at"] for row in before[PREDICTIONS] if row["game_date"] == "2026-02-11"}
    assert evening == {"2026-02-10T20:00:00-05:00"}
    assert not [row for row in before["nba_predictions.signal_best_bets_picks"] if row["game_date"] == "2026-02-11"]


@pytest.mark.slow
def test_what_is_broken_at_an_earlier_hour_alarms() -> None:
    whole, clock = ground("healthy-afternoon"), at_hour("healthy-afternoon", 9)

    def broken(world: World) -> World:
        then = at(earlier(world, clock, whole.healthy.pipeline), clock)
        return replace(then, tables={**then.tables, "nba_analytics.player_game_summary": []})

    found = alarms_of(whole.validated(broken), "a", "any day")

    assert "analytics-coverage" in {each.check for each in found}


@pytest.mark.slow
def test_a_deploy_is_there_at_any_hour() -> None:
    healthy, clock = ground("healthy-afternoon").healthy, at_hour("healthy-afternoon", 8)
    fault = next(each for each in services_faults(healthy) if each.name == "variable changed")

    before = earlier(fault.change(healthy.world), clock, healthy.pipeline)

    service = before.services[fault.place.name]
    newest, older, *_ = before.revisions[fault.place.name]
    assert service.deployed_at == newest.created_at == clock - JUST_DEPLOYED
    assert older.created_at < newest.created_at


def test_days_are_drawn_by_their_seed_and_the_ones_on_which_clocks_change_are_among_them() -> None:
    days = days_of(ground().healthy, 60, 3)

    assert [each.now for each in days_of(ground().healthy, 60, 3)] == [each.now for each in days]
    assert {"the clocks change", "the year's end", "any day"} <= {each.sort for each in days}


def test_an_alarm_on_a_day_is_a_false_one_and_a_quiet_day_has_none() -> None:
    healthy = ground()
    fine = healthy.validated()
    bad = healthy.validated(lambda world: replace(world, jobs=world.jobs[1:]))

    assert alarms_of(fine, "a", "any day") == ()
    assert {each.check for each in alarms_of(bad, "a", "any day")} == {"scheduler-jobs"}


@pytest.mark.parametrize("shape", [(), pytest.param(("--json",), marks=pytest.mark.slow)])
@pytest.mark.slow
def test_the_command_looks_at_so_many_days(tmp_path: Path, shape: tuple[str, ...]) -> None:
    done = run(("drill", "--scenario", "healthy-morning", "--quiet", "--count", "2", *shape), tmp_path, {})

    assert done.returncode == 0
    assert not shape or json.loads(done.stdout) == {"schema_version": 1, "seed": 1, "days": 2, "alarms": []}
