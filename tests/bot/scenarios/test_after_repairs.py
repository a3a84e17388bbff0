"""What follows from repairs in a scenario: it comes about when all of them are made, and goes when one is undone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.composition.repairs import repairs_of
from bot.composition.scenario import ScenarioPorts, scenario_ports
from bot.definition.files import PipelineFileError
from bot.definition.pipeline_file import shipped_pipeline
from bot.repairs.model import RepairRun
from bot.repairs.service import RepairService
from bot.request import Request
from bot.scenarios.scenario import Scenario, load_scenario
from bot.settings import Settings
from bot.store.sqlite import SqliteStore
from bot.validation import Validation
from checks.control_plane_spec import SchedulerJobs
from checks.model import Report, Verdict
from checks.ports.documents import FIRESTORE
from checks.ports.messaging import PUBSUB
from checks.ports.requests import MONITORING
from checks.ports.scheduler import SCHEDULER
from checks.ports.services import CLOUD_RUN
from checks.ports.warehouse import BIGQUERY, Query
from checks.repairs_spec import Repairs as Bounds
from checks.source import Problem, SourceError
from tests.bot.scenarios.worlds import PIPELINE, loaded, write
from tests.validated import validated

REPAIRABLE = PIPELINE.model_copy(
    update={
        "repairs": Bounds(invoker=("first-service", "second-service"), traffic=("second-service",), jobs=("nightly",)),
        "scheduler": SchedulerJobs(at_least=1, expected=("nightly",)),
    }
)
NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
ACTOR = "shell:tester"
GRANTS = ("grant-invoker:first-service", "grant-invoker:second-service")
TRAFFIC, JOB = "route-to-latest:second-service", "run-job:nightly"
STATUS = Query("SELECT status FROM {raw}.games ORDER BY status")

WORLD = """\
firestore: {runs/a: {triggered: false, count: 5}}
bigquery: {raw.games: {night: {row: {game: one, status: 1}}}}
topics: {news: false}
services:
  all: {}
  second-service: {revision: new, traffic: {old: 100}}
policies: {first-service: {}, second-service: {}}
after_repairs:
"""
AFTER_GRANTS = """\
  - repairs: [grant-invoker:first-service, grant-invoker:second-service]
    firestore: {runs/a: {triggered: true, at: <now>}}
    bigquery: {raw.games: {night: {row: {status: 3}}, more: {row: {game: two, status: 4}}}}
    topics: {news: true}
    requests: {first-service: 7}
"""
AFTER_TRAFFIC = """\
  - repairs: [route-to-latest:second-service]
    firestore: {runs/b: {}}
"""
AFTER_JOB = """\
  - repairs: [run-job:nightly]
    firestore: {runs/c: {}}
"""


@contextmanager
def ports_of(scenario: Scenario, prefix: str = "") -> Iterator[tuple[ScenarioPorts, RepairService]]:
    ports = scenario_ports(REPAIRABLE, scenario, prefix)
    validation = Validation(REPAIRABLE, ports, lambda: NOW)
    try:
        yield ports, repairs_of(validation, SqliteStore(":memory:"), Settings())
    finally:
        ports.close()


def make(repairs: RepairService, *keys: str) -> list[RepairRun]:
    return [repairs.apply(repairs.plan(key, ACTOR, NOW), ACTOR, NOW) for key in keys]


def documents(ports: ScenarioPorts) -> dict[str, dict[str, object]]:
    return {each.path: dict(each.data) for each in ports[FIRESTORE].list("runs", 10)}


def statuses(ports: ScenarioPorts) -> list[object]:
    return [row["status"] for row in ports[BIGQUERY].query(STATUS)]


def test_everything_becomes_what_follows_once_all_repairs_are_made(tmp_path: Path) -> None:
    with ports_of(loaded(tmp_path, WORLD + AFTER_GRANTS)) as (ports, repairs):
        before = documents(ports), statuses(ports)
        make(repairs, GRANTS[0])
        halfway = documents(ports), statuses(ports)
        make(repairs, GRANTS[1])

        assert before == halfway == ({"runs/a": {"triggered": False, "count": 5}}, [1])
        assert documents(ports) == {"runs/a": {"triggered": True, "count": 5, "at": NOW}}
        assert statuses(ports) == [3, 4]
        assert "news" in ports[PUBSUB].topics()
        assert ports[MONITORING].counts(NOW, NOW)["first-service"] == 7


def test_undoing_one_of_them_takes_it_back_and_making_it_again_brings_it_again(tmp_path: Path) -> None:
    with ports_of(loaded(tmp_path, WORLD + AFTER_GRANTS)) as (ports, repairs):
        first, _ = make(repairs, *GRANTS)

        repairs.apply(repairs.plan_undo(first.id, ACTOR, NOW), ACTOR, NOW)
        undone = statuses(ports)
        make(repairs, GRANTS[0])

        assert undone == [1]
        assert statuses(ports) == [3, 4]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        pytest.param((), {"runs/a"}, id="nothing repaired"),
        pytest.param((TRAFFIC,), {"runs/a", "runs/b"}, id="traffic"),
        pytest.param((JOB,), {"runs/a", "runs/c"}, id="a job that was run"),
        pytest.param((JOB, TRAFFIC), {"runs/a", "runs/b", "runs/c"}, id="both"),
    ],
)
def test_each_part_follows_from_its_own_repairs(tmp_path: Path, keys: tuple[str, ...], expected: set[str]) -> None:
    with ports_of(loaded(tmp_path, WORLD + AFTER_GRANTS + AFTER_TRAFFIC + AFTER_JOB)) as (ports, repairs):
        make(repairs, *keys)

        assert set(documents(ports)) == expected


def test_what_repairs_have_written_stays_when_the_world_changes(tmp_path: Path) -> None:
    with ports_of(loaded(tmp_path, WORLD + AFTER_TRAFFIC + AFTER_JOB)) as (ports, repairs):
        make(repairs, TRAFFIC, JOB)

        service = ports[CLOUD_RUN].service("second-service")
        assert service is not None
        assert service.traffic == {"new": 100}
        assert [job.last_attempt for job in ports[SCHEDULER].jobs() if job.name == "nightly"] == [NOW]


def test_what_follows_is_in_the_tables_with_a_prefix_too(tmp_path: Path) -> None:
    with ports_of(loaded(tmp_path, WORLD + AFTER_GRANTS), "test_") as (ports, repairs):
        make(repairs, *GRANTS)

        assert [row["status"] for row in ports[BIGQUERY].query(Query("SELECT status FROM test_raw.games"))] == [3, 4]


def test_those_who_read_while_it_changes_see_the_one_world_or_the_other(tmp_path: Path) -> None:
    with ports_of(loaded(tmp_path, WORLD + AFTER_GRANTS)) as (ports, repairs):
        seen: list[list[object]] = []
        failures: list[BaseException] = []
        over = threading.Event()

        def read() -> None:
            try:
                while not over.is_set():
                    seen.append(statuses(ports))
            except SourceError as error:
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        make(repairs, GRANTS[0])
        for _ in range(5):
            (second,) = make(repairs, GRANTS[1])
            repairs.apply(repairs.plan_undo(second.id, ACTOR, NOW), ACTOR, NOW)
        over.set()
        for reader in readers:
            reader.join(10)

    assert not failures
    assert {tuple(each) for each in seen} <= {(1,), (3, 4)}


def test_a_world_that_is_closed_refuses_what_would_follow(tmp_path: Path) -> None:
    with ports_of(loaded(tmp_path, WORLD + AFTER_GRANTS)) as (ports, repairs):
        ports.close()
        make(repairs, *GRANTS)

        with pytest.raises(SourceError) as caught:
            statuses(ports)

    assert caught.value.problem is Problem.UNAVAILABLE


def test_a_scenario_inherits_what_follows_from_its_base_and_can_replace_it(tmp_path: Path) -> None:
    write(tmp_path, WORLD + AFTER_GRANTS, "below")
    with (
        ports_of(loaded(tmp_path, "base: ./below.yaml\n")) as (inherited, repairs),
        ports_of(loaded(tmp_path, "base: ./below.yaml\nafter_repairs: []\n", "other")) as (replaced, others),
    ):
        make(repairs, *GRANTS)
        make(others, *GRANTS)

        assert statuses(inherited) == [3, 4]
        assert statuses(replaced) == [1]


BEFORE = 7 + WORLD.count("\n")
"""Lines of a file before its first part."""


@pytest.mark.parametrize(
    ("part", "line", "key"),
    [
        pytest.param(
            "  - repairs: [grant-invoker:third-service]\n",
            1,
            "after_repairs[0].repairs[0]",
            id="one that is not allowed",
        ),
        pytest.param("  - repairs: [open-all]\n", 1, "after_repairs[0].repairs[0]", id="what is no repair"),
        pytest.param("  - repairs: []\n", 1, "after_repairs[0].repairs", id="no repair at all"),
        pytest.param("  - topics: {}\n", 1, "after_repairs[0].repairs", id="no word of repairs"),
        pytest.param(
            "  - repairs: [run-job:nightly]\n    services: {first-service: {}}\n",
            2,
            "after_repairs[0].services",
            id="what repairs write themselves",
        ),
        pytest.param(
            "  - repairs: [run-job:nightly]\n    bigquery:\n      raw.games: {night: {row: {colour: red}}}\n",
            3,
            "after_repairs[0].bigquery.raw.games.night.row.colour",
            id="a column that does not exist",
        ),
        pytest.param(
            "  - repairs: [run-job:nightly]\n    firestore: {runs/a: {by: <nobody>}}\n",
            2,
            "after_repairs[0].firestore.runs/a",
            id="a gap that nothing fills",
        ),
        pytest.param(
            AFTER_TRAFFIC + "  - repairs: [run-job:nightly]\n    lists: {now: [1]}\n",
            4,
            "after_repairs[1].lists",
            id="a list with a name that is taken",
        ),
        pytest.param(
            "  - repairs: [grant-invoker:first-service]\n  - repairs: [route-to-latest:first-service]\n",
            2,
            "after_repairs[1].repairs[0]",
            id="traffic that may not be moved",
        ),
    ],
)
def test_what_is_wrong_is_said_with_line_and_key_before_anything_is_repaired(
    tmp_path: Path, part: str, line: int, key: str
) -> None:
    with pytest.raises(PipelineFileError) as caught:
        scenario_ports(REPAIRABLE, loaded(tmp_path, WORLD + part))

    assert [(each.line, each.key) for each in caught.value.problems] == [(BEFORE + line, key)]


@pytest.mark.parametrize(
    "world",
    [
        pytest.param("policies: {first-service: {roles/run.invoker: [<invoker>]}}\n", id="in place from the beginning"),
        pytest.param("services: {first-service: null}\n", id="a service that is not there"),
        pytest.param("jobs: {nightly: null}\n", id="a job that is not there"),
    ],
)
def test_repairs_that_nobody_can_make_here_are_a_mistake(tmp_path: Path, world: str) -> None:
    write(tmp_path, "services: {all: {}}\npolicies: {first-service: {}}\n", "below")
    key = "run-job:nightly" if "jobs" in world else "grant-invoker:first-service"
    body = f"base: ./below.yaml\n{world}after_repairs: [{{repairs: [{key}]}}]\n"

    with pytest.raises(PipelineFileError) as caught:
        scenario_ports(REPAIRABLE, loaded(tmp_path, body))

    assert [each.key for each in caught.value.problems] == ["after_repairs[0].repairs"]


def test_a_source_that_does_not_answer_keeps_nothing_from_following(tmp_path: Path) -> None:
    """Whether a grant is there is no question of somebody who may not read it."""
    faults = "faults: [{source: Cloud Run, only: second-service, problem: hang}]\n"
    first_only = "  - repairs: [grant-invoker:first-service]\n    firestore: {runs/a: {triggered: true}}\n"
    with ports_of(loaded(tmp_path, faults + WORLD + AFTER_GRANTS + first_only)) as (ports, repairs):
        make(repairs, GRANTS[0])

        assert documents(ports)["runs/a"]["triggered"] is True


def repaired(name: str) -> tuple[Report, Report]:
    """A shipped scenario before and after the repairs that it says something of."""
    pipeline, scenario = shipped_pipeline(), load_scenario(name)
    ports = scenario_ports(pipeline, scenario)
    validation = Validation(pipeline, ports, lambda: ports.now)
    request = Request(interval=scenario.file.requested)
    repairs = repairs_of(validation, SqliteStore(":memory:"), Settings(), request.interval)
    try:
        before = validated(validation, request)
        for part in scenario.file.after_repairs or ():
            for key in part.repairs:
                repairs.apply(repairs.plan(key, ACTOR, ports.now), ACTOR, ports.now)
        return before, validated(validation, request)
    finally:
        ports.close()


def failing(report: Report) -> set[str]:
    return {f"{result.check} {each.interval}" for result, each in report.findings() if each.severity is not None}


@pytest.mark.slow
def test_february_is_all_clear_once_the_three_grants_are_made() -> None:
    before, after = repaired("invoker-lost")

    assert before.verdict is Verdict.BLOCKED
    assert after.verdict is Verdict.ALL_CLEAR
    passed = {
        (result.check, each.subject): each.code for result, each in after.findings() if f"{each.interval}"[-2:] == "10"
    }
    assert {passed["trigger", f"phase{n}_to_phase{n + 1}"] for n in (3, 4, 5)} == {"triggered"}
    assert {passed["phase-log", f"phase{n}_to_phase{n + 1}"] for n in (3, 4, 5)} == {"logged"}


@pytest.mark.slow
def test_line_enrichment_gives_lines_to_the_games_to_come_and_not_to_those_of_the_night() -> None:
    before, after = repaired("line-enrichment-crashed")

    assert {"lines-enriched 2026-02-10", "lines-enriched 2026-02-11"} <= failing(before)
    assert failing(after) == {"lines-enriched 2026-02-10"}
