"""``reveille staging`` from the first command to the last, against BigQuery, Firestore, Pub/Sub and Cloud Run."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from google.cloud import bigquery, run_v2

from bot.cli import reveille
from bot.commands.staging import staging
from bot.commands.staging_proof import prove
from bot.definition.pipeline_file import shipped_pipeline
from bot.scenarios.scenario import load_scenario
from bot.scenarios.world import World, build_world
from checks.ports.policies import Binding, Policy
from tests.servers.bigquery_clients import emulator_client
from tests.servers.bigquery_emulator import create_tables
from tests.servers.cloud_run_writes import WritableCloudRunServer
from tests.servers.emulator import free_port
from tests.servers.firestore_emulator import clear_documents, write_documents

pytestmark = [pytest.mark.xdist_group("emulators"), pytest.mark.slow]

CALLER = "serviceAccount:756957797294-compute@developer.gserviceaccount.com"
PREDICTIONS = "nba_predictions.player_prop_predictions"
NOW = "2026-02-11T08:00"


@dataclass
class Place:
    """A project in the emulators, with the day of a scenario in it."""

    project: str
    server: WritableCloudRunServer
    client: bigquery.Client
    firestore: str
    environment: dict[str, str]
    folder: Path

    def reveille(self, *arguments: str) -> Result:
        """Run a command as a shell does, in a folder of its own."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            return CliRunner().invoke(reveille, ["staging", *arguments], env=self.environment, standalone_mode=False)
        finally:
            os.chdir(before)

    def code(self, *arguments: str) -> int:
        """Run a command that must end without an error of its own; return its exit code."""
        result = self.reveille(*arguments)
        assert result.exception is None, result.exception
        code: int = result.return_value
        return code

    def rows(self, table: str) -> list[dict[str, Any]]:
        found = self.client.query(f"SELECT * FROM `{self.project}.{table}`").result()
        return sorted((dict(row.items()) for row in found), key=str)

    def datasets(self) -> set[str]:
        return {each.dataset_id for each in self.client.list_datasets()}


@dataclass
class Emulators:
    bigquery: str
    firestore: str
    pubsub: str


@pytest.fixture(scope="module")
def emulators(bigquery_address: str, firestore_address: str, pubsub_address: str) -> Emulators:
    return Emulators(bigquery_address, firestore_address, pubsub_address)


@pytest.fixture(scope="module")
def production(emulators: Emulators) -> Iterator[bigquery.Client]:
    """The tables that all tests of this file read, and no command may write to: to load them takes a second."""
    with loaded(emulators) as client:
        yield client


@pytest.fixture
def place(emulators: Emulators, production: bigquery.Client, tmp_path: Path) -> Iterator[Place]:
    before = {each.dataset_id for each in production.list_datasets()}
    with served(emulators, production, tmp_path) as place:
        yield place
    for name in place.datasets() - before:
        production.delete_dataset(f"{place.project}.{name}", delete_contents=True)


@pytest.fixture
def changing(emulators: Emulators, tmp_path: Path) -> Iterator[Place]:
    """A place whose production the test writes to."""
    with loaded(emulators) as client, served(emulators, client, tmp_path) as place:
        yield place


@contextmanager
def loaded(emulators: Emulators) -> Iterator[bigquery.Client]:
    """Yield the client of a project of its own with the tables of the day."""
    pipeline = shipped_pipeline()
    client = emulator_client(emulators.bigquery, f"example-{uuid.uuid4().hex[:12]}")
    for name in pipeline.datasets:
        dataset = bigquery.Dataset(f"{client.project}.{name}")
        dataset.location = "EU" if name == "nba_orchestration" else "us-west2"
        client.create_dataset(dataset)
    columns = {name: table.columns for name, table in pipeline.tables.items()}
    create_tables(emulators.bigquery, client.project, columns, healthy_morning().tables)
    try:
        yield client
    finally:
        for each in client.list_datasets():
            client.delete_dataset(f"{client.project}.{each.dataset_id}", delete_contents=True)
        client.close()  # type: ignore[no-untyped-call]


@contextmanager
def served(emulators: Emulators, client: bigquery.Client, folder: Path) -> Iterator[Place]:
    """Yield a place with the documents and the services of the day, as they are at first."""
    project, world = client.project, healthy_morning()
    write_documents(emulators.firestore, project, world.documents)
    policies = {"prediction-worker": Policy((Binding("roles/run.invoker", frozenset({CALLER})),))}
    with WritableCloudRunServer(world.services, policies) as server:
        server.serve("prediction-worker", run_v2.Revision(service_account="worker@example.com", containers=[CONTAINER]))
        places = ("RUN", "RESOURCE_MANAGER", "SCHEDULER", "CLOUD_BUILD", "MONITORING", "LOGGING")
        environment = {
            "REVEILLE_PIPELINE": "nba",
            "GOOGLE_CLOUD_PROJECT": project,
            "BIGQUERY_EMULATOR_HOST": emulators.bigquery,
            "FIRESTORE_EMULATOR_HOST": emulators.firestore,
            "PUBSUB_EMULATOR_HOST": emulators.pubsub,
            **{f"REVEILLE_{each}_ENDPOINT": server.address for each in places},
        }
        try:
            yield Place(project, server, client, emulators.firestore, environment, folder)
        finally:
            clear_documents(emulators.firestore, project)


@cache
def healthy_morning() -> World:
    return build_world(shipped_pipeline(), load_scenario("healthy-morning"))


CONTAINER = run_v2.Container(
    image="images.example.com/example-project/worker:7",
    env=[
        run_v2.EnvVar(name="GCP_PROJECT_ID", value="example-project"),
        run_v2.EnvVar(name="PUBSUB_READY_TOPIC", value="prediction-ready-prod"),
    ],
)


def test_staging_runs_from_end_to_end_and_leaves_production_untouched(place: Place) -> None:
    production = place.datasets()

    assert place.code("setup") == 0
    assert place.code("prove", "start") == 0
    assert place.code("seed", "2026-02-10") == 0
    assert place.code("deploy", "prediction-worker") == 0
    checks = ("--check", "games-last-night", "--check", "predictions-exist")
    assert place.code("validate", "2026-02-10", "--now", NOW, *checks) == 0
    assert place.code("status") == 0
    assert place.code("prove", "check") == 0
    assert place.code("teardown", "--yes") == 0

    assert place.datasets() == production
    assert "prediction-worker-staging" not in place.server.services
    assert "nothing to remove" in place.reveille("teardown", "--yes").output
    assert place.code("prove", "check") == 0


def test_a_deliberate_write_to_a_table_of_production_is_caught(changing: Place) -> None:
    assert changing.code("prove", "start") == 0
    table = changing.client.get_table(f"{changing.project}.{PREDICTIONS}")
    before = table.num_rows

    assert changing.client.insert_rows_json(table, [{"game_date": "2026-02-10", "prediction_id": "stray"}]) == []
    result = changing.reveille("prove", "check")

    assert result.return_value == 1
    assert f"✗ {PREDICTIONS}: {before:,} → {before + 1:,} rows" in result.output


def test_a_deliberate_write_to_a_completion_document_of_production_is_caught(changing: Place) -> None:
    assert changing.code("prove", "start") == 0

    write_documents(changing.firestore, changing.project, {"phase3_completion/2026-02-10": {"_triggered": True}})
    result = changing.reveille("prove", "check")

    assert result.return_value == 1
    assert "✗ phase3_completion/2026-02-10: last written" in result.output


def test_a_write_of_staging_does_not_count_as_one_of_production(place: Place) -> None:
    assert place.code("setup") == 0
    assert place.code("prove", "start") == 0

    assert place.code("seed", "2026-02-10") == 0
    write_documents(place.firestore, place.project, {"test_phase3_completion/2026-02-10": {"_triggered": True}})

    assert place.code("prove", "check") == 0


def test_a_command_between_two_looks_is_proved_in_one(place: Place) -> None:
    assert place.code("prove", "run", "--", "true") == 0
    assert place.code("prove", "run", "--", "sh", "-c", "exit 7") == 7


def test_the_datasets_are_where_their_originals_are_and_expire(place: Place) -> None:
    assert place.code("setup") == 0

    made = {name: place.client.get_dataset(f"{place.project}.test_{name}") for name in shipped_pipeline().datasets}
    assert {name: each.location for name, each in made.items()} == {
        name: "EU" if name == "nba_orchestration" else "us-west2" for name in made
    }
    assert {each.default_table_expiration_ms for each in made.values()} == {7 * 24 * 3600 * 1000}
    assert all(each.labels == {"reveille-staging": "test"} for each in made.values())


def test_the_rows_of_the_date_arrive_as_they_are_and_again_gives_the_same(place: Place) -> None:
    place.code("setup")

    assert place.code("seed", "2026-02-10") == 0
    first = place.rows(f"test_{PREDICTIONS}")
    assert place.code("seed", "2026-02-10", "--again") == 0

    original = [row for row in place.rows(PREDICTIONS) if row["game_date"].isoformat() == "2026-02-10"]
    assert first
    assert first == original
    assert place.rows(f"test_{PREDICTIONS}") == first


def test_a_limit_lets_the_same_rows_through_each_time(place: Place) -> None:
    place.code("setup")

    assert place.code("seed", "2026-02-10", "--limit", "5") == 0
    first = place.rows(f"test_{PREDICTIONS}")
    assert place.code("seed", "2026-02-10", "--limit", "5", "--again") == 0

    assert len(first) == 5
    assert place.rows(f"test_{PREDICTIONS}") == first


def test_a_second_date_is_added_to_the_first(place: Place) -> None:
    place.code("setup")
    place.code("seed", "2026-02-10")
    first = len(place.rows("test_nba_reference.nba_schedule"))

    assert place.code("seed", "2026-02-11") == 0

    dates = {row["game_date"].isoformat() for row in place.rows("test_nba_reference.nba_schedule")}
    assert dates == {"2026-02-10", "2026-02-11"}
    assert len(place.rows("test_nba_reference.nba_schedule")) > first


def test_a_table_that_has_no_date_partition_and_no_date_in_the_file_is_refused(place: Place) -> None:
    text = Path("bot/pipelines/nba.yaml").read_text(encoding="utf-8")
    file = place.folder / "mine.yaml"
    file.write_text(text.replace("failed_processor_queue, date: inserted_at", "failed_processor_queue"), "utf-8")

    result = place.reveille("seed", "2026-02-10", "--pipeline", str(file))

    assert "has no partition; add 'date'" in str(result.exception)


def test_a_staging_dataset_in_another_location_is_refused_by_setup_and_by_seed(place: Place) -> None:
    place.code("setup")
    place.client.delete_dataset(f"{place.project}.test_nba_raw")
    elsewhere = bigquery.Dataset(f"{place.project}.test_nba_raw")
    elsewhere.location, elsewhere.labels = "US", {"reveille-staging": "test"}
    place.client.create_dataset(elsewhere)

    for command in (("setup",), ("seed", "2026-02-10")):
        result = place.reveille(*command)
        assert result.return_value == 1
        assert "is in US, but nba_raw is in us-west2" in result.output


def test_a_foreign_table_in_a_staging_dataset_is_left_alone_and_said(place: Place) -> None:
    place.code("setup")
    place.code("seed", "2026-02-10")
    mine = bigquery.Table(f"{place.project}.test_nba_raw.mine", schema=[bigquery.SchemaField("a", "STRING")])
    place.client.create_table(mine)

    result = place.reveille("teardown", "--yes")

    assert result.return_value == 0
    assert "left alone: table test_nba_raw.mine" in result.output
    assert place.datasets() & {f"test_{name}" for name in shipped_pipeline().datasets} == {"test_nba_raw"}
    assert [each.table_id for each in place.client.list_tables(f"{place.project}.test_nba_raw")] == ["mine"]


def test_a_dataset_of_somebody_else_under_the_prefix_is_refused(place: Place) -> None:
    place.client.create_dataset(bigquery.Dataset(f"{place.project}.test_scratch"))

    result = place.reveille("setup")

    assert "'test_scratch' begins with 'test_'" in str(result.exception)
    assert "test_nba_raw" not in place.datasets()


@pytest.mark.parametrize(
    "prefix", ["", "nba_", "test", "prod_"], ids=["empty", "an original's", "no underscore", "prod"]
)
def test_a_prefix_that_could_match_production_is_refused_by_every_command(place: Place, prefix: str) -> None:
    commands = (
        ("setup",),
        ("seed", "2026-02-10"),
        ("deploy", "prediction-worker"),
        ("validate",),
        ("status",),
        ("prove", "start"),
        ("teardown", "--yes"),
    )
    before = place.datasets()

    for command in commands:
        result = place.reveille(*command, "--prefix", prefix)
        assert getattr(result.exception, "exit_code", None) == 3, command

    assert place.datasets() == before


def test_a_dry_run_of_everything_writes_nothing(place: Place) -> None:
    assert place.code("setup", "--dry-run") == 0
    assert not [name for name in place.datasets() if name.startswith("test_")]
    place.code("setup")

    assert place.code("seed", "2026-02-10", "--dry-run") == 0
    assert place.code("deploy", "prediction-worker", "--dry-run") == 0
    assert place.code("teardown", "--dry-run") == 0

    assert "prediction-worker-staging" not in place.server.services
    assert "test_nba_raw" in place.datasets()
    assert list(place.client.list_tables(f"{place.project}.test_nba_raw")) == []


def test_without_a_first_look_the_proof_says_what_comes_first(place: Place) -> None:
    result = place.reveille("prove", "check")

    assert "run 'reveille staging prove start'" in str(result.exception)


def test_a_teardown_that_nobody_confirms_removes_nothing(place: Place) -> None:
    place.code("setup")

    result = place.reveille("teardown")

    assert "dataset test_nba_raw" in result.output
    assert result.exception is not None
    assert "test_nba_raw" in place.datasets()


def test_documents_under_the_prefix_are_named_with_the_command_that_deletes_them(place: Place) -> None:
    write_documents(place.firestore, place.project, {"test_phase3_completion/2026-02-10": {"_triggered": True}})

    output = place.reveille("status").output

    assert "collection test_phase3_completion: 1 document" in output
    assert "gcloud firestore bulk-delete --collection-ids=test_phase3_completion" in output


def test_a_source_that_does_not_answer_is_unknown_and_no_proof(place: Place) -> None:
    place.environment["BIGQUERY_EMULATOR_HOST"] = f"127.0.0.1:{free_port()}"

    result = place.reveille("prove", "start")

    assert getattr(result.exception, "exit_code", None) == 2
    assert "BigQuery cannot be reached" in str(result.exception)
    assert list(place.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "why"),
    [
        pytest.param(("seed", "2026-02-30"), "is no date", id="no date"),
        pytest.param(("deploy", "coordinator"), "cannot be deployed", id="no such service"),
        pytest.param(("prove", "run", "--", "no-such-command"), "cannot be run", id="no such command"),
        pytest.param(("prove", "check", "--state", "broken.json"), "not a first record", id="no record"),
        pytest.param(("prove", "start", "--state", "nowhere/state.json"), "cannot be written", id="no such folder"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_three(place: Place, command: tuple[str, ...], why: str) -> None:
    (place.folder / "broken.json").write_text("{}", encoding="utf-8")

    result = place.reveille(*command)

    assert why in getattr(result.exception, "message", str(result.exception))
    assert getattr(result.exception, "exit_code", None) in {2, 3}


def test_the_guide_names_only_commands_that_exist() -> None:
    guide = Path("docs/testing-environments.md").read_text(encoding="utf-8")
    typed = re.findall(r"reveille staging ([a-z]+(?: (?:start|check|run))?)", guide)
    known = {*staging.commands, *(f"prove {name}" for name in prove.commands)}

    assert len(set(typed)) > 8
    assert set(typed) <= known
