"""A cause gets what its services logged as evidence, the deploy that the errors began with, and the command for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from checks.actions import Action, Gcloud
from checks.control_plane.recent_changes import recent_changes
from checks.facts import Facts
from checks.facts.control_plane import DeployedRevision, DeployFacts, RevisionsFacts
from checks.facts.logs import ChangeFacts, ErrorsFacts, LoggedChange, LoggedLine
from checks.log_evidence import CHECK, EARLIER, SERVICES_AT_MOST, with_logs
from checks.model import Cause, CheckResult, Finding, FindingKey, Outcome, Severity
from checks.places import Place, PlaceKind
from checks.services_spec import ServiceSpec
from tests import fakes

NOW = fakes.MORNING
DEPLOYED = NOW - timedelta(hours=9)
PIPELINE = fakes.pipeline(services=tuple(ServiceSpec(name=f"worker-{number}", phase="phase5") for number in range(5)))
GONE = FindingKey("predictions", "all", None)


def result(check: str, *findings: Finding) -> CheckResult:
    return CheckResult(check=check, title=check, phase=None, findings=findings, started_at=NOW, duration=0)


def finding(subject: str, facts: Facts, severity: Severity | None = Severity.P2, **more: Any) -> Finding:
    outcome = Outcome.PASSED if severity is None else Outcome.FAILED
    described = {"code": "some-code", "summary": "It is so.", **more}
    return Finding(outcome=outcome, subject=subject, severity=severity, facts=facts, **described)


def errors(service: str, count: int = 7, *, began: bool = True) -> Finding:
    first = NOW - timedelta(hours=3)
    facts = ErrorsFacts(
        deploy=DeployFacts(revision=f"{service}-2", deployed_at=DEPLOYED, deployed_by="build@example.com"),
        logged=(LoggedLine(text="it broke", count=count, first=first, last=NOW),),
        count=count,
        window=NOW - timedelta(hours=24),
        since=first,
        last=NOW,
        only_since_deploy=began,
    )
    return finding(service, facts, place=Place(PlaceKind.SERVICE, service))


def cause(**more: Any) -> Cause:
    described = {"code": "blocked", "subject": "phase5", "sentence": "It is blocked.", "explains": (GONE,), **more}
    return Cause(severity=Severity.P0, **described)


def with_them(about: Cause, *found: Finding, others: Sequence[CheckResult] = ()) -> Cause:
    gone = result("predictions", finding("all", Facts(), Severity.P0, phase="phase5"))
    (told,) = with_logs(PIPELINE, [about], [gone, result(CHECK, *found), *others])
    return told


def test_the_service_that_a_cause_is_about_is_its_evidence_whenever_its_errors_began() -> None:
    about = cause(place=Place(PlaceKind.REVISION, "strange", "strange-2"))
    told = with_them(about, errors("strange", began=False), errors("another", began=False))

    assert [(each.service, each.change) for each in told.logged] == [("strange", None)]
    assert told.explains == (GONE, FindingKey(CHECK, "strange", None))


@pytest.mark.parametrize(("began", "services"), [(True, ["worker-1"]), (False, [])], ids=["since a deploy", "always"])
def test_of_a_phase_that_failed_only_errors_that_began_with_a_deploy_are_evidence(
    began: bool, services: list[str]
) -> None:
    told = with_them(cause(), errors("worker-1", began=began))

    assert [each.service for each in told.logged] == services


def test_not_more_services_are_shown_than_people_read_the_loudest_first() -> None:
    told = with_them(cause(), *(errors(f"worker-{number}", number) for number in range(1, 5)))

    assert [each.service for each in told.logged] == ["worker-4", "worker-3", "worker-2"]
    assert len(told.logged) == SERVICES_AT_MOST


@pytest.mark.parametrize(
    ("late", "actor"),
    [
        pytest.param(-EARLIER, "dev@example.com", id="logged as early as may be"),
        pytest.param(-EARLIER - timedelta(seconds=1), "build@example.com", id="logged too early"),
    ],
)
def test_who_deployed_is_taken_from_the_audit_log_where_it_holds_the_deploy(late: timedelta, actor: str) -> None:
    place = Place(PlaceKind.SERVICE, "worker-1")
    made = LoggedChange(place=place, at=DEPLOYED + late, verb="deployed", actor="dev@example.com")
    change = finding("worker-1", ChangeFacts(changes=(made,)), None, place=place)

    told = with_them(cause(), errors("worker-1"), others=[result(recent_changes.id, change)])

    assert told.logged[0].change is not None
    assert (told.logged[0].change.at, told.logged[0].change.actor) == (DEPLOYED, actor)


def test_how_the_revision_differs_is_told_by_name() -> None:
    revisions = tuple(DeployedRevision(name=name, created_at=DEPLOYED) for name in ("worker-1-2", "worker-1-1"))
    facts = RevisionsFacts(
        revisions=revisions, removed=("KEY",), changed=("MODEL",), commit_before="a" * 40, commit_now="b" * 40
    )

    told = with_them(
        cause(), errors("worker-1"), others=[result("environment-change", finding("worker-1", facts, None))]
    )

    assert told.logged[0].change is not None
    assert told.logged[0].change.what == "worker-1-2; removed KEY; changed MODEL; commit aaaaaaa to bbbbbbb"


LOGS = Gcloud("run services", "logs read", "another", ("--limit=50",))
GRANT = Gcloud("run services", "add-iam-policy-binding", "worker-1")


@pytest.mark.parametrize(
    ("action", "verbs"),
    [
        pytest.param(None, ["read"], id="nothing to do was said"),
        pytest.param(Action(text="Look.", commands=(LOGS,)), ["read"], id="logs of another service"),
        pytest.param(Action(text="Grant.", commands=(GRANT,)), ["add-iam-policy-binding"], id="a repair"),
        pytest.param(Action(text="Both.", commands=(GRANT, LOGS)), ["read", "add-iam-policy-binding"], id="both"),
    ],
)
def test_the_command_reads_the_logs_of_that_service_and_no_other(action: Action | None, verbs: list[str]) -> None:
    told = with_them(cause(action=action), errors("worker-1"))

    assert told.action is not None
    commands = [each for each in told.action.commands if isinstance(each, Gcloud)]
    assert [each.verb for each in commands] == verbs
    assert all("worker-1" in str(each) for each in commands)


def test_errors_that_another_cause_explains_stay_there() -> None:
    key = FindingKey(CHECK, "worker-1", None)
    first = cause(explains=(key,), place=Place(PlaceKind.SERVICE, "worker-1"))
    gone = result("predictions", finding("all", Facts(), Severity.P0, phase="phase5"))

    told = with_logs(PIPELINE, [cause(), first], [gone, result(CHECK, errors("worker-1"))])

    assert [key in each.explains for each in told] == [False, True]


def test_without_errors_causes_stay_as_they_are() -> None:
    assert with_them(cause()) == cause()
