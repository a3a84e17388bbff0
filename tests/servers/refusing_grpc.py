"""A gRPC server that answers every method the same way: with a status, or not at all."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc


class RefusingGrpcServer(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic in its stubs only
    """Serves on loopback while entered; ``code`` None hangs. ``calls`` counts what was asked by method."""

    def __init__(self, code: grpc.StatusCode | None, message: str = "refused by the test") -> None:
        self.calls: Counter[str] = Counter()
        self.address = ""
        self._code = code
        self._message = message
        self._over = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8))
        self._server.add_generic_rpc_handlers((self,))

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """Handle whatever is called; the wire format of a stream of one request is that of a single one."""
        self.calls[str(handler_call_details.method).rpartition("/")[2]] += 1
        return grpc.unary_unary_rpc_method_handler(self._refuse)

    def __enter__(self) -> Self:
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._server.stop(grace=None).wait()

    def _refuse(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        if self._code is None:
            self._over.wait()
        else:
            context.abort(self._code, self._message)
        return b""
