"""What follows from repairs: the world of a scenario as it is by now, with what they have brought about.

Whether a repair is made is seen in what it writes, so undoing it takes back what followed from it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from bot import yaml_tree
from bot.definition.files import PipelineFileError, ReadFile
from bot.repairs.allowlist import key_of, kind_of, must_allow
from bot.repairs.kinds import KINDS
from bot.repairs.kinds.job_run import JobRun
from bot.repairs.model import RepairRefusedError
from bot.scenarios.changes import Aftermath, WorldChanges
from bot.scenarios.faults import Faults
from bot.scenarios.platform import ScenarioPlatform
from bot.scenarios.scenario import Scenario, ScenarioFile
from bot.yaml_tree import FileProblem
from checks.actions import RepairKey
from checks.pipeline import Pipeline

SECTION = "after_repairs"

HEAD = ("name", "title", "story", "when", "now", "interval", "base", "expect")
"""What a part of a scenario has in common with the whole."""

Stage = tuple[int, ...]
"""Which parts of ``after_repairs`` have come about, by their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part(ReadFile[ScenarioFile]):
    """A part of a scenario file that is laid over its world as if it were a file."""

    within: yaml_tree.Path

    def problem(
        self, path: yaml_tree.Path, text: str, *, undecided: bool = False, line_of_text: int = 0
    ) -> FileProblem:
        return ReadFile.problem(self, (*self.within, *path), text, undecided=undecided, line_of_text=line_of_text)


World = TypeVar("World")


class Unfolding(Generic[World]):
    """The world by now, as ``build`` makes one. Safe from several threads; whoever has asked keeps the world that they
    were given.

    Raises PipelineFileError for parts that do not fit the pipeline or the world, as soon as it is made.
    """

    def __init__(self, pipeline: Pipeline, scenario: Scenario, build: Callable[[Pipeline, Scenario], World]) -> None:
        self._pipeline = pipeline
        self._scenario = scenario
        self._build = build
        self._parts = _parts(scenario)
        self._keys = [_keys(part, pipeline) for part in self._parts]
        self._platform: ScenarioPlatform | None = None
        self._lock = threading.Lock()
        self._worlds: dict[Stage, World] = {(): build(pipeline, scenario)}
        # What is wrong in a part is said now, not when somebody repairs.
        self._world_of(tuple(range(len(self._parts))))

    @property
    def first(self) -> World:
        """The world before any repair."""
        return self._worlds[()]

    def watch(self, platform: ScenarioPlatform) -> None:
        """Follow what is repaired on a platform. Raises PipelineFileError for a part that nobody can bring about."""
        # Faults are for those who ask the platform, not for what happens on it.
        self._platform = replace(platform, faults=Faults(()))
        problems = [
            part.problem(("repairs",), text)
            for part, keys in zip(self._parts, self._keys, strict=True)
            if (text := _impossible(keys, self._pipeline, self._platform))
        ]
        if problems:
            raise PipelineFileError(tuple(problems))

    def stage(self) -> Stage:
        """Return which parts have come about by now."""
        platform = self._platform
        if platform is None:
            return ()
        return tuple(
            number
            for number, keys in enumerate(self._keys)
            if all(in_place(key, self._pipeline, platform) for key in keys)
        )

    def world(self) -> World:
        """Return the world as it is by now."""
        return self._world_of(self.stage())

    def world_of(self, stage: Stage) -> World:
        """Return the world of a stage."""
        return self._world_of(stage)

    def _world_of(self, stage: Stage) -> World:
        with self._lock:
            if stage not in self._worlds:
                parts: Sequence[ReadFile[ScenarioFile]] = [self._parts[number] for number in stage]
                layers = (*self._scenario.layers, *parts)
                self._worlds[stage] = self._build(self._pipeline, Scenario(layers=layers))
            return self._worlds[stage]


def in_place(key: RepairKey, pipeline: Pipeline, platform: ScenarioPlatform) -> bool:
    """Whether a repair has nothing left to do; for a job, whether it was run in this process."""
    if key.kind == JobRun.name:
        return platform.scheduler.has_run(key.target)
    kind = kind_of(key, KINDS)(pipeline, platform)
    try:
        return not kind.plan(key.target, kind.read(key.target)).changes
    except RepairRefusedError:
        return False


def _parts(scenario: Scenario) -> tuple[_Part, ...]:
    for layer in reversed(scenario.layers):
        if layer.content.after_repairs is not None:
            return tuple(
                _Part(content=_as_file(scenario.file, part), root=layer.root, name=layer.name, within=(SECTION, number))
                for number, part in enumerate(layer.content.after_repairs)
            )
    return ()


def _as_file(top: ScenarioFile, part: Aftermath) -> ScenarioFile:
    head = {name: getattr(top, name) for name in HEAD}
    changes = {name: getattr(part, name) for name in WorldChanges.model_fields}
    return ScenarioFile.model_construct(**head, **changes, after_repairs=(part,))


def _keys(part: _Part, pipeline: Pipeline) -> tuple[RepairKey, ...]:
    """Read the keys of a part. Raises PipelineFileError for one that is none or that the pipeline does not allow."""
    (content,) = part.content.after_repairs or ()
    keys = []
    for number, text in enumerate(content.repairs):
        try:
            key = key_of(text, KINDS)
            must_allow(pipeline, key, KINDS)
        except RepairRefusedError as error:
            raise PipelineFileError((part.problem(("repairs", number), str(error)),)) from None
        keys.append(key)
    return tuple(keys)


def _impossible(keys: Sequence[RepairKey], pipeline: Pipeline, platform: ScenarioPlatform) -> str:
    """Say why nobody can make these repairs in the world as it begins; empty when somebody can."""
    for key in keys:
        kind = kind_of(key, KINDS)(pipeline, platform)
        try:
            kind.plan(key.target, kind.read(key.target))
        except RepairRefusedError as error:
            return f"{key} cannot be made here: {error}"
    if all(in_place(key, pipeline, platform) for key in keys):
        return "nothing is left to repair here: all of it is in place from the beginning"
    return ""
