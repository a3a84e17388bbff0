"""Pub/Sub from a scenario. The world is asked for each time, because repairs can change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.scenarios.scene import Scene
from checks.ports.messaging import PUBSUB, Subscription


@dataclass(frozen=True, slots=True)
class ScenarioMessaging:
    """The port ``Messaging``."""

    scene: Scene

    def subscriptions(self) -> Sequence[Subscription]:
        self.scene.faults.raise_for(PUBSUB, lambda only: only == "subscriptions")
        return self.scene.world().subscriptions

    def topics(self) -> Sequence[str]:
        self.scene.faults.raise_for(PUBSUB, lambda only: only == "topics")
        return self.scene.world().topics


connect = ScenarioMessaging
