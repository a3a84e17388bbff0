"""What wakes the service before its clock does, where a queue is set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from bot.delivery.waker import Waker
from bot.serving.serving_settings import TaskSettings

if TYPE_CHECKING:
    from bot.google_cloud.cloud_tasks import CloudTasksQueue

ROUND = "/tasks/round"


def queue_of(tasks: TaskSettings | None) -> CloudTasksQueue | None:
    """Return the queue that is set, None without one. Raises SettingsError without credentials."""
    if tasks is None or tasks.queue is None:
        return None
    from bot.google_cloud.cloud_tasks import CloudTasksQueue  # noqa: PLC0415 - nobody else needs it

    url = f"{tasks.audience.rstrip('/')}{ROUND}"
    return CloudTasksQueue(
        tasks.queue, url=url, audience=tasks.audience, account=tasks.account, endpoint=tasks.endpoint
    )


def waker_of(tasks: TaskSettings | None, clock: Callable[[], datetime]) -> Waker | None:
    """Return what asks that queue for wake-ups. Raises SettingsError without credentials."""
    queue = queue_of(tasks)
    return None if queue is None else Waker(queue, clock)
