"""Cloud Scheduler from a scenario, whose jobs repairs can run."""

from __future__ import annotations

from bot.scenarios.platform import RunnableScheduler
from bot.scenarios.scene import Scene


def connect(scene: Scene) -> RunnableScheduler:
    return scene.platform.scheduler
