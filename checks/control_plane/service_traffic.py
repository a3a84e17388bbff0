"""The latest revision serves all traffic.

A deploy can succeed and change nothing: when traffic is pinned to a revision by name, or the newest
revision never became ready, requests go on to old code. Twenty-one services once ran so unnoticed. The
revision created last, the one ready last, and the one that serves everything must be the same. A service that
is known only because it is called is judged as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.actions import Action, RepairKey
from checks.context import Context
from checks.control_plane import service_commands, services
from checks.control_plane.discovery import discover, incomplete, unnamed
from checks.facts.control_plane import TrafficFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.services import Service
from checks.registry import check
from checks.services_spec import ServiceSpec


def routing(service: Service) -> str:
    """Return the code for where a service's traffic goes."""
    if service.reconciling:
        return "rolling-out"
    latest = service.latest_created_revision
    current = bool(latest) and latest == service.latest_ready_revision and service.traffic.get(latest, 0) >= 100  # noqa: PLR2004 - percent
    return "latest-serving" if current else "stale-revision"


def judge(pipeline: Pipeline, spec: ServiceSpec, service: Service) -> Finding:
    """Judge one service that exists."""
    code = routing(service)
    shares = services.serving(service)
    facts = TrafficFacts(
        deploy=services.deployment(service),
        latest_created=service.latest_created_revision,
        latest_ready=service.latest_ready_revision,
        traffic=shares,
    )
    if code == "rolling-out":
        summary = f"A change of {spec.name} is under way; traffic: {shares}."
        return services.finding(pipeline, spec, Outcome.WAITING, code, summary, facts=facts)
    if code == "latest-serving":
        summary = f"{service.latest_created_revision} serves all traffic of {spec.name}."
        return services.finding(pipeline, spec, Outcome.PASSED, code, summary, facts=facts)
    return services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        code,
        f"The latest revision of {spec.name} is {service.latest_created_revision or 'unknown'}"
        f"{_readiness(service)}, but traffic goes to: {shares}.",
        severity=Severity.P1,
        facts=facts,
        impact=f"{spec.name} runs old code: what was deployed last has no effect.",
        action=_action(pipeline, spec, service),
    )


def _readiness(service: Service) -> str:
    if service.latest_created_revision == service.latest_ready_revision:
        return ""
    return f" (not ready; the latest ready one is {service.latest_ready_revision or 'unknown'})"


def _action(pipeline: Pipeline, spec: ServiceSpec, service: Service) -> Action:
    """Traffic can only be sent to a revision that is ready."""
    if service.traffic.get(service.latest_ready_revision, 0) >= 100:  # noqa: PLR2004 - percent
        return Action(
            text=f"Find out why {service.latest_created_revision} did not become ready, fix it and deploy again.",
            commands=(service_commands.command(pipeline, "describe", spec.name, "--format=yaml(status.conditions)"),),
        )
    return Action(
        text="Send all traffic to the latest revision.",
        commands=(service_commands.command(pipeline, "update-traffic", spec.name, "--to-latest"),),
        repairs=(RepairKey("route-to-latest", spec.name),),
    )


@check(
    id="service-traffic",
    place=PlaceKind.SERVICE,
    facts=TrafficFacts,
    short="traffic",
    reason="the traffic",
    worst=Severity.P1,
    codes={
        "latest-serving": "The revision created last is ready and serves all traffic.",
        "rolling-out": "A change is under way; traffic may still move.",
        "stale-revision": "Some traffic goes to another revision than the one created last.",
        **services.SERVICE_CODES,
    },
    expected="The revision that was created last serves all traffic of its service.",
    unwanted="Traffic pinned to an old revision.",
    quick=True,
)
def service_traffic(context: Context) -> Iterator[Finding]:
    """Yield one finding a service: those of the pipeline file, then those that were discovered."""
    found = discover(context).read()
    yield from services.judge_services(
        context,
        (*context.services, *unnamed(context, found)),
        lambda _: Severity.P1,
        lambda spec, service: judge(context.pipeline, spec, service),
    )
    yield from incomplete(found, Severity.P1)
