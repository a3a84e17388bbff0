"""Cloud Monitoring from a scenario. The world is asked for each time, because repairs can change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.scenarios.scene import Scene
from checks.ports.requests import MONITORING, Classes, Counts, SubscriptionFigure


@dataclass(frozen=True, slots=True)
class ScenarioRequests:
    """The port ``Requests``. A scenario states one number of a kind, whatever the time asked about; of messages it has
    no figure but those that it states."""

    scene: Scene

    def counts(self, since: datetime, until: datetime) -> Counts:
        del since, until
        self.scene.faults.raise_for(MONITORING, lambda only: only == "counts")
        return dict(self.scene.world().requests)

    def answers(self, since: datetime, until: datetime) -> Classes:
        del since, until
        self.scene.faults.raise_for(MONITORING)
        return dict(self.scene.world().responses)

    def subscriptions(self, figure: SubscriptionFigure, since: datetime, until: datetime) -> Counts:
        del since, until
        self.scene.faults.raise_for(MONITORING, lambda only: only == figure)
        stated = {name: each.figure(figure) for name, each in self.scene.world().deliveries.items()}
        return {name: number for name, number in stated.items() if number is not None}

    def pushes(self, since: datetime, until: datetime) -> Classes:
        del since, until
        self.scene.faults.raise_for(MONITORING, lambda only: only == "pushes")
        return {
            name: {str(answer): number for answer, number in each.answers.items()}
            for name, each in self.scene.world().deliveries.items()
            if each.answers
        }


connect = ScenarioRequests
