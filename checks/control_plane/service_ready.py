"""Services are ready.

A service whose last deploy failed keeps answering with the revision before, or not at all, and neither
shows in the pipeline's logs. The check asks Cloud Run itself: the service exists, its terminal condition
succeeded for the newest generation, and no change is under way. A change under way is waited for, but not
for ever: Cloud Run gives up on a revision long before the limit set here. A service that is known only because it is
called is judged as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from checks.actions import Action
from checks.context import Context
from checks.control_plane import service_commands, services
from checks.control_plane.discovery import discover, incomplete, unnamed
from checks.effects import FailureEffect
from checks.facts.control_plane import ReadyFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.services import Service
from checks.registry import check
from checks.services_spec import ServiceSpec

RECONCILING_LIMIT = timedelta(minutes=30)
"""How long a change may be under way."""


def readiness(service: Service, now: datetime) -> str:
    """Return the code for a service's state at an instant."""
    if service.reconciling:
        began = service.deployed_at
        return "stuck-reconciling" if began is not None and now - began > RECONCILING_LIMIT else "reconciling"
    return "ready" if service.ready else "not-ready"


def severity_of(pipeline: Pipeline, spec: ServiceSpec) -> Severity:
    """An orchestrator that is not ready stops the pipeline, any other service a part of it."""
    return Severity.P0 if services.is_orchestrator(pipeline, spec.name) else Severity.P1


def judge(pipeline: Pipeline, spec: ServiceSpec, service: Service, now: datetime) -> Finding:
    """Judge one service that exists."""
    code = readiness(service, now)
    reason = service.reason.rstrip(".") or "Cloud Run gives no reason"
    outcome, summary = {
        "ready": (Outcome.PASSED, f"{spec.name} is ready."),
        "reconciling": (Outcome.WAITING, f"A change of {spec.name} is under way."),
        "stuck-reconciling": (
            Outcome.FAILED,
            f"A change of {spec.name} has been under way for more than {RECONCILING_LIMIT.seconds // 60} minutes.",
        ),
        "not-ready": (Outcome.FAILED, f"{spec.name} is not ready: {reason}."),
    }[code]
    failed = outcome is Outcome.FAILED
    return services.finding(
        pipeline,
        spec,
        outcome,
        code,
        summary,
        severity=severity_of(pipeline, spec) if failed else None,
        facts=ReadyFacts(reason=service.reason, deploy=services.deployment(service)),
        impact=f"What is sent to {spec.name} fails, or is answered by an older revision." if failed else "",
        action=Action(
            text="Read why the revision did not start, fix it, and deploy again.",
            commands=(service_commands.command(pipeline, "describe", spec.name, "--format=yaml(status.conditions)"),),
        )
        if failed
        else None,
    )


@check(
    id="service-ready",
    place=PlaceKind.SERVICE,
    facts=ReadyFacts,
    short="readiness",
    reason="the readiness",
    effect=FailureEffect.STOPS,
    worst=Severity.P0,
    codes={
        "ready": "The service is ready.",
        "reconciling": "A change is under way; the state is not final yet.",
        "stuck-reconciling": "A change has been under way for too long.",
        "not-ready": "The service exists and is not ready.",
        **services.SERVICE_CODES,
    },
    expected="Every service exists and is ready.",
    unwanted="A deploy that failed, a service that was deleted.",
    quick=True,
)
def service_ready(context: Context) -> Iterator[Finding]:
    """Yield one finding a service: those of the pipeline file, then those that were discovered."""
    found = discover(context).read()
    yield from services.judge_services(
        context,
        (*context.services, *unnamed(context, found)),
        lambda spec: severity_of(context.pipeline, spec),
        lambda spec, service: judge(context.pipeline, spec, service, context.now),
    )
    yield from incomplete(found, Severity.P1)
