"""The one sentence names what matters most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.alerting.incident import incidents_of
from bot.render.headline import headline
from bot.render.reading import Reading
from checks.context import not_configured
from checks.model import Cause, FindingKey, Outcome, Severity, Verdict
from tests.bot.render.reports import (
    Findings,
    all_clear,
    blocked,
    finding,
    healthy,
    off_day,
    passed,
    reading_of,
    unknown,
)
from tests.fakes import NIGHT, SLATE

COVERAGE = finding(
    Outcome.FAILED,
    "none-at-all",
    "games",
    "0 of 4 games have player records.",
    severity=Severity.P0,
    phase="phase3",
)
PREDICTIONS = finding(
    Outcome.FAILED, "none-at-all", "catboost_v9", "No predictions.", severity=Severity.P0, phase="phase5"
)
GRADING = finding(Outcome.FAILED, "low", "catboost_v9", "71 % are graded.", severity=Severity.P2, phase="grading")


def with_failures(**changed: list[object]) -> Findings:
    return healthy() | {name.replace("_", "-"): found for name, found in changed.items()}  # type: ignore[return-value]


def cause(*explains: FindingKey, severity: Severity = Severity.P0) -> Cause:
    return Cause(
        code="game-stuck",
        subject="games",
        sentence="One game never became final.",
        severity=severity,
        explains=explains,
    )


def test_a_complete_night_is_told_with_its_games() -> None:
    assert headline(all_clear()) == (
        "Last night, Tue 10 Feb, is complete (4 games, all final);"
        " today, Wed 11 Feb, is OK so far (14 games; 1 not due yet)."
    )


def test_a_note_does_not_spoil_an_all_clear_and_is_counted() -> None:
    reading = reading_of(with_failures(grading=[replace(GRADING, severity=Severity.P3)]))

    assert reading.report.verdict is Verdict.ALL_CLEAR
    assert headline(reading).endswith("; 1 note below.")


def test_a_day_without_games_owes_nothing() -> None:
    said = headline(off_day())

    assert "had nothing to run for (no games)" in said
    assert "complete" not in said


def test_a_lost_permission_is_named_with_the_data_that_arrived_all_the_same() -> None:
    assert headline(blocked()) == (
        "Pub/Sub cannot call 4 orchestrators since the deploy of 10 Feb 02:13; last night's data arrived all the same."
    )


def test_data_that_nobody_could_look_at_did_not_arrive() -> None:
    reading = blocked()
    results = tuple(
        replace(each, findings=unknown().report.results[index].findings) if each.phase is not None else each
        for index, each in enumerate(reading.report.results)
    )

    said = headline(replace(reading, report=replace(reading.report, results=results)))

    assert "arrived" not in said


def test_on_a_day_that_owed_nothing_no_data_arrived() -> None:
    previous = off_day().report
    refused = blocked().report
    invoker = next(each for each in refused.results if each.check == "invoker")
    results = tuple(invoker if each.check == "invoker" else each for each in previous.results)
    always = next(each for each in blocked().report.results if each.check == "grading")
    with_one_that_ran = tuple(always if each.check == "grading" else each for each in results)

    for shown in (results, with_one_that_ran):
        said = headline(replace(off_day(), report=replace(previous, results=shown, causes=refused.causes)))

        assert said.startswith("Pub/Sub cannot call 4 orchestrators")
        assert "arrived" not in said


def test_a_night_of_another_year_is_named_with_its_year() -> None:
    reading = blocked()
    years_on = replace(reading.report, now=reading.report.now.replace(year=reading.report.now.year + 6))

    assert headline(replace(reading, report=years_on)).endswith("the Tue 10 Feb 2026 data arrived all the same.")


def test_the_phases_that_fail_with_a_cause_are_named() -> None:
    keys = (
        FindingKey("analytics-coverage", "games", NIGHT.name),
        FindingKey("predictions-exist", "catboost_v9", NIGHT.name),
    )
    findings = with_failures(analytics_coverage=[COVERAGE], predictions_exist=[PREDICTIONS])

    said = headline(reading_of(findings, (cause(*keys),)))

    assert said == "One game never became final; also failing: Analytics and Predictions."


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("The queue is full.", "The queue is full; also failing: Predictions."),
        ("Predictions wrote nothing.", "Predictions wrote nothing."),
    ],
    ids=["another thing failed", "the sentence names it"],
)
def test_a_single_phase_that_fails_with_a_cause_is_named_once(sentence: str, said: str) -> None:
    keys = (
        FindingKey("grading", "catboost_v9", NIGHT.name),
        FindingKey("predictions-exist", "catboost_v9", NIGHT.name),
    )
    findings = with_failures(grading=[GRADING], predictions_exist=[PREDICTIONS])

    assert headline(reading_of(findings, (replace(cause(*keys), sentence=sentence),))) == said


def test_a_failure_that_is_graver_than_every_cause_comes_first() -> None:
    findings = with_failures(analytics_coverage=[COVERAGE], grading=[GRADING])
    mild = cause(FindingKey("grading", "catboost_v9", NIGHT.name), severity=Severity.P2)

    assert headline(reading_of(findings, (mild,))) == "0 of 4 games have player records; 1 further problem."


def test_a_further_problem_is_an_incident_as_home_and_the_digest_count_it() -> None:
    rows = [replace(GRADING, subject=f"row {each}", severity=Severity.P2) for each in range(9)]
    same = [replace(COVERAGE, interval=each) for each in (NIGHT, SLATE)]
    failures = {"predictions-exist": [PREDICTIONS], "analytics-coverage": same, "grading": rows}

    reading = reading_of(healthy() | failures)

    _, _, others = headline(reading).partition("; ")
    assert others == "2 further problems."
    assert len(incidents_of(reading.report)) == 3


def test_a_single_failure_stands_alone() -> None:
    assert headline(reading_of(with_failures(grading=[GRADING]))) == "71 % are graded."


def test_a_long_sentence_is_cut_at_its_first_clause() -> None:
    long = replace(cause(), sentence=f"One game (SAC at UTA) never became final; {'and so on ' * 20}. More follows.")

    said = headline(reading_of(with_failures(analytics_coverage=[COVERAGE]), (long,)))

    assert said.startswith("One game never became final; 1 further problem.")


def test_sources_that_could_not_be_read_are_named_with_the_reason() -> None:
    said = headline(unknown())

    assert "Resource Manager (denied) and BigQuery (timed out) could not be read" in said
    assert "7 of 9 checks" in said


def test_a_check_that_could_not_look_without_a_source_is_named_by_its_title() -> None:
    crashed = finding(Outcome.UNKNOWN, "crashed", "grading", "The check broke.", severity=Severity.P1)

    said = headline(reading_of(with_failures(grading=[crashed])))

    assert said == "1 of 9 checks could not tell: “Predictions are graded”."


def test_something_lesser_that_could_not_be_looked_at_is_told_too() -> None:
    lesser = finding(Outcome.UNKNOWN, "crashed", "grading", "The check broke.", severity=Severity.P3)
    reading = reading_of(with_failures(grading=[lesser]))

    assert reading.report.verdict is Verdict.WATCH
    assert "could not tell" in headline(reading)


def test_what_fails_is_told_before_what_could_not_be_looked_at() -> None:
    crashed = finding(Outcome.UNKNOWN, "crashed", "trigger", "The check broke.", severity=Severity.P1)
    mild = replace(GRADING, severity=Severity.P2)

    reading = reading_of(with_failures(grading=[mild], trigger=[crashed]))

    assert reading.report.verdict is Verdict.UNKNOWN
    assert (
        headline(reading) == "71 % are graded; 1 of 9 checks could not tell: “Each orchestrator triggered on its own”."
    )


def test_where_nothing_was_looked_at_it_says_what_to_configure() -> None:
    absent = not_configured("jobs", "The pipeline file has no section 'scheduler'", configure="add it")
    waiting = finding(Outcome.WAITING, "not-due", "grading", "Due 07:30.")
    empty = finding(Outcome.SKIPPED, "no-rows", "grading", "No rows.")

    assert headline(reading_of({"invoker": [absent]})) == (
        "Nothing was checked. The pipeline file has no section 'scheduler'; to have it checked, add it."
    )
    assert headline(reading_of({"invoker": [absent], "grading": [empty]})) == "Nothing was checked. No rows."
    few = finding(Outcome.SKIPPED, "not-enough-history", "grading", "9 rows; too few.")
    assert headline(reading_of({"grading": [empty, few]})).endswith("; 1 more reason below.")
    assert headline(reading_of({"invoker": [absent], "grading": [waiting]})) == (
        "Nothing is due yet, which 1 check would look at. Due 07:30."
    )


def test_a_report_without_any_check_claims_nothing() -> None:
    assert headline(reading_of({})) == "Nothing was checked: no check ran."


def test_selected_checks_speak_for_themselves_only() -> None:
    reading = reading_of({"grading": [passed("All graded.", "catboost_v9")]})

    said = headline(replace(reading, report=replace(reading.report, partial=True)))

    assert said == "1 selected check found nothing wrong; the others did not run."


def test_selected_checks_with_a_note_say_that_there_is_one() -> None:
    note = finding(Outcome.FAILED, "filtered", "a-push", "It has a filter.", severity=Severity.P3)
    reading = reading_of({"grading": [passed("All graded.", "catboost_v9"), note]})

    said = headline(replace(reading, report=replace(reading.report, partial=True)))

    assert said == "1 selected check found nothing wrong; 1 note below; the others did not run."


@pytest.mark.parametrize("reading", [all_clear(), blocked(), unknown(), off_day()], ids=lambda reading: reading.command)
def test_it_is_one_sentence_on_one_line(reading: Reading) -> None:
    said = headline(reading)

    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("severity", "verdict"), [(Severity.P0, Verdict.BLOCKED), (Severity.P1, Verdict.ACT), (Severity.P2, Verdict.WATCH)]
)
def test_a_verdict_on_what_fails_says_after_it_what_could_not_be_looked_at(
    severity: Severity, verdict: Verdict
) -> None:
    lesser = finding(Outcome.UNKNOWN, "crashed", "trigger", "The check broke.", severity=Severity.P3)

    reading = reading_of(with_failures(grading=[replace(GRADING, severity=severity)], trigger=[lesser]))

    assert reading.report.verdict is verdict
    assert (
        headline(reading) == "71 % are graded; 1 of 9 checks could not tell: “Each orchestrator triggered on its own”."
    )
