"""Required environment variables are present.

A deploy with --set-env-vars replaces all variables of a service by those it names. A live export once lost
its API key so for an evening: the service was ready and answered, and wrote nothing. The check asks for
every variable that the pipeline file requires, that it exists and is not empty. Values are never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checks.actions import Action, RepairKey
from checks.context import Context
from checks.control_plane import service_commands, services
from checks.effects import FailureEffect
from checks.facts.control_plane import VariablesFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.services import Service
from checks.registry import check
from checks.services_spec import ServiceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredVariables:
    """Which of the required variables are missing, and which are there and empty, in the order required."""

    missing: tuple[str, ...]
    empty: tuple[str, ...]

    @property
    def code(self) -> str:
        """The code for the worse of the two."""
        if self.missing:
            return "variable-missing"
        return "variable-empty" if self.empty else "variables-present"


def variables(required: Sequence[str], environment: Mapping[str, str]) -> RequiredVariables:
    """Compare what is required with what is set; a value of blanks alone is empty."""
    return RequiredVariables(
        missing=tuple(name for name in required if name not in environment),
        empty=tuple(name for name in required if name in environment and not environment[name].strip()),
    )


def judge(pipeline: Pipeline, spec: ServiceSpec, service: Service) -> Finding:
    """Judge one service that exists."""
    state = variables(spec.environment, service.environment)
    facts = VariablesFacts(
        missing=state.missing,
        empty=state.empty,
        required=tuple(spec.environment),
        deploy=services.deployment(service),
    )
    if state.code == "variables-present":
        summary = f"{spec.name} has {len(spec.environment)} of {len(spec.environment)} required variables."
        return services.finding(pipeline, spec, Outcome.PASSED, state.code, summary, facts=facts)
    faults = [f"lacks {', '.join(state.missing)}"] if state.missing else []
    faults += [f"has no value in {', '.join(state.empty)}"] if state.empty else []
    return services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        state.code,
        f"{spec.name} {' and '.join(faults)}.",
        severity=Severity.P1,
        facts=facts,
        impact=f"{spec.name} runs but cannot do its work.",
        action=_action(pipeline, spec, state),
    )


def _action(pipeline: Pipeline, spec: ServiceSpec, state: RequiredVariables) -> Action:
    """From Secret Manager where the pipeline file says from which secret, else by hand."""
    lost = state.missing + state.empty
    if all(name in spec.secrets for name in lost):
        return Action(
            text="Restore the variables from Secret Manager, and find the deploy that uses --set-env-vars or "
            "--set-secrets: only the --update- forms leave the others alone.",
            commands=service_commands.from_secrets(
                pipeline, spec.name, {name: spec.secrets[name] for name in lost}, state.empty
            ),
            repairs=(RepairKey("restore-variables", spec.name),),
        )
    updates = ",".join(f"{name}=VALUE" for name in lost)
    return Action(
        text="Set the variables again, each VALUE replaced by the real one, and find the deploy that uses "
        "--set-env-vars: only --update-env-vars leaves the others alone.",
        commands=(service_commands.command(pipeline, "update", spec.name, f"--update-env-vars={updates}"),),
    )


@check(
    id="service-environment",
    place=PlaceKind.SERVICE,
    facts=VariablesFacts,
    short="variables",
    reason="the variables",
    effect=FailureEffect.STOPS,
    worst=Severity.P1,
    codes={
        "variables-present": "Every required variable is set and not empty.",
        "variable-missing": "A required variable is not set.",
        "variable-empty": "A required variable is set to nothing.",
        **services.SERVICE_CODES,
    },
    expected="Every required environment variable is set and not empty.",
    unwanted="A variable that a deploy has wiped.",
    quick=True,
)
def service_environment(context: Context) -> Iterator[Finding]:
    """Yield one finding for each service that requires variables."""
    yield from services.judge_services(
        context,
        [spec for spec in context.services if spec.environment],
        lambda _: Severity.P1,
        lambda spec, service: judge(context.pipeline, spec, service),
        configure="name the 'environment' that a service requires",
    )
