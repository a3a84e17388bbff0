"""gRPC servers that answer from memory, so that no server's own work is measured.

The servers of the tests build each answer again, on threads that wait for one another: 60 questions at once cost them a
third of the delay that they are to show. One that stands before them asks each thing once and knows the answer
from then on.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio

Note = Callable[[str, str, str], object]
"""Is told the address of the server that stands behind, the whole name of the method, and what was asked."""

Answer = bytes | tuple[grpc.StatusCode, str]


@dataclass
class _Before(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # takes none while it runs
    """Stands before one server."""

    address: str
    delay: float
    note: Note
    channel: grpc.aio.Channel
    known: dict[tuple[str, bytes], Answer] = field(default_factory=dict)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        method = handler_call_details.method

        async def answer(request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
            return await self._answer(method, request, context)

        return grpc.unary_unary_rpc_method_handler(answer)

    async def _answer(self, method: str, request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        due = asyncio.get_running_loop().time() + self.delay
        self.note(self.address, method, _readable(request))
        if (method, request) not in self.known:
            self.known[method, request] = await self._ask(method, request)
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        answer = self.known[method, request]
        if not isinstance(answer, bytes):
            await context.abort(*answer)
        return answer

    async def _ask(self, method: str, request: bytes) -> Answer:
        try:
            answer: bytes = await self.channel.unary_unary(method, None, None)(request)
        except grpc.aio.AioRpcError as error:
            return error.code(), error.details() or ""
        return answer


def _readable(request: bytes) -> str:
    """Return a request as text: what names it stands there as it is, and two that differ stay different."""
    return request.decode("ascii", "backslashreplace")


@contextmanager
def remembering(addresses: Mapping[str, str], delay: float, note: Note) -> Iterator[Mapping[str, str]]:
    """Stand before servers; yield the environment with the new addresses in the place of theirs.

    ``addresses`` maps variables to ``host:port``, ``delay`` is in seconds and counts from the question.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="remembering", daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    behind = sorted(set(addresses.values()))
    servers = {address: run(_started(address, delay, note)) for address in behind}
    try:
        yield {variable: servers[address][0] for variable, address in addresses.items()}
    finally:
        for _, server, channel in servers.values():
            run(server.stop(grace=None))
            run(channel.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _started(address: str, delay: float, note: Note) -> tuple[str, grpc.aio.Server, grpc.aio.Channel]:
    channel = grpc.aio.insecure_channel(address, options=(("grpc.enable_http_proxy", 0),))
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Before(address, delay, note, channel),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return f"127.0.0.1:{port}", server, channel
