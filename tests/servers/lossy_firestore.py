"""A gRPC server between a client and the Firestore emulator that loses answers when it is told to.

A commit whose answer is lost has happened: that is how a broken connection looks from outside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc
from google.cloud.firestore_v1.types import RunQueryRequest

from bot.google_cloud.clients import EMULATOR_METADATA, insecure_channel

COMMIT = "/google.firestore.v1.Firestore/Commit"
RUN_QUERY = "/google.firestore.v1.Firestore/RunQuery"


class LossyFirestore(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its stubs only
    """Serves on loopback while entered. ``commits`` counts what was passed on; ``queries`` are those asked."""

    def __init__(self, emulator: str) -> None:
        self.address = ""
        self.commits = 0
        self.queries: list[Any] = []
        self._lost: list[grpc.StatusCode] = []
        self._refused: list[grpc.StatusCode] = []
        self._before: list[Callable[[], object]] = []
        self._meanwhile: list[Callable[[], object]] = []
        self._lock = threading.Lock()
        # Bytes are passed on as they are; the stubs ask for serializers.
        self._emulator: Any = insecure_channel(emulator)
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8))
        self._server.add_generic_rpc_handlers((self,))

    def lose_answers(self, *codes: grpc.StatusCode) -> None:
        """Do the next commits, one for each code, and answer with the code."""
        self._lost += codes

    def refuse(self, *codes: grpc.StatusCode) -> None:
        """Answer the next commits with a code each, and do not do them."""
        self._refused += codes

    def overtake(self, action: Callable[[], object]) -> None:
        """Let somebody else act just before the next commit, which was decided without knowing of it."""
        self._before.append(action)

    def meanwhile(self, action: Callable[[], object]) -> None:
        """Let somebody else act after the next commit whose answer is lost, before its client hears of it."""
        self._meanwhile.append(action)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """Pass streams on as they are, and commits as was told."""
        method = str(handler_call_details.method)
        if method == COMMIT:
            return grpc.unary_unary_rpc_method_handler(self._commit)
        return grpc.unary_stream_rpc_method_handler(lambda request, context: self._stream(method, request))

    def __enter__(self) -> Self:
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.stop(grace=None).wait()
        self._emulator.close()

    def _commit(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        with self._lock:
            refused = self._refused.pop(0) if self._refused else None
            lost = self._lost.pop(0) if self._lost and refused is None else None
        if refused is not None:
            context.abort(refused, "refused by the test")
        if self._before:
            self._before.pop(0)()
        self.commits += 1
        try:
            answer: bytes = self._emulator.unary_unary(COMMIT)(request, timeout=30, metadata=EMULATOR_METADATA)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details() or "")
        if lost is not None:
            if self._meanwhile:
                self._meanwhile.pop(0)()
            context.abort(lost, "the answer was lost by the test")
        return answer

    def _stream(self, method: str, request: bytes) -> Iterator[bytes]:
        if method == RUN_QUERY:
            self.queries.append(RunQueryRequest.deserialize(request).structured_query)
        yield from self._emulator.unary_stream(method)(request, timeout=30, metadata=EMULATOR_METADATA)
