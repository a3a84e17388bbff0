"""Scenarios replayed: what the product says of recorded incidents is what the scenarios state."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.render.problems import lines_to_repair
from bot.render.reading import Reading
from bot.replay import Comparison, compare, differences, listed, replay, scenarios
from bot.scenarios.scenario import Expectation, load_scenario, shipped_scenarios
from checks.model import Cause, CheckResult, Finding, Outcome, Report, Severity, Verdict
from tests.bot.scenarios.worlds import PIPELINE, loaded
from tests.fakes import NIGHT, SLATE
from tests.pipelines.nba_world import NBA
from tests.replayed import replayed, spread_scenarios, with_others_of
from tests.thoroughness import OFTEN

INCIDENTS = {
    "invoker-lost",
    "broken-flag",
    "eight-services-closed",
    "game-stuck",
    "no-predictions",
    "line-enrichment-crashed",
    "retry-storm",
    "live-export-key-lost",
    "controller-stopped",
    "tracker-race",
    "true-flag-blocked",
    "stale-trigger",
    "stale-revision",
    "deploy-without-invoker",
    "orphan-subscriptions",
    "jobs-failing",
    "old-commit-deployed",
    "subscription-gone",
    "jobs-deleted",
    "services-behind",
    "features-of-yesterday",
    "shadows-silent",
    "team-box-scores-too-early",
    "worker-crashes",
    "grading-skips",
    "dead-address",
    "lines-key-expired",
    "raw-not-loaded",
    "records-hang",
    "job-copied",
    "variable-misspelled",
}
QUIET = {
    "healthy-morning",
    "healthy-afternoon",
    "healthy-evening",
    "invoker-repaired",
    "off-day",
    "off-season",
    "nothing-due-yet",
}


def together(name: str, *more: object) -> Any:
    """The arguments of a test of a scenario, in one group with the other tests of it."""
    return pytest.param(name, *more, marks=with_others_of(name))


@pytest.mark.parametrize("name", spread_scenarios(shipped_scenarios(), OFTEN))
def test_a_shipped_scenario_gives_exactly_what_it_states(name: str) -> None:
    result = replayed(name)

    assert differences(result.comparisons) == ()
    assert result.agrees


def test_every_kind_of_day_is_shipped() -> None:
    assert set(shipped_scenarios()) == INCIDENTS | QUIET | {
        "half-the-sources-down",
        "platform-unreadable",
        "schedule-empty",
        "pushes-refused",
        "requests-crash",
        "one-game-day",
        "full-day",
        "game-postponed",
        "west-still-playing",
        "analytics-job-paused",
        "archive-job-fails",
        "variable-changed",
        "publishing-halted",
    }


def incidents() -> Iterator[Any]:
    """Every incident; every day those that other tests of every day replay, too."""
    often = {*shipped_scenarios()[::OFTEN], "invoker-lost", "game-stuck", "retry-storm"}
    for name in sorted(INCIDENTS):
        yield pytest.param(name, marks=[with_others_of(name), *(() if name in often else (pytest.mark.slow,))])


@pytest.mark.parametrize("name", list(incidents()))
def test_an_incident_has_a_cause_no_finding_stands_alone_and_three_lines_say_what_to_do(name: str) -> None:
    result = replayed(name)

    assert result.report.causes
    assert result.outside == 0
    assert lines_to_repair(Reading(report=result.report, pipeline=result.pipeline, checks=())) <= 3


@pytest.mark.parametrize("name", sorted(QUIET))
def test_quiet_days_are_all_clear_and_have_no_finding(name: str) -> None:
    expect = load_scenario(name).file.expect

    assert (expect.verdict, expect.findings, expect.causes) == (Verdict.ALL_CLEAR, (), ())
    assert expect.among, "a day that is merely silent would prove nothing"


def test_the_list_shows_name_night_title_and_verdict() -> None:
    lines = {line.name: line for line in scenarios(NBA)}

    assert set(lines) == set(shipped_scenarios())
    assert lines["invoker-lost"].previous == NIGHT
    assert lines["invoker-lost"].verdict is Verdict.BLOCKED
    assert lines["healthy-evening"].previous == SLATE
    assert all(line.title and line.story and "\n" not in line.story for line in lines.values())


def test_a_scenario_of_ones_own_runs_the_same_way(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, "policies:\n  first-service: {roles/run.invoker: [<invoker>]}\nservices: {all: {}}\n")

    result = replay(scenario, PIPELINE)

    assert result.report.verdict is Verdict.BLOCKED
    assert Comparison("verdict", "ALL CLEAR", "BLOCKED") in differences(result.comparisons)
    assert Comparison("finding", None, "invoker caller-refused second-service") in differences(result.comparisons)
    assert listed(scenario, PIPELINE).previous == NIGHT


def test_each_result_is_observed_as_it_comes() -> None:
    seen: list[CheckResult] = []

    result = replay(load_scenario("off-day"), NBA, seen.append)

    assert {each.check for each in seen} == {each.check for each in result.report.results}


NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)


def finding(outcome: Outcome, code: str, severity: Severity | None = None) -> Finding:
    return Finding(outcome=outcome, code=code, subject="a subject", summary="", severity=severity)


def report(*findings: Finding, causes: tuple[Cause, ...] = ()) -> Report:
    result = CheckResult(check="check", title="", phase=None, findings=findings, started_at=NOW, duration=0)
    return Report(
        pipeline="tiny",
        title="Tiny",
        previous=NIGHT,
        current=SLATE,
        now=NOW,
        trigger="replay",
        partial=False,
        results=(result,),
        causes=causes,
    )


LOST = finding(Outcome.FAILED, "lost", Severity.P0)
UNSEEN = finding(Outcome.UNKNOWN, "unseen", Severity.P2)
FINE = finding(Outcome.PASSED, "fine")
CAUSE = Cause(code="why", subject="a service", sentence="", severity=Severity.P0)

AGREEING = Expectation(
    verdict=Verdict.BLOCKED,
    findings=("check lost a subject", "check unseen a subject"),
    causes=("why a service",),
    among=("check fine a subject",),
)
REPORT = report(LOST, UNSEEN, FINE, causes=(CAUSE,))


def test_what_agrees_shows_no_difference() -> None:
    comparisons = compare(AGREEING, REPORT)

    assert differences(comparisons) == ()
    assert [each.kind for each in comparisons] == ["verdict", "cause", "finding", "finding", "finding"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"verdict": Verdict.ACT}, Comparison("verdict", "ACT", "BLOCKED"), id="another verdict"),
        pytest.param(
            {"findings": ("check lost a subject",)},
            Comparison("finding", None, "check unseen a subject"),
            id="a finding that was not stated",
        ),
        pytest.param(
            {"findings": (*AGREEING.findings, "check gone a subject")},
            Comparison("finding", "check gone a subject", None),
            id="a stated finding that did not come",
        ),
        pytest.param(
            {"findings": (*AGREEING.findings, "check lost a subject")},
            Comparison("finding", "check lost a subject", None),
            id="a finding stated twice that came once",
        ),
        pytest.param({"causes": ()}, Comparison("cause", None, "why a service"), id="a cause that was not stated"),
        pytest.param(
            {"causes": (*AGREEING.causes, "other x")}, Comparison("cause", "other x", None), id="a stated cause missing"
        ),
        pytest.param(
            {"among": ("check good a subject",)},
            Comparison("finding", "check good a subject", None),
            id="a quiet finding that did not come",
        ),
    ],
)
def test_a_wrong_statement_is_a_difference(change: dict[str, object], expected: Comparison) -> None:
    stated = AGREEING.model_copy(update=change)

    assert differences(compare(stated, REPORT)) == (expected,)


def test_a_finding_that_comes_twice_must_be_stated_twice() -> None:
    stated = AGREEING.model_copy(update={"causes": (), "among": ()})

    assert differences(compare(stated, report(LOST, LOST, UNSEEN))) == (
        Comparison("finding", None, "check lost a subject"),
    )


def test_a_quiet_finding_stated_as_a_failure_is_a_difference() -> None:
    stated = Expectation(verdict=Verdict.ALL_CLEAR, findings=("check fine a subject",))

    assert differences(compare(stated, report(FINE))) == (Comparison("finding", "check fine a subject", None),)


def test_a_loud_finding_may_be_named_among_the_others_too() -> None:
    stated = AGREEING.model_copy(update={"among": ("check lost a subject",)})

    assert differences(compare(stated, REPORT)) == ()


PROGRAM = """
from bot.scenarios.scenario import load_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.replay import replay
assert replay(load_scenario("invoker-lost"), shipped_pipeline()).agrees
"""


@pytest.mark.slow
def test_a_process_that_has_replayed_a_scenario_ends_well() -> None:
    for _ in range(3):
        ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)
        assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "check", "column", "number"),
    [
        together("healthy-evening", "games-tonight", "games", 14),
        together("healthy-evening", "feature-store-ready", "feature_rows", 192),
        together("healthy-evening", "predictions-exist", "predictions", 267),
        together("invoker-repaired", "analytics-coverage", "players", 481),
        together("invoker-lost", "games-last-night", "games", 4),
        together("invoker-lost", "analytics-coverage", "players", 139),
        together("invoker-lost", "precompute-rows", "cache_rows", 137),
        together("invoker-lost", "predictions-exist", "predictions", 230),
        together("game-stuck", "games-final", "stuck_games", 1),
        together("retry-storm", "predictions-exist", "predictions", 105),
    ],
)
def test_the_recorded_numbers_of_the_incidents_are_seen(name: str, check: str, column: str, number: int) -> None:
    found = replayed(name).report

    assert number in {each.evidence.get(column) for result, each in found.findings() if result.check == check}
