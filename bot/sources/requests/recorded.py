"""Cloud Monitoring from a scenario. The world is asked for each time, because repairs can change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.scenarios.scene import Scene
from checks.ports.requests import MONITORING


@dataclass(frozen=True, slots=True)
class ScenarioRequests:
    """The port ``Requests``. A scenario states one number a service, whatever the time asked about."""

    scene: Scene

    def counts(self, since: datetime, until: datetime) -> Mapping[str, int]:
        del since, until
        self.scene.faults.raise_for(MONITORING)
        return dict(self.scene.world().requests)


connect = ScenarioRequests
