"""The deployment audit from a scenario. The world is asked for each time, because repairs can change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.scenarios.scene import Scene
from checks.ports.audit import AUDIT, AuditFinding


def connect(scene: Scene) -> ScenarioAudit | None:
    return ScenarioAudit(scene) if scene.deployed(AUDIT, "audit") else None


@dataclass(frozen=True, slots=True)
class ScenarioAudit:
    """The port ``DeploymentAudit``."""

    scene: Scene

    def violations(self) -> Sequence[AuditFinding]:
        self.scene.faults.raise_for(AUDIT)
        return self.scene.world().violations
