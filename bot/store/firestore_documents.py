"""Documents of Firestore, read and written with preconditions, each request bounded in time.

Nothing here locks: what is written names the state that it was made from, and a write that met another
one is tried again from the beginning. A write whose answer was lost may have happened all the same, so
whoever tries again must recognise its own work.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import quote

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from bot.google_cloud.errors import Api, is_passing, source_error
from bot.store.model import StoreError, StoreProblem
from checks.ports.documents import FIRESTORE
from checks.source import Problem

Scalar = str | int | bool | bytes | None
Fields = Mapping[str, Scalar]
Result = TypeVar("Result")
Filter = tuple[str, str, Scalar]
"""Field, operator (``EQUAL``, ``LESS_THAN`` …) and value."""

API = Api(FIRESTORE, "firestore.googleapis.com", "roles/datastore.user")

_LONGEST_ID = 1000
"""Firestore allows 1,500 bytes for the id of a document."""

LARGEST_DOCUMENT = 1_048_576
LARGEST_INDEXED = 1_500
"""Bytes of a document, and of a value that queries compare: of a longer one the index has the beginning alone
(https://firebase.google.com/docs/firestore/quotas). The emulator checks neither."""

COMPARED = ("by_job", "by_pipeline", "ended_at", "pipeline", "state")
"""The fields that queries sort by or compare. Keys of alerts are compared as well, and short, see ``key_of``."""

_OVERTAKEN = (exceptions.Conflict, exceptions.FailedPrecondition, exceptions.NotFound)
"""Somebody else wrote first; Conflict covers Aborted and AlreadyExists."""

_UNCERTAIN = (exceptions.DeadlineExceeded, exceptions.Cancelled, exceptions.Unknown)
"""Together with what ``is_passing`` names: the request may have been done without our hearing of it."""

_WITH_ADVICE = {Problem.UNAUTHENTICATED, Problem.NOT_ENABLED, Problem.DENIED, Problem.NOT_FOUND}
"""The advice for other problems is about checks."""


_PROBLEMS: Mapping[Problem, StoreProblem] = {
    Problem.THROTTLED: StoreProblem.QUOTA,
    Problem.DENIED: StoreProblem.FORBIDDEN,
    Problem.UNAUTHENTICATED: StoreProblem.FORBIDDEN,
}


class MissingDatabaseError(StoreError):
    """There is no such database; the message says how to make it."""


class OvertakenError(Exception):
    """Somebody else changed a document between our reading and our writing."""


class UncertainError(Exception):
    """The request failed in a way that may pass, and a write may have happened all the same."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it was read; ``updated`` is what a write over it names."""

    name: str
    fields: Fields
    updated: Any


class FirestoreCollections:
    """The collections of one database whose names begin with a prefix."""

    def __init__(
        self,
        client: FirestoreClient,
        *,
        project: str,
        database: str,
        prefix: str,
        metadata: Sequence[tuple[str, str]],
        request_seconds: float,
        retry_seconds: float,
    ) -> None:
        self._client = client
        self._project = project
        self._database = f"projects/{project}/databases/{database}"
        self._root = f"{self._database}/documents"
        self._prefix = prefix
        self._metadata = (*metadata, ("google-cloud-resource-prefix", self._database))
        self._request_seconds = request_seconds
        self._retry_seconds = retry_seconds

    def name(self, collection: str, key: str) -> str:
        """Return the full name of the document that keeps a key."""
        return f"{self._root}/{self._prefix}{collection}/{document_id(key)}"

    def get(self, names: Iterable[str]) -> Mapping[str, StoredDocument]:
        """Fetch documents in one request; those that do not exist are left out."""
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return {}
        request = types.BatchGetDocumentsRequest(database=self._database, documents=wanted)
        answers = self._ask(self._client.batch_get_documents, request)
        found = [_document(each.found) for each in answers if each.WhichOneof("result") == "found"]
        return {each.name: each for each in found}

    def query(
        self,
        collection: str,
        *filters: Filter,
        newest_by: str | None = None,
        limit: int | None = None,
        only: Sequence[str] = (),
    ) -> Sequence[StoredDocument]:
        """Fetch the documents that meet all filters; ``only`` names the fields that are wanted, or means all."""
        where = [_filter(*each) for each in filters]
        query = types.StructuredQuery(
            from_=[types.StructuredQuery.CollectionSelector(collection_id=f"{self._prefix}{collection}")],
            where={"composite_filter": {"op": "AND", "filters": where}} if where else None,
            select={"fields": [{"field_path": each} for each in only]} if only else None,
            order_by=[{"field": {"field_path": newest_by}, "direction": "DESCENDING"}] if newest_by else None,
            limit=limit,
        )
        request = types.RunQueryRequest(parent=self._root, structured_query=query)
        answers = self._ask(self._client.run_query, request)
        return [_document(each.document) for each in answers if each.HasField("document")]

    def create(self, name: str, fields: Fields) -> types.Write:
        """Return the write of a document that must not exist."""
        return types.Write(update=_proto(name, fields), current_document=types.Precondition(exists=False))

    def change(self, document: StoredDocument, fields: Fields) -> types.Write:
        """Return the write of some fields over what was read; the other fields stay."""
        return types.Write(
            update=_proto(document.name, fields),
            update_mask=types.DocumentMask(field_paths=list(fields)),
            current_document=types.Precondition(update_time=document.updated),
        )

    def delete(self, document: StoredDocument) -> types.Write:
        """Return the deletion of what was read."""
        return types.Write(delete=document.name, current_document=types.Precondition(update_time=document.updated))

    def commit(self, writes: Sequence[types.Write]) -> None:
        """Write all or nothing. Raises OvertakenError, UncertainError and StoreError."""
        if writes:
            self._commit(writes, may_be_overtaken=True)

    def put(self, name: str, fields: Fields) -> None:
        """Write a document over whatever is there. Raises UncertainError and StoreError."""
        self._commit([types.Write(update=_proto(name, fields))], may_be_overtaken=False)

    def _commit(self, writes: Sequence[types.Write], *, may_be_overtaken: bool) -> None:
        request = types.CommitRequest(database=self._database, writes=writes)
        self._mapped_errors(
            lambda: self._client.commit(request, timeout=self._request_seconds, retry=None, metadata=self._metadata),
            may_be_overtaken=may_be_overtaken,
        )

    def settled(self, attempt: Callable[[], Result], *, once: bool = False) -> Result:
        """Repeat reading, deciding and writing until it met nobody else and its answer arrived, or do it once.

        Raises OvertakenError when others were faster each time, StoreError when the answer never came.
        """
        deadline = time.monotonic() + (0 if once else self._retry_seconds)
        pause = 0.02
        while True:
            try:
                return attempt()
            except (OvertakenError, UncertainError) as error:
                if time.monotonic() + pause > deadline:
                    if isinstance(error, UncertainError):
                        raise self._store_error(error.__cause__ or error) from error
                    raise
            # Everyone waits differently long, or they would meet again.
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - nothing secret about a pause
            pause = min(pause * 2, 1.0)

    def close(self) -> None:
        """Close the connection."""
        self._client.transport.close()  # type: ignore[no-untyped-call]

    def _ask(self, method: Any, request: Any) -> Sequence[Any]:
        """Return all messages of a streamed answer, as plain protobuf."""

        def read() -> Sequence[Any]:
            stream = method(request, timeout=self._request_seconds, retry=None, metadata=self._metadata)
            return [type(message).pb(message) for message in stream]

        return self._mapped_errors(read)

    def _mapped_errors(self, request: Callable[[], Result], *, may_be_overtaken: bool = False) -> Result:
        try:
            return request()
        except (exceptions.GoogleAPIError, GoogleAuthError, OSError) as error:
            if may_be_overtaken and isinstance(error, _OVERTAKEN):
                raise OvertakenError(str(error)) from error
            if isinstance(error, _UNCERTAIN) or is_passing(error):
                raise UncertainError(str(error)) from error
            raise self._store_error(error) from error
        except ValueError as error:
            # gRPC says no more than this of a channel that was closed.
            raise StoreError(f"the store in Firestore cannot be asked: {error}", retryable=False) from error

    def _store_error(self, error: BaseException) -> StoreError:
        if isinstance(error, exceptions.NotFound):
            # No question about a document or a collection that is missing is answered with that.
            name = self._database.rpartition("/")[2]
            return MissingDatabaseError(
                f"there is no Firestore database {name} in {self._project}. Create it: gcloud firestore databases "
                f"create --project={self._project} --database={name} --location=LOCATION --type=firestore-native",
                retryable=False,
            )
        known = source_error(error, API, self._project, f"the store in {self._prefix}*")
        advice = f". {known.advice}" if known.problem in _WITH_ADVICE else ""
        problem = _PROBLEMS.get(known.problem, StoreProblem.OTHER)
        return StoreError(f"{known.detail}{advice}", retryable=known.retryable, problem=problem)


def document_id(key: str) -> str:
    """Return the id of the document that keeps a key: readable, allowed by Firestore, different for each key."""
    safe = quote(key, safe=":", errors="surrogatepass").replace(".", "%2E")
    if safe.startswith("_"):
        safe = f"%5F{safe[1:]}"
    if len(safe) <= _LONGEST_ID:
        return safe
    return f"{safe[:_LONGEST_ID]}~{sha256(safe.encode()).hexdigest()}"


def new_token() -> str:
    """Return what marks a write as ours."""
    return uuid.uuid4().hex


def _document(message: Any) -> StoredDocument:
    fields = {key: _plain(value) for key, value in message.fields.items()}
    return StoredDocument(message.name, fields, message.update_time)


def document_size(name: str, fields: Fields) -> int:
    """Return the bytes of a document as Firestore counts them
    (https://firebase.google.com/docs/firestore/storage-size)."""
    segments = name.partition("/documents/")[2].split("/")
    return (
        32
        + 16
        + sum(_bytes(each) for each in segments)
        + sum(_bytes(key) + _bytes(each) for key, each in fields.items())
    )


def _bytes(value: Scalar) -> int:
    match value:
        case None | bool():
            return 1
        case int():
            return 8
        case bytes():
            return len(value)
        case str():
            return len(value.encode(errors="surrogatepass")) + 1


def _must_fit(name: str, fields: Fields) -> None:
    """Raise StoreError for what Firestore would refuse, or not find again. Records are cut long before that."""
    size = document_size(name, fields)
    if size > LARGEST_DOCUMENT:
        raise StoreError(f"A record of {size:,} bytes is too long for Firestore: {name[-200:]}.", retryable=False)
    long = [each for each in COMPARED if _bytes(fields.get(each)) > LARGEST_INDEXED + 1]
    if long:
        raise StoreError(f"Too long for an index of Firestore: {', '.join(long)} of {name[-200:]}.", retryable=False)


def _proto(name: str, fields: Fields) -> types.Document:
    _must_fit(name, fields)
    return types.Document(name=name, fields={key: _value(each) for key, each in fields.items()})


def _filter(field: str, operator: str, value: Scalar) -> types.StructuredQuery.Filter:
    operators: Any = types.StructuredQuery.FieldFilter.Operator
    return types.StructuredQuery.Filter(
        field_filter=types.StructuredQuery.FieldFilter(
            field={"field_path": field}, op=operators[operator], value=_value(value)
        )
    )


def _value(value: Scalar) -> types.Value:
    match value:
        case None:
            return types.Value(null_value=0)
        case bool():
            return types.Value(boolean_value=value)
        case int():
            return types.Value(integer_value=value)
        case bytes():
            return types.Value(bytes_value=value)
        case str():
            return types.Value(string_value=value)


def _plain(value: Any) -> Scalar:
    kind = value.WhichOneof("value_type")
    if kind in (None, "null_value"):
        return None
    plain: Scalar = getattr(value, kind)
    return plain
