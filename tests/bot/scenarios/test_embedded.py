"""The world of a scenario, as the ports show it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.composition.scenario import ScenarioPorts, scenario_ports
from bot.request import Request
from bot.scenarios.template import COMMIT
from bot.validation import Validation
from checks.control_plane_spec import Deployment
from checks.model import Verdict
from checks.pipeline import Pipeline
from checks.ports.audit import AUDIT
from checks.ports.documents import FIRESTORE
from checks.ports.policies import RESOURCE_MANAGER, Binding, Policy
from checks.ports.repository import REPOSITORY
from checks.ports.services import CLOUD_RUN, SECRET, Service
from checks.ports.warehouse import BIGQUERY, Query
from checks.source import Problem, SourceError
from tests.bot.scenarios.worlds import INVOKER, PIPELINE, loaded, world, write
from tests.sections import ROOT
from tests.validated import validated

EMPTY = PIPELINE.model_copy(update={"services": (), "tables": {}, "datasets": (), "phases": ()})

GAMES = Query("SELECT * FROM {raw}.games ORDER BY game")


def games(ports: ScenarioPorts) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in ports[BIGQUERY].query(GAMES)]


def test_rows_are_repeated_with_their_numbers_and_lists(tmp_path: Path) -> None:
    ports = world(
        tmp_path,
        """\
lists: {home: [NYK, HOU, LAL]}
bigquery:
  raw.games:
    night: {repeat: home, row: {game: <yyyymmdd>_<home>, day: <date>, status: [3, 2], at: <date+1> 06:30}}
    slate: {repeat: 1, row: {game: zz<n>, day: <date+1>}}
""",
    )

    previous, at = datetime(2026, 2, 10, tzinfo=UTC).date(), datetime(2026, 2, 11, 11, 30, tzinfo=UTC)
    assert games(ports) == [
        ("20260210_HOU", previous, 2, at),
        ("20260210_LAL", previous, 3, at),
        ("20260210_NYK", previous, 3, at),
        ("zz1", datetime(2026, 2, 11, tzinfo=UTC).date(), None, None),
    ]


def test_rows_are_repeated_for_each_item_of_a_list(tmp_path: Path) -> None:
    body = """\
lists: {past: [<date-2>, <date-1>, <date>], home: [NYK, HOU]}
bigquery:
  raw.games: {days before: {each: past, repeat: [2, 0, 1], row: {game: g<n> <home> <past>, at: <past> 06:30}}}
"""

    ports = world(tmp_path, body)

    assert [(game, at.isoformat()) for game, _, _, at in games(ports)] == [
        ("g1 NYK 2026-02-08", "2026-02-08T11:30:00+00:00"),
        ("g2 HOU 2026-02-08", "2026-02-08T11:30:00+00:00"),
        ("g3 NYK 2026-02-10", "2026-02-10T11:30:00+00:00"),
    ]


BASE = """\
lists: {home: [NYK, HOU]}
firestore:
  runs/<date>: {_triggered: true, first: {status: success, count: 5}}
  runs/other: {_triggered: true}
bigquery:
  raw.games:
    night: {repeat: home, row: {game: <home>, status: 3}}
    slate: {row: {game: later, status: 1}}
services:
  all: {environment: {KEY: <secret>, MODE: fast}, deployed_by: deployer@example.com}
  second-service: {minimum_instances: 1}
policies:
  all: {roles/run.invoker: [<invoker>]}
"""


def changed(folder: Path, body: str) -> ScenarioPorts:
    write(folder, BASE, "below")
    return world(folder, f"base: ./below.yaml\n{body}")


def test_a_scenario_without_changes_shows_its_base(tmp_path: Path) -> None:
    ports = changed(tmp_path, "")

    found = ports[FIRESTORE].get(["runs/2026-02-10", "runs/missing"])
    assert found["runs/missing"] is None
    assert found["runs/2026-02-10"] is not None
    assert found["runs/2026-02-10"].data == {"_triggered": True, "first": {"status": "success", "count": 5}}
    assert [row[0] for row in games(ports)] == ["HOU", "NYK", "later"]
    assert ports[CLOUD_RUN].service("first-service") == Service(
        name="first-service",
        ready=True,
        latest_created_revision="first-service-00001-abc",
        latest_ready_revision="first-service-00001-abc",
        traffic={"first-service-00001-abc": 100},
        environment={"KEY": SECRET, "MODE": "fast"},
        deployed_by="deployer@example.com",
        labels={"commit-sha": COMMIT},
        uri="https://first-service-3zs4ujdkqa-wl.a.run.app",
        urls=(
            "https://first-service-3zs4ujdkqa-wl.a.run.app",
            "https://first-service-1.us-west2.run.app",
        ),
    )
    assert ports[CLOUD_RUN].service_policy("first-service") == Policy(
        (Binding("roles/run.invoker", frozenset({INVOKER})),), etag="scenario"
    )
    assert ports[RESOURCE_MANAGER].project_policy() == Policy((), etag="scenario")
    assert ports.now == datetime(2026, 2, 11, 13, tzinfo=UTC)


def test_a_field_of_a_document_is_changed_and_another_taken_away(tmp_path: Path) -> None:
    ports = changed(tmp_path, "firestore:\n  runs/2026-02-10: {_triggered: <absent>, first: {count: 4}}\n")

    document = ports[FIRESTORE].get(["runs/2026-02-10"])["runs/2026-02-10"]
    assert document is not None
    assert document.data == {"first": {"status": "success", "count": 4}}


def test_a_field_can_be_null(tmp_path: Path) -> None:
    ports = changed(tmp_path, "firestore:\n  runs/<date>: {_triggered: null}\n")

    document = ports[FIRESTORE].get(["runs/2026-02-10"])["runs/2026-02-10"]
    assert document is not None
    assert document.data["_triggered"] is None


def test_a_document_is_taken_away(tmp_path: Path) -> None:
    ports = changed(tmp_path, "firestore:\n  runs/<date>: null\n")

    assert [document.path for document in ports[FIRESTORE].list("runs", 10)] == ["runs/other"]


def test_documents_are_listed_by_id_up_to_the_limit(tmp_path: Path) -> None:
    ports = changed(tmp_path, "firestore:\n  runs/a: {}\n  elsewhere/a: {}\n")

    assert [document.path for document in ports[FIRESTORE].list("runs", 2)] == ["runs/2026-02-10", "runs/a"]


def test_a_document_that_a_caller_changes_stays_as_it_is(tmp_path: Path) -> None:
    ports = changed(tmp_path, "")
    first = ports[FIRESTORE].get(["runs/2026-02-10"])["runs/2026-02-10"]
    assert first is not None
    first.data["first"]["count"] = 99

    second = ports[FIRESTORE].get(["runs/2026-02-10"])["runs/2026-02-10"]
    assert second is not None
    assert second.data["first"]["count"] == 5


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param("night: null", ["later"], id="a group taken away"),
        pytest.param("night: {repeat: 1}", ["NYK", "later"], id="fewer rows"),
        pytest.param("night: {row: {game: x<n>}}", ["later", "x1", "x2"], id="another column value"),
        pytest.param("more: {row: {game: new}}", ["HOU", "NYK", "later", "new"], id="a group added"),
    ],
)
def test_groups_of_rows_are_changed(tmp_path: Path, change: str, expected: list[str]) -> None:
    ports = changed(tmp_path, f"bigquery:\n  raw.games: {{{change}}}\n")

    assert [row[0] for row in games(ports)] == expected


def test_a_list_of_the_scenario_fills_the_gaps_of_its_base(tmp_path: Path) -> None:
    ports = changed(tmp_path, "lists: {home: [BOS, LAL, UTA]}\n")

    assert [row[0] for row in games(ports)] == ["BOS", "LAL", "UTA", "later"]


def test_a_service_differs_in_what_it_states(tmp_path: Path) -> None:
    ports = changed(
        tmp_path,
        """\
services:
  second-service:
    revision: new
    ready_revision: old
    environment: {KEY: <absent>}
    deployed_at: <date> 02:13
""",
    )

    service = ports[CLOUD_RUN].service("second-service")
    assert service is not None
    assert (service.latest_created_revision, service.latest_ready_revision) == ("new", "old")
    assert service.traffic == {"old": 100}
    assert service.environment == {"MODE": "fast"}
    assert service.minimum_instances == 1
    assert service.deployed_at == datetime(2026, 2, 10, 7, 13, tzinfo=UTC)


def test_a_service_that_does_not_exist_has_no_policy(tmp_path: Path) -> None:
    ports = changed(tmp_path, "services:\n  first-service: null\n")

    assert ports[CLOUD_RUN].service("first-service") is None
    assert ports[CLOUD_RUN].service_policy("first-service") is None
    assert ports[CLOUD_RUN].service("never-heard-of") is None
    assert ports[CLOUD_RUN].service_policy("never-heard-of") is None


def test_a_policy_replaces_the_one_of_its_base(tmp_path: Path) -> None:
    ports = changed(
        tmp_path,
        """\
policies:
  first-service: {}
  second-service: {roles/run.invoker: {members: [<invoker>], condition: request.time < x}}
project_policy: {roles/owner: ['user:owner@example.com']}
""",
    )

    assert ports[CLOUD_RUN].service_policy("first-service") == Policy((), etag="scenario")
    assert ports[CLOUD_RUN].service_policy("second-service") == Policy(
        (Binding("roles/run.invoker", frozenset({INVOKER}), "request.time < x"),), etag="scenario"
    )
    assert ports[RESOURCE_MANAGER].project_policy() == Policy(
        (Binding("roles/owner", frozenset({"user:owner@example.com"})),), etag="scenario"
    )


def failure(ask: Any) -> Problem | None:
    try:
        ask()
    except SourceError as error:
        return error.problem
    return None


@pytest.mark.parametrize(
    ("fault", "failing"),
    [
        pytest.param("{source: Firestore, problem: unavailable}", {"get", "other", "list"}, id="Firestore"),
        pytest.param("{source: Firestore, only: runs/<date>, problem: denied}", {"get"}, id="one document"),
        pytest.param("{source: Firestore, only: runs, problem: denied}", {"get", "other", "list"}, id="one collection"),
        pytest.param("{source: BigQuery, problem: throttled}", {"query"}, id="BigQuery"),
        pytest.param("{source: Cloud Run, problem: not enabled}", {"service", "policy", "second"}, id="Cloud Run"),
        pytest.param(
            "{source: Cloud Run, only: first-service, problem: denied}", {"service", "policy"}, id="a service"
        ),
        pytest.param("{source: Resource Manager, problem: unauthenticated}", {"project"}, id="Resource Manager"),
    ],
)
def test_a_fault_hits_its_source_and_no_other(tmp_path: Path, fault: str, failing: set[str]) -> None:
    ports = changed(tmp_path, f"faults: [{fault}]\n")
    questions = {
        "get": lambda: ports[FIRESTORE].get(["runs/2026-02-10"]),
        "other": lambda: ports[FIRESTORE].get(["runs/other"]),
        "list": lambda: ports[FIRESTORE].list("runs", 5),
        "query": lambda: ports[BIGQUERY].query(GAMES),
        "service": lambda: ports[CLOUD_RUN].service("first-service"),
        "policy": lambda: ports[CLOUD_RUN].service_policy("first-service"),
        "second": lambda: ports[CLOUD_RUN].service("second-service"),
        "project": ports[RESOURCE_MANAGER].project_policy,
    }

    assert {name for name, ask in questions.items() if failure(ask) is not None} == failing


@pytest.mark.parametrize(
    ("problem", "retryable"),
    [
        ("unavailable", True),
        ("timed out", True),
        ("throttled", True),
        ("denied", False),
        ("unauthenticated", False),
        ("not found", False),
        ("not enabled", False),
        ("invalid", False),
    ],
)
def test_a_fault_says_whether_asking_again_may_help(tmp_path: Path, problem: str, retryable: bool) -> None:
    ports = changed(tmp_path, f"faults: [{{source: Firestore, problem: {problem}}}]\n")

    with pytest.raises(SourceError) as caught:
        ports[FIRESTORE].get(["runs/other"])

    assert (caught.value.source, caught.value.problem, caught.value.retryable) == (
        "Firestore",
        Problem(problem),
        retryable,
    )


def test_a_source_that_hangs_does_so_until_the_ports_are_closed(tmp_path: Path) -> None:
    ports = changed(tmp_path, "faults: [{source: Firestore, problem: hang}]\n")
    found: list[Problem | None] = []
    asking = threading.Thread(target=lambda: found.append(failure(lambda: ports[FIRESTORE].list("runs", 1))))
    asking.start()
    asking.join(0.05)
    assert asking.is_alive()

    ports.close()
    asking.join(5)

    assert found == [Problem.TIMED_OUT]


def test_closed_ports_refuse_instead_of_hanging(tmp_path: Path) -> None:
    ports = changed(tmp_path, "")
    ports.close()

    assert failure(lambda: ports[BIGQUERY].query(GAMES)) is Problem.UNAVAILABLE


def test_the_dataset_prefix_reaches_the_warehouse(tmp_path: Path) -> None:
    ports = scenario_ports(PIPELINE, loaded(tmp_path, BASE), "staging_")

    assert len(games(ports)) == 3
    assert failure(lambda: ports[BIGQUERY].query(Query("SELECT 1 FROM raw.games"))) is Problem.NOT_FOUND


def test_a_world_is_built_fast_enough_not_to_be_noticed(tmp_path: Path) -> None:
    body = "bigquery:\n  raw.games: {many: {repeat: 20000, row: {game: <n>, status: 1, at: <date> 08:00}}}\n"
    world(tmp_path, "")  # what is imported on first use is not measured
    began = time.process_time()

    ports = world(tmp_path, body)

    assert len(games(ports)) == 20_000
    assert time.process_time() - began < 5


WITHOUT_THE_EXTRA = """
import sys
sys.modules["duckdb"] = None
from bot.composition.extras import DemoExtraMissing
from bot.composition.scenario import scenario_ports
from bot.scenarios.scenario import load_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.replay import scenarios
assert len(scenarios(shipped_pipeline())) > 1
try:
    scenario_ports(shipped_pipeline(), load_scenario("off-day"))
except DemoExtraMissing as error:
    print(error)
"""


@pytest.mark.slow
def test_without_the_extra_one_sentence_says_what_to_install() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_EXTRA], capture_output=True, text=True, check=True, timeout=60
    )

    assert ended.stdout.count("\n") == 1
    assert "duckdb" in ended.stdout
    assert "sqlglot" not in ended.stdout
    assert "reveille[demo]" in ended.stdout


def test_a_pipeline_file_that_checks_nothing_is_unknown_in_a_scenario_too(tmp_path: Path) -> None:
    ports = scenario_ports(EMPTY, loaded(tmp_path, ""))

    report = validated(Validation(EMPTY, ports, lambda: ports.now), Request())
    ports.close()

    assert not any(finding.checked for _, finding in report.findings())
    assert report.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("pipeline", "body", "connected"),
    [
        pytest.param(PIPELINE, "", (False, False), id="nothing is stated"),
        pytest.param(PIPELINE, "repository: {commits: []}", (True, False), id="a repository"),
        pytest.param(PIPELINE, "audit: []", (False, True), id="an audit that finds nothing"),
        pytest.param(
            PIPELINE, "faults: [{source: the repository, problem: denied}]", (True, False), id="a repository that fails"
        ),
        pytest.param(
            PIPELINE.model_copy(update={"deployment": Deployment()}), "", (True, True), id="the pipeline file deploys"
        ),
    ],
)
def test_there_is_a_repository_or_an_audit_where_something_is_said_of_it(
    tmp_path: Path, pipeline: Pipeline, body: str, connected: tuple[bool, bool]
) -> None:
    ports = scenario_ports(pipeline, loaded(tmp_path, body))

    assert (REPOSITORY in ports, AUDIT in ports) == connected


WITHOUT_PACKAGES_OF_THE_TESTS = """
import sys
from importlib.metadata import packages_distributions

def locked(file):
    lines = open(file, encoding="utf-8").read().splitlines()
    return {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line and line[0].isalnum()}

demo, dev = locked("requirements/demo.txt"), locked("requirements/dev.txt")
for module, names in packages_distributions().items():
    holders = {name.lower().replace("_", "-") for name in names}
    if holders <= dev - demo:
        sys.modules[module] = None
assert "pytz" in sys.modules and "numpy" in sys.modules

from bot.cli import main
main(["replay", *sys.argv[1:]])
"""


@pytest.mark.parametrize("scenario", ["invoker-lost", "healthy-morning"])
@pytest.mark.slow
def test_the_demo_runs_without_the_packages_that_only_the_tests_have(scenario: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PACKAGES_OF_THE_TESTS, scenario],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
