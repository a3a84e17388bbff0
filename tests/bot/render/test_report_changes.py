from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.report_changes import Problem, changes
from checks.model import Severity

P1 = {"outcome": "failed", "severity": "P1"}
P2 = {"outcome": "failed", "severity": "P2"}
NOTE = {"outcome": "failed", "severity": "P3"}
PASSED = {"outcome": "passed", "severity": None}
WAITING = {"outcome": "waiting", "severity": None}
SKIPPED = {"outcome": "skipped", "severity": None}
UNKNOWN = {"outcome": "unknown", "severity": "P0"}

MONDAY = {"now": "2026-02-10T13:00:00+00:00", "previous": "2026-02-09", "current": "2026-02-10"}
TUESDAY = {"now": "2026-02-11T13:00:00+00:00", "previous": "2026-02-10", "current": "2026-02-11"}


def report(day: dict[str, str], *findings: dict[str, Any], part: str | None = "previous") -> dict[str, Any]:
    interval = day[part] if part else None
    dated = [{"subject": "s", "interval": interval, **finding} for finding in findings]
    return {**day, "results": [{"check": "trigger", "title": "Triggers", "findings": dated}]}


def found(severity: Severity = Severity.P1, subject: str = "s") -> Problem:
    return Problem("trigger", subject, severity)


@pytest.mark.parametrize(
    ("before", "after", "new", "worse", "recovered"),
    [
        pytest.param(PASSED, P1, 1, 0, 0, id="what passed and fails is new"),
        pytest.param(P1, P1, 0, 0, 0, id="what fails again is not"),
        pytest.param(P2, P1, 0, 1, 0, id="what fails louder is worse"),
        pytest.param(P1, P2, 0, 0, 0, id="what fails less loud is nothing to tell"),
        pytest.param(P1, PASSED, 0, 0, 1, id="what failed and passes recovered"),
        pytest.param(P1, WAITING, 0, 0, 0, id="what is not due yet did not recover"),
        pytest.param(P1, SKIPPED, 0, 0, 0, id="nor what does not apply"),
        pytest.param(P1, UNKNOWN, 0, 0, 0, id="nor what nobody could look at"),
        pytest.param(UNKNOWN, P1, 1, 0, 0, id="what could not be checked and fails is new"),
        pytest.param(PASSED, UNKNOWN, 0, 0, 0, id="what cannot be checked any more is no new failure"),
        pytest.param(PASSED, NOTE, 0, 0, 0, id="a note is no problem"),
        pytest.param(NOTE, P2, 1, 0, 0, id="a note that became a problem is new"),
        pytest.param(P1, NOTE, 0, 0, 0, id="a problem that became a note did not quite recover"),
    ],
)
def test_a_finding_of_the_previous_interval_is_compared_with_that_of_the_one_before(
    before: dict[str, Any], after: dict[str, Any], new: int, worse: int, recovered: int
) -> None:
    result = changes(report(MONDAY, before), report(TUESDAY, after))

    assert (len(result.new), len(result.worse), len(result.recovered)) == (new, worse, recovered)


def test_a_subject_that_is_gone_recovered_when_its_check_is_otherwise_in_order() -> None:
    before = report(MONDAY, {**P1, "subject": "MIL at OKC"})

    result = changes(before, report(TUESDAY, {**PASSED, "subject": "BOS at NYK"}))

    assert result.recovered == (found(subject="MIL at OKC"),)


@pytest.mark.parametrize("other", [P1, WAITING, UNKNOWN], ids=["failed", "waits", "unknown"])
def test_a_subject_that_is_gone_did_not_recover_while_its_check_is_not_in_order(other: dict[str, Any]) -> None:
    before = report(MONDAY, {**P1, "subject": "MIL at OKC"})
    after = report(TUESDAY, {**PASSED, "subject": "BOS at NYK"}, {**other, "subject": "LAL at PHX"})

    assert changes(before, after).recovered == ()


def test_a_subject_that_is_gone_with_its_check_did_not_recover() -> None:
    assert changes(report(MONDAY, P1), {**TUESDAY, "results": []}).recovered == ()


def test_the_current_and_the_previous_interval_are_different_things() -> None:
    before = report(MONDAY, P1, part="current")

    result = changes(before, report(TUESDAY, P1, part="previous"))

    assert result.new == (found(),)


def test_what_has_no_date_is_compared_whatever_the_day() -> None:
    assert not changes(report(MONDAY, P1, part=None), report(TUESDAY, P1, part=None))


@pytest.mark.parametrize("older", [{}, {"results": None}, {"results": [{"check": "trigger"}]}])
def test_a_report_of_an_older_shape_counts_as_having_nothing(older: dict[str, Any]) -> None:
    assert changes({**MONDAY, **older}, report(TUESDAY, P1)).new == (found(),)


FINDINGS = st.lists(
    st.builds(
        lambda outcome, subject: {**outcome, "subject": subject},
        st.sampled_from([P1, P2, NOTE, PASSED, WAITING, SKIPPED, UNKNOWN]),
        st.sampled_from("abc"),
    ),
    unique_by=lambda finding: finding["subject"],
)


@given(before=FINDINGS, after=FINDINGS)
def test_nothing_is_told_twice_and_nothing_changes_against_itself(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    result = changes(report(MONDAY, *before), report(TUESDAY, *after))

    told = [problem.subject for problem in (*result.new, *result.worse, *result.recovered)]
    assert len(told) == len(set(told))
    assert not changes(report(TUESDAY, *after), report(TUESDAY, *after))


CROWD = {**P1, "code": "no-team", "subject": "trigger:no-team:P1", "count": 3980}
ROW = {**P1, "code": "no-team", "subject": "row 7"}


def test_a_row_that_may_have_been_one_of_those_counted_is_not_new() -> None:
    result = changes(report(MONDAY, CROWD), report(TUESDAY, ROW, CROWD))

    assert not result


def test_rows_that_were_not_counted_before_are_new_with_all_that_are_counted_now() -> None:
    result = changes(report(MONDAY, PASSED), report(TUESDAY, ROW, CROWD))

    assert sum(each.count for each in result.new) == 3981


def test_a_crowd_that_passes_recovered_and_one_that_shrinks_did_not_yet() -> None:
    all_passed = {**PASSED, "subject": "row 7"}

    assert changes(report(MONDAY, CROWD), report(TUESDAY, all_passed)).recovered
    assert not changes(report(MONDAY, CROWD), report(TUESDAY, all_passed, {**ROW, "subject": "row 8"}))


def test_of_a_check_whose_findings_the_store_could_not_keep_nothing_is_new_or_recovered_by_absence() -> None:
    cut, other = report(MONDAY, PASSED), report(TUESDAY, {**P1, "subject": "other"})
    cut["results"][0]["left_out"] = 3
    now_cut = report(TUESDAY, {**PASSED, "subject": "other"})
    now_cut["results"][0]["left_out"] = 3

    assert not changes(cut, other)
    assert not changes(report(MONDAY, P1), now_cut)


def test_a_subject_that_passes_recovered_although_its_sibling_still_fails() -> None:
    before = report(MONDAY, {**P1, "subject": "MIL at OKC"}, {**P1, "subject": "LAL at PHX"})
    after = report(TUESDAY, {**PASSED, "subject": "MIL at OKC"}, {**P1, "subject": "LAL at PHX"})

    assert changes(before, after).recovered == (found(subject="MIL at OKC"),)
