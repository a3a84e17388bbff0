"""What can be played: the story, the scenarios that come with the product, and those of the examples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import bot
from bot.composition.validation import pipeline_of, source_of
from bot.definition.files import load
from bot.playground.model import STORY, Played
from bot.playground.people import ALEX, CHANNEL
from bot.playground.story_of import FIRST, STATIONS
from bot.scenarios.scenario import SHIPPED, Scenario, load_scenario, shipped_scenarios
from bot.settings import Settings
from checks.notifications import Notifications, Permissions, Routes
from checks.pipeline import Pipeline

_TITLE = re.compile(r"^title: (.+)$", re.MULTILINE)
EXAMPLES = Path(bot.__file__).parents[1] / "examples"
"""Pipelines of other teams; a clone has them, an installed package has not."""


@cache
def playable() -> Mapping[str, str]:
    """Return the titles of what can be played, by name."""
    found = {STORY: "A redeploy and what came of it"}
    found |= {name: _title((SHIPPED / f"{name}.yaml").read_text("utf-8")) for name in shipped_scenarios()}
    for path in sorted(EXAMPLES.glob("*/scenarios/*.yaml")):
        found[f"{path.parents[1].name}/{path.stem}"] = _title(path.read_text("utf-8"))
    return found


def played(name: str) -> Played:
    """Return what is played under a name, or from a file of one's own.

    Raises UnknownScenario, PipelineFileError, SettingsError.
    """
    if name == STORY:
        # Its file comes with the product, and was checked with it: that takes a quarter of the time to the page.
        begin = STATIONS[FIRST].scenario
        return _played(name, load(source_of(None, Settings(), begin), Pipeline), begin)
    scenario = load_scenario(scenario_named(name))
    return _played(name, pipeline_of(None, Settings(), scenario), scenario)


def scenario_named(name: str) -> str | Path:
    """Return the scenario of a name as every command takes it: of an example its file."""
    folder, _, stem = name.partition("/")
    example = EXAMPLES / folder / "scenarios" / f"{stem}.yaml"
    return example if stem and example.is_file() else name


def _played(name: str, pipeline: Pipeline, scenario: Scenario) -> Played:
    return Played(name=name, pipeline=_harmless(pipeline), scenario=scenario)


def _harmless(pipeline: Pipeline) -> Pipeline:
    """Return a pipeline that tells one channel of this machine and calls nobody; the people on the page have its
    rights."""
    times = pipeline.notifications or Notifications(routes=Routes(default=CHANNEL))
    notifications = times.model_copy(
        update={
            "routes": Routes(default=CHANNEL),
            "mentions": {},
            "webhooks": (),
            "permissions": Permissions(actors=(ALEX.id,), repairers=(ALEX.id,), ask="Alex"),
        }
    )
    return pipeline.model_copy(update={"notifications": notifications, "staging": None})


def _title(text: str) -> str:
    """Find the title of a scenario without reading the rest: that takes a second for all of them."""
    found = _TITLE.search(text)
    return found[1].strip("'\"") if found is not None else ""
