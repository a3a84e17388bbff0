"""Cloud Logging from a scenario. The world is asked for each time, because repairs can change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.scenarios.scene import Scene
from checks.facts.logs import LoggedChange
from checks.ports.logs import LOGS, LoggedErrors


@dataclass(frozen=True, slots=True)
class ScenarioLogs:
    """The port ``Logs``."""

    scene: Scene

    def errors(self, services: Sequence[str], since: datetime, limit: int) -> LoggedErrors:
        """Return what the scenario says was logged; of a service that logs more than the limit, the newest."""
        self.scene.faults.raise_for(LOGS, lambda only: only == "errors")
        asked = frozenset(services)
        lines = [each for each in self.scene.world().logged if each.service in asked and each.at >= since]
        kept = {
            name: list(islice((each for each in lines if each.service == name), limit + 1)) for name in sorted(asked)
        }
        return LoggedErrors(
            lines=sorted(
                (each for own in kept.values() for each in own[:limit]), key=lambda line: line.at, reverse=True
            ),
            began={
                name: min(each.at for each in lines if each.service == name)
                for name, own in kept.items()
                if len(own) > limit
            },
        )

    def changes(self, since: datetime, limit: int) -> Sequence[LoggedChange]:
        self.scene.faults.raise_for(LOGS, lambda only: only == "changes")
        return [each for each in self.scene.world().changes if each.at >= since][:limit]


def connect(scene: Scene) -> ScenarioLogs | None:
    """Return the port, None where the scenario says nothing of logs: silence that nobody stated would prove nothing."""
    return ScenarioLogs(scene) if scene.mentioned(LOGS, "logs") else None
