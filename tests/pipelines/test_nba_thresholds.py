"""Each limit of each check of the NBA pipeline, on a real database: rows in, findings out."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from checks.model import Outcome
from checks.sql_check_spec import Rule, SqlCheck
from tests.fakes import MORNING
from tests.pipelines.cases import features, games, grading, operations, picks, predictions
from tests.pipelines.nba_rows import LOG, NIGHT, PREDICTIONS, SCHEDULE, SLATE, Case, Tables, at
from tests.pipelines.nba_rows import games as played
from tests.pipelines.nba_rows import predictions as predicted
from tests.pipelines.nba_world import NBA, findings_of, verdict_of, verdicts_of
from tests.thoroughness import sampled

MOVED = played(2, 1, game_date=date(2026, 2, 20))
"""Games that are on another date now."""

LOGGED = {
    "game_date": NIGHT.isoformat(),
    "phase_name": "phase3_to_phase4",
    "status": "complete",
    "execution_timestamp": at(35),
}
"""A row of the phase log: what speaks against a day off without being anything to judge."""

CASES: tuple[Case, ...] = (
    *games.CASES,
    *features.CASES,
    *predictions.CASES,
    *picks.CASES,
    *grading.CASES,
    *operations.CASES,
)


@pytest.mark.parametrize("case", sampled(CASES, 10), ids=lambda case: f"{case.check}: {case.name}")
@pytest.mark.sampled(4)
def test_the_rows_give_the_stated_findings(case: Case) -> None:
    found = verdicts_of(case)

    assert dict(case.expected) == found


@pytest.mark.parametrize("check", NBA.checks, ids=lambda check: check.id)
def test_every_rule_and_the_healthy_state_of_a_check_have_a_case(check: SqlCheck) -> None:
    said = {_of_rule(verdict) for case in CASES if case.check == check.id for verdict in case.expected.values()}

    assert {*map(_verdict, check.rules), "passed as-expected"} <= said


def _of_rule(verdict: str) -> str:
    """Leave out how bad the truth could be: a rule that judges nothing does not say."""
    outcome, *_, code = verdict.split()
    return f"{outcome} {code}"


NEEDS_NO_ROWS = {
    "retry-queue": "a queue without an entry is a short one",
}
"""Checks that may pass on nothing, and why that is evidence."""

OF_THE_SCHEDULE = {"games-last-night", "games-tonight", "games-final"}


@pytest.mark.parametrize("check", NBA.checks, ids=lambda check: check.id)
@pytest.mark.parametrize(
    ("tables", "judged"),
    [
        pytest.param({SCHEDULE: played(4)}, OF_THE_SCHEDULE, id="games, and nothing of them"),
        pytest.param({SCHEDULE: MOVED, LOG: [LOGGED]}, set(), id="a doubted schedule, and nothing else"),
        pytest.param({}, set(), id="nothing at all"),
    ],
)
@pytest.mark.sampled(5)
def test_what_finds_nothing_to_judge_does_not_pass(check: SqlCheck, tables: Tables, judged: set[str]) -> None:
    found = findings_of(check.id, tables, now=datetime(2026, 2, 12, 3, tzinfo=UTC), night=NIGHT)

    passed = {verdict_of(each) for each in found if each.outcome is Outcome.PASSED}
    assert found
    assert bool(passed) == (check.id in judged or (check.id in NEEDS_NO_ROWS and bool(tables)))


def _verdict(rule: Rule) -> str:
    return f"{rule.severity.name if rule.severity is not None else rule.outcome} {rule.code}"


@pytest.mark.parametrize("check", [check for check in NBA.checks if check.when == "games"], ids=lambda check: check.id)
@pytest.mark.sampled(4)
def test_a_day_without_games_is_quiet(check: SqlCheck) -> None:
    elsewhere = {SCHEDULE: played(2, game_date=date(2026, 2, 20))}

    found = findings_of(check.id, elsewhere, now=datetime(2026, 2, 12, 3, tzinfo=UTC), night=NIGHT)

    assert {"skipped off-day"} == set(map(verdict_of, found))


@pytest.mark.parametrize("check", [check for check in NBA.checks if check.when == "games"], ids=lambda check: check.id)
@pytest.mark.sampled(4)
def test_an_empty_schedule_is_no_day_without_games(check: SqlCheck) -> None:
    found = findings_of(check.id, {}, now=datetime(2026, 2, 12, 3, tzinfo=UTC), night=NIGHT)

    assert {f"unknown {check.worst.name} source-unavailable"} == set(map(verdict_of, found))


@pytest.mark.parametrize(
    ("tables", "verdict"),
    [
        pytest.param({SCHEDULE: played(4)}, "passed holds", id="games"),
        pytest.param({SCHEDULE: MOVED}, "passed day-off", id="none"),
        pytest.param({SCHEDULE: MOVED[:1], PREDICTIONS: predicted(5)}, "passed day-off", id="a game that was moved"),
        pytest.param(
            {SCHEDULE: MOVED[:1], PREDICTIONS: [*predicted(5), *predicted(5, 1)]},
            "P1 day-off-doubted",
            id="two, one moved",
        ),
        pytest.param({PREDICTIONS: predicted(5)}, "P1 day-off-doubted", id="an empty schedule and predictions"),
        pytest.param({}, "unknown P1 source-unavailable", id="nothing at all"),
    ],
)
def test_a_day_off_is_believed_where_no_prediction_speaks_against_it(tables: Tables, verdict: str) -> None:
    found = findings_of("days-off", tables, now=datetime(2026, 2, 12, 3, tzinfo=UTC), night=NIGHT)

    assert [verdict_of(each) for each in found if each.subject == "games"] == [verdict]


def test_only_the_edge_filter_runs_on_a_day_without_games() -> None:
    assert [check.id for check in NBA.checks if check.when is None] == ["edge-filter"]


def test_missing_predictions_of_the_night_are_found_on_the_first_morning_and_the_slate_is_not_due() -> None:
    tables = {SCHEDULE: [*played(4), *played(14, 1, game_date=SLATE)]}

    found = findings_of("predictions-exist", tables, now=MORNING, night=NIGHT, slate=SLATE)

    assert {each.interval and each.interval.day: verdict_of(each) for each in found} == {
        NIGHT: "P0 no-predictions",
        SLATE: "waiting not-due",
    }


def test_missing_predictions_of_the_slate_are_found_when_they_are_due() -> None:
    tables = {
        SCHEDULE: [*played(1), *played(14, 1, game_date=SLATE)],
        PREDICTIONS: predicted(5),
    }
    half_past_eleven = datetime(2026, 2, 11, 16, 30, tzinfo=UTC)

    found = findings_of("predictions-exist", tables, now=half_past_eleven, night=NIGHT, slate=SLATE)

    assert {each.interval and each.interval.day: verdict_of(each) for each in found} == {
        NIGHT: "passed as-expected",
        SLATE: "P0 no-predictions",
    }


def test_a_game_that_stands_twice_in_the_schedule_is_one_game() -> None:
    tables = {SCHEDULE: [*played(2), *played(2)]}

    (found,) = findings_of("games-last-night", tables, now=MORNING, night=NIGHT)

    assert dict(found.evidence) == {"games": 2, "final_games": 2}


def test_the_open_game_is_named() -> None:
    tables = {SCHEDULE: [*played(1), *played(2, 2)[1:]]}

    (found,) = findings_of("games-final", tables, now=MORNING, night=NIGHT)

    assert found.evidence["open_games"] == "A01 at H01"
