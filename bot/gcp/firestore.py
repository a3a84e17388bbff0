"""Firestore through Google's generated client: one request a question, each bounded in time.

The generated client is used rather than the one above it because that one reads the emulator's address
from the environment behind our back, and builds a reference object for every path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from bot.gcp.errors import FIRESTORE_SOURCE, short_retry, translated
from checks.ports import Document

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_VECTOR = "__vector__"


class FirestoreDocuments:
    """Reads documents of one database. ``request_seconds`` bounds a question, ``retry_seconds`` its repetition."""

    def __init__(
        self,
        client: FirestoreClient,
        *,
        project: str,
        database: str = "(default)",
        collection_prefix: str = "",
        metadata: Sequence[tuple[str, str]] = (),
        request_seconds: float = 10.0,
        retry_seconds: float = 3.0,
    ) -> None:
        self._client = client
        self._project = project
        self._database = f"projects/{project}/databases/{database}"
        self._root = f"{self._database}/documents"
        self._prefix = collection_prefix
        self._metadata = (*metadata, ("google-cloud-resource-prefix", self._database))
        self._request_seconds = request_seconds
        self._retry = short_retry(retry_seconds)

    def get(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        """Fetch all paths in one request; a document that does not exist is None. Raises SourceError."""
        if not paths:
            return {}
        request = types.BatchGetDocumentsRequest(
            database=self._database, documents=map(self._name, dict.fromkeys(paths))
        )
        found: dict[str, Document | None] = dict.fromkeys(paths)
        for answer in self._ask(self._client.batch_get_documents, request, _these(paths)):
            if answer.WhichOneof("result") == "found":
                document = self._document(answer.found)
                found[document.path] = document
        return found

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        """Fetch at most ``limit`` documents of a collection, ordered by id. Raises SourceError."""
        # Firestore takes a limit of 0 for none, and a listing by pages would be a request for each 300.
        if limit < 1:
            return []
        parent, _, name = f"{self._root}/{self._prefix}{collection}".rpartition("/")
        query = types.StructuredQuery(
            from_=[types.StructuredQuery.CollectionSelector(collection_id=name)],
            order_by=[{"field": {"field_path": "__name__"}, "direction": types.StructuredQuery.Direction.ASCENDING}],
            limit=limit,
        )
        request = types.RunQueryRequest(parent=parent, structured_query=query)
        answers = self._ask(self._client.run_query, request, f"the collection {collection!r}")
        return [self._document(answer.document) for answer in answers if answer.HasField("document")]

    def close(self) -> None:
        """Close the connection."""
        self._client.transport.close()  # type: ignore[no-untyped-call]

    def _ask(self, method: Any, request: Any, subject: str) -> Sequence[Any]:
        """Return all messages of a streamed answer, as plain protobuf.

        The retry goes around the whole stream: the client's own covers only its beginning.
        """

        def read() -> Sequence[Any]:
            stream = method(request, timeout=self._request_seconds, retry=None, metadata=self._metadata)
            return [type(message).pb(message) for message in stream]

        with translated(FIRESTORE_SOURCE, self._project, subject):
            answers: Sequence[Any] = self._retry(read)()
        return answers

    def _name(self, path: str) -> str:
        return f"{self._root}/{self._prefix}{path}"

    def _path(self, name: str) -> str:
        """Return a document's path without database and prefix; one of another database keeps its whole name."""
        if not name.startswith(f"{self._root}/"):
            return name
        return name.removeprefix(f"{self._root}/").removeprefix(self._prefix)

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
