"""A store as another version of the program leaves it: the one before, and one that is newer."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from google.cloud.firestore_v1._helpers import decode_dict, encode_dict
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import Document, ListDocumentsRequest, UpdateDocumentRequest

from bot.google_cloud.clients import EMULATOR_METADATA, insecure_channel
from bot.sinks.slack.format import formatted
from bot.store.migrations import FORMAT, NEWEST
from bot.store.model import SLACK, StateStore
from bot.store.schema import RECORDS, STEPS
from bot.store.sqlite import SqliteStore
from tests.faults.emulated import PROJECT, firestore_store

OTHERS = ("leases", "actions")
"""What is in a store besides records."""


class Kept(Protocol):
    """The store of a soak, seen from outside of the bot."""

    @property
    def where(self) -> str:
        """Its address, as an instance is told it."""
        ...

    def opened(self) -> StateStore: ...

    def size(self) -> int:
        """Return how many records there are, of every kind."""
        ...

    def be_newer(self) -> None:
        """Be one that a newer program has written to."""
        ...

    def be_former(self) -> None:
        """Be one that the program before has written."""
        ...


def former(text: str) -> str:
    """Return a record as the version before wrote it: deliveries had Slack's own form. One with a picture, which that
    version did not know, stays as it is."""
    record: dict[str, Any] = json.loads(text)
    if "body" in record and record.get("sink", SLACK) == SLACK:
        body = formatted(record["body"])
        try:
            record["body"] = json.loads(json.dumps(body))
        except TypeError:
            return text
    return json.dumps({**record, FORMAT: NEWEST - 1})


@dataclass(frozen=True, slots=True)
class SqliteKept:
    """A file."""

    path: Path

    @property
    def where(self) -> str:
        return f"sqlite:{self.path}"

    def opened(self) -> StateStore:
        return SqliteStore(self.path)

    def size(self) -> int:
        tables = (*(name for name, _ in RECORDS), *OTHERS)
        with closing(sqlite3.connect(self.path)) as connection:
            return sum(connection.execute(f"SELECT COUNT(*) FROM {each}").fetchone()[0] for each in tables)

    def be_newer(self) -> None:
        self._be(len(STEPS) + 1)

    def be_former(self) -> None:
        self._be(len(STEPS) - 1)
        with closing(sqlite3.connect(self.path)) as connection:
            for table, _ in RECORDS:
                for key, text in connection.execute(f"SELECT key, record FROM {table}").fetchall():
                    connection.execute(f"UPDATE {table} SET record = ? WHERE key = ?", (former(text), key))
            connection.commit()

    def _be(self, version: int) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute(f"PRAGMA user_version = {version}")


@dataclass(frozen=True, slots=True)
class FirestoreKept:
    """A database on the emulator, of one run alone."""

    address: str
    database: str

    @property
    def where(self) -> str:
        return f"firestore:{self.database}"

    def opened(self) -> StateStore:
        return firestore_store(self.address, "reveille_", self.database)

    def size(self) -> int:
        with closing(_Documents(self)) as documents:
            return sum(1 for name in (*(name for name, _ in RECORDS), *OTHERS) for _ in documents.of(name))

    def be_newer(self) -> None:
        self._be(NEWEST + 1)

    def be_former(self) -> None:
        self._be(NEWEST - 1)
        with closing(_Documents(self)) as documents:
            for name, _ in RECORDS:
                for each, fields in documents.of(name):
                    packed = fields["record"]
                    text = zlib.decompress(packed).decode() if isinstance(packed, bytes) else packed
                    documents.write(each, {**fields, "record": former(text)})

    def _be(self, version: int) -> None:
        with closing(_Documents(self)) as documents:
            ((name, fields),) = documents.of("store")
            documents.write(name, {**fields, "version": version})


class _Documents:
    """The documents of a database, as they are."""

    def __init__(self, kept: FirestoreKept) -> None:
        self._client = FirestoreClient(transport=FirestoreGrpcTransport(channel=insecure_channel(kept.address)))
        self._root = f"projects/{PROJECT}/databases/{kept.database}/documents"

    def of(self, collection: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        request = ListDocumentsRequest(parent=self._root, collection_id=f"reveille_{collection}", page_size=300)
        for each in self._client.list_documents(request, metadata=EMULATOR_METADATA):
            yield each.name, cast("dict[str, Any]", decode_dict(each.fields, self._client))

    def write(self, name: str, fields: Mapping[str, Any]) -> None:
        document = Document(name=name, fields=encode_dict(dict(fields)))
        self._client.update_document(UpdateDocumentRequest(document=document), metadata=EMULATOR_METADATA)

    def close(self) -> None:
        self._client.transport.close()  # type: ignore[no-untyped-call]
