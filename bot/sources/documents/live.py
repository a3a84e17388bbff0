"""Firestore through Google's generated client: one request a question, each bounded in time.

The generated client is used rather than the one above it because that one reads the emulator's address
from the environment behind our back, and builds a reference object for every path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.clients import EMULATOR_METADATA, REQUEST_SECONDS, GoogleAccess
from bot.google_cloud.errors import Api
from checks.ports.documents import FIRESTORE, Document

API = Api(FIRESTORE, "firestore.googleapis.com", "roles/datastore.viewer")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_VECTOR = "__vector__"


def connect(access: GoogleAccess) -> FirestoreDocuments:
    emulator = access.settings.firestore_emulator
    return FirestoreDocuments(
        access.client(FirestoreClient, emulator),
        project=access.project,
        database=access.settings.firestore_database,
        collection_prefix=access.settings.collection_prefix,
        metadata=() if emulator is None else EMULATOR_METADATA,
        request_seconds=REQUEST_SECONDS,
    )


@dataclass(frozen=True, eq=False)
class FirestoreAdapter(GoogleAdapter):
    """What asks one database."""

    client: FirestoreClient
    database: str = field(default="(default)", kw_only=True)
    metadata: Sequence[tuple[str, str]] = field(default=(), kw_only=True)

    @property
    def database_name(self) -> str:
        return f"projects/{self.project}/databases/{self.database}"

    @property
    def root(self) -> str:
        """The name under which all documents are."""
        return f"{self.database_name}/documents"

    def streamed(self, method: Any, request: Any, subject: str) -> Sequence[Any]:
        """Return all messages of a streamed answer, as plain protobuf. Raises SourceError.

        The retry goes around the whole stream: the client's own covers only its beginning.
        """
        metadata = (*self.metadata, ("google-cloud-resource-prefix", self.database_name))

        def read() -> Sequence[Any]:
            stream = method(request, timeout=self.request_seconds, retry=None, metadata=metadata)
            return [type(message).pb(message) for message in stream]

        with self.mapped_errors(API, subject):
            answers: Sequence[Any] = self.bounds["retry"](read)()
        return answers


@dataclass(frozen=True, eq=False)
class FirestoreDocuments(FirestoreAdapter):
    """Reads documents of one database."""

    collection_prefix: str = field(default="", kw_only=True)

    def get(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        """Fetch all paths in one request; a document that does not exist is None. Raises SourceError."""
        if not paths:
            return {}
        request = types.BatchGetDocumentsRequest(
            database=self.database_name, documents=map(self._name, dict.fromkeys(paths))
        )
        found: dict[str, Document | None] = dict.fromkeys(paths)
        for answer in self.streamed(self.client.batch_get_documents, request, _these(paths)):
            if answer.WhichOneof("result") == "found":
                document = self._document(answer.found)
                found[document.path] = document
        return found

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        # Firestore takes a limit of 0 for none, and a listing by pages would be a request for each 300.
        if limit < 1:
            return []
        parent, _, name = f"{self.root}/{self.collection_prefix}{collection}".rpartition("/")
        query = types.StructuredQuery(
            from_=[types.StructuredQuery.CollectionSelector(collection_id=name)],
            order_by=[{"field": {"field_path": "__name__"}, "direction": types.StructuredQuery.Direction.ASCENDING}],
            limit=limit,
        )
        request = types.RunQueryRequest(parent=parent, structured_query=query)
        answers = self.streamed(self.client.run_query, request, f"the collection {collection!r}")
        return [self._document(answer.document) for answer in answers if answer.HasField("document")]

    def _name(self, path: str) -> str:
        return f"{self.root}/{self.collection_prefix}{path}"

    def _path(self, name: str) -> str:
        """Return a document's path without database and prefix; one of another database keeps its whole name."""
        if not name.startswith(f"{self.root}/"):
            return name
        return name.removeprefix(f"{self.root}/").removeprefix(self.collection_prefix)

    def _document(self, message: Any) -> Document:
        return Document(self._path(message.name), {key: self._plain(value) for key, value in message.fields.items()})

    def _plain(self, value: Any) -> Any:
        """Return a field's value as plain Python."""
        kind = value.WhichOneof("value_type")
        match kind:
            case None | "null_value":
                return None
            case "timestamp_value":
                return EPOCH + timedelta(
                    seconds=value.timestamp_value.seconds, microseconds=value.timestamp_value.nanos // 1000
                )
            case "reference_value":
                return self._path(value.reference_value)
            case "geo_point_value":
                return {"latitude": value.geo_point_value.latitude, "longitude": value.geo_point_value.longitude}
            case "array_value":
                return [self._plain(each) for each in value.array_value.values]
            case "map_value":
                fields = {key: self._plain(each) for key, each in value.map_value.fields.items()}
                return fields["value"] if fields.get("__type__") == _VECTOR and "value" in fields else fields
            case "boolean_value" | "integer_value" | "double_value" | "string_value" | "bytes_value":
                return getattr(value, kind)
            case _:
                return str(getattr(value, kind))


def _these(paths: Sequence[str]) -> str:
    others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"the document {paths[0]!r}{others}"
