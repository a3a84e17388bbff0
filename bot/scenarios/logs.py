"""What Cloud Logging holds in a scenario: every entry that its layers describe, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.definition.files import ReadFile
from bot.scenarios.layers import placed
from bot.scenarios.platform_states import ChangeState, ErrorState, Moment
from bot.scenarios.scenario import ScenarioFile
from bot.scenarios.template import Gaps
from checks.facts.logs import GrantChange, LoggedChange
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.ports.logs import LogLine

Layer = ReadFile[ScenarioFile]


def logged_lines(layers: Sequence[Layer], gaps: Gaps) -> tuple[LogLine, ...]:
    """Return each line of each service. Raises PipelineFileError for a gap that nothing fills."""
    stated: dict[str, list[LogLine]] = {}
    for layer in layers:
        if layer.content.logs is None:
            continue
        for key, errors in layer.content.logs.errors.items():
            with placed(layer, ("logs", "errors", key)):
                for name, number in gaps.each(key):
                    stated[name] = [line for each in errors or () for line in _lines(name, each, gaps, number)]
    lines = (line for own in stated.values() for line in own)
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True))


def _lines(service: str, state: ErrorState, gaps: Gaps, number: int) -> Iterator[LogLine]:
    last = _instant(state.last, gaps)
    first = last if state.first is None else _instant(state.first, gaps)
    text = str(gaps.fill(gaps.settle(state.text), number)) if "<" in state.text else state.text
    revision = str(gaps.fill(gaps.settle(state.revision), number))
    for place in range(state.count):
        yield LogLine(
            service=service, at=last - (last - first) * place / max(1, state.count - 1), text=text, revision=revision
        )


def logged_changes(pipeline: Pipeline, layers: Sequence[Layer], gaps: Gaps) -> tuple[LoggedChange, ...]:
    """Return each change of the topmost layer that states some. Raises PipelineFileError likewise."""
    found: tuple[LoggedChange, ...] = ()
    for layer in layers:
        if layer.content.logs is not None and layer.content.logs.changes is not None:
            with placed(layer, ("logs", "changes")):
                found = tuple(_change(pipeline, each, gaps) for each in layer.content.logs.changes)
    return tuple(sorted(found, key=lambda change: change.at, reverse=True))


def _change(pipeline: Pipeline, state: ChangeState, gaps: Gaps) -> LoggedChange:
    grants = [(True, state.gave), (False, state.took)]
    policy = any(members for _, members in grants)
    return LoggedChange(
        place=_place(pipeline, state, policy=policy),
        at=_instant(state.at, gaps),
        verb="changed the policy" if policy else state.what,
        actor=gaps.settle(state.by),
        grants=tuple(
            GrantChange(added=added, role=role, member=gaps.settle(member))
            for added, members in grants
            for role, named in members.items()
            for member in named
        ),
    )


def _place(pipeline: Pipeline, state: ChangeState, *, policy: bool) -> Place:
    if state.service is not None:
        return Place(PlaceKind.PERMISSION if policy else PlaceKind.SERVICE, state.service)
    others = (
        (PlaceKind.JOB, state.job),
        (PlaceKind.SUBSCRIPTION, state.subscription),
        (PlaceKind.TOPIC, state.topic),
    )
    return next((Place(kind, name) for kind, name in others if name), Place(PlaceKind.PERMISSION, pipeline.project))


def _instant(moment: Moment, gaps: Gaps) -> datetime:
    return gaps.instant(gaps.settle(moment) if isinstance(moment, str) else moment)
