"""The world behind the playground: what is broken stays so, what is repaired too, until somebody breaks it again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.composition.validation import on_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.drill.faults import KINDS
from bot.drill.run import ground_of
from bot.playground.breakages import WORDS
from bot.playground.scenes import playable, played
from bot.playground.story_of import STATIONS, STORY
from bot.playground.world import PlayWorld
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from checks.model import Outcome
from checks.ports.policies import Policy
from checks.ports.scheduler import SCHEDULER
from tests.bot.playground.visiting import Visitor, visiting

SERVICE = "prediction-worker"
CLOSED = f"services closed {SERVICE}"
SILENT = "jobs silent prediction-worker-07"


@pytest.fixture
def world() -> Iterator[PlayWorld]:
    made = PlayWorld(shipped_pipeline(), load_scenario("healthy-morning"))
    yield made
    made.close()


def may_be_called(world: PlayWorld, service: str) -> bool:
    return bool(world.stage.world.platform.policies.get(service, Policy(())).bindings)


def grant(world: PlayWorld, service: str) -> None:
    """Give a permission back, as a repair does."""
    platform = world.stage.platform
    healthy = PlayWorld(world.pipeline, load_scenario("healthy-morning"))
    policy, now = healthy.stage.platform.policy(service), platform.policy(service)
    healthy.close()
    assert policy is not None
    assert now is not None
    platform.write_policy(service, type(policy)(bindings=policy.bindings, etag=now.etag))


def test_what_is_broken_is_broken_until_it_is_put_right(world: PlayWorld) -> None:
    world.put(CLOSED)
    broken = may_be_called(world, SERVICE)
    world.take_back(CLOSED)

    assert (broken, may_be_called(world, SERVICE)) == (False, True)
    assert world.broken == ()


@pytest.mark.slow
def test_a_repair_outlasts_other_changes_of_the_world(world: PlayWorld) -> None:
    world.put(CLOSED)
    grant(world, SERVICE)

    world.put("services closed live-export")

    assert may_be_called(world, SERVICE)
    assert [each.repaired for each in world.broken] == [True, False]


@pytest.mark.slow
def test_what_is_broken_again_is_broken_although_it_was_repaired(world: PlayWorld) -> None:
    world.put(CLOSED)
    grant(world, SERVICE)

    world.put(CLOSED)

    assert not may_be_called(world, SERVICE)


@pytest.mark.slow
def test_a_redeploy_takes_away_what_was_repaired_before() -> None:
    world = PlayWorld(shipped_pipeline(), STATIONS["before"].scenario)
    service = "phase3-to-phase4-orchestrator"
    grant(world, service)

    world.become(STATIONS["redeploy"].scenario)
    refused = not may_be_called(world, service)
    grant(world, service)
    world.become(STATIONS["dawn"].scenario)

    assert refused
    assert may_be_called(world, service)
    world.close()


def test_jobs_go_on_while_time_passes(world: PlayWorld) -> None:
    began = world.stage.world.now
    world.clock.put_forward(began + timedelta(hours=2))

    attempts = {each.last_attempt for each in world.stage[SCHEDULER].jobs()}

    assert began not in attempts


def test_every_sort_of_fault_of_the_drill_has_words() -> None:
    ground = ground_of(shipped_pipeline(), load_scenario("healthy-morning"))
    sorts = {(each.kind, each.name) for kind in KINDS.values() for each in kind(ground.healthy)}

    assert sorts - WORDS.keys() == set()


@pytest.mark.parametrize("path", sorted(STORY.glob("*.yaml")), ids=lambda path: path.stem)
@pytest.mark.slow
def test_each_station_of_the_story_says_what_it_expects(path: Path) -> None:
    scenario = load_scenario(path)
    with on_scenario(shipped_pipeline(), scenario) as prepared:
        report = prepared.validation.run(prepared.validation.plan(Request(interval=prepared.interval, trigger="test")))

    failed = {
        f"{result.check} {finding.code} {finding.subject}"
        for result, finding in report.findings()
        if finding.outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    }
    assert report.verdict is scenario.file.expect.verdict
    assert failed == set(scenario.file.expect.findings)
    assert {f"{each.code} {each.subject}" for each in report.causes} == set(scenario.file.expect.causes)


def test_the_stations_follow_each_other() -> None:
    times = [each.scenario.file.now for each in STATIONS.values()]

    assert times == sorted(times)
    assert {f"{each.scenario.file.now:%H:%M}" for each in STATIONS.values() if each.clock} == {
        each.clock for each in STATIONS.values() if each.clock
    }


def test_everything_that_is_offered_can_be_played() -> None:
    names = playable()

    assert len(names) > 40
    for name in (
        "story",
        "invoker-lost",
        "finance-load/" + next(n for n in names if n.startswith("finance-load/")).partition("/")[2],
    ):
        scene = played(name)
        assert scene.pipeline.notifications is not None
        assert scene.pipeline.notifications.webhooks == ()
        assert scene.pipeline.staging is None


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with visiting(tmp_path_factory.mktemp("playground"), "healthy-morning") as someone:
        yield someone


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (CLOSED, SERVICE),
        (SILENT, "prediction-worker-07"),
        ("rows half nba_analytics.player_game_summary 2026-02-10", "player records"),
    ],
    ids=["a permission", "a job", "a table"],
)
@pytest.mark.slow
def test_what_is_broken_is_told_and_what_is_put_right_resolved(visitor: Visitor, key: str, words: str) -> None:
    assert visitor.do("break", key=key)["ok"]
    during = [each.title for each in visitor.play.alerts()]
    visitor.do("fix", key=key)

    assert during
    assert any(words in each for each in during), during
    assert visitor.play.alerts() == ()
