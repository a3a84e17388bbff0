"""Cloud Run's jobs from a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.scenarios.scene import Scene
from checks.ports.run_jobs import CLOUD_RUN_JOBS, RunJob


@dataclass(frozen=True, slots=True)
class ScenarioRunJobs:
    """The port ``RunJobs``. The world is asked for each time, because repairs can change it."""

    scene: Scene

    def run_jobs(self) -> Sequence[RunJob]:
        self.scene.faults.raise_for(CLOUD_RUN_JOBS)
        return self.scene.world().run_jobs


def connect(scene: Scene) -> ScenarioRunJobs | None:
    """Return the port, None where the scenario says nothing of such jobs."""
    return ScenarioRunJobs(scene) if scene.mentioned(CLOUD_RUN_JOBS, "run_jobs") else None
