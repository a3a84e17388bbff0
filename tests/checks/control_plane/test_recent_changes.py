"""Who changed what is noted, and never a failure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from checks.control_plane.recent_changes import recent_changes
from checks.control_plane_spec import Errors
from checks.facts.logs import ChangeFacts, GrantChange, LoggedChange
from checks.model import Finding, Outcome, Severity
from checks.places import Place, PlaceKind
from checks.ports.logs import LOGS, LoggedErrors
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from tests import fakes, platform_fakes

NOW = fakes.MORNING


def change(kind: PlaceKind, name: str, hours: int = 1, verb: str = "deployed", *grants: GrantChange) -> LoggedChange:
    at = NOW - timedelta(hours=hours)
    return LoggedChange(place=Place(kind, name), at=at, verb=verb, actor="dev@example.com", grants=grants)


def run(changes: Sequence[LoggedChange] | SourceError) -> Sequence[Finding]:
    described = fakes.pipeline(services=(ServiceSpec(name="worker"),), errors=Errors(), project="example-project")
    world = platform_fakes.ports(logs=platform_fakes.FakeLogs(LoggedErrors(), changes))
    return list(recent_changes.run(fakes.context(described, world)))


def test_each_place_that_was_changed_is_one_note() -> None:
    taken = GrantChange(added=False, role="roles/run.invoker", member="serviceAccount:a@example.com")
    found = run(
        [
            change(PlaceKind.SERVICE, "worker", 5),
            change(PlaceKind.SERVICE, "worker", 2),
            change(PlaceKind.PERMISSION, "worker", 1, "changed the policy", taken),
            change(PlaceKind.JOB, "nightly", 3, "paused"),
        ]
    )

    assert [(each.subject, each.code, each.outcome) for each in found] == [
        ("policy of worker", "changed", Outcome.PASSED),
        ("worker", "changed", Outcome.PASSED),
        ("job nightly", "changed", Outcome.PASSED),
    ]
    facts = found[1].facts
    assert isinstance(facts, ChangeFacts)
    assert [each.at for each in facts.changes] == [NOW - timedelta(hours=2), NOW - timedelta(hours=5)]
    assert "took roles/run.invoker from serviceAccount:a@example.com" in found[0].summary
    assert not any(each.checked for each in found)


def test_services_of_somebody_else_are_left_out_and_the_projects_policy_is_not() -> None:
    found = run(
        [
            change(PlaceKind.SERVICE, "strange"),
            change(PlaceKind.PERMISSION, "strange"),
            change(PlaceKind.PERMISSION, "example-project"),
        ]
    )

    assert [each.subject for each in found] == ["policy of example-project"]


def test_nothing_changed_is_said() -> None:
    (finding,) = run([])

    assert (finding.code, finding.outcome) == ("unchanged", Outcome.PASSED)


def test_an_audit_log_that_cannot_be_read_is_said() -> None:
    (finding,) = run(fakes.down(LOGS, Problem.DENIED))

    assert (finding.outcome, finding.code, finding.severity) == (Outcome.UNKNOWN, "source-unavailable", Severity.P3)


@pytest.mark.parametrize("rules", [None, Errors(logging=False)], ids=["no section", "switched off"])
def test_what_is_not_configured_is_not_applicable(rules: Errors | None) -> None:
    world = platform_fakes.ports(logs=platform_fakes.FakeLogs(LoggedErrors()))
    (finding,) = recent_changes.run(fakes.context(fakes.pipeline(errors=rules), world))

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "not-configured")


@pytest.mark.parametrize(
    ("made", "kind", "what"),
    [
        (change(PlaceKind.SERVICE, "worker"), "deploy", "deployed"),
        (change(PlaceKind.JOB, "nightly", 1, "paused"), "job", "paused"),
        (
            change(
                PlaceKind.PERMISSION,
                "worker",
                1,
                "changed the policy",
                GrantChange(added=True, role="roles/run.invoker", member="allUsers"),
            ),
            "policy",
            "gave roles/run.invoker to allUsers",
        ),
    ],
    ids=["deploy", "job", "policy"],
)
def test_a_change_is_one_as_the_causes_know_them(made: LoggedChange, kind: str, what: str) -> None:
    assert (made.change.kind, made.change.what, made.change.actor) == (kind, what, "dev@example.com")
    assert (made.change.place, made.change.at) == (made.place, made.at)
