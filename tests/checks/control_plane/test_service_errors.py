"""Errors that services logged are notes; those that began with a deploy are more than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.redaction.shown import shown_log
from checks.control_plane.service_errors import PATTERN, QUIET, begun_with, service_errors
from checks.control_plane_spec import Errors
from checks.facts.logs import ErrorsFacts
from checks.model import Finding, Outcome, Severity, Verdict, verdict_of
from checks.ports.logs import LOGS, LoggedErrors, LogLine
from checks.ports.services import Revision
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from tests import fakes, platform_fakes

NOW = fakes.MORNING
START = fakes.NIGHT.start
"""Of the previous interval: errors are read since then."""
SERVICES = (ServiceSpec(name="worker"), ServiceSpec(name="other"), ServiceSpec(name="spare", optional=True))
QUERY = "SELECT service, at, message FROM {data}.errors"


def lines(
    service: str, count: int, *, first: datetime = NOW - timedelta(hours=1), text: str = "it broke"
) -> list[LogLine]:
    return [LogLine(service=service, at=first + timedelta(seconds=each), text=text) for each in range(count)]


def deployed(at: datetime, name: str = "worker-2") -> Revision:
    return Revision(name=name, service="worker", created_at=at, created_by="dev@example.com")


def run(
    logged: LoggedErrors | SourceError | None,
    revisions: Sequence[Revision] = (),
    rows: Any = None,
    *,
    rules: Errors | None = Errors(),  # noqa: B008 - frozen
    **fields: Any,
) -> Sequence[Finding]:
    """Return what the check finds; ``logged`` None is Cloud Logging that is not connected."""
    plane = fakes.FakeControlPlane()
    plane.latest = {"worker": revisions}
    world = fakes.ports(control_plane=plane, warehouse=fakes.FakeWarehouse({"errors": rows or ()}))
    logs = platform_fakes.FakeLogs(logged) if logged is not None else None
    described = fakes.pipeline(services=SERVICES, errors=rules, datasets=("data",), **fields)
    context = replace(fakes.context(described, platform_fakes.ports(world, logs=logs)), hidden=shown_log)
    return list(service_errors.run(context))


def test_without_errors_it_passes() -> None:
    (finding,) = run(LoggedErrors())

    assert (finding.outcome, finding.code, finding.checked) == (Outcome.PASSED, "no-errors", True)


def test_a_service_that_logged_errors_is_a_note() -> None:
    (finding,) = run(LoggedErrors(lines=lines("worker", 5)), [deployed(START - timedelta(days=3))])

    facts = finding.facts
    assert (finding.code, finding.severity, finding.subject) == ("errors-logged", Severity.P3, "worker")
    assert isinstance(facts, ErrorsFacts)
    assert [(each.text, each.count) for each in facts.logged] == [("it broke", 5)]
    assert (facts.count, facts.since, facts.window) == (5, NOW - timedelta(hours=1), START)


def test_errors_that_began_with_a_deploy_name_it() -> None:
    at = NOW - timedelta(hours=2)
    (finding,) = run(
        LoggedErrors(lines=lines("worker", PATTERN)), [deployed(at), deployed(START - timedelta(days=1), "worker-1")]
    )

    facts = finding.facts
    assert (finding.code, finding.severity) == ("errors-since-deploy", Severity.P2)
    assert isinstance(facts, ErrorsFacts)
    assert facts.deploy is not None
    assert (facts.deploy.revision, facts.deploy.deployed_at, facts.only_since_deploy) == ("worker-2", at, True)


def test_a_later_deploy_is_not_the_one_that_errors_began_with() -> None:
    revisions = [deployed(NOW - timedelta(minutes=10), "worker-3"), deployed(NOW - timedelta(hours=2))]
    (finding,) = run(LoggedErrors(lines=lines("worker", PATTERN)), revisions)

    facts = finding.facts
    assert isinstance(facts, ErrorsFacts)
    assert facts.deploy is not None
    assert facts.deploy.revision == "worker-2"


@pytest.mark.parametrize(
    ("count", "deploy", "code"),
    [
        pytest.param(PATTERN, NOW - timedelta(hours=2), "errors-since-deploy", id="as many as make a pattern"),
        pytest.param(PATTERN - 1, NOW - timedelta(hours=2), "errors-logged", id="just fewer"),
        pytest.param(PATTERN, NOW - timedelta(minutes=30), "errors-logged", id="errors before the deploy"),
        pytest.param(PATTERN, START + QUIET, "errors-since-deploy", id="quiet for just long enough before it"),
        pytest.param(PATTERN, START + QUIET - timedelta(seconds=1), "errors-logged", id="quiet for just too short"),
    ],
)
def test_a_deploy_brought_errors_only_where_there_were_none_before(count: int, deploy: datetime, code: str) -> None:
    (finding,) = run(LoggedErrors(lines=lines("worker", count)), [deployed(deploy)])

    assert finding.code == code


@pytest.mark.parametrize(
    ("began", "code"),
    [
        pytest.param(NOW - timedelta(hours=1, minutes=30), "errors-since-deploy", id="after the deploy"),
        pytest.param(NOW - timedelta(hours=9), "errors-logged", id="before it"),
        pytest.param(None, "errors-logged", id="not known"),
    ],
)
def test_of_more_lines_than_are_read_it_counts_when_they_began(began: datetime | None, code: str) -> None:
    logged = LoggedErrors(lines=lines("worker", 50), began={"worker": began})
    (finding,) = run(logged, [deployed(NOW - timedelta(hours=2))])

    facts = finding.facts
    assert finding.code == code
    assert isinstance(facts, ErrorsFacts)
    assert (facts.complete, facts.since) == (False, began)
    assert "at least 50" in finding.summary
    assert (" since " in finding.summary.partition("at least 50")[2]) is (began is not None)


def test_errors_of_a_service_that_may_be_missing_are_no_failure() -> None:
    (finding,) = run(LoggedErrors(lines=lines("spare", 9)))

    assert (finding.outcome, finding.former) == (Outcome.SKIPPED, "errors-logged")


def test_the_command_names_the_service_and_since_when() -> None:
    (finding,) = run(LoggedErrors(lines=lines("worker", 5)))

    command = finding.action.command if finding.action is not None else None
    assert command is not None
    assert 'service_name="worker"' in command
    assert f'timestamp>="{NOW - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"' in command


ROW: Mapping[str, Any] = {
    "service": "worker",
    "at": NOW - timedelta(minutes=5),
    "message": "SchemaError: " + "Bearer " + "a1b2" * 9,
}


def test_the_platforms_own_table_is_evidence_without_cloud_logging() -> None:
    (finding,) = run(None, rows=[ROW], rules=Errors(query=QUERY))

    facts = finding.facts
    assert isinstance(facts, ErrorsFacts)
    assert [(each.text, each.count) for each in facts.logged] == [("SchemaError: Bearer ***", 1)]


def test_a_table_that_nobody_wrote_into_proves_nothing() -> None:
    (finding,) = run(None, rules=Errors(query=QUERY))

    assert (finding.outcome, finding.checked) == (Outcome.PASSED, False)


def test_rows_from_before_the_window_and_without_a_service_are_left_out() -> None:
    rows = [
        {**ROW, "at": START - timedelta(seconds=1)},
        {**ROW, "service": None},
        {**ROW, "at": START, "message": None},
    ]
    (finding,) = run(LoggedErrors(), rows=rows, rules=Errors(query=QUERY))

    facts = finding.facts
    assert isinstance(facts, ErrorsFacts)
    assert [(each.text, each.count) for each in facts.logged] == [("an error without a text", 1)]


@pytest.mark.parametrize("at", ["yesterday", None, datetime(2026, 2, 11)], ids=["text", "null", "without a zone"])  # noqa: DTZ001
def test_a_time_that_is_none_is_said_to_be_wrong(at: object) -> None:
    unread, logged = run(LoggedErrors(lines=lines("worker", 1)), rows=[{**ROW, "at": at}], rules=Errors(query=QUERY))

    assert (unread.outcome, unread.severity, unread.subject) == (Outcome.UNKNOWN, Severity.P3, "errors in BigQuery")
    assert logged.code == "errors-logged"


@pytest.mark.parametrize("problem", [Problem.DENIED, Problem.TIMED_OUT, Problem.NOT_ENABLED])
def test_cloud_logging_that_does_not_answer_is_never_louder_than_a_note(problem: Problem) -> None:
    findings = run(fakes.down(LOGS, problem), rows=[ROW], rules=Errors(query=QUERY))

    unread, kept = findings
    assert (unread.outcome, unread.code, unread.severity) == (Outcome.UNKNOWN, "source-unavailable", Severity.P3)
    assert (kept.subject, kept.code) == ("worker", "errors-logged")


def test_a_source_that_is_taken_away_never_makes_the_verdict_better() -> None:
    with_errors = run(LoggedErrors(lines=lines("worker", 9)), [deployed(NOW - timedelta(hours=2))])
    without = run(fakes.down(LOGS))

    healthy = run(LoggedErrors())
    assert verdict_of([*without, *healthy]) is verdict_of([*with_errors, *healthy]) is Verdict.WATCH


@pytest.mark.parametrize(
    ("rules", "logged"),
    [
        pytest.param(None, LoggedErrors(), id="no section"),
        pytest.param(Errors(), None, id="not connected"),
        pytest.param(Errors(logging=False), LoggedErrors(), id="switched off"),
    ],
)
def test_what_is_not_configured_is_not_applicable(rules: Errors | None, logged: LoggedErrors | None) -> None:
    (finding,) = run(logged, rules=rules)

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "not-configured")


def test_revisions_that_cannot_be_read_cost_the_deploy_alone() -> None:
    class Unreadable(fakes.FakeControlPlane):
        def revisions(self, service: str, limit: int) -> Sequence[Revision]:
            raise fakes.down("Cloud Run")

    world = platform_fakes.ports(
        fakes.ports(control_plane=Unreadable()), logs=platform_fakes.FakeLogs(LoggedErrors(lines=lines("worker", 9)))
    )
    context = fakes.context(fakes.pipeline(services=SERVICES, errors=Errors()), world)

    (finding,) = service_errors.run(context)
    assert finding.code == "errors-logged"


def test_no_deploy_after_the_first_error_is_the_one_that_brought_it() -> None:
    at = datetime(2026, 3, 5, 4, tzinfo=UTC)

    assert begun_with([deployed(at)], at, at - QUIET) == deployed(at)
    assert begun_with([deployed(at + timedelta(seconds=1))], at, at - QUIET) is None
    assert begun_with([deployed(at)], None, at - QUIET) is None
