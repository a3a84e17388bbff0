"""The ports of a world that changes under the bot: whoever asks, asks the world as it stands now."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from bot.composition.scenario import ScenarioPorts
from bot.repairs.ports import Platform
from checks.ports.scheduler import SCHEDULER, SchedulerJob
from checks.source import Ports, Source

STILL_ASKED = 3
"""Worlds before the present one that still answer: a validation may be in the middle of one."""


class StandingWorld(Ports):
    """The ports of whatever world stands; ``platform`` repairs it."""

    def __init__(self, world: ScenarioPorts, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._worlds = deque([world])
        ports = {source: self._port(source) for source in world.connected}
        if SCHEDULER in ports:
            ports[SCHEDULER] = _Forwarded(lambda: _LivelyJobs(self.world, self._clock))
        super().__init__(ports)

    def _port(self, source: Source[Any]) -> _Forwarded:
        return _Forwarded(lambda: self.world[source])

    @property
    def world(self) -> ScenarioPorts:
        """The world that stands now."""
        return self._worlds[-1]

    @property
    def platform(self) -> Platform:
        """What repairs read and write, in the world that stands when they do."""
        return cast("Platform", _Forwarded(lambda: self.world.platform))

    def stand(self, world: ScenarioPorts) -> None:
        """Put another world in the place of the one that stands."""
        self._worlds.append(world)
        while len(self._worlds) > STILL_ASKED:
            self._worlds.popleft().close()

    def close(self) -> None:
        for world in self._worlds:
            world.close()


class _Forwarded:
    """Passes every question on to what is found when it is asked."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)


class _LivelyJobs:
    """A scenario's jobs as time passes: what had just been attempted goes on being attempted."""

    def __init__(self, world: ScenarioPorts, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock

    def jobs(self) -> Sequence[SchedulerJob]:
        now, began = self._clock(), self._world.now
        return [
            replace(each, last_attempt=now) if each.last_attempt == began else each
            for each in self._world[SCHEDULER].jobs()
        ]
