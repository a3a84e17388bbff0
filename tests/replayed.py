"""Shipped scenarios replayed once in a run for all tests that only read what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from bot.replay import Replay, replay
from bot.scenarios.scenario import load_scenario
from tests.pipelines.nba_world import NBA
from tests.thoroughness import spread


@cache
def replayed(name: str) -> Replay:
    """A shipped scenario, replayed; tests of one worker share it and leave it as it is."""
    return replay(load_scenario(name), NBA)


def spread_scenarios(every: Sequence[str], of: int) -> Sequence[Any]:
    """The arguments of a test of each scenario: one of so many is for every day, and the others are slow."""
    return [pytest.param(name, marks=[with_others_of(name), *marks]) for name, marks in spread(every, of)]


def with_others_of(name: str) -> pytest.MarkDecorator:
    """Put a test with the others of its scenario, so that one worker replays it."""
    return pytest.mark.xdist_group(f"scenario-{name}")
