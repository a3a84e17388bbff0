"""The playground's world as days go by: at each instant as healthy as its scenario, but for what is broken in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.composition.scenario import ScenarioPorts, scenario_ports
from bot.drill.days import at, moved
from bot.drill.earlier import earlier
from bot.drill.fault import PutFault
from bot.playground.standing import StandingWorld
from bot.playground.world import PlayWorld
from bot.scenarios.scenario import Scenario, instant_of
from bot.scenarios.world import World, build_world
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob

PAUSED = "paused"
"""The fault of a job that somebody paused."""


class LaterWorld(StandingWorld):
    """Makes the world that is to stand when somebody asks for it: of two instances only one looks."""

    def __init__(self, world: ScenarioPorts, clock: Callable[[], datetime]) -> None:
        self._making: Callable[[], ScenarioPorts] | None = None
        self._one_at_a_time = threading.RLock()
        super().__init__(world, clock)

    @property
    def world(self) -> ScenarioPorts:
        with self._one_at_a_time:
            making, self._making = self._making, None
            if making is not None:
                self.stand(making())
            return super().world

    def stand_later(self, making: Callable[[], ScenarioPorts]) -> None:
        with self._one_at_a_time:
            self._making = making

    def keep_one(self) -> None:
        """Close the worlds before this one: between two rounds nobody is in the middle of a validation, and how many
        there are is no memory of the bot's."""
        with self._one_at_a_time:
            while len(self._worlds) > 1:
                self._worlds.popleft().close()


class PassingWorld(PlayWorld):
    """Goes on for days; ``live_on`` says until when. Repairs do not last in it."""

    def __init__(self, pipeline: Pipeline, scenario: Scenario) -> None:
        super().__init__(pipeline, scenario)
        self._began = instant_of(scenario, pipeline)
        self.stage.close()
        self.stage = LaterWorld(scenario_ports(pipeline, scenario), self.clock)

    def faults(self) -> Sequence[PutFault]:
        """Return everything that can be broken."""
        return list(self._faults().values())

    def live_on(self, now: datetime, broken: frozenset[str]) -> None:
        """Be later, with exactly this broken. Raises KeyError."""
        self.clock.put_forward(now)
        self._broken = {key: self._faults()[key] for key in sorted(broken)}
        self._make_anew()

    def settle(self) -> None:
        """Keep the world that stands alone."""
        assert isinstance(self.stage, LaterWorld)
        self.stage.keep_one()

    def _make_anew(self, broken_again: frozenset[str] | set[str] = frozenset()) -> None:
        del broken_again
        stage = self.stage
        assert isinstance(stage, LaterWorld)
        stage.stand_later(self._world)

    def _world(self) -> ScenarioPorts:
        zone, breaking = self.pipeline.zone, [each.change for each in self._broken.values()]
        now, first = self.clock().astimezone(zone), self._began.astimezone(zone)
        then = datetime.combine(first.date(), now.time(), zone)

        def change(world: World) -> World:
            for each in breaking:
                world = each(world)
            late = moved(at(earlier(world, then, self.pipeline), then), (now.date() - first.date()).days, zone)
            return replace(late, jobs=tuple(map(self._untried, late.jobs)))

        return scenario_ports(self.pipeline, self.scenario, build=lambda *about: change(build_world(*about)))

    def _untried(self, job: SchedulerJob) -> SchedulerJob:
        """Nobody tries a job that is paused: its last attempt does not go on with the days."""
        paused = any(each.name == PAUSED and each.place.name == job.name for each in self._broken.values())
        return replace(job, last_attempt=self._began) if paused else job
