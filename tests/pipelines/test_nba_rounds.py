"""No check waits for an answer before it asks what it could have asked at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.composition.scenario import ScenarioPorts, scenario_ports
from bot.definition.pipeline_file import shipped_pipeline
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.validation import Validation
from checks.registry import Check

PIPELINE = shipped_pipeline()
HEALTHY = load_scenario("healthy-morning")


@pytest.fixture(scope="module")
def world() -> Iterator[ScenarioPorts]:
    connected = scenario_ports(PIPELINE, HEALTHY)
    yield connected
    connected.close()


def test_each_check_asks_in_as_many_rounds_as_it_says(world: ScenarioPorts) -> None:
    validation = Validation(PIPELINE, world, lambda: world.now)

    rounds = {each.id: rounds_of(validation, each) for each in validation.checks}

    assert rounds == {each.id: each.rounds if rounds[each.id] else 0 for each in validation.checks}
    assert {2} == {rounds[name] for name in ("invoker", "builds", "drift")}


def rounds_of(validation: Validation, check: Check) -> int:
    """Return how many questions followed one from the other's answer when a check ran alone; 0 where it asked none."""
    request = Request(interval=HEALTHY.file.requested, checks=(check.id,))
    return max((each.depth for each in validation.run(validation.plan(request)).reads), default=0)
