"""Cloud Run from a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.scenarios.faults import Faults
from bot.scenarios.scene import Scene
from checks.ports.policies import Policy
from checks.ports.services import CLOUD_RUN, Revision, Service


def connect(scene: Scene) -> ScenarioControlPlane:
    """Return the port; the very mappings that repairs write are those that are read."""
    platform = scene.platform
    return ScenarioControlPlane(platform.services, platform.policies, scene.faults, platform.revisions)


@dataclass(frozen=True, slots=True)
class ScenarioControlPlane:
    """The port ``ControlPlane`` on mappings by service name."""

    running: Mapping[str, Service]
    policies: Mapping[str, Policy]
    faults: Faults
    latest: Mapping[str, Sequence[Revision]] = field(default_factory=dict)

    def service(self, name: str) -> Service | None:
        self.faults.raise_for(CLOUD_RUN, lambda only: only == name)
        return self.running.get(name)

    def services(self) -> Sequence[Service]:
        """Return every service; a fault of one service leaves the list of all alone. Raises SourceError."""
        self.faults.raise_for(CLOUD_RUN, lambda only: only == "services")
        return [self.running[name] for name in sorted(self.running)]

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        self.faults.raise_for(CLOUD_RUN, lambda only: only == service)
        return self.latest.get(service, ())[:limit]

    def service_policy(self, name: str) -> Policy | None:
        self.faults.raise_for(CLOUD_RUN, lambda only: only == name)
        return self.policies.get(name, Policy(())) if name in self.running else None
