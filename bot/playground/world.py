"""The recorded world behind the bot: what stands, what people broke in it, and what repairs have written."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from bot.composition.scenario import ScenarioPorts, scenario_ports
from bot.drill.fault import PutFault
from bot.drill.faults import KINDS
from bot.drill.run import healthy_of, validated
from bot.playground.breakages import offered, said_of
from bot.playground.clock import PlayClock
from bot.playground.model import Breakage
from bot.playground.standing import StandingWorld
from bot.scenarios.scenario import Scenario, instant_of
from bot.scenarios.world import build_world
from checks.pipeline import Pipeline


class PlayWorld:
    """The world of a scenario; every change makes another one, in which what was repaired stays repaired.

    Raises PipelineFileError for a scenario that does not fit the pipeline.
    """

    def __init__(self, pipeline: Pipeline, scenario: Scenario) -> None:
        self.pipeline = pipeline
        self.scenario = scenario
        self.clock = PlayClock(instant_of(scenario, pipeline))
        self.stage = StandingWorld(scenario_ports(pipeline, scenario), self.clock)
        self._broken: dict[str, PutFault] = {}
        self._known: tuple[Scenario, Mapping[str, PutFault]] | None = None
        self._lock = threading.RLock()

    @property
    def broken(self) -> tuple[Breakage, ...]:
        """What people have broken, in order."""
        repaired = self.repaired
        return tuple(
            Breakage(key=key, words=said_of(each), repaired=each.place.name in repaired)
            for key, each in self._broken.items()
        )

    @property
    def repaired(self) -> frozenset[str]:
        """The services and jobs that repairs have written."""
        return self.stage.world.platform.repaired

    def become(self, scenario: Scenario) -> None:
        """Be another scenario from now on."""
        with self._lock:
            self.scenario = scenario
            self._make_anew()
            self.clock.put_forward(instant_of(scenario, self.pipeline))

    def put(self, key: str) -> None:
        """Break something; what repairs wrote there is broken again. Raises KeyError."""
        fault = self._faults()[key]
        with self._lock:
            self._broken[key] = fault
            self._make_anew({fault.place.name})

    def take_back(self, key: str) -> None:
        """Put right what was broken."""
        with self._lock:
            if self._broken.pop(key, None) is not None:
                self._make_anew()

    def breakable(self) -> Sequence[Mapping[str, Any]]:
        """Return what can be broken: in words, and where it can. Slow the first time that a scenario is asked."""
        return offered(self._faults().values())

    def words_of(self, key: str) -> str | None:
        """Say what would be broken; None for what cannot be."""
        fault = self._faults().get(key)
        return None if fault is None else said_of(fault)

    def _faults(self) -> Mapping[str, PutFault]:
        scenario = self.scenario
        known = self._known
        if known is None or known[0] is not scenario:
            report = validated(self.pipeline, scenario)
            healthy = healthy_of(self.pipeline, scenario, report)
            found = (each for kind in KINDS.values() for each in kind(healthy))
            known = scenario, {each.key: each for each in found}
            self._known = known
        return known[1]

    def _make_anew(self, broken_again: frozenset[str] | set[str] = frozenset()) -> None:
        before = self.stage.world
        world = self._world()
        world.platform.carry_on(before.platform, _changed(before, world) | broken_again)
        self.stage.stand(world)

    def _world(self) -> ScenarioPorts:
        """Return the scenario's world with everything that is broken in it."""
        breaking = [each.change for each in self._broken.values()]
        return scenario_ports(
            self.pipeline,
            self.scenario,
            build=lambda *about: reduce(lambda sofar, change: change(sofar), breaking, build_world(*about)),
        )

    def close(self) -> None:
        self.stage.close()


def _changed(before: ScenarioPorts, now: ScenarioPorts) -> set[str]:
    """Return the services and jobs that are another thing in the world of now, repairs aside."""
    old, new = before.first, now.first
    services = {
        name
        for name in old.services.keys() | new.services.keys()
        if old.services.get(name) != new.services.get(name) or old.policies.get(name) != new.policies.get(name)
    }
    jobs = {each.name for each in {*old.jobs} ^ {*new.jobs}}
    return services | jobs
