"""Cloud Build from a scenario. The world is asked for each time, because repairs can change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.scenarios.scene import Scene
from checks.ports.builds import CLOUD_BUILD, Build, BuildTrigger


@dataclass(frozen=True, slots=True)
class ScenarioBuilds:
    """The port ``Builds``."""

    scene: Scene

    def triggers(self) -> Sequence[BuildTrigger]:
        self.scene.faults.raise_for(CLOUD_BUILD, lambda only: only == "triggers")
        return self.scene.world().triggers

    def recent(self, since: datetime) -> Sequence[Build]:
        self.scene.faults.raise_for(CLOUD_BUILD, lambda only: only == "builds")
        return tuple(each for each in self.scene.world().builds if each.created_at >= since)


connect = ScenarioBuilds
