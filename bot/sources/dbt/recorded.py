"""dbt's artifacts from a scenario."""

from __future__ import annotations

from dataclasses import dataclass

from bot.scenarios.scene import Scene
from checks.ports.dbt import DBT, DbtProject


@dataclass(frozen=True, slots=True)
class ScenarioDbt:
    """The port ``DbtArtifacts``."""

    scene: Scene

    def project(self) -> DbtProject:
        self.scene.faults.raise_for(DBT)
        return self.scene.world().dbt or DbtProject(name="dbt", nodes=())


def connect(scene: Scene) -> ScenarioDbt | None:
    """Return the port, None where the scenario says nothing of dbt."""
    return ScenarioDbt(scene) if scene.mentioned(DBT, "dbt") else None
