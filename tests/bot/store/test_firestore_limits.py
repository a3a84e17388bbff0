"""Firestore's limits, which its emulator does not check: nothing is sent that it would refuse or not find again."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from bot.google_cloud.clients import insecure_channel
from bot.store.firestore_documents import LARGEST_DOCUMENT, LARGEST_INDEXED, FirestoreCollections, document_size
from bot.store.firestore_fields import report_fields
from bot.store.model import StoreError
from tests.bot.store.records import a_report

PATH = "projects/p/databases/(default)/documents/reports/one"


def collections() -> FirestoreCollections:
    """Collections that only make writes, and send none."""
    return FirestoreCollections(
        FirestoreClient(transport=FirestoreGrpcTransport(channel=insecure_channel("127.0.0.1:9"))),
        project="p",
        database="(default)",
        prefix="test_",
        metadata=(),
        request_seconds=1,
        retry_seconds=1,
    )


def test_a_document_is_counted_as_firestore_counts_it() -> None:
    # The example of https://firebase.google.com/docs/firestore/storage-size: 147 bytes.
    name = "projects/p/databases/(default)/documents/users/jeff/tasks/my_task_id"
    fields: dict[str, Any] = {"type": "Personal", "done": False, "priority": 1, "description": "Learn Cloud Firestore"}

    assert document_size(name, fields) == 147


@pytest.mark.parametrize(
    "changes", [{"pipeline": "p" * LARGEST_INDEXED}, {"job": "j" * LARGEST_INDEXED}], ids=["a pipeline", "a job"]
)
def test_what_queries_would_not_find_again_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(StoreError) as refusal:
        collections().create(PATH, report_fields(a_report(**changes)))

    assert "index" in str(refusal.value)
    assert not refusal.value.retryable


def test_a_document_at_the_limit_is_written_and_one_past_it_refused() -> None:
    empty = document_size(PATH, {"record": b""})
    fits, too_long = ({"record": b"x" * (LARGEST_DOCUMENT - empty + more)} for more in (0, 1))

    assert collections().create(PATH, fits).update.name == PATH
    with pytest.raises(StoreError) as refusal:
        collections().create(PATH, too_long)
    assert not refusal.value.retryable
