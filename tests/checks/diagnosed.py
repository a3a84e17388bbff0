"""A small pipeline with services and SQL checks, and findings for it, for the tests of the diagnosis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from checks.catalog import checks_of
from checks.control_plane_spec import Messaging, SchedulerJobs
from checks.diagnosis import diagnose
from checks.facts import NOTHING, Facts, Values
from checks.facts.control_plane import DeployedRevision, DeployFacts, RevisionsFacts
from checks.model import Cause, CheckResult, Finding, Interval, Outcome, Severity
from checks.orchestration_spec import Transition
from checks.pipeline import Pipeline
from checks.services_spec import ServiceSpec
from checks.sql_check_spec import SqlCheck
from tests import fakes
from tests.advice import advised

NIGHT = fakes.NIGHT
SLATE = fakes.SLATE
CALLER = "serviceAccount:invoker@example.com"
THREE_TO_FOUR, FOUR_TO_FIVE, FIVE_TO_SIX = "three-to-four", "four-to-five", "five-to-six"
LAST_GOOD = datetime(2026, 2, 8, 11, 12, tzinfo=UTC)
DEPLOYED = datetime(2026, 2, 10, 7, 13, tzinfo=UTC)
"""02:13 in New York on 10 February."""

CONTROL_PLANE = (
    "invoker",
    "subscriptions",
    "service-ready",
    "service-traffic",
    "service-environment",
    "service-instances",
    "builds",
    "delivery",
    "error-rate",
    "variable-addresses",
)
WRONG_FLAGS = ("flag-not-set", "untracked", "no-record")
ABSENT = ("not-triggered", "triggered-without-effect", "processors-missing", "not-started")
SEVERITIES = {
    "bypassed": Severity.P2,
    "flag-not-set": Severity.P3,
    "untracked": Severity.P3,
    "no-record": Severity.P3,
    "processors-missing": Severity.P1,
}
"""Of the verdicts on triggers; any other is P0."""


def _transition(source: int, orchestrator: str, **more: Any) -> Transition:
    described = {
        "id": f"phase{source}_to_phase{source + 1}",
        "title": f"{source}→{source + 1}",
        "from": f"phase{source}",
        "to": f"phase{source + 1}",
        "orchestrator": orchestrator,
    }
    return Transition(**{**described, **more})


def _sql(name: str, phase: str | None, *explains: str) -> SqlCheck:
    return SqlCheck(
        id=name,
        title=f"Title of {name}",
        rationale="Because.",
        phase=phase,
        query="SELECT 1",
        subject=name,
        summary="summary",
        explains=explains,
        rules=({"if": {"rows": {"equals": 0}}, "severity": "P1", "code": "bad"},),
        expected="order",
    )


PIPELINE: Pipeline = fakes.pipeline(
    invoker=CALLER,
    transitions=(
        _transition(2, "two-to-three", monitoring_only=True),
        _transition(3, THREE_TO_FOUR),
        _transition(4, FOUR_TO_FIVE),
        _transition(5, FIVE_TO_SIX),
    ),
    services=(
        ServiceSpec(name="raw", phase="phase2"),
        ServiceSpec(name="analytics", phase="phase3"),
        ServiceSpec(name=THREE_TO_FOUR, phase="phase4"),
        ServiceSpec(name="precompute", phase="phase4"),
        ServiceSpec(name=FOUR_TO_FIVE, phase="phase5"),
        ServiceSpec(name="worker", phase="phase5"),
        ServiceSpec(name=FIVE_TO_SIX, phase="phase6"),
        ServiceSpec(name="elsewhere"),
    ),
    messaging=Messaging(
        topics={"analytics-done": 1, "precompute-done": 1, "elsewhere-done": 2},
        targets={"analytics-done": (THREE_TO_FOUR,), "precompute-done": (FOUR_TO_FIVE,)},
    ),
    scheduler=SchedulerJobs(explains={"lines-*": ("predictions",), "nightly": ("phase3",)}),
    checks=(
        _sql("games-final", "phase2", "phase3"),
        _sql("coverage", "phase3", "phase4"),
        _sql("features", "phase4"),
        _sql("predictions", "phase5"),
        _sql("retry-queue", None),
    ),
)


CHECKS = checks_of(PIPELINE)
CATALOG = {each.id: each for each in CHECKS}


@dataclass(frozen=True)
class Said(Values):
    """Facts that are given their family by the check that makes the finding."""


def finding(
    code: str,
    subject: str,
    severity: Severity | None = Severity.P1,
    *,
    outcome: Outcome = Outcome.FAILED,
    phase: str | None = None,
    day: Interval | None = None,
    command: str | None = None,
    facts: Facts | None = None,
    **said: Any,
) -> Finding:
    """A finding; what is ``said`` becomes facts of the family of the check that makes it."""
    return Finding(
        outcome=outcome,
        code=code,
        subject=subject,
        summary=f"{subject}: {code}.",
        severity=severity,
        phase=phase,
        interval=day,
        facts=facts or Said(values=said),
        action=advised(text="Repair it.", command=command, repair=f"repair:{subject}") if command else None,
    )


def result(check: str, *findings: Finding) -> CheckResult:
    made = tuple(_as_made_by(check, each) for each in findings)
    return CheckResult(check=check, title=check, phase=None, findings=made, started_at=fakes.MORNING, duration=0.1)


def _as_made_by(check: str, given: Finding) -> Finding:
    known = CATALOG.get(check)
    if known is None:
        return given
    if isinstance(given.facts, Said):
        given = replace(given, facts=known.facts(**given.facts.values) if known.spec is None else NOTHING)
    return known.placed(given)


def passed(subject: str = "all", **more: Any) -> Finding:
    return finding("fine", subject, None, outcome=Outcome.PASSED, **more)


def trigger(code: str, source: int = 3, day: Interval | None = NIGHT, **said: Any) -> Finding:
    """The verdict on the trigger out of a phase."""
    return finding(
        code,
        f"phase{source}_to_phase{source + 1}",
        SEVERITIES.get(code, Severity.P0),
        phase=f"phase{source + 1}",
        day=day,
        **{"last_good_trigger": LAST_GOOD, **said},
    )


def refused(
    service: str, code: str = "caller-refused", *, deployed_at: datetime | None = DEPLOYED, **said: Any
) -> Finding:
    spec = next((each for each in PIPELINE.services if each.name == service), None)
    deploy = DeployFacts(revision=f"{service}-00042", deployed_at=deployed_at, deployed_by="builder@example.com")
    return finding(
        code,
        service,
        Severity.P0,
        phase=spec.phase if spec else None,
        command=f"grant {service}",
        **{"caller": (CALLER,), "deploy": deploy, **said},
    )


def data(
    check: str, code: str = "bad", severity: Severity = Severity.P1, day: Interval = NIGHT, **more: Any
) -> CheckResult:
    """A SQL check that failed."""
    spec = next(each for each in PIPELINE.checks if each.id == check)
    return result(check, finding(code, check, severity, phase=spec.phase, day=day, **more))


def all_causes(*results: CheckResult, pipeline: Pipeline = PIPELINE) -> tuple[Cause, ...]:
    """Every cause of these results, with a pass for each check of the control plane that is not among them."""
    return diagnose(pipeline, CHECKS, complete(results))


def causes(*results: CheckResult, pipeline: Pipeline = PIPELINE) -> tuple[Cause, ...]:
    """The causes without those of checks on data that nothing follows from: each is its own cause."""
    return tuple(
        each for each in all_causes(*results, pipeline=pipeline) if each.code != "upstream-check" or not _alone(each)
    )


def _alone(cause: Cause) -> bool:
    return {key.check for key in cause.explains} == {cause.subject}


def complete(results: Iterable[CheckResult]) -> list[CheckResult]:
    """The results, and a pass for each check of the control plane that is not among them."""
    given = list(results)
    missing = [name for name in CONTROL_PLANE if name not in {each.check for each in given}]
    return given + [result(name, passed()) for name in missing]


def deployed(service: str, at: datetime) -> CheckResult:
    """A service whose newest revision was deployed at an instant."""
    revision = DeployedRevision(name=f"{service}-00260", created_at=at, created_by="builder@example.com")
    facts = RevisionsFacts(revisions=(revision,))
    return result("environment-change", finding("variables-kept", service, None, outcome=Outcome.PASSED, facts=facts))


def predicted(good: datetime | None) -> Finding:
    """Predictions came the day before, the last of them at an instant."""
    return finding(
        "triggered",
        "phase4_to_phase5",
        None,
        outcome=Outcome.PASSED,
        phase="phase5",
        day=NIGHT,
        effect_rows=230,
        effect_last_at=good,
    )
