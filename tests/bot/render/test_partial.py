"""The answer of a few checks: what it says in the place of a verdict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.message import Line, SmallPrint
from bot.render.partial import ALERTS_AT_MOST, partial_message, status_of, without_a_word
from bot.render.report import message_of
from checks.model import Cause, Finding, Outcome, Severity, Verdict
from tests.bot.render.alert_states import OPEN
from tests.bot.render.reports import finding, reading_of

OUTCOMES = [
    *((Outcome.FAILED, severity) for severity in Severity),
    *((Outcome.UNKNOWN, severity) for severity in Severity),
    *((outcome, None) for outcome in (Outcome.PASSED, Outcome.WAITING, Outcome.SKIPPED)),
]


def one(outcome: Outcome, severity: Severity | None = None, number: int = 0) -> Finding:
    return finding(outcome, "a-code", f"subject-{number}", "A summary.", severity=severity)


FAILED, MILD = one(Outcome.FAILED, Severity.P0), one(Outcome.FAILED, Severity.P3, 1)
BLIND, PASSED = one(Outcome.UNKNOWN, Severity.P1, 2), one(Outcome.PASSED, number=3)


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([PASSED], "nothing found"),
        ([PASSED, FAILED], "1 problem"),
        ([PASSED, FAILED, MILD], "1 problem"),
        ([PASSED, MILD], "1 note"),
        ([PASSED, BLIND], "not everything could be checked"),
        ([FAILED, BLIND], "1 problem, not everything could be checked"),
        ([one(Outcome.WAITING)], "nothing was checked"),
        ([], "nothing was checked"),
    ],
)
def test_it_says_what_was_found_in_words(found: list[Finding], status: str) -> None:
    assert status_of(reading_of({"grading": found} if found else {})) == status


@settings(deadline=None)
@given(st.lists(st.sampled_from(OUTCOMES), max_size=6))
def test_nothing_found_is_said_of_what_was_looked_at_alone(outcomes: list[tuple[Outcome, Severity | None]]) -> None:
    findings = [one(*each, number) for number, each in enumerate(outcomes)]
    reading = reading_of({"grading": findings} if findings else {})

    status = status_of(reading)

    assert not any(verdict.value in status for verdict in Verdict)
    if status == "nothing found":
        assert any(each.checked for each in findings)
        assert not any(each.outcome in (Outcome.FAILED, Outcome.UNKNOWN) for each in findings)


def test_a_cause_with_all_that_follows_from_it_is_one_problem_as_in_the_digest() -> None:
    failing = [one(Outcome.FAILED, Severity.P0, number) for number in range(5)]
    found = reading_of({"grading": failing})
    keys = tuple(each.key for each in found.found)
    cause = Cause(code="a-cause", subject="subject-0", sentence="All of it.", severity=Severity.P0, explains=keys)

    assert status_of(reading_of({"grading": failing}, (cause,))) == "1 problem"


def test_checks_that_say_nothing_of_a_service_are_named_and_not_counted_as_well() -> None:
    reading = reading_of({"grading": [PASSED]})

    told = without_a_word(message_of(reading), "worker", ["Is it deployed?"])

    assert told.parts[-1] == SmallPrint(text="Nothing about worker: “Is it deployed?”.")
    assert without_a_word(message_of(reading), "worker", []) == message_of(reading)


def test_open_alerts_come_first_and_those_beyond_a_few_are_counted() -> None:
    reading = reading_of({"grading": [PASSED]})
    alerts = [OPEN] * (ALERTS_AT_MOST + 2)

    message = partial_message(message_of(reading), reading, "Drift", (1, 9), alerts, {OPEN.key: "https://example.com"})

    first, *rest = message.parts
    assert message.result == "nothing found (1 of 9 checks)"
    assert isinstance(first, Line)
    assert first.label == "open alert"
    assert first.link == "https://example.com"
    assert rest[ALERTS_AT_MOST - 1] == SmallPrint(text="and 2 more open alerts: /alerts lists them.")


def test_alerts_that_cannot_be_read_are_not_none() -> None:
    reading = reading_of({"grading": [PASSED]})

    message = partial_message(message_of(reading), reading, "Drift", (1, 9), None, {})

    assert "could not be read" in str(message.parts[0])
