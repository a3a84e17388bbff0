"""The embedded default: every source recorded in a scenario, on a laptop, without an account."""

from __future__ import annotations

from datetime import datetime

from bot.composition.extras import embedded_engine
from bot.definition.sources import SOURCES
from bot.scenarios.platform import ScenarioPlatform
from bot.scenarios.scenario import Scenario
from bot.scenarios.world import Build, build_world
from checks.pipeline import Pipeline
from checks.source import Ports


class ScenarioPorts(Ports):
    """Ports on a scenario. ``now`` is its instant, ``first`` its world before any repair; ``jobs_before`` are the jobs
    that a run before saw enabled; ``platform`` repairs it; ``close`` lets go of what hangs."""

    def __init__(
        self, pipeline: Pipeline, scenario: Scenario, dataset_prefix: str = "", build: Build = build_world
    ) -> None:
        from bot.scenarios.scene import scene_of  # noqa: PLC0415 - an extra that production does without

        scene = scene_of(pipeline, scenario, dataset_prefix, build)
        ports = {line.source: line.recorded(scene) for line in SOURCES}
        super().__init__({source: port for source, port in ports.items() if port is not None})
        self.now: datetime = scene.platform.now
        self.platform: ScenarioPlatform = scene.platform
        self.first = scene.unfolding.first
        self.jobs_before = self.first.jobs_before
        self._faults = scene.faults

    def close(self) -> None:
        """End questions that hang, wait for queries under way, answer no other."""
        self._faults.close()
        super().close()


def scenario_ports(
    pipeline: Pipeline, scenario: Scenario, dataset_prefix: str = "", build: Build = build_world
) -> ScenarioPorts:
    """Build the scenario's world behind the ports.

    Raises PipelineFileError for a scenario that does not fit the pipeline, DemoExtraMissing.
    """
    embedded_engine("Scenarios")
    return ScenarioPorts(pipeline, scenario, dataset_prefix, build)
