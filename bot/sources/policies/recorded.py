"""Resource Manager from a scenario."""

from __future__ import annotations

from dataclasses import dataclass

from bot.scenarios.faults import Faults
from bot.scenarios.scene import Scene
from checks.ports.policies import RESOURCE_MANAGER, Policy


def connect(scene: Scene) -> ScenarioPolicies:
    return ScenarioPolicies(scene.unfolding.first.project_policy, scene.faults)


@dataclass(frozen=True, slots=True)
class ScenarioPolicies:
    """The port ``Policies`` on one policy."""

    project: Policy
    faults: Faults

    def project_policy(self) -> Policy:
        self.faults.raise_for(RESOURCE_MANAGER)
        return self.project
