from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.validation import Request, RequestError, Validation, game_dates, select
from checks.context import Context
from checks.model import CheckResult, Finding, Severity, Verdict
from checks.registry import Check
from tests.fakes import pipeline, ports

TODAY = date(2026, 2, 11)
NOON_IN_NEW_YORK = datetime(2026, 2, 11, 17, tzinfo=UTC)


def nothing(context: Context) -> Iterator[Finding]:
    yield from ()


CHECKS = tuple(
    Check(id=name, title=name, rationale="Because.", worst=Severity.P2, run=nothing, phase=phase, quick=quick)
    for name, phase, quick in [("trigger", None, True), ("coverage", "phase3", False), ("grading", "phase5", True)]
)
PHASES = ("phase3", "phase5")


@pytest.mark.parametrize(
    ("text", "previous", "current"),
    [
        pytest.param("yesterday", date(2026, 2, 10), TODAY, id="yesterday's night goes with today's slate"),
        pytest.param("2026-02-10", date(2026, 2, 10), TODAY, id="however it is written"),
        pytest.param("today", TODAY, TODAY, id="today stands for both"),
        pytest.param("2026-02-03", date(2026, 2, 3), date(2026, 2, 3), id="so does a day of the past"),
        pytest.param("2026-02-12", date(2026, 2, 12), date(2026, 2, 12), id="and tomorrow"),
    ],
)
def test_a_date_means_a_night_and_a_slate(text: str, previous: date, current: date) -> None:
    assert game_dates(text, TODAY) == (previous, current)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2026-02-30", "'2026-02-30' is not a date: use YYYY-MM-DD, today or yesterday."),
        ("tonight", "'tonight' is not a date: use YYYY-MM-DD, today or yesterday."),
        ("", "'' is not a date: use YYYY-MM-DD, today or yesterday."),
        ("2026-02-13", "2026-02-13 is 2 days ahead: nothing can be judged later than tomorrow."),
        ("2999-01-01", "2999-01-01 is 355340 days ahead: nothing can be judged later than tomorrow."),
    ],
)
def test_a_date_that_cannot_be_judged_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RequestError) as caught:
        game_dates(text, TODAY)

    assert str(caught.value) == sentence


@given(st.text())
def test_any_text_is_a_date_or_refused(text: str) -> None:
    try:
        previous, current = game_dates(text, TODAY)
    except RequestError:
        return
    assert previous <= current <= TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("request_", "ids"),
    [
        pytest.param(Request(), ["trigger", "coverage", "grading"], id="everything"),
        pytest.param(Request(depth="quick"), ["trigger", "grading"], id="the quick ones"),
        pytest.param(Request(checks=("grading",)), ["grading"], id="a check"),
        pytest.param(Request(phases=("phase3",)), ["trigger", "coverage"], id="a phase, and what spans phases"),
        pytest.param(Request(phases=("phase3",), depth="quick"), ["trigger"], id="the quick ones of a phase"),
    ],
)
def test_a_request_selects_checks(request_: Request, ids: list[str]) -> None:
    assert [check.id for check in select(CHECKS, request_, PHASES)] == ids


def test_the_nearest_names_are_suggested_for_an_unknown_check() -> None:
    with pytest.raises(RequestError) as caught:
        select(CHECKS, Request(checks=("triger",)), PHASES)

    assert str(caught.value) == "There is no check 'triger'; did you mean trigger?"


def test_all_names_are_listed_when_none_is_near() -> None:
    with pytest.raises(RequestError) as caught:
        select(CHECKS, Request(phases=("xyz",)), PHASES)

    assert str(caught.value) == "There is no phase 'xyz'; there are: phase3, phase5."


def test_a_selection_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(RequestError):
        select(CHECKS, Request(checks=("coverage",), depth="quick"), PHASES)


def test_today_is_the_pipelines_date_and_not_the_worlds() -> None:
    late_evening_in_new_york = datetime(2026, 2, 12, 3, tzinfo=UTC)

    report = Validation(pipeline(), ports(), lambda: late_evening_in_new_york).run(Request(date="today"))

    assert report.previous == date(2026, 2, 11)


def test_each_result_is_observed_once_and_stands_in_the_report_in_catalogue_order() -> None:
    validation = Validation(pipeline(), ports(), lambda: NOON_IN_NEW_YORK)
    observed: list[CheckResult] = []

    report = validation.run(Request(), observed.append)

    assert [result.check for result in report.results] == [check.id for check in validation.checks]
    assert sorted(observed, key=id) == sorted(report.results, key=id)
    assert not report.partial


def test_a_run_of_some_checks_says_that_it_is_partial() -> None:
    report = Validation(pipeline(), ports(), lambda: NOON_IN_NEW_YORK).run(Request(checks=("trigger",)))

    assert report.partial
    assert report.verdict in Verdict
