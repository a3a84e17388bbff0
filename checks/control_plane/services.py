"""The services of a run: asked for at once, judged one by one, each alone in its trouble.

All checks of a run share one look per service, so ten checks cost no more questions than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from checks.actions import Action
from checks.context import Context, not_configured
from checks.control_plane.service_commands import command
from checks.facts import NOTHING, Facts
from checks.facts.control_plane import DeployFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.services import Service, read_service
from checks.services_spec import ServiceSpec
from checks.unanswered import attempt

Judge = Callable[[ServiceSpec, Service], Finding]
"""Judges one service that exists."""

SERVICE_CODES = {
    "service-missing": "The service does not exist.",
    "optional-service": "Something is wrong with a service that may be missing or closed; it is not a failure.",
}


def judge_services(
    context: Context,
    specs: Iterable[ServiceSpec],
    severity: Callable[[ServiceSpec], Severity],
    judge: Judge,
    *,
    configure: str = "name services under 'services'",
) -> Iterator[Finding]:
    """Look at every service and yield what ``judge`` says of it; ``severity`` is how bad a missing one is.

    ``configure`` is what to add to the pipeline file where there is none to look at.
    """
    reads = [(spec, read_service(context.reads, spec.name)) for spec in specs]
    if not reads:
        yield none_named(configure)
    for spec, look in reads:

        def judged(spec: ServiceSpec = spec, look: Callable[[], Service | None] = look.result) -> Iterator[Finding]:
            service = look()
            yield missing(context.pipeline, spec, severity(spec)) if service is None else judge(spec, service)

        yield from attempt_service(context.pipeline, spec, severity(spec), judged)


def attempt_service(
    pipeline: Pipeline, spec: ServiceSpec, severity: Severity, judge: Callable[[], Iterable[Finding]]
) -> Iterator[Finding]:
    """Yield what ``judge`` finds; a source that fails costs this service alone, an optional service nothing."""
    for finding in attempt(judge, subject=spec.name, severity=severity, phase=phase_of(pipeline, spec)):
        yield tolerated_if_optional(spec, finding)


def tolerated_if_optional(spec: ServiceSpec, finding: Finding) -> Finding:
    """Return the finding, or what it means for a service that may be missing or closed."""
    if not spec.optional or finding.severity is None:
        return finding
    return replace(
        finding,
        outcome=Outcome.SKIPPED,
        severity=None,
        code="optional-service",
        summary=f"{finding.summary} The service is optional, so this is not a failure.",
        former=finding.code,
        impact="",
        action=None,
        read=finding.outcome is Outcome.FAILED,
    )


def none_named(configure: str = "name services under 'services'") -> Finding:
    """Return the finding of a check that no service of the pipeline file concerns."""
    return not_configured("services", "The pipeline file names no service for this check", configure=configure)


def missing(pipeline: Pipeline, spec: ServiceSpec, severity: Severity) -> Finding:
    """Return the finding for a service that does not exist."""
    return Finding(
        outcome=Outcome.FAILED,
        code="service-missing",
        subject=spec.name,
        summary=f"There is no service {spec.name} in {pipeline.project}, {pipeline.region}.",
        severity=severity,
        phase=phase_of(pipeline, spec),
        place=Place(PlaceKind.SERVICE, spec.name),
        impact=f"Nothing answers what is sent to {spec.name}.",
        action=Action(
            text="Deploy the service; if it is gone for good, remove it from the pipeline file or mark it optional.",
            commands=(command(pipeline, "list"),),
        ),
        link=f"https://console.cloud.google.com/run?project={pipeline.project}",
    )


def is_orchestrator(pipeline: Pipeline, name: str) -> bool:
    """Whether a service moves one phase to the next; one that only watches does not."""
    return any(each.orchestrator == name and not each.monitoring_only for each in pipeline.transitions)


def phase_of(pipeline: Pipeline, spec: ServiceSpec) -> str | None:
    """Return the phase of a service: its own, else the one that it starts as an orchestrator."""
    started = (each.target for each in pipeline.transitions if each.orchestrator == spec.name)
    return spec.phase or next(started, None)


def deployment(service: Service | None) -> DeployFacts | None:
    """Return the last deploy of a service; None when it could not be checked."""
    if service is None:
        return None
    return DeployFacts(
        revision=service.latest_created_revision, deployed_at=service.deployed_at, deployed_by=service.deployed_by
    )


def serving(service: Service) -> str:
    """Return the traffic of a service in words: "rev-2 90 %, rev-1 10 %"."""
    shares = sorted(service.traffic.items(), key=lambda share: (-share[1], share[0]))
    return ", ".join(f"{revision} {percent} %" for revision, percent in shares if percent) or "none"


def console(pipeline: Pipeline, service: str, tab: str) -> str:
    """Return the address of one tab of a service in Google's console."""
    return f"https://console.cloud.google.com/run/detail/{pipeline.region}/{service}/{tab}?project={pipeline.project}"


def finding(  # noqa: PLR0913 - the fields of a finding, less those that the service decides
    pipeline: Pipeline,
    spec: ServiceSpec,
    outcome: Outcome,
    code: str,
    summary: str,
    *,
    severity: Severity | None = None,
    facts: Facts = NOTHING,
    place: Place | None = None,
    impact: str = "",
    action: Action | None = None,
    tab: str = "revisions",
) -> Finding:
    """Return a finding about a service; ``tab`` is where the console shows what it is about."""
    return Finding(
        outcome=outcome,
        code=code,
        subject=spec.name,
        summary=summary,
        severity=severity,
        phase=phase_of(pipeline, spec),
        place=place,
        facts=facts,
        impact=impact,
        action=action,
        link=console(pipeline, spec.name, tab),
    )
