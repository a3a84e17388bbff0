import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1 import GeoPoint
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import Document as FirestoreDocument
from google.cloud.firestore_v1.types import Value
from google.cloud.firestore_v1.vector import Vector

from bot.google_cloud.clients import EMULATOR_METADATA, insecure_channel
from bot.sources.documents.live import FirestoreDocuments
from checks.ports.documents import Document
from checks.source import Problem, SourceError
from tests.servers.firestore_emulator import clear_documents, write_documents
from tests.servers.refusing_grpc import RefusingGrpcServer

PROJECT = "example-project"
MOMENT = datetime(2026, 2, 10, 7, 13, 0, 123456, tzinfo=UTC)

emulated = pytest.mark.xdist_group("emulators")


@contextmanager
def documents(address: str, **options: Any) -> Iterator[FirestoreDocuments]:
    adapter = FirestoreDocuments(
        FirestoreClient(transport=FirestoreGrpcTransport(channel=insecure_channel(address))),
        **{"project": PROJECT, "metadata": EMULATOR_METADATA, "retry_seconds": 0.3, **options},
    )
    try:
        yield adapter
    finally:
        adapter.close()


@pytest.fixture
def address(firestore_address: str) -> Iterator[str]:
    yield firestore_address
    clear_documents(firestore_address, PROJECT)


@emulated
def test_every_type_of_a_field_becomes_plain_python(address: str) -> None:
    data = {
        "null": None,
        "true": True,
        "integer": 2**53 + 1,
        "float": 0.5,
        "text": "yes",
        "bytes": b"\x00\xff",
        "time": MOMENT,
        "place": GeoPoint(33.4, -112.1),
        "vector": Vector([1.0, 2.0]),
        "list": [1, "two", None, {"three": 3}],
        "map": {"status": "success", "at": MOMENT, "empty": {}},
    }
    write_documents(address, PROJECT, {"phase3_completion/2026-02-10": data})

    with documents(address) as adapter:
        found = adapter.get(["phase3_completion/2026-02-10"])["phase3_completion/2026-02-10"]

    assert found is not None
    assert found.data == {**data, "place": {"latitude": 33.4, "longitude": -112.1}, "vector": [1.0, 2.0]}
    assert type(found.data["time"]) is datetime
    assert type(found.data["true"]) is bool


@emulated
def test_a_thousand_documents_come_in_one_answer(address: str) -> None:
    paths = [f"phase3_completion/{number:04}" for number in range(1000)]
    write_documents(address, PROJECT, {path: {"number": number} for number, path in enumerate(paths)})

    with documents(address) as adapter:
        found = adapter.get([*paths, "phase3_completion/missing"])

    assert found == {
        **{path: Document(path, {"number": number}) for number, path in enumerate(paths)},
        "phase3_completion/missing": None,
    }


@emulated
def test_a_listing_of_a_thousand_stops_at_its_limit(address: str) -> None:
    write_documents(address, PROJECT, {f"processor_heartbeats/{number:04}": {} for number in range(1000)})

    with documents(address) as adapter:
        assert len(adapter.list("processor_heartbeats", 600)) == 600
        assert len(adapter.list("processor_heartbeats", 2000)) == 1000
        assert adapter.list("processor_heartbeats", 0) == []


@emulated
def test_the_collection_prefix_is_added_to_questions_and_taken_from_answers(address: str) -> None:
    write_documents(address, PROJECT, {"state/one": {"from": "production"}, "staging_state/one": {"from": "staging"}})

    with documents(address, collection_prefix="staging_") as adapter:
        assert adapter.get(["state/one"]) == {"state/one": Document("state/one", {"from": "staging"})}
        assert adapter.list("state", 10) == [Document("state/one", {"from": "staging"})]
    with documents(address) as adapter:
        assert adapter.get(["state/one"]) == {"state/one": Document("state/one", {"from": "production"})}


@emulated
def test_a_document_below_another_is_read_and_listed(address: str) -> None:
    write_documents(address, PROJECT, {"staging_state/one/runs/a": {"n": 1}, "staging_state/one/runs/b": {"n": 2}})

    with documents(address, collection_prefix="staging_") as adapter:
        assert adapter.get(["state/one/runs/a"]) == {"state/one/runs/a": Document("state/one/runs/a", {"n": 1})}
        assert [each.path for each in adapter.list("state/one/runs", 1)] == ["state/one/runs/a"]


@emulated
@pytest.mark.parametrize("path", ["only-a-collection", "a//b", ""])
def test_a_path_that_is_none_is_an_invalid_question(address: str, path: str) -> None:
    with documents(address) as adapter, pytest.raises(SourceError) as raised:
        adapter.get([path])

    assert raised.value.problem is Problem.INVALID


def test_nothing_to_get_asks_nothing() -> None:
    with RefusingGrpcServer(grpc.StatusCode.INTERNAL) as server, documents(server.address) as adapter:
        assert adapter.get([]) == {}
        assert adapter.list("state", 0) == []
        assert not server.calls


def test_a_path_given_twice_is_asked_for_once() -> None:
    with RefusingGrpcServer(grpc.StatusCode.PERMISSION_DENIED) as server, documents(server.address) as adapter:
        with pytest.raises(SourceError):
            adapter.get(["state/one", "state/one"])

        assert server.calls == {"BatchGetDocuments": 1}


def test_a_reference_is_its_path() -> None:
    root = f"projects/{PROJECT}/databases/(default)/documents"
    other = "projects/other-project/databases/(default)/documents/state/one"
    message = FirestoreDocument(
        name=f"{root}/staging_state/one",
        fields={
            "own": Value(reference_value=f"{root}/staging_state/two"),
            "foreign": Value(reference_value=other),
        },
    )
    with documents("127.0.0.1:1", collection_prefix="staging_") as adapter:
        assert adapter._document(FirestoreDocument.pb(message)) == Document(
            "state/one", {"own": "state/two", "foreign": other}
        )


def test_a_kind_of_value_that_is_not_known_does_not_break_the_document() -> None:
    message = FirestoreDocument(name="x", fields={"later": Value(field_reference_value="a.b")})
    with documents("127.0.0.1:1") as adapter:
        assert adapter._document(FirestoreDocument.pb(message)).data == {"later": "a.b"}


@pytest.mark.parametrize(
    ("code", "problem", "calls"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, Problem.DENIED, 1),
        (grpc.StatusCode.NOT_FOUND, Problem.NOT_FOUND, 1),
        (grpc.StatusCode.UNAUTHENTICATED, Problem.UNAUTHENTICATED, 1),
        (grpc.StatusCode.FAILED_PRECONDITION, Problem.INVALID, 1),
    ],
)
def test_a_refusal_is_named_and_not_asked_again(code: grpc.StatusCode, problem: Problem, calls: int) -> None:
    with RefusingGrpcServer(code) as server, documents(server.address) as adapter:
        for ask in (lambda: adapter.get(["state/one", "state/two"]), lambda: adapter.list("state", 5)):
            with pytest.raises(SourceError) as raised:
                ask()

            assert raised.value.source == "Firestore"
            assert raised.value.problem is problem
            assert "state" in raised.value.detail
        assert server.calls == {"BatchGetDocuments": calls, "RunQuery": calls}


def test_a_source_that_is_unavailable_is_asked_again_for_a_short_while() -> None:
    with RefusingGrpcServer(grpc.StatusCode.UNAVAILABLE) as server:
        with documents(server.address, retry_seconds=1.0) as adapter, pytest.raises(SourceError) as raised:
            adapter.get(["state/one"])

        assert raised.value.problem is Problem.UNAVAILABLE
        assert raised.value.retryable
        assert server.calls["BatchGetDocuments"] > 1


def test_a_source_that_hangs_costs_the_time_out_and_no_more() -> None:
    with RefusingGrpcServer(None) as server, documents(server.address, request_seconds=0.3) as adapter:
        for ask in (lambda: adapter.get(["state/one"]), lambda: adapter.list("state", 5)):
            began = time.monotonic()
            with pytest.raises(SourceError) as raised:
                ask()

            assert raised.value.problem is Problem.TIMED_OUT
            assert time.monotonic() - began < 2


def test_no_secret_of_a_refusal_gets_through() -> None:
    text = "denied for token=ya29.secret at https://example.com/?key=AIzaSecret"
    server = RefusingGrpcServer(grpc.StatusCode.PERMISSION_DENIED, text)
    with server, documents(server.address) as adapter, pytest.raises(SourceError) as raised:
        adapter.get(["state/one"])

    assert "ecret" not in f"{raised.value} {raised.value.advice}"
