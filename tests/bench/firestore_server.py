"""Firestore's reading methods over gRPC: recorded documents, each answer after the same delay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc
from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.types import document, firestore

from checks.ports.documents import Document
from tests.bench.seen import Seen

READ_AT = datetime(2026, 2, 12, tzinfo=UTC)


def _relative(name: str) -> str:
    """Return the path below ``.../documents``."""
    return name.partition("/documents/")[2]


class FirestoreServer:
    """Serves on loopback while entered, which gives the address; ``delay`` is in seconds.

    ``documents`` are by path, None for one that does not exist; ``collections`` are by name.
    """

    def __init__(
        self,
        documents: Mapping[str, Document | None],
        collections: Mapping[str, Sequence[Document]],
        delay: float,
        seen: Seen,
    ) -> None:
        self._documents = documents
        self._collections = collections
        self._delay = delay
        self._seen = seen
        self._server = grpc.server(ThreadPoolExecutor(max_workers=32))
        self._server.add_generic_rpc_handlers((self._handlers(),))

    def __enter__(self) -> str:
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        return f"127.0.0.1:{port}"

    def __exit__(self, *exception: object) -> None:
        self._server.stop(grace=None).wait()

    def _handlers(self) -> grpc.GenericRpcHandler[Any, Any]:
        streams: Mapping[str, tuple[Callable[..., Iterator[Any]], Any, Any]] = {
            "BatchGetDocuments": (
                self._batch_get,
                firestore.BatchGetDocumentsRequest,
                firestore.BatchGetDocumentsResponse,
            ),
            "RunQuery": (self._run_query, firestore.RunQueryRequest, firestore.RunQueryResponse),
        }
        handlers = {
            name: grpc.unary_stream_rpc_method_handler(
                behaviour, request_deserializer=request.deserialize, response_serializer=response.serialize
            )
            for name, (behaviour, request, response) in streams.items()
        }
        handlers["ListDocuments"] = grpc.unary_unary_rpc_method_handler(
            self._list,
            request_deserializer=firestore.ListDocumentsRequest.deserialize,
            response_serializer=firestore.ListDocumentsResponse.serialize,
        )
        return grpc.method_handlers_generic_handler("google.firestore.v1.Firestore", handlers)

    def _batch_get(
        self, request: firestore.BatchGetDocumentsRequest, context: grpc.ServicerContext
    ) -> Iterator[firestore.BatchGetDocumentsResponse]:
        self._seen.add("Firestore", "BatchGetDocuments", *map(_relative, request.documents))
        time.sleep(self._delay)
        for name in request.documents:
            found = self._documents.get(_relative(name))
            if found is None:
                yield firestore.BatchGetDocumentsResponse(missing=name, read_time=READ_AT)
            else:
                yield firestore.BatchGetDocumentsResponse(found=_encode(name, found), read_time=READ_AT)

    def _run_query(
        self, request: firestore.RunQueryRequest, context: grpc.ServicerContext
    ) -> Iterator[firestore.RunQueryResponse]:
        query = request.structured_query
        name = query.from_[0].collection_id
        self._seen.add("Firestore", "RunQuery", name)
        time.sleep(self._delay)
        limit: Any = query.limit  # a plain number or None, whatever its stub says
        for each in self._first(name, limit):
            yield firestore.RunQueryResponse(document=_encode(f"{request.parent}/{each.path}", each), read_time=READ_AT)

    def _list(
        self, request: firestore.ListDocumentsRequest, context: grpc.ServicerContext
    ) -> firestore.ListDocumentsResponse:
        self._seen.add("Firestore", "ListDocuments", request.collection_id)
        time.sleep(self._delay)
        return firestore.ListDocumentsResponse(
            documents=[
                _encode(f"{request.parent}/{each.path}", each)
                for each in self._first(request.collection_id, request.page_size)
            ]
        )

    def _first(self, collection: str, limit: int | None) -> Sequence[Document]:
        return self._collections.get(collection, ())[:limit]


def _encode(name: str, found: Document) -> document.Document:
    return document.Document(name=name, fields=encode_dict(dict(found.data)), create_time=READ_AT, update_time=READ_AT)
