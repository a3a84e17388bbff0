"""What breaks between a topic and its services is one incident, whatever of it was deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from bot.alerting.incidents import Incidents
from bot.composition.validation import pipeline_of
from bot.drill.run import validated
from bot.render.alert import AlertMessages
from bot.scenarios.scenario import Scenario, load_scenario
from bot.scenarios.world import Change, World, build_world
from bot.store.sqlite import SqliteStore
from checks.pipeline import Pipeline
from tests.faults.soak.inhabited import SHOP


def detached(world: World, topic: str) -> World:
    every = (replace(each, detached=each.detached or each.topic == topic) for each in world.subscriptions)
    return replace(world, subscriptions=tuple(every))


def made_again(world: World, topic: str) -> World:
    every = (replace(each, topic="_deleted-topic_") if each.topic == topic else each for each in world.subscriptions)
    return replace(world, subscriptions=tuple(every))


def deleted(world: World, topic: str) -> World:
    return replace(made_again(world, topic), topics=tuple(each for each in world.topics if each != topic))


def service_deleted(world: World, service: str) -> World:
    services, policies = dict(world.services), dict(world.policies)
    services.pop(service, None)
    policies.pop(service, None)
    return replace(world, services=services, policies=policies)


def with_its_subscriptions(world: World, service: str) -> World:
    left = tuple(each for each in world.subscriptions if f"//{service}-" not in each.endpoint)
    return replace(service_deleted(world, service), subscriptions=left)


Breaking = Callable[[World, str], World]

TOPICS: Mapping[str, Breaking] = {"detached": detached, "deleted": deleted, "deleted and made again": made_again}
SERVICES: Mapping[str, Breaking] = {"gone": service_deleted, "gone with its subscriptions": with_its_subscriptions}


def alerts(pipeline: Pipeline, scenario: Scenario, change: Change) -> list[str]:
    """Return the alerts that a validation opens."""
    report = validated(pipeline, scenario, lambda *about: change(build_world(*about)))
    store = SqliteStore(":memory:")
    try:
        Incidents(store, pipeline, AlertMessages(pipeline)).process(report, report.now)
        return [each.key for each in store.open_alerts(pipeline.name)]
    finally:
        store.close()


def told(scenario: Scenario, most: int | None = None) -> Mapping[str, list[str]]:
    """Break everything between topics and services in turn, of each sort ``most``; return what is told of each."""
    pipeline = pipeline_of(None, None, scenario)
    assert pipeline.messaging is not None
    services = [each.name for each in pipeline.services if not each.optional]
    cases = [
        (f"{name} {topic}", do, topic)
        for topic in list(pipeline.messaging.topics)[:most]
        for name, do in TOPICS.items()
    ]
    cases += [(f"{name} {service}", do, service) for service in services[:most] for name, do in SERVICES.items()]
    return {
        name: alerts(pipeline, scenario, lambda world, do=do, of=of: do(world, of))  # type: ignore[misc]
        for name, do, of in cases
    }


def test_one_cause_is_one_incident() -> None:
    found = told(load_scenario(SHOP), most=1)

    assert len(found) == len(TOPICS) + len(SERVICES)
    assert {name: each for name, each in found.items() if len(each) != 1} == {}


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [SHOP, "healthy-morning"], ids=["the shop", "NBA"])
def test_one_cause_is_one_incident_wherever_it_is(scenario: str) -> None:
    found = told(load_scenario(scenario))

    assert len(found) > 10
    assert {name: each for name, each in found.items() if len(each) != 1} == {}
