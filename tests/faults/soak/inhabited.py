"""The pipelines that a soak is about, each with the healthy world that it lives in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.composition.validation import pipeline_of
from bot.scenarios.scenario import Scenario, load_scenario
from bot.timetable.slots import notifications_of
from checks.notifications import Notifications
from checks.pipeline import Pipeline
from tests.faults.soak.passing_world import PassingWorld
from tests.faults.story import CHANNEL

SHOP = Path(__file__).parent / "shop-healthy.yaml"

HISTORY_DAYS = 3
"""Shorter than a file may ask for, so that a run of some days shows that the store does not grow."""

SPARE_JOBS = 9
"""So many more jobs than the file asks for are there, as in February 2026: one that is gone is missed by what an
earlier run knew of it, and not by the number of those that are left."""

SELDOM_MINUTES = 60
"""How often a pipeline is watched whose watch takes a third of a second, and those of the tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhabited:
    """A pipeline and its world."""

    pipeline: Pipeline
    scenario: Scenario

    @property
    def notifications(self) -> Notifications:
        return notifications_of(self.pipeline)

    def world(self) -> PassingWorld:
        return PassingWorld(_with_spare_jobs(self.pipeline), self.scenario)


def _with_spare_jobs(pipeline: Pipeline) -> Pipeline:
    """Return the file for which a healthy world is made: it has as many jobs as are asked for."""
    jobs = pipeline.scheduler
    if jobs is None:
        return pipeline
    return pipeline.model_copy(update={"scheduler": jobs.model_copy(update={"at_least": jobs.at_least + SPARE_JOBS})})


def _nba() -> Inhabited:
    scenario = load_scenario("full-day")
    return _inhabited(pipeline_of(None, None, scenario), scenario, watch_minutes=SELDOM_MINUTES)


def _shop(name: str, title: str, timezone: str, **changes: object) -> Inhabited:
    scenario = load_scenario(SHOP)
    pipeline = pipeline_of(None, None, scenario)
    own = {"name": name, "title": title, "timezone": timezone}
    return _inhabited(pipeline.model_copy(update=own), scenario, **changes)


def _inhabited(pipeline: Pipeline, scenario: Scenario, **changes: object) -> Inhabited:
    notifications = notifications_of(pipeline)
    routes = notifications.routes.model_copy(update={"default": CHANNEL, "severities": {}, "phases": {}})
    told = notifications.model_copy(update={"history_days": HISTORY_DAYS, "routes": routes, **changes})
    return Inhabited(pipeline=pipeline.model_copy(update={"notifications": told}), scenario=scenario)


PIPELINES: Mapping[str, Callable[[], Inhabited]] = {
    "nba": _nba,
    "shop": lambda: _shop("shop", "Shop", "America/New_York"),
    "books": lambda: _shop("books", "Books", "Europe/Paris"),
    "kiosk": lambda: _shop("kiosk", "Kiosk", "America/New_York", watch_minutes=SELDOM_MINUTES),
    "stall": lambda: _shop("stall", "Stall", "Europe/Paris", watch_minutes=SELDOM_MINUTES),
    "booth": lambda: _shop("booth", "Booth", "America/New_York", watch_minutes=4 * SELDOM_MINUTES),
}
"""What can be inhabited, by name."""


def inhabited(names: Sequence[str]) -> Mapping[str, Inhabited]:
    return {name: PIPELINES[name]() for name in names}
