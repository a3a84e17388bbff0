"""The story of the first visit: a redeploy of the NBA pipeline, from before it to the digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.scenarios.scenario import Scenario, load_scenario

STORY = Path(__file__).with_name("story")


@dataclass(frozen=True)
class Station:
    """A time at which the world is another one; ``name`` is its scenario in the story's folder. Without a
    ``clock`` it is only passed by.

    ``repaired`` is the one that it is where people repaired before: what was never refused need not be made up for.
    """

    name: str
    clock: str
    what: str
    repaired: str = ""

    @cached_property
    def scenario(self) -> Scenario:
        return load_scenario(STORY / f"{self.name}.yaml")

    @cached_property
    def after_repair(self) -> Scenario:
        return load_scenario(STORY / f"{self.repaired}.yaml") if self.repaired else self.scenario


STATIONS: Mapping[str, Station] = {
    each.name: each
    for each in (
        Station("before", "02:00", "all is well"),
        Station("redeploy", "02:13", "the redeploy"),
        Station("late", "", ""),
        Station("dawn", "06:12", "the first runs"),
        Station("day", "", "", repaired="day-repaired"),
        Station("morning", "08:00", "the digest", repaired="morning-repaired"),
    )
}
"""In their order; the first is where the story begins."""

FIRST = next(iter(STATIONS))
