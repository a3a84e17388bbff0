"""When documents were last written, through Google's generated Firestore client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from bot.google_cloud.clients import EMULATOR_METADATA, GoogleAccess
from bot.sources.documents.live import EPOCH, FirestoreAdapter


def connect(access: GoogleAccess) -> FirestoreStaging:
    emulator = access.settings.firestore_emulator
    return FirestoreStaging(
        access.client(FirestoreClient, emulator),
        project=access.project,
        database=access.settings.firestore_database,
        metadata=() if emulator is None else EMULATOR_METADATA,
    )


@dataclass(frozen=True, eq=False)
class FirestoreStaging(FirestoreAdapter):
    """Reads one database, no prefix added."""

    request_seconds: float = field(default=60.0, kw_only=True)

    def documents(self, collection: str) -> Mapping[str, datetime]:
        """Read each document's time of the last write by its id, and nothing of its content. Raises SourceError."""
        parent, _, name = f"{self.root}/{collection}".rpartition("/")
        query = types.StructuredQuery(
            from_=[types.StructuredQuery.CollectionSelector(collection_id=name)],
            select=types.StructuredQuery.Projection(
                fields=[types.StructuredQuery.FieldReference(field_path="__name__")]
            ),
        )
        request = types.RunQueryRequest(parent=parent, structured_query=query)
        answers = self.streamed(self.client.run_query, request, f"the collection {collection!r}")
        found: dict[str, datetime] = {}
        for document in (answer.document for answer in answers if answer.HasField("document")):
            written = document.update_time
            moment = EPOCH + timedelta(seconds=written.seconds, microseconds=written.nanos // 1000)
            found[document.name.rpartition("/")[2]] = moment
        return found
