"""The build triggers that deploy the services of a pipeline file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checks.actions import Gcloud
from checks.pipeline import Pipeline
from checks.ports.builds import BuildTrigger
from checks.reads import Read
from checks.services_spec import ServiceSpec
from checks.source import SourceError


def trigger_name(pipeline: Pipeline, spec: ServiceSpec) -> str:
    """Return the name of the trigger that deploys a service: its own, else by the file's pattern."""
    pattern = pipeline.deployment.trigger if pipeline.deployment is not None else "{service}"
    return spec.trigger or pattern.replace("{service}", spec.name)


def is_owed(spec: ServiceSpec) -> bool:
    """Whether a service must have a trigger: the file names it, or what the service is built from."""
    return spec.trigger is not None or bool(spec.source)


def by_name(triggers: Sequence[BuildTrigger]) -> Mapping[str, BuildTrigger]:
    """Return triggers by name; of two with one name, in two places, the one that is not disabled."""
    return {each.name: each for each in sorted(triggers, key=lambda each: not each.disabled)}


def known(look: Read[Sequence[BuildTrigger]] | None) -> Mapping[str, BuildTrigger]:
    """Return the triggers for suggestions alone: none where they cannot be checked."""
    if look is None:
        return {}
    try:
        return by_name(look.result())
    except SourceError:
        return {}


def run_command(pipeline: Pipeline, trigger: BuildTrigger) -> Gcloud:
    """Return the command that builds the newest commit of the deployed branch."""
    branch = pipeline.deployment.branch if pipeline.deployment is not None else "main"
    flags = (f"--branch={branch}", f"--region={trigger.location}", f"--project={pipeline.project}")
    return Gcloud("builds triggers", "run", trigger.name, flags)
