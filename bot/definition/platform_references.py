"""What the sections about the platform around the services say of the rest of a pipeline file, and whether it is so."""

from __future__ import annotations

from collections.abc import Iterator

from bot.definition.model_errors import nearest
from bot.yaml_tree import Path
from checks.pipeline import Pipeline

Fault = tuple[Path, str]


def platform_problems(pipeline: Pipeline) -> Iterator[Fault]:
    """Yield what does not fit together."""
    yield from _messaging(pipeline)
    yield from _scheduler(pipeline)
    yield from _invocations(pipeline)
    yield from _deployment(pipeline)


def _messaging(pipeline: Pipeline) -> Iterator[Fault]:
    messaging = pipeline.messaging
    if messaging is None:
        return
    for topic, services in messaging.targets.items():
        here: Path = ("messaging", "targets", topic)
        if topic not in messaging.topics:
            yield here, f"there is no topic '{topic}'; {nearest(topic, list(messaging.topics))}"
        elif len(services) > messaging.topics[topic]:
            yield here, f"names {len(services)} services, and 'topics' expects {messaging.topics[topic]} subscriptions"
        for position, service in enumerate(services):
            if service in services[:position]:
                yield (*here, position), f"'{service}' stands twice; once is enough"


def _scheduler(pipeline: Pipeline) -> Iterator[Fault]:
    if pipeline.scheduler is None:
        return
    known = [*(check.id for check in pipeline.checks), *(phase.id for phase in pipeline.phases)]
    for pattern, explained in pipeline.scheduler.explains.items():
        for position, name in enumerate(explained):
            if name not in known:
                here: Path = ("scheduler", "explains", pattern, position)
                yield here, f"there is no check on data and no phase '{name}'; {nearest(name, known)}"
    for position, job in enumerate(pipeline.scheduler.expected):
        if job in pipeline.scheduler.expected[:position]:
            yield ("scheduler", "expected", position), f"'{job}' stands twice; once is enough"


def _invocations(pipeline: Pipeline) -> Iterator[Fault]:
    when = pipeline.invocations.when if pipeline.invocations is not None else None
    if when is not None and when not in pipeline.conditions:
        yield ("invocations", "when"), f"there is no condition '{when}'; {nearest(when, list(pipeline.conditions))}"


def _deployment(pipeline: Pipeline) -> Iterator[Fault]:
    if pipeline.deployment is None:
        return
    # The name of a service is put into the pattern, so no other brace may stand in it.
    around = pipeline.deployment.trigger.replace("{service}", "")
    if "{" in around or "}" in around:
        yield ("deployment", "trigger"), "expected a name with {service} in it, such as deploy-{service}"
