"""What the look after a repair says, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.repairs.effects import Effect, seen_in
from checks.model import Finding, Outcome, Report, Severity
from tests.bot.render.reports import finding, healthy, reading_of

SERVICE = "exporter"
FAILS = finding(Outcome.FAILED, "no-invoker", SERVICE, "Nobody can call exporter.", severity=Severity.P0)
WAITS = finding(Outcome.WAITING, "reconciling", SERVICE, "exporter is being deployed.")
BLIND = finding(Outcome.UNKNOWN, "source-unavailable", SERVICE, "Could not check: exporter.", severity=Severity.P1)
PASSES = finding(Outcome.PASSED, "may-call", SERVICE, "exporter may be called.")
CHECKS = ("grading", "trigger")


def saw(grading: list[Finding], trigger: list[Finding]) -> Report:
    return reading_of({**healthy(), "grading": grading, "trigger": trigger}).report


@pytest.mark.parametrize("order", [(FAILS, WAITS, BLIND), (BLIND, WAITS, FAILS)], ids=["as said", "reversed"])
def test_what_still_fails_is_said_before_what_is_not_due_and_that_before_what_could_not_be_checked(
    order: tuple[Finding, ...],
) -> None:
    seen = seen_in(saw(list(order), []), CHECKS, SERVICE)

    assert seen.effect is Effect.NOT_YET
    assert seen.words == " ".join(each.summary for each in (FAILS, WAITS, BLIND))


def test_a_failure_of_one_check_is_said_before_a_source_of_the_other_that_gave_no_answer() -> None:
    source = replace(BLIND, subject="grading", summary="Could not check: Cloud Run.")

    seen = seen_in(saw([source], [FAILS]), CHECKS, SERVICE)

    assert (seen.effect, seen.words) == (Effect.NOT_YET, f"{FAILS.summary} {source.summary}")


def test_a_check_that_could_not_look_at_all_proves_nothing_whatever_the_other_says() -> None:
    seen = seen_in(saw([replace(BLIND, subject="grading")], [PASSES]), CHECKS, SERVICE)

    assert seen.effect is Effect.NOT_YET


def test_what_could_not_be_checked_of_another_service_is_no_doubt() -> None:
    seen = seen_in(saw([replace(BLIND, subject="importer")], [PASSES]), CHECKS, SERVICE)

    assert seen.effect is Effect.THERE


def test_the_same_said_twice_is_said_once() -> None:
    assert seen_in(saw([BLIND], [BLIND]), CHECKS, SERVICE).words == BLIND.summary
