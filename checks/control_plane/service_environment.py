"""Required environment variables are present.

A deploy with --set-env-vars replaces all variables of a service by those it names. A live export once lost
its API key so for an evening: the service was ready and answered, and wrote nothing. The check asks for
every variable that the pipeline file requires, that it exists and is not empty. Values are never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from checks.context import Context
from checks.control_plane import services
from checks.model import Action, Finding, Outcome, Severity
from checks.pipeline import Pipeline, ServiceSpec
from checks.ports.services import Service
from checks.registry import check


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """Which of the required variables are missing, and which are there and empty, in the order required."""

    missing: tuple[str, ...]
    empty: tuple[str, ...]

    @property
    def code(self) -> str:
        """The code for the worse of the two."""
        if self.missing:
            return "variable-missing"
        return "variable-empty" if self.empty else "variables-present"


def variables(required: Sequence[str], environment: Mapping[str, str]) -> Variables:
    """Compare what is required with what is set; a value of blanks alone is empty."""
    return Variables(
        missing=tuple(name for name in required if name not in environment),
        empty=tuple(name for name in required if name in environment and not environment[name].strip()),
    )


def judge(pipeline: Pipeline, spec: ServiceSpec, service: Service) -> Finding:
    """Judge one service that exists."""
    state = variables(spec.environment, service.environment)
    evidence = {
        "missing": ", ".join(state.missing),
        "empty": ", ".join(state.empty),
        "required": ", ".join(spec.environment),
        **services.deployment(service),
    }
    if state.code == "variables-present":
        summary = f"{spec.name} has {len(spec.environment)} of {len(spec.environment)} required variables."
        return services.finding(pipeline, spec, Outcome.PASSED, state.code, summary, evidence=evidence)
    faults = [f"lacks {evidence['missing']}"] if state.missing else []
    faults += [f"has no value in {evidence['empty']}"] if state.empty else []
    return services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        state.code,
        f"{spec.name} {' and '.join(faults)}.",
        severity=Severity.P1,
        evidence=evidence,
        impact=f"{spec.name} is up and cannot do its work.",
        action=_action(pipeline, spec, state),
    )


def _action(pipeline: Pipeline, spec: ServiceSpec, state: Variables) -> Action:
    """From Secret Manager where the pipeline file says from which secret, else by hand."""
    lost = state.missing + state.empty
    if all(name in spec.secrets for name in lost):
        # gcloud refuses to turn a variable with a literal, even an empty one, into a reference.
        first = [services.command(pipeline, "update", spec.name, f"--remove-env-vars={','.join(state.empty)}")]
        references = ",".join(f"{name}={_versioned(spec.secrets[name])}" for name in lost)
        then = services.command(pipeline, "update", spec.name, f"--update-secrets={references}")
        return Action(
            text="Restore the variables from Secret Manager, and find the deploy that uses --set-env-vars or "
            "--set-secrets: only the --update- forms leave the others alone.",
            command="\n".join([*(first if state.empty else []), then]),
            repair=f"restore-variables:{spec.name}",
        )
    updates = ",".join(f"{name}=VALUE" for name in lost)
    return Action(
        text="Set the variables again, each VALUE replaced by the real one, and find the deploy that uses "
        "--set-env-vars: only --update-env-vars leaves the others alone.",
        command=services.command(pipeline, "update", spec.name, f"--update-env-vars={updates}"),
    )


def _versioned(secret: str) -> str:
    name, _, version = secret.partition(":")
    return f"{name}:{version or 'latest'}"


@check(
    id="service-environment",
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
