"""``reveille drill``: faults do what they say, scores are what the rule says, and a drill can go red."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.composition.validation import pipeline_of, source_of
from bot.definition.files import PipelineFileError
from bot.drill.accepted import accepted_beside, read_accepted, reasons_for
from bot.drill.fault import PutFault
from bot.drill.faults import KINDS, sampled
from bot.drill.platform import jobs_faults
from bot.drill.run import Ground, drilled, ground_of
from bot.drill.scoring import Notice, is_at, places_at, tally
from bot.request import RequestError
from bot.scenarios.scenario import load_scenario
from bot.scenarios.world import World
from checks.places import Place, PlaceKind
from checks.ports.run_jobs import ExecutionState, RunJob
from tests.bot.in_process import run

SUMMARY = "nba_analytics.team_offense_game_summary"


@cache
def ground(name: str = "healthy-morning") -> Ground:
    scenario = load_scenario(name)
    return ground_of(pipeline_of(None, None, scenario), scenario)


def put(kind: str, name: str, place: str = "") -> PutFault:
    return next(each for each in ground().faults if (each.kind, each.name) == (kind, name) and place in each.key)


def broken(fault: PutFault) -> World:
    return fault.change(ground().healthy.world)


def of_the_night(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["game_date"] == "2026-02-10"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_every_fault_of_a_kind_changes_the_world_and_leaves_the_healthy_one_as_it_was(kind: str) -> None:
    healthy = ground().healthy.world
    before = repr(healthy)

    faults = [each for each in ground().faults if each.kind == kind]
    unchanged = [each.key for each in faults if each.change(healthy) == healthy]

    assert faults
    assert unchanged == []
    assert repr(healthy) == before


@pytest.mark.slow
def test_faults_have_names_of_their_own() -> None:
    assert [key for key, count in Counter(each.key for each in ground().faults).items() if count > 1] == []


@pytest.mark.parametrize(("name", "factor"), [("none", 0), ("half", 0.5), ("doubled", 2)])
@pytest.mark.slow
def test_rows_of_one_date_are_gone_halved_or_doubled(name: str, factor: float) -> None:
    healthy, after = ground().healthy.world.tables, broken(put("rows", name, f"{SUMMARY} 2026-02-10")).tables

    assert len(of_the_night(after[SUMMARY])) == len(of_the_night(healthy[SUMMARY])) * factor


@pytest.mark.slow
def test_what_is_made_of_an_emptied_table_is_empty_too_unless_that_is_not_wanted() -> None:
    made = "nba_analytics.player_game_summary"
    alone = replace(ground().healthy, cascade=False)
    (fault,) = [each for each in KINDS["rows"](alone) if each.key == f"rows none {SUMMARY} 2026-02-10"]

    with_it = [row for row in broken(put("rows", "none", SUMMARY)).tables[made] if row["game_date"] == "2026-02-10"]
    without = [row for row in fault.change(alone.world).tables[made] if row["game_date"] == "2026-02-10"]

    assert with_it == []
    assert without


def test_a_date_that_is_not_broken_keeps_its_rows() -> None:
    table = "nba_predictions.player_prop_predictions"

    after = broken(put("rows", "none", f"{table} 2026-02-10")).tables[table]

    assert {row["game_date"] for row in after} >= {"2026-02-11"}
    assert [row for row in after if row["game_date"] == "2026-02-10"] == []


@pytest.mark.slow
def test_half_of_the_values_are_null() -> None:
    fault = put("values", "NULL in half", f"{SUMMARY} 2026-02-10 possessions")

    values = [row["possessions"] for row in of_the_night(broken(fault).tables[SUMMARY])]

    assert values.count(None) == len(values) / 2


def test_what_is_not_due_at_the_clock_of_the_world_is_not_drawn_but_told_apart() -> None:
    early = {each.key for each in ground().early}

    drawn = {each.key for each in ground().faults}

    features = "rows none nba_predictions.ml_feature_store_v2"
    assert {f"{features} 2026-02-11", "documents absent phase3_completion 2026-02-11"} <= early
    assert f"{features} 2026-02-10" in drawn
    assert not early & drawn


@pytest.mark.slow
def test_an_hour_after_it_is_due_the_same_is_drawn() -> None:
    scenario = load_scenario("healthy-afternoon")

    afternoon = ground_of(pipeline_of(None, None, scenario), scenario)

    assert afternoon.early == ()


@pytest.mark.slow
def test_a_closed_service_lets_nobody_in() -> None:
    fault = put("services", "closed", "prediction-worker")

    assert broken(fault).policies["prediction-worker"].bindings == ()


def test_a_deleted_job_is_gone_and_no_other() -> None:
    fault = put("jobs", "deleted")
    before = {each.name for each in ground().healthy.world.jobs}

    assert before - {each.name for each in broken(fault).jobs} == {fault.place.name}


def test_executions_of_a_cloud_run_job_fail_hang_or_are_never_made() -> None:
    world = ground().healthy.world
    execute = "https://run.googleapis.com/v2/projects/nba-props-platform/locations/us-west2/jobs/load:run"
    asked = replace(world.jobs[0], url=execute)
    load = RunJob(name="load", state=ExecutionState.SUCCEEDED, started_at=world.now)
    healthy = replace(ground().healthy, world=replace(world, jobs=(asked, *world.jobs[1:]), run_jobs=(load,)))

    found = {
        each.name: each.change(healthy.world).run_jobs for each in jobs_faults(healthy) if each.place.name == "load"
    }

    assert sorted(found) == ["execution cancelled", "execution failed", "execution hangs", "not executed"]
    assert all(jobs != (load,) for jobs in found.values())


@pytest.mark.slow
def test_a_sample_is_drawn_by_its_seed_takes_each_sort_and_grows_at_its_end() -> None:
    faults = ground().faults
    sorts = {(each.kind, each.name) for each in faults}

    drawn = sampled(faults, len(sorts), 7)

    assert {(each.kind, each.name) for each in drawn} == sorts
    assert sampled(faults, len(sorts) + 9, 7)[: len(sorts)] == drawn
    assert sampled(faults, len(sorts), 8) != drawn


def test_a_fault_is_noticed_and_its_place_named() -> None:
    score = drilled(ground(), put("services", "closed", "prediction-worker"))

    assert (score.notice, score.is_named, score.is_caught) == (Notice.NOTICED, True, True)
    assert "invoker" in score.checks


def test_without_the_check_the_same_fault_is_missed() -> None:
    pipeline = ground().healthy.pipeline
    unwatched = pipeline.model_copy(update={"scheduler": None})
    fault = put("jobs", "failing")

    assert drilled(ground(), fault).notice is Notice.NOTICED
    assert drilled(ground_of(unwatched, ground().scenario), fault).notice is Notice.MISSED


def test_who_writes_a_table_is_at_its_place_and_who_reads_it_is_not() -> None:
    healthy = ground().healthy
    at = places_at(Place(PlaceKind.TABLE, SUMMARY), healthy.pipeline, healthy.world)

    assert is_at(Place(PlaceKind.REVISION, "nba-phase3-analytics-processors", "r2"), at)
    assert not is_at(Place(PlaceKind.SERVICE, "nba-phase4-precompute-processors"), at)
    assert not is_at(Place(PlaceKind.TABLE, "nba_predictions.prediction_accuracy"), at)


def test_what_may_be_missed_is_left_out_of_the_shares(tmp_path: Path) -> None:
    caught = drilled(ground(), put("jobs", "failing"))
    missed = replace(caught, key="jobs silent weekly-1", notice=Notice.MISSED, is_named=False)
    file = tmp_path / "accept.yaml"
    file.write_text('"jobs silent weekly-*": once a week\n', encoding="utf-8")

    reasons = reasons_for((caught, missed), read_accepted(file))
    open_, stated = tally("jobs", (caught, missed)), tally("jobs", (caught, missed), reasons)

    assert reasons == {"jobs silent weekly-1": "once a week"}
    assert (open_.noticed_percent, open_.accepted) == (50, 0)
    assert (stated.noticed_percent, stated.accepted) == (100, 1)


@pytest.mark.slow
def test_every_accepted_blind_spot_of_the_pipeline_is_one_that_a_drill_looks_for() -> None:
    accepted = accepted_beside(source_of(None, None, ground().scenario))
    faults = [each.key for world in (ground(), ground("healthy-afternoon")) for each in (*world.faults, *world.early)]

    assert [pattern for pattern in accepted if not any(fnmatchcase(each, pattern) for each in faults)] == []


def test_an_empty_table_is_named_before_the_rows_that_its_phase_makes_of_it() -> None:
    score = drilled(ground(), put("rows", "none", f"{SUMMARY} 2026-02-10"))

    assert (score.is_named, score.first) == (True, f"table:{SUMMARY}")


def test_a_lost_source_that_decided_nothing_is_accepted_and_one_that_did_says_that_it_could_not_look() -> None:
    lost = put("sources", "down", "Resource Manager")
    closed = put("services", "closed", "prediction-worker")
    both = replace(closed, change=lambda world: lost.change(closed.change(world)))

    assert drilled(ground(), lost).notice is Notice.MISSED
    assert "invoker" in drilled(ground(), both).checks


@pytest.mark.parametrize("text", ["[jobs]", "jobs silent: ", "{", "jobs: 3"])
def test_a_blind_spot_without_a_reason_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "accept.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises((RequestError, PipelineFileError)):
        read_accepted(file)


@pytest.mark.parametrize(
    ("noticed", "named", "below"),
    [(None, None, False), (50, 50, False), (50.1, None, True), (None, 50.1, True)],
    ids=["no floor", "at the limit", "just below it", "named just below it"],
)
def test_a_floor_is_what_may_not_be_undercut(noticed: float | None, named: float | None, *, below: bool) -> None:
    caught = drilled(ground(), put("jobs", "failing"))
    missed = replace(caught, notice=Notice.MISSED, is_named=False)

    assert tally("jobs", (caught, missed)).is_below(noticed, named) is below


@pytest.mark.slow
def test_the_command_counts_and_holds_its_floor(tmp_path: Path) -> None:
    asked = ("drill", "--scenario", "healthy-morning", "--count", "2", "--only", "subscriptions", "--json")

    fine = run((*asked, "--floor", "100"), tmp_path, {})

    said = json.loads(fine.stdout)
    assert (fine.returncode, said["total"]["put"], said["total"]["noticed_percent"]) == (0, 2, 100)


def test_a_scenario_that_is_not_healthy_is_refused(tmp_path: Path) -> None:
    done = run(("drill", "--scenario", "invoker-lost"), tmp_path, {})

    assert done.returncode == 3
    assert "ALL CLEAR" in done.stderr
