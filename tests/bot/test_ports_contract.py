"""What every adapter of a port must do, asked of the embedded default and of Google's clients alike."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.composition.google import google_ports
from bot.scenarios.faults import Faults
from bot.settings import Settings
from bot.sources.documents.recorded import ScenarioDocuments
from bot.sources.policies.recorded import ScenarioPolicies
from bot.sources.services.recorded import ScenarioControlPlane
from bot.sources.warehouse.duckdb.warehouse import DuckDbWarehouse
from checks.amounts import CELL
from checks.orchestration_spec import Heartbeats
from checks.pipeline import Pipeline, Table
from checks.ports.documents import FIRESTORE, Document, Documents
from checks.ports.policies import RESOURCE_MANAGER, Binding, Policies, Policy
from checks.ports.services import CLOUD_RUN, SECRET, ControlPlane, Service
from checks.ports.warehouse import BIGQUERY, Parameter, Query, Warehouse
from checks.services_spec import ServiceSpec
from checks.source import Ports, Problem, SourceError
from tests import fakes
from tests.servers.bigquery_emulator import create_tables
from tests.servers.cloud_run import GoogleControlPlaneServer
from tests.servers.firestore_emulator import clear_documents, write_documents

NOW = datetime(2026, 2, 11, 13, 0, tzinfo=UTC)

DOCUMENTS: dict[str, dict[str, Any]] = {
    "phase3_completion/2026-02-10": {
        "_triggered": True,
        "_triggered_at": NOW,
        "_mode": "overnight",
        "player_game_summary": {"status": "success", "record_count": 139, "completed_at": NOW, "ratio": 0.5},
        "names": ["a", None, 3],
    },
    "phase3_completion/2026-02-11": {},
    **{f"processor_heartbeats/{letter}": {"status": letter} for letter in "edcba"},
}

COLUMNS = {
    "game_date": "DATE",
    "player": "STRING",
    "points": "FLOAT64",
    "games": "INT64",
    "active": "BOOL",
    "seen_at": "TIMESTAMP",
}

ROWS: list[dict[str, Any]] = [
    {
        "game_date": "2026-02-10",
        "player": "a",
        "points": 10.5,
        "games": 1,
        "active": True,
        "seen_at": "2026-02-10T12:00:00+00:00",
    },
    {
        "game_date": "2026-02-10",
        "player": "b",
        "points": 20.0,
        "games": 2,
        "active": False,
        "seen_at": "2026-02-10T13:00:00.5+00:00",
    },
    {"game_date": "2026-02-11", "player": "c", "points": None, "games": None, "active": None, "seen_at": None},
]

SERVICES = {
    "worker": Service(
        name="worker",
        ready=True,
        latest_created_revision="worker-2",
        latest_ready_revision="worker-2",
        traffic={"worker-2": 90, "worker-1": 10},
        minimum_instances=1,
        environment={"MODEL": "path", "EMPTY": "", "API_KEY": SECRET},
        labels={"commit-sha": "abc"},
        deployed_at=datetime(2026, 2, 10, 7, 13, 0, 250000, tzinfo=UTC),
        deployed_by="deployer@example.com",
        uri="https://worker-abcdefghij-wl.a.run.app",
        urls=("https://worker-abcdefghij-wl.a.run.app", "https://worker-123456789.us-west2.run.app"),
        function="Worker",
    ),
    "broken": Service(
        name="broken",
        ready=False,
        reason="the container failed to start",
        reconciling=True,
        latest_created_revision="broken-2",
        latest_ready_revision="broken-1",
        traffic={"broken-1": 100},
        deployed_at=NOW,
        invoker_check_disabled=True,
    ),
}

POLICIES = {
    "worker": Policy(
        (
            Binding(
                "roles/run.invoker", frozenset({"serviceAccount:a@example.com", "deleted:user:b@example.com?uid=1"})
            ),
            Binding("roles/run.invoker", frozenset({"user:c@example.com"}), "request.time < timestamp('2026-03-01')"),
        )
    )
}

PROJECT_POLICY = Policy((Binding("roles/owner", frozenset({"user:owner@example.com"})),))

NOBODY = "127.0.0.1:1"
"""An address that the test at hand does not use."""

BOTH = ["embedded", pytest.param("google", marks=pytest.mark.xdist_group("emulators"))]


def described() -> Pipeline:
    return fakes.pipeline(
        datasets=("nba",),
        tables={"nba.picks": Table(columns=COLUMNS)},
        heartbeats=Heartbeats(collection="beats", bad_id="_None_"),
        services=(ServiceSpec(name="worker"),),
    )


def google(
    *, firestore: str = NOBODY, bigquery: str = NOBODY, run: str = NOBODY, resource_manager: str = NOBODY
) -> Ports:
    settings = Settings(
        project="contract-tests",
        firestore_emulator=firestore,
        bigquery_emulator=bigquery,
        run_endpoint=run,
        resource_manager_endpoint=resource_manager,
    )
    return google_ports(described(), settings)


@pytest.fixture(scope="module", params=BOTH)
def documents(request: pytest.FixtureRequest) -> Iterator[Documents]:
    if request.param == "embedded":
        yield ScenarioDocuments(lambda: DOCUMENTS, Faults(()))
        return
    address = request.getfixturevalue("firestore_address")
    write_documents(address, "contract-tests", DOCUMENTS)
    ports = google(firestore=address)
    yield ports[FIRESTORE]
    ports.close()
    clear_documents(address, "contract-tests")


@pytest.fixture(scope="module", params=BOTH)
def warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    if request.param == "embedded":
        embedded = DuckDbWarehouse(described(), {"nba.picks": ROWS}, Faults(()))
        yield embedded
        embedded.close()
        return
    address = request.getfixturevalue("bigquery_address")
    create_tables(address, "contract-tests", {"nba.picks": COLUMNS}, {"nba.picks": ROWS})
    ports = google(bigquery=address)
    yield ports[BIGQUERY]
    ports.close()


@pytest.fixture(scope="module", params=["embedded", "google"])
def control_plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    if request.param == "embedded":
        yield ScenarioControlPlane(SERVICES, POLICIES, Faults(()))
        return
    with GoogleControlPlaneServer(SERVICES, POLICIES, PROJECT_POLICY) as server:
        ports = google(run=server.address, resource_manager=server.address)
        yield ports[CLOUD_RUN]
        ports.close()


@pytest.fixture(params=["embedded", "google"])
def policies(request: pytest.FixtureRequest) -> Iterator[Policies]:
    if request.param == "embedded":
        yield ScenarioPolicies(PROJECT_POLICY, Faults(()))
        return
    with GoogleControlPlaneServer(SERVICES, POLICIES, PROJECT_POLICY) as server:
        ports = google(run=server.address, resource_manager=server.address)
        yield ports[RESOURCE_MANAGER]
        ports.close()


def test_documents_come_by_path_and_a_missing_one_is_none(documents: Documents) -> None:
    paths = ["phase3_completion/2026-02-11", "phase3_completion/2026-02-10", "phase3_completion/2026-02-12"]

    assert documents.get(paths) == {
        "phase3_completion/2026-02-10": Document(
            "phase3_completion/2026-02-10", DOCUMENTS["phase3_completion/2026-02-10"]
        ),
        "phase3_completion/2026-02-11": Document("phase3_completion/2026-02-11", {}),
        "phase3_completion/2026-02-12": None,
    }


def test_no_path_gives_no_document(documents: Documents) -> None:
    assert documents.get([]) == {}


def test_times_in_documents_are_aware(documents: Documents) -> None:
    document = documents.get(["phase3_completion/2026-02-10"])["phase3_completion/2026-02-10"]

    assert document is not None
    data = document.data
    assert data["_triggered_at"].utcoffset() is not None
    assert data["player_game_summary"]["completed_at"] == NOW


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(0, ""), (2, "ab"), (5, "abcde"), (100, "abcde")],
    ids=["none", "some", "at the limit", "all"],
)
def test_a_collection_is_listed_by_id_up_to_a_limit(documents: Documents, limit: int, expected: Any) -> None:
    listed = documents.list("processor_heartbeats", limit)

    assert [each.path for each in listed] == [f"processor_heartbeats/{letter}" for letter in expected]
    assert [each.data for each in listed] == [{"status": letter} for letter in expected]


def test_a_collection_that_does_not_exist_is_empty(documents: Documents) -> None:
    assert list(documents.list("nothing", 10)) == []


def ask(warehouse: Warehouse, sql: str, **parameters: Parameter) -> list[Any]:
    return [dict(row) for row in warehouse.query(Query(sql, parameters, label="contract"))]


def test_columns_are_plain_python(warehouse: Warehouse) -> None:
    (row,) = ask(
        warehouse,
        "SELECT game_date, player, points, games, active, seen_at FROM {nba}.picks WHERE player = @player",
        player=Parameter("STRING", "b"),
    )

    assert row == {
        "game_date": date(2026, 2, 10),
        "player": "b",
        "points": 20.0,
        "games": 2,
        "active": False,
        "seen_at": datetime(2026, 2, 10, 13, 0, 0, 500000, tzinfo=UTC),
    }
    assert [type(value) for value in row.values()] == [date, str, float, int, bool, datetime]
    assert row["seen_at"].utcoffset() is not None


def test_a_cell_of_a_megabyte_comes_as_its_beginning_and_says_so(warehouse: Warehouse) -> None:
    (row,) = ask(warehouse, "SELECT REPEAT('x', 1000000) AS names, REPEAT('y', 64000) AS short")

    assert len(row["names"]) <= CELL
    assert row["names"].endswith("x… (cut: 936 kB of 1.0 MB)")
    assert row["short"] == "y" * CELL


def test_null_is_none(warehouse: Warehouse) -> None:
    (row,) = ask(warehouse, "SELECT points, games, active, seen_at FROM {nba}.picks WHERE player = 'c'")

    assert row == {"points": None, "games": None, "active": None, "seen_at": None}


def test_no_row_is_no_row(warehouse: Warehouse) -> None:
    assert ask(warehouse, "SELECT player FROM {nba}.picks WHERE player = 'nobody'") == []


def test_aggregates_of_nothing_are_still_one_row(warehouse: Warehouse) -> None:
    sql = "SELECT COUNT(*) AS row_count, MIN(seen_at) AS first_at FROM {nba}.picks WHERE player = 'nobody'"

    assert ask(warehouse, sql) == [{"row_count": 0, "first_at": None}]


@pytest.mark.parametrize(
    ("condition", "parameter", "players"),
    [
        ("game_date = @value", Parameter("DATE", date(2026, 2, 10)), ["a", "b"]),
        ("seen_at > @value", Parameter("TIMESTAMP", datetime(2026, 2, 10, 12, 30, tzinfo=UTC)), ["b"]),
        ("player = @value", Parameter("STRING", "a' OR 'a' = 'a"), []),
        ("games >= @value", Parameter("INT64", 2), ["b"]),
        ("points < @value", Parameter("FLOAT64", 10.75), ["a"]),
        ("active = @value", Parameter("BOOL", False), ["b"]),
        ("player IN UNNEST(@value)", Parameter("ARRAY<STRING>", ("a", "c")), ["a", "c"]),
        ("player IN UNNEST(@value)", Parameter("ARRAY<STRING>", ()), []),
    ],
    ids=["date", "timestamp", "string", "integer", "float", "boolean", "array", "empty array"],
)
def test_parameters_of_every_type_are_bound(
    warehouse: Warehouse, condition: str, parameter: Parameter, players: list[str]
) -> None:
    rows = ask(warehouse, f"SELECT player FROM {{nba}}.picks WHERE {condition} ORDER BY player", value=parameter)

    assert [row["player"] for row in rows] == players


def test_numbers_that_are_computed_are_numbers(warehouse: Warehouse) -> None:
    (row,) = ask(
        warehouse,
        "SELECT SUM(games) AS total, AVG(points) AS mean, COUNTIF(active) AS active, "
        "ROUND(100 * SAFE_DIVIDE(COUNTIF(active), COUNT(*)), 1) AS share "
        "FROM {nba}.picks WHERE game_date = '2026-02-10'",
    )

    assert row == {"total": 3, "mean": 15.25, "active": 1, "share": 50.0}
    assert all(isinstance(value, int | float) for value in row.values())


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT nope FROM {nba}.picks", Problem.INVALID),
        ("SELECT player FROM {nba}.nope", Problem.NOT_FOUND),
        ("SELEC player", Problem.INVALID),
    ],
    ids=["missing column", "missing table", "syntax error"],
)
def test_a_wrong_query_is_an_error_of_the_source_and_never_an_empty_answer(
    warehouse: Warehouse, sql: str, problem: Problem
) -> None:
    for asked in (warehouse.query, warehouse.dry_run):
        with pytest.raises(SourceError) as raised:
            asked(Query(sql, label="contract"))

        assert raised.value.source == "BigQuery"
        assert raised.value.problem is problem
        assert not raised.value.retryable
        assert raised.value.advice


def test_a_dry_run_returns_a_number_of_bytes(warehouse: Warehouse) -> None:
    query = Query("SELECT player FROM {nba}.picks WHERE player = @player", {"player": Parameter("STRING", "a")})

    assert warehouse.dry_run(query) >= 0


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_read_whole(control_plane: ControlPlane, name: str) -> None:
    assert control_plane.service(name) == SERVICES[name]


def test_all_services_are_read_whole_and_ordered_by_name(control_plane: ControlPlane) -> None:
    assert list(control_plane.services()) == [SERVICES[name] for name in sorted(SERVICES)]


def test_a_service_without_revisions_has_none(control_plane: ControlPlane) -> None:
    assert list(control_plane.revisions("broken", 2)) == []


def test_a_service_that_does_not_exist_is_none_and_so_is_its_policy(control_plane: ControlPlane) -> None:
    assert control_plane.service("nobody") is None
    assert control_plane.service_policy("nobody") is None


def test_a_policy_keeps_roles_members_and_conditions_together(control_plane: ControlPlane) -> None:
    policy = control_plane.service_policy("worker")

    assert policy is not None
    assert policy.bindings == POLICIES["worker"].bindings


def test_a_service_without_grants_has_an_empty_policy(control_plane: ControlPlane) -> None:
    policy = control_plane.service_policy("broken")

    assert policy is not None
    assert policy.bindings == ()


def test_the_projects_policy_is_read(policies: Policies) -> None:
    assert policies.project_policy().bindings == PROJECT_POLICY.bindings
