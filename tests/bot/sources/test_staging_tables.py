"""Staging's tables against BigQuery's own protocol: what is copied, and how its refusals are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from google.cloud import bigquery

from bot.sources.warehouse.staging import BigQueryStaging
from bot.staging.ports import Copy, Dataset, StoredTable
from checks.source import Problem, SourceError
from tests.servers.bigquery_clients import emulator_client
from tests.servers.json_http import Answer, JsonHttpServer

PROJECT = "staging-tables-example"
NIGHT = date(2026, 2, 10)
COPY = Copy(
    source="raw.games", target="test_raw.games", column="game_date", day=NIGHT, columns=("id",), limit=5, location="US"
)


@contextmanager
def staging(address: str) -> Iterator[BigQueryStaging]:
    client = emulator_client(address, PROJECT)
    adapter = BigQueryStaging(client, project=PROJECT, request_seconds=5, retry_seconds=0.2)
    try:
        yield adapter
    finally:
        adapter.close()


def refused(status: int, reason: str, message: str) -> Answer:
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return Answer(status, {"error": error})


@pytest.mark.parametrize(
    ("status", "reason", "message", "problem", "advice"),
    [
        pytest.param(403, "quotaExceeded", "Quota exceeded", Problem.THROTTLED, "run it again", id="quota"),
        pytest.param(403, "rateLimitExceeded", "Exceeded rate limits", Problem.THROTTLED, "run it again", id="rate"),
        pytest.param(
            403,
            "accessDenied",
            "Access Denied: Table raw.games: Permission bigquery.tables.getData denied",
            Problem.DENIED,
            "bigquery.tables.getData",
            id="denied",
        ),
        pytest.param(404, "notFound", "Not found: Dataset test_raw in location US", Problem.NOT_FOUND, "", id="gone"),
        pytest.param(
            400, "invalidQuery", "Cannot read and write in different locations", Problem.INVALID, "", id="bad"
        ),
    ],
)
def test_what_bigquery_refuses_is_told_with_what_to_do(
    status: int, reason: str, message: str, problem: Problem, advice: str
) -> None:
    with (
        JsonHttpServer(refused(status, reason, message)) as server,
        staging(server.address) as tables,
        pytest.raises(SourceError) as raised,
    ):
        tables.replace(COPY)

    assert raised.value.problem is problem
    assert advice in raised.value.advice
    assert "pipeline file" not in raised.value.advice
    assert raised.value.retryable == (problem is Problem.THROTTLED)
    assert "raw.games to test_raw.games" in raised.value.detail


@pytest.fixture
def emulated(bigquery_address: str) -> Iterator[tuple[BigQueryStaging, bigquery.Client]]:
    with staging(bigquery_address) as tables:
        client = tables.client
        for name in ("raw", "test_raw"):
            client.delete_dataset(f"{PROJECT}.{name}", delete_contents=True, not_found_ok=True)
            client.create_dataset(f"{PROJECT}.{name}")
        original = bigquery.Table(
            f"{PROJECT}.raw.games",
            schema=[bigquery.SchemaField("game_date", "DATE"), bigquery.SchemaField("tags", "STRING", mode="REPEATED")],
        )
        original.time_partitioning = bigquery.TimePartitioning(field="game_date", expiration_ms=86_400_000)
        original.clustering_fields = ["game_date"]
        client.create_table(original)
        yield tables, client


@pytest.mark.xdist_group("emulators")
def test_a_copy_is_made_like_its_original_but_its_partitions_live_as_long_as_the_table(
    emulated: tuple[BigQueryStaging, bigquery.Client],
) -> None:
    tables, client = emulated
    source = tables.table("raw.games")
    assert source is not None

    tables.create_like(source, "test_raw.games", {"reveille-staging": "test"})

    made = client.get_table(f"{PROJECT}.test_raw.games")
    assert [(field.name, field.field_type, field.mode) for field in made.schema] == [
        ("game_date", "DATE", "NULLABLE"),
        ("tags", "STRING", "REPEATED"),
    ]
    assert made.time_partitioning.field == "game_date"
    assert made.time_partitioning.expiration_ms is None
    assert made.clustering_fields == ["game_date"]
    assert made.labels == {"reveille-staging": "test"}


@pytest.mark.xdist_group("emulators")
def test_labels_are_added_to_those_that_are_there(emulated: tuple[BigQueryStaging, bigquery.Client]) -> None:
    tables, client = emulated
    tables.create_like(StoredTable(dataset="raw", name="games"), "test_raw.games", {"a": "1"})

    tables.label_table("test_raw.games", {"b": "2"})

    assert client.get_table(f"{PROJECT}.test_raw.games").labels == {"a": "1", "b": "2"}


@pytest.mark.xdist_group("emulators")
def test_a_table_that_exists_is_left_as_it_is(emulated: tuple[BigQueryStaging, bigquery.Client]) -> None:
    tables, client = emulated
    tables.create_like(StoredTable(dataset="raw", name="games"), "test_raw.games", {"a": "1"})

    tables.create_like(StoredTable(dataset="raw", name="games"), "test_raw.games", {"a": "2"})

    assert client.get_table(f"{PROJECT}.test_raw.games").labels == {"a": "1"}


@pytest.mark.xdist_group("emulators")
def test_a_dataset_that_exists_is_not_taken_over(emulated: tuple[BigQueryStaging, bigquery.Client]) -> None:
    tables, _ = emulated

    with pytest.raises(SourceError, match="Already Exists"):
        tables.create_dataset(Dataset(name="raw", location="US"))


@pytest.mark.xdist_group("emulators")
def test_a_dataset_that_is_not_empty_is_not_deleted(emulated: tuple[BigQueryStaging, bigquery.Client]) -> None:
    tables, _ = emulated

    with pytest.raises(SourceError):
        tables.delete_dataset("raw")

    assert tables.tables("raw") == ["raw.games"]


@pytest.mark.xdist_group("emulators")
def test_what_is_not_there_is_none(emulated: tuple[BigQueryStaging, bigquery.Client]) -> None:
    tables, _ = emulated

    assert tables.dataset("nothing") is None
    assert tables.table("raw.nothing") is None
