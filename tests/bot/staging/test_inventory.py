"""What is there of staging, and whose it is."""

from __future__ import annotations

from dataclasses import replace

from bot.staging.prefix import LABEL
from bot.staging.steps import StepMark
from tests.bot.staging.staging_world import NIGHT, OURS, World

ANOTHER = {LABEL: "another"}


def shown(world: World) -> dict[str, StepMark]:
    return {step.subject.strip(): step.mark for step in world.ground().status()}


def test_before_anything_is_made_every_dataset_is_said_to_be_missing() -> None:
    assert shown(World()) == {
        "dataset test_nba_analytics": StepMark.LEFT,
        "dataset test_nba_orchestration": StepMark.LEFT,
    }


def test_everything_that_was_made_is_shown() -> None:
    world = World()
    world.ground().set_up()
    world.ground().seed(NIGHT)
    world.ground().deploy(["worker", "exporter"])

    assert shown(world) == dict.fromkeys(
        [
            "dataset test_nba_analytics",
            "test_nba_analytics.players",
            "dataset test_nba_orchestration",
            "test_nba_orchestration.queue",
            "service exporter-staging",
            "service worker-staging",
            "topic test_ready-prod",
        ],
        StepMark.DONE,
    )


def test_what_another_staging_made_is_not_shown_as_ours() -> None:
    world = World()
    world.ground().set_up()
    world.ground().deploy(["worker"])
    copy = world.services.others["worker-staging"]
    world.services.others["other-staging"] = replace(copy, name="other-staging", labels=ANOTHER)
    world.topics.known |= {"test_other": ANOTHER, "other": OURS}
    world.tables.known["test_nba_orchestration"] = replace(world.tables.known["nba_orchestration"], labels=ANOTHER)

    found = shown(world)

    assert {"service other-staging", "topic test_other", "topic other"}.isdisjoint(found)
    assert found["dataset test_nba_orchestration"] is StepMark.FAILED


def test_a_copy_that_does_not_start_is_a_failure() -> None:
    world = World()
    world.services.starts = False
    world.ground().set_up()
    world.ground().deploy(["worker"])

    assert shown(world)["service worker-staging"] is StepMark.FAILED
