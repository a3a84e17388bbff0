"""When documents were last written, through Google's generated Firestore client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from bot.gcp.errors import FIRESTORE_SOURCE, short_retry, translated
from bot.gcp.firestore import EPOCH


class FirestoreStaging:
    """Reads one database, no prefix added. ``request_seconds`` bounds a collection, ``retry_seconds`` a repetition."""

    def __init__(
        self,
        client: FirestoreClient,
        *,
        project: str,
        database: str = "(default)",
        metadata: Sequence[tuple[str, str]] = (),
        request_seconds: float = 60.0,
        retry_seconds: float = 3.0,
    ) -> None:
        self._client = client
        self._project = project
        self._database = f"projects/{project}/databases/{database}"
        self._metadata = (*metadata, ("google-cloud-resource-prefix", self._database))
        self._request_seconds = request_seconds
        self._retry = short_retry(retry_seconds)

    def documents(self, collection: str) -> Mapping[str, datetime]:
        """Read each document's time of the last write by its id, and nothing of its content. Raises SourceError."""
        parent, _, name = f"{self._database}/documents/{collection}".rpartition("/")
        query = types.StructuredQuery(
            from_=[types.StructuredQuery.CollectionSelector(collection_id=name)],
            select=types.StructuredQuery.Projection(
                fields=[types.StructuredQuery.FieldReference(field_path="__name__")]
            ),
        )
        request = types.RunQueryRequest(parent=parent, structured_query=query)

        def read() -> dict[str, datetime]:
            answers = self._client.run_query(
                request, timeout=self._request_seconds, retry=None, metadata=self._metadata
            )
            found: dict[str, datetime] = {}
            for answer in map(types.RunQueryResponse.pb, answers):
                if answer.HasField("document"):
                    written = answer.document.update_time
                    moment = EPOCH + timedelta(seconds=written.seconds, microseconds=written.nanos // 1000)
                    found[answer.document.name.rpartition("/")[2]] = moment
            return found

        with translated(FIRESTORE_SOURCE, self._project, f"the collection {collection!r}"):
            documents: dict[str, datetime] = self._retry(read)()
        return documents

    def close(self) -> None:
        """Close the connection."""
        self._client.transport.close()  # type: ignore[no-untyped-call]
