"""What the gRPC servers of the tests have in common: scripted answers, slow, missing, or refused.

Each method can be told to be slow, to hang, or to fail with a status, for one name or for all.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import grpc

T = TypeVar("T")

EVERYTHING = "*"

CALLS_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Failure:
    """A status that is answered instead of a result: to so many calls (None: always), ``after`` so many others."""

    code: grpc.StatusCode
    message: str
    times: int | None = None
    after: int = 0

    def answers(self, call: int) -> bool:
        """Whether it answers a call, counted from one."""
        return call > self.after and (self.times is None or call <= self.after + self.times)


NOT_ENABLED = Failure(
    grpc.StatusCode.PERMISSION_DENIED,
    "This API has not been used in project 123456789 before or it is disabled. Enable it by visiting "
    "https://console.example.com then retry.",
)
"""How Google refuses a call of an API that is not enabled."""


class ScriptedGrpcServer:
    """Serves on loopback while entered.

    ``delay`` is in seconds and holds for every call. ``calls`` counts what was asked, by method and name.
    ``page_size`` bounds a page, whatever was asked for.
    """

    def __init__(self, *, delay: float = 0.0, page_size: int = 1000) -> None:
        self.delay = delay
        self.page_size = page_size
        self.calls: Counter[tuple[str, str]] = Counter()
        self.address = ""
        self._failures: dict[tuple[str, str], Failure] = {}
        self._hanging: set[tuple[str, str]] = set()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=CALLS_AT_ONCE))
        self._server.add_generic_rpc_handlers(self._handlers())

    def fail(self, method: str, name: str, failure: Failure) -> None:
        """Answer a method with a failure, for one name or for ``EVERYTHING``."""
        self._failures[method, name] = failure

    def hang(self, method: str, name: str) -> None:
        """Never answer a method, for one name or for ``EVERYTHING``."""
        self._hanging.add((method, name))

    def __enter__(self) -> Self:
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._server.stop(grace=None).wait()

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        raise NotImplementedError

    def _answer(self, method: str, name: str, context: grpc.ServicerContext, found: Callable[[], Any]) -> Any:
        """Return what was found, when and if the script says so; None is answered as NOT_FOUND."""
        with self._lock:
            self.calls[method, name] += 1
            asked = self.calls[method, name]
        hangs = not self._hanging.isdisjoint({(method, name), (method, EVERYTHING)})
        self._over.wait(None if hangs else self.delay)
        failure = self._failures.get((method, name)) or self._failures.get((method, EVERYTHING))
        if failure is not None and failure.answers(asked):
            context.abort(failure.code, failure.message)
        answer = found()
        if answer is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Resource '{name}' does not exist.")
        return answer

    def _page(self, items: Sequence[T], page_size: int, token: str) -> tuple[Sequence[T], str]:
        """Return one page of a list, and the token of the next, empty for none."""
        first = int(token or 0)
        last = first + min(page_size or self.page_size, self.page_size)
        return items[first:last], str(last) if last < len(items) else ""


def handler(method: Callable[[Any, grpc.ServicerContext], Any], request: Any, response: Any) -> Any:
    """Return a handler for messages that serialize themselves as Google's newer types do."""
    return grpc.unary_unary_rpc_method_handler(
        method, request_deserializer=request.deserialize, response_serializer=response.serialize
    )
