"""Who changed what is named with a cause: what took away what is missing, and since when a place does not work."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from checks.catalog import checks_of
from checks.diagnosis import diagnose
from checks.facts import NOTHING
from checks.facts.control_plane import InvokerFacts, JobsFacts, JobStatus, RequestsFacts
from checks.facts.logs import ChangeFacts, GrantChange, LoggedChange
from checks.facts.orchestration import CalendarFacts
from checks.model import CheckResult, Outcome, Severity
from checks.places import Place, PlaceKind
from tests.checks.causes.test_signs import BROKEN, DUE, GOOD, no_predictions
from tests.checks.diagnosed import CALLER, CHECKS, NIGHT, PIPELINE, causes, complete, finding, result

MOMENT = timedelta(seconds=1)


def changed(
    kind: PlaceKind,
    name: str,
    verb: str = "changed",
    *grants: GrantChange,
    at: datetime = BROKEN,
    services: tuple[str, ...] = (),
) -> CheckResult:
    place = Place(kind, name)
    logged = LoggedChange(place=place, at=at, verb=verb, actor="someone@example.com", grants=grants)
    facts = ChangeFacts(changes=(logged,), services=services)
    told = finding("changed", f"{kind} {name}", None, outcome=Outcome.PASSED, facts=facts)
    return result("recent-changes", replace(told, place=place))


def taken(member: str = CALLER, role: str = "roles/run.invoker", *, added: bool = False) -> GrantChange:
    return GrantChange(added=added, role=role, member=member)


@pytest.mark.parametrize(
    ("kind", "name", "verb"),
    [
        (PlaceKind.JOB, "nightly", "edited"),
        (PlaceKind.SUBSCRIPTION, "push-to-worker", "edited"),
        (PlaceKind.TOPIC, "requests", "edited"),
    ],
)
def test_a_change_of_what_starts_a_phase_is_the_cause_where_it_worked_before_and_not_since(
    kind: PlaceKind, name: str, verb: str
) -> None:
    (cause,) = causes(no_predictions(GOOD), changed(kind, name, verb, services=("worker",)))

    assert (cause.code, cause.subject, cause.place) == ("broken-by-change", name, Place(kind, name))
    assert cause.evidence["changed_by"] == "someone@example.com"
    assert cause.broken_since == BROKEN


@pytest.mark.parametrize("at", [GOOD - MOMENT, GOOD, DUE + MOMENT], ids=["before", "at once", "too late"])
def test_a_change_at_another_time_is_not_the_cause(at: datetime) -> None:
    (cause,) = causes(no_predictions(GOOD), changed(PlaceKind.JOB, "nightly", "edited", at=at, services=("worker",)))

    assert cause.code == "trigger-without-effect"


@pytest.mark.parametrize("verb", ["created", "resumed"])
def test_what_takes_nothing_away_is_at_most_suspected(verb: str) -> None:
    (cause,) = causes(no_predictions(GOOD), changed(PlaceKind.JOB, "nightly", verb, services=("worker",)))

    assert cause.code == "trigger-without-effect"
    assert "nightly" in cause.evidence["suspects"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("grant", "code"),
    [
        (taken("serviceAccount:runner@example.com", "roles/bigquery.dataEditor"), "broken-by-change"),
        (taken("serviceAccount:runner@example.com", "roles/bigquery.dataEditor", added=True), "trigger-without-effect"),
        (taken("user:someone@example.com", "roles/viewer"), "trigger-without-effect"),
    ],
    ids=["taken from an account", "given to an account", "taken from a person"],
)
def test_a_role_of_the_project_is_the_cause_where_it_was_taken_from_an_account(grant: GrantChange, code: str) -> None:
    services = tuple(each.name for each in PIPELINE.services)
    policy = changed(PlaceKind.PERMISSION, PIPELINE.project, "changed", grant, services=services)

    (cause,) = causes(no_predictions(GOOD), policy)

    assert cause.code == code


def test_a_title_names_what_was_changed() -> None:
    services = tuple(each.name for each in PIPELINE.services)
    grant = taken("serviceAccount:runner@example.com", "roles/bigquery.dataEditor")
    policy = changed(PlaceKind.PERMISSION, PIPELINE.project, "changed", grant, services=services)
    job = changed(PlaceKind.JOB, "nightly", "edited", services=("worker",))

    ((of_policy,), (of_job,)) = (causes(no_predictions(GOOD), each) for each in (policy, job))

    assert "the policy of the project was changed" in of_policy.title
    assert "nightly was edited" in of_job.title


def test_who_paused_a_job_is_named_with_the_job() -> None:
    job = JobStatus("nightly", "PAUSED", services=("worker",), since=BROKEN + MOMENT)
    failing = finding("jobs-failing", "jobs", facts=JobsFacts(failing=(job,), failing_count=1, enabled_count=9))

    (cause,) = causes(no_predictions(GOOD), result("jobs", failing), changed(PlaceKind.JOB, "nightly", "paused"))

    assert cause.code == "job-failing"
    assert (cause.evidence["changed_by"], cause.evidence["changed_at"]) == ("someone@example.com", BROKEN)


def test_nobody_is_named_with_a_job_that_fails_by_itself() -> None:
    job = JobStatus("nightly", "INTERNAL", services=("worker",), since=BROKEN + MOMENT)
    failing = finding("jobs-failing", "jobs", facts=JobsFacts(failing=(job,), failing_count=1, enabled_count=9))

    (cause,) = causes(no_predictions(GOOD), result("jobs", failing), changed(PlaceKind.JOB, "nightly", "edited"))

    assert not cause.evidence.get("changed_by")


@pytest.mark.parametrize(
    ("grant", "named"),
    [(taken(), True), (taken("serviceAccount:other@example.com"), False), (taken(role="roles/viewer"), False)],
    ids=["of the caller", "of another", "another role"],
)
def test_who_took_the_permission_of_a_refused_caller_is_named(grant: GrantChange, named: bool) -> None:
    refused = finding("caller-refused", "worker", facts=InvokerFacts(caller=(CALLER,)), phase="phase5")
    policy = changed(PlaceKind.PERMISSION, "worker", "changed", grant)

    (cause,) = causes(no_predictions(GOOD), result("invoker", refused), policy)

    assert cause.code == "invoker-missing"
    assert bool(cause.evidence.get("changed_by")) is named


@pytest.mark.parametrize("logged", [BROKEN - MOMENT, BROKEN + MOMENT], ids=["logged before", "logged after"])
def test_of_one_write_the_person_who_told_reveille_to_is_named_and_not_its_account(logged: datetime) -> None:
    refused = finding("caller-refused", "worker", facts=InvokerFacts(caller=(CALLER,)), phase="phase5")
    policy = changed(PlaceKind.PERMISSION, "worker", "changed", taken(), at=logged)
    place = Place(PlaceKind.PERMISSION, "worker")
    own = LoggedChange(place=place, at=BROKEN, verb="changed", actor="ann in a shell", grants=(taken(),))

    (cause,) = diagnose(
        PIPELINE, CHECKS, complete([no_predictions(GOOD), result("invoker", refused), policy]), own=[own]
    )

    assert (cause.evidence["changed_by"], cause.broken_since) == ("ann in a shell", BROKEN)


def test_a_later_change_of_somebody_else_is_named_and_not_reveilles_own() -> None:
    refused = finding("caller-refused", "worker", facts=InvokerFacts(caller=(CALLER,)), phase="phase5")
    policy = changed(PlaceKind.PERMISSION, "worker", "changed", taken(), at=BROKEN + timedelta(hours=1))
    place = Place(PlaceKind.PERMISSION, "worker")
    own = LoggedChange(place=place, at=BROKEN, verb="changed", actor="ann in a shell", grants=(taken(),))

    (cause,) = diagnose(
        PIPELINE, CHECKS, complete([no_predictions(GOOD), result("invoker", refused), policy]), own=[own]
    )

    assert cause.evidence["changed_by"] == "someone@example.com"


def silent(service: str) -> CheckResult:
    facts = RequestsFacts(hours=24, silent_count=1, silent=(service,))
    found = finding("not-invoked", service, Severity.P2, facts=facts)
    return result("zero-invocations", replace(found, place=Place(PlaceKind.SERVICE, service)))


def test_a_service_that_nobody_called_is_why_its_phase_wrote_nothing() -> None:
    (cause,) = causes(no_predictions(GOOD), silent("worker"))

    assert (cause.code, cause.subject) == ("service-not-called", "worker")
    assert {key.check for key in cause.explains} == {"trigger", "zero-invocations"}


def test_an_empty_calendar_is_the_cause_with_what_could_not_be_judged_without_it() -> None:
    facts = CalendarFacts(number=0.0, traces=("90 rows of data",))
    doubted = finding("day-off-doubted", "games", Severity.P1, day=NIGHT, facts=facts)
    empty = replace(doubted, place=Place(PlaceKind.CONDITION, "games"))
    counted = PIPELINE.checks[0].model_copy(update={"query": "SELECT COUNT(*) AS rows FROM {data}.games"})
    pipeline = PIPELINE.model_copy(update={"checks": (counted, *PIPELINE.checks[1:])})
    unknown = finding("no-games", counted.id, outcome=Outcome.UNKNOWN, day=NIGHT, facts=NOTHING)

    found = diagnose(pipeline, checks_of(pipeline), complete([result("days-off", empty), result(counted.id, unknown)]))

    assert [(each.code, each.subject, each.place) for each in found] == [
        ("upstream-check", "days-off", Place(PlaceKind.TABLE, "data.games"))
    ]
    assert {key.check for key in found[0].explains} == {"days-off", counted.id}
