from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.request import Request, RequestError, intervals_of
from bot.validation import Validation, select
from checks.context import Context
from checks.intervals import WEEKDAYS
from checks.model import CheckResult, Finding, Severity, Verdict
from checks.registry import Check
from tests.fakes import pipeline, ports
from tests.validated import validated

NOON_IN_NEW_YORK = datetime(2026, 2, 11, 17, tzinfo=UTC)


def nothing(context: Context) -> Iterator[Finding]:
    yield from ()


CHECKS = tuple(
    Check(id=name, title=name, rationale="Because.", worst=Severity.P2, run=nothing, phase=phase, quick=quick)
    for name, phase, quick in [("trigger", None, True), ("coverage", "phase3", False), ("grading", "phase5", True)]
)
PHASES = ("phase3", "phase5")


LONDON = {"timezone": "Europe/London"}
CADENCES = {
    "daily": pipeline(),
    "hourly": pipeline(cadence="hourly", words={"interval": "hour"}),
    "weekly": pipeline(cadence={"weekly": "sunday"}, words={"interval": "week"}),
    "monthly": pipeline(cadence={"monthly": 1}, words={"interval": "month"}),
    "business days": pipeline(calendar={"weekdays": WEEKDAYS[:5]}, **LONDON),
}


@pytest.mark.parametrize(
    ("cadence", "text", "previous", "current"),
    [
        pytest.param("daily", "previous", "2026-02-10", "2026-02-11", id="the previous interval goes with the current"),
        pytest.param("daily", "yesterday", "2026-02-10", "2026-02-11", id="whatever it is called"),
        pytest.param("daily", "2026-02-10", "2026-02-10", "2026-02-11", id="however it is written"),
        pytest.param("daily", "today", "2026-02-11", "2026-02-11", id="today stands for both"),
        pytest.param("daily", "2026-02-03", "2026-02-03", "2026-02-03", id="so does a day of the past"),
        pytest.param("daily", "2026-02-12", "2026-02-12", "2026-02-12", id="and tomorrow"),
        pytest.param("daily", "tomorrow", "2026-02-12", "2026-02-12", id="which may be said so"),
        pytest.param("daily", "feb 12", "2026-02-12", "2026-02-12", id="or by its date"),
        pytest.param("daily", "13 feb", "2025-02-13", "2025-02-13", id="a date to come is that of last year"),
        pytest.param("daily", "monday", "2026-02-09", "2026-02-09", id="the last Monday"),
        pytest.param("daily", "10 Feb", "2026-02-10", "2026-02-11", id="the previous interval by its date"),
        pytest.param("weekly", "3 feb", "2026-W06", "2026-W07", id="a week by a date as people write it"),
        pytest.param("monthly", "last sun", "2026-02", "2026-02", id="a month by a weekday in it"),
        pytest.param("business days", "16 feb", "2025-02-16", "2025-02-16", id="beyond the next run is last year"),
        pytest.param("hourly", "previous", "2026-02-11T11", "2026-02-11T12", id="an hour"),
        pytest.param("hourly", "2026-02-11T03", "2026-02-11T03", "2026-02-11T03", id="an hour of the past"),
        pytest.param("weekly", "previous", "2026-W06", "2026-W07", id="a week"),
        pytest.param("weekly", "2026-02-03", "2026-W06", "2026-W07", id="a week by a date in it"),
        pytest.param("monthly", "previous", "2026-01", "2026-02", id="a month"),
        pytest.param("business days", "previous", "2026-02-10", "2026-02-11", id="a Wednesday"),
        pytest.param("business days", "2026-02-06", "2026-02-06", "2026-02-06", id="a Friday of the past"),
    ],
)
def test_a_request_means_two_intervals(cadence: str, text: str, previous: str, current: str) -> None:
    found = intervals_of(text, CADENCES[cadence], NOON_IN_NEW_YORK)

    assert [each.name for each in found] == [previous, current]


def test_a_monday_judges_friday_where_weekends_have_no_run() -> None:
    monday = datetime(2026, 2, 9, 8, tzinfo=UTC)

    assert [each.name for each in intervals_of("previous", CADENCES["business days"], monday)] == [
        "2026-02-06",
        "2026-02-09",
    ]


@pytest.mark.parametrize(
    ("cadence", "text", "sentence"),
    [
        ("daily", "2026-02-30", "'2026-02-30' is no date: the calendar has no such day."),
        ("daily", "tonight", "'tonight' is no date: write 10 feb, monday, yesterday or 2026-02-10."),
        ("daily", "", "'' is no date: write 10 feb, monday, yesterday or 2026-02-10."),
        ("daily", "2026-02-13", "2026-02-13 is too far ahead: nothing can be judged later than 2026-02-12."),
        ("daily", "2999-01-01", "2999-01-01 is too far ahead: nothing can be judged later than 2026-02-12."),
        ("hourly", "yesterday", "'yesterday' is no hour: use an hour as YYYY-MM-DDTHH, previous or current."),
        ("weekly", "soon", "'soon' is no date: write 10 feb, monday, yesterday or 2026-02-10. Or a week as YYYY-Www."),
        ("hourly", "feb 10", "'feb 10' is no hour: use an hour as YYYY-MM-DDTHH, previous or current."),
        ("hourly", "2026-02-10", "'2026-02-10' is no hour: use an hour as YYYY-MM-DDTHH, previous or current."),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_sentence(cadence: str, text: str, sentence: str) -> None:
    with pytest.raises(RequestError) as caught:
        intervals_of(text, CADENCES[cadence], NOON_IN_NEW_YORK)

    assert str(caught.value) == sentence


@given(st.sampled_from(sorted(CADENCES)), st.text())
def test_any_text_is_an_interval_or_refused(cadence: str, text: str) -> None:
    described = CADENCES[cadence]
    try:
        previous, current = intervals_of(text, described, NOON_IN_NEW_YORK)
    except RequestError:
        return
    timeline = described.timeline
    assert previous <= current <= timeline.following(timeline.at(NOON_IN_NEW_YORK))


def test_a_plan_is_made_once_and_run_as_it_was_made_whatever_the_clock_says_then() -> None:
    clock = iter([datetime(2026, 2, 12, 4, 59, 59, tzinfo=UTC), datetime(2026, 2, 12, 5, 0, 1, tzinfo=UTC)])
    validation = Validation(pipeline(), ports(), lambda: next(clock))

    planned = validation.plan(Request(interval="yesterday", checks=("trigger",)))
    report = validation.run(planned)

    assert (report.previous.name, report.current.name, report.now) == ("2026-02-10", "2026-02-11", planned.now)


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

    report = validated(Validation(pipeline(), ports(), lambda: late_evening_in_new_york), Request(interval="today"))

    assert report.previous.name == "2026-02-11"


def test_each_result_is_observed_once_and_stands_in_the_report_in_catalogue_order() -> None:
    validation = Validation(pipeline(), ports(), lambda: NOON_IN_NEW_YORK)
    observed: list[CheckResult] = []

    report = validation.run(validation.plan(Request()), observed.append)

    assert [result.check for result in report.results] == [check.id for check in validation.checks]
    assert sorted(observed, key=id) == sorted(report.results, key=id)
    assert not report.partial


def test_a_run_of_some_checks_says_that_it_is_partial() -> None:
    report = validated(Validation(pipeline(), ports(), lambda: NOON_IN_NEW_YORK), Request(checks=("trigger",)))

    assert report.partial
    assert report.verdict in Verdict
