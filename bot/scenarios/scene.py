"""A scenario that is being asked: its world by now, its faults, and the platform that repairs write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.scenarios.aftermath import Unfolding
from bot.scenarios.faults import Faults
from bot.scenarios.layers import is_whole
from bot.scenarios.platform import RunnableScheduler, ScenarioPlatform
from bot.scenarios.scenario import Scenario
from bot.scenarios.world import Build, World, build_world
from checks.pipeline import Pipeline
from checks.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the recorded adapters of a pipeline answer from."""

    pipeline: Pipeline
    scenario: Scenario
    unfolding: Unfolding[World]
    faults: Faults
    platform: ScenarioPlatform
    dataset_prefix: str

    def world(self) -> World:
        """Return the world as it is by now."""
        return self.unfolding.world()

    def deployed(self, source: Source[Any], section: str) -> bool:
        """Whether a source of what is deployed is there: where the pipeline file says what is deployed, or a layer of
        the scenario says something of it. One that nobody mentioned would prove something that nobody looked at."""
        made = self.pipeline.deployment is not None and not is_whole(self.scenario.layers)
        return made or self.mentioned(source, section)

    def mentioned(self, source: Source[Any], section: str) -> bool:
        """Whether a layer of the scenario says something of a source, be it that it does not answer."""
        contents = [layer.content for layer in self.scenario.layers]
        return any(getattr(each, section) is not None for each in contents) or any(
            fault.source == source.name for each in contents for fault in each.faults or ()
        )


def scene_of(pipeline: Pipeline, scenario: Scenario, dataset_prefix: str = "", build: Build = build_world) -> Scene:
    """Build the scenario's world.

    Raises PipelineFileError for a scenario that does not fit the pipeline.
    """
    unfolding = Unfolding(pipeline, scenario, build)
    world = unfolding.first
    faults = Faults(world.faults)
    platform = ScenarioPlatform(
        pipeline=pipeline,
        services=dict(world.services),
        policies=dict(world.policies),
        revisions=dict(world.revisions),
        scheduler=RunnableScheduler(lambda: unfolding.world().jobs, faults),
        faults=faults,
        now=world.now,
    )
    unfolding.watch(platform)
    return Scene(
        pipeline=pipeline,
        scenario=scenario,
        unfolding=unfolding,
        faults=faults,
        platform=platform,
        dataset_prefix=dataset_prefix,
    )
