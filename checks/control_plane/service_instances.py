"""Minimum instances are as declared.

A deploy that names its own number of minimum instances resets what was set by hand. With none kept warm, the
first message of a run meets a cold start, and a push with a short deadline is sent again and again.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.actions import Action
from checks.agreement import agreeing, counted
from checks.context import Context
from checks.control_plane import service_commands, services
from checks.effects import FailureEffect
from checks.facts.control_plane import InstancesFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.services import Service
from checks.registry import check
from checks.services_spec import ServiceSpec


def judge(pipeline: Pipeline, spec: ServiceSpec, service: Service) -> Finding:
    """Judge one service that exists; one without a declared number is content with none."""
    declared, kept = spec.minimum_instances or 0, service.minimum_instances
    facts = InstancesFacts(minimum_instances=kept, declared=declared, deploy=services.deployment(service))
    if kept >= declared:
        summary = f"{spec.name} keeps {_instances(kept)} ({declared} declared)."
        return services.finding(pipeline, spec, Outcome.PASSED, "enough-instances", summary, facts=facts)
    return services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        "too-few-instances",
        f"{spec.name} keeps {_instances(kept)}; the pipeline file declares at least {declared}.",
        severity=Severity.P2,
        facts=facts,
        impact="The first requests meet a cold start and may run out of time.",
        action=Action(
            text="Set the number again, and take it out of the deploy that resets it.",
            commands=(service_commands.command(pipeline, "update", spec.name, f"--min-instances={declared}"),),
        ),
    )


def _instances(count: int) -> str:
    return agreeing(f"{counted(count)} instances")


@check(
    id="service-instances",
    place=PlaceKind.SERVICE,
    facts=InstancesFacts,
    short="instances",
    effect=FailureEffect.RISK,
    worst=Severity.P2,
    codes={
        "enough-instances": "At least as many instances are kept as declared.",
        "too-few-instances": "Fewer instances are kept than declared.",
        **services.SERVICE_CODES,
    },
    expected="Every service keeps at least as many instances as the pipeline file declares.",
    unwanted="A number of instances that a deploy has reset.",
    quick=True,
)
def service_instances(context: Context) -> Iterator[Finding]:
    """Yield one finding for each service with a declared number."""
    yield from services.judge_services(
        context,
        [spec for spec in context.services if spec.minimum_instances is not None],
        lambda _: Severity.P2,
        lambda spec, service: judge(context.pipeline, spec, service),
        configure="declare 'minimum_instances' of a service",
    )
