"""What a report says about one service: never more than was looked at."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from checks.context import not_configured
from checks.model import CheckResult, Finding, Outcome, Report, Severity, Verdict
from checks.source import Problem, SourceError
from checks.unanswered import could_not_check
from handlers.one_service import is_answered, not_answered, only_about
from tests.fakes import NIGHT, SLATE

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
DENIED = SourceError("Pub/Sub", Problem.DENIED, "pubsub.subscriptions.list is missing")
FINE = Finding(outcome=Outcome.PASSED, code="caller-allowed", subject="worker", summary="Fine.")
OTHER = Finding(outcome=Outcome.PASSED, code="caller-allowed", subject="coordinator", summary="Fine.")


def report(*findings: Finding) -> Report:
    result = CheckResult(check="invoker", title="Callers", phase=None, findings=findings, started_at=NOW, duration=0.1)
    return Report(
        pipeline="nba",
        title="NBA",
        previous=NIGHT,
        current=SLATE,
        now=NOW,
        trigger="command",
        partial=True,
        results=(result,),
        causes=(),
    )


@pytest.mark.parametrize("subject", ["callers from Pub/Sub", "repository", "invoker"])
def test_a_silent_source_may_have_hidden_something_of_just_this_service(subject: str) -> None:
    silent = could_not_check(DENIED, subject=subject, severity=Severity.P0)

    assert only_about(report(FINE, OTHER), "worker").verdict is Verdict.ALL_CLEAR
    assert only_about(report(FINE, OTHER, silent), "worker").verdict is Verdict.UNKNOWN


def test_what_could_not_be_seen_of_another_service_is_left_out() -> None:
    silent = could_not_check(DENIED, subject="coordinator", severity=Severity.P0)

    assert only_about(report(FINE, silent), "worker").verdict is Verdict.ALL_CLEAR


@pytest.mark.parametrize(
    "finding",
    [
        pytest.param(not_configured("services", "No repository", configure="name it"), id="nothing configured"),
        pytest.param(could_not_check(DENIED, subject="repository", severity=Severity.P0), id="nothing seen"),
    ],
)
def test_why_nothing_is_known_of_a_declared_service_is_the_answer(finding: Finding) -> None:
    assert is_answered(report(finding), "worker", {"worker"})
    assert only_about(report(finding), "worker").verdict is Verdict.UNKNOWN
    assert not is_answered(report(finding), "wroker", {"worker"})


def test_a_declared_service_is_never_said_not_to_exist() -> None:
    assert not is_answered(report(OTHER), "worker", {"worker"})
    assert "none is called" not in not_answered(report(OTHER), "worker", {"worker"})
    assert "none is called" in not_answered(report(OTHER), "wroker", {"worker"})


def test_that_there_may_be_more_services_is_said_where_a_source_was_silent() -> None:
    silent = could_not_check(DENIED, subject="callers from Pub/Sub", severity=Severity.P0)

    assert "there may be more" in not_answered(report(OTHER, silent), "found-later", {"worker"})
    assert "there may be more" not in not_answered(report(OTHER), "found-later", {"worker"})


def test_the_nearest_name_is_a_sentence_of_its_own() -> None:
    assert ". Did you mean worker? Not every" in not_answered(
        report(OTHER, could_not_check(DENIED, subject="callers from Pub/Sub", severity=Severity.P0)),
        "wroker",
        {"worker"},
    )
