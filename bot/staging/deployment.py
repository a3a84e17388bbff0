"""Deploying a service a second time, against staging: the image and settings that run, with what must differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.staging.ports import Copied, StagingPorts, WantedCopy
from bot.staging.prefix import LABEL, Prefix, StagingError
from bot.staging.steps import StagingStep, StepMark, Tell, at_once
from checks.pipeline import Pipeline
from checks.staging_spec import StagedService, Staging

SUFFIX = "-staging"

ORIGIN = "reveille-revision"
"""The label of a copy that names the revision it was made from: whatever changed in a newer one is copied again."""

LONGEST_NAME = 49
"""Characters that Cloud Run allows for the name of a service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingTarget:
    """A service of the pipeline file that staging gets."""

    spec: StagedService
    callers: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.spec.name}{SUFFIX}"


def targets(pipeline: Pipeline, staging: Staging, names: Sequence[str]) -> list[StagingTarget]:
    """Return what is to be deployed. Raises StagingError for a name that the pipeline file does not allow."""
    allowed = {each.name: each for each in staging.services}
    known = {service.name: service for service in pipeline.services}
    chosen = []
    for name in dict.fromkeys(names):
        if name not in allowed:
            may = ", ".join(sorted(allowed)) or "none"
            raise StagingError(f"{name!r} cannot be deployed to staging: the pipeline file allows {may}.")
        if len(name) + len(SUFFIX) > LONGEST_NAME:
            raise StagingError(f"{name + SUFFIX!r} is longer than the {LONGEST_NAME} characters Cloud Run allows.")
        callers = known[name].callers if name in known else None
        chosen.append(StagingTarget(spec=allowed[name], callers=(pipeline.invoker,) if callers is None else callers))
    return chosen


def deploy(
    ports: StagingPorts,
    prefix: Prefix,
    pipeline: Pipeline,
    staging: Staging,
    chosen: Sequence[StagingTarget],
    tell: Tell,
    *,
    dry_run: bool,
) -> list[StagingStep]:
    """Create the topics, then the services with their callers; what is right already is not written."""
    steps = _topics(ports, prefix, chosen, tell, dry_run=dry_run)
    if any(step.mark is StepMark.FAILED for step in steps):
        return steps
    work = partial(_one, ports, prefix, pipeline, staging, dry_run=dry_run)
    return [*steps, *at_once(chosen, work, lambda each: each.name, tell)]


def _topics(
    ports: StagingPorts, prefix: Prefix, chosen: Sequence[StagingTarget], tell: Tell, *, dry_run: bool
) -> list[StagingStep]:
    names = sorted({prefix.of(topic) for each in chosen for topic in each.spec.topics.values()})

    def one(name: str) -> StagingStep:
        labels = ports.topics.labels(name)
        subject = f"topic {name}"
        if labels is None and dry_run:
            return StagingStep(mark=StepMark.WOULD, subject=subject, detail="would be created")
        if labels is None:
            ports.topics.create(name, {LABEL: prefix.label})
            return StagingStep(mark=StepMark.DONE, subject=subject, detail="created")
        if not prefix.labelled(labels):
            raise StagingError(f"does not carry the label {LABEL}={prefix.label}; it is left alone")
        return StagingStep(mark=StepMark.SAME, subject=subject, detail="is there")

    return at_once(names, one, lambda name: f"topic {name}", tell)


def _one(
    ports: StagingPorts, prefix: Prefix, pipeline: Pipeline, staging: Staging, target: StagingTarget, *, dry_run: bool
) -> StagingStep:
    origin = ports.services.running(target.spec.name)
    if origin is None:
        raise StagingError(f"there is no service {target.spec.name!r} to copy")
    if leaks := list(leaks_of(pipeline, target.spec, origin.environment)):
        raise StagingError(leaks[0])
    existing = ports.services.copied(target.name)
    if existing is not None and not prefix.labelled(existing.labels):
        raise StagingError(f"exists and does not carry the label {LABEL}={prefix.label}; it is left alone")
    wanted = WantedCopy(
        origin=origin,
        name=target.name,
        environment=merged(prefix, staging, target.spec),
        labels={LABEL: prefix.label, ORIGIN: origin.revision},
    )
    same = existing is not None and is_as_wanted(existing, wanted)
    if dry_run:
        return _would(wanted, target, same=same)
    if not same:
        _must_be_ready(ports.services.deploy(wanted))
    granted = bool(target.callers) and ports.services.grant(target.name, target.callers)
    _must_be_called(ports, target)
    what = f"runs the image of {origin.revision}" if same else f"deployed from {origin.revision}"
    mark = StepMark.SAME if same and not granted else StepMark.DONE
    return StagingStep(mark=mark, subject=target.name, detail=f"{what}; callers verified: {_callers(target)}")


def merged(prefix: Prefix, staging: Staging, spec: StagedService) -> dict[str, str]:
    """Return the variables that the copy gets in place of, or beside, those of the revision."""
    return {
        **spec.variables,
        **{variable: prefix.of(topic) for variable, topic in spec.topics.items()},
        staging.dataset_variable: prefix.text,
        staging.collection_variable: prefix.text,
    }


def leaks_of(pipeline: Pipeline, spec: StagedService, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each variable through which a copy would reach a topic of production."""
    topics = set(pipeline.messaging.topics) if pipeline.messaging is not None else set()
    for variable, value in sorted(environment.items()):
        topic = value.rpartition("/")[2]
        if topic in topics and variable not in spec.topics and variable not in spec.variables:
            yield (
                f"{variable} of {spec.name} names the production topic {topic!r}, so the copy would publish to it;"
                f" add '{variable}: {topic}' to its 'topics' under 'staging' in the pipeline file"
            )
    for variable, topic in sorted(spec.topics.items()):
        if variable not in environment:
            yield (
                f"{spec.name} has no variable {variable}, so it may name {topic!r} in its code;"
                " let it read the topic from that variable first"
            )


def is_as_wanted(existing: Copied, wanted: WantedCopy) -> bool:
    """Whether a copy that exists is ready and equal to what it would be made."""
    return (
        existing.ready
        and existing.labels.get(ORIGIN) == wanted.origin.revision
        and existing.image == wanted.origin.image
        and existing.service_account == wanted.origin.service_account
        and dict(existing.environment) == {**wanted.origin.environment, **wanted.environment}
    )


def _would(wanted: WantedCopy, target: StagingTarget, *, same: bool) -> StagingStep:
    if same:
        return StagingStep(
            mark=StepMark.SAME, subject=wanted.name, detail=f"runs the image of {wanted.origin.revision}"
        )
    variables = " ".join(f"{name}={value}" for name, value in sorted(wanted.environment.items()))
    return StagingStep(
        mark=StepMark.WOULD,
        subject=wanted.name,
        detail=f"would be deployed from {wanted.origin.revision} as {wanted.origin.service_account or 'the default'}"
        f" with {variables}; callers: {_callers(target)}",
    )


def _must_be_ready(copied: Copied) -> None:
    if not copied.ready:
        raise StagingError(f"is deployed but does not become ready: {copied.reason or 'Cloud Run gives no reason'}")


def _must_be_called(ports: StagingPorts, target: StagingTarget) -> None:
    """Read the policy again: a grant that did not arrive fails the deployment."""
    missing = sorted(set(target.callers) - ports.services.invokers(target.name))
    if missing:
        raise StagingError(f"is deployed, but {', '.join(missing)} cannot invoke it although that was just granted")


def _callers(target: StagingTarget) -> str:
    return ", ".join(target.callers) or "nobody"
