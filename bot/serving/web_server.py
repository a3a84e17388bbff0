"""The web server: waitress in this program, one process, as many threads as requests need.

Waitress reads a request whole before it gives it a thread. What it does not know is a deadline for a client that keeps
dripping, and whom to send away when all places are taken: both stand here, decided in ``connections``.
"""

from __future__ import annotations

import json
import logging
import resource
import socket
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import ErrorTask, ThreadedTaskDispatcher  # type: ignore[import-untyped]

from bot.serving.connections import ConnectionLimits, Held, Stage, crowded_out, is_overdue
from bot.serving.http_parser import LARGEST_HEAD, StrictParser
from bot.serving.refusals import Refusals, Refused
from bot.serving.slack_endpoint import LARGEST_BODY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 16
"""Requests that are served at once. Each is answered within a millisecond of work, because all else happens elsewhere:
with more threads they would only take turns, and all end last."""

FILES_OF_ITS_OWN = 100
"""File descriptors that the rest of the process needs: store, sources, Slack."""

ACCEPTED_AT_ONCE = 32
"""Connections taken between two looks at the others: a burst is not to wait for a look at each."""

MOST_AT_ONCE = 4
"""Requests sent over one connection without waiting for an answer. Nobody who calls us does that; of the shortest,
hundreds fit into what is read at once, and to read them would keep others waiting."""

LOOP_SECONDS = 1
"""How often the loop looks at deadlines when nothing else happens."""


def possible(limits: ConnectionLimits) -> ConnectionLimits:
    """Return limits that the system's own bound on open files allows."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(1, min(limits.connections, files - FILES_OF_ITS_OWN))
    return ConnectionLimits(
        connections=most,
        per_peer=min(limits.per_peer, most),
        request_seconds=limits.request_seconds,
        idle_seconds=limits.idle_seconds,
        unfinished_bytes=limits.unfinished_bytes,
    )


class WebServer:
    """Serves applications, each on a port of its own, from one loop with one set of threads.

    ``bind`` what it listens on first, so that a port that is taken is known before anything is built.
    """

    def __init__(self, refusals: Refusals, limits: ConnectionLimits) -> None:
        self._refusals = refusals
        self._limits = possible(limits)
        self._map: dict[int, Any] = {}
        self._listeners: list[_Listener] = []
        self._closed = False
        self._threads = ThreadedTaskDispatcher()
        self._threads.set_thread_count(THREADS)
        # It tells of each request that waits for a thread, and of each client that goes.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        logging.getLogger("waitress").setLevel(logging.WARNING)

    def listen(self, application: WSGIApplication, bound: socket.socket) -> None:
        """Take connections from now on; the loop answers them."""
        self._listeners.append(
            _Listener(application, bound, self._map, self._threads, self._refusals, self._limits),
        )

    def run(self) -> None:
        """Serve until ``close``."""
        while not self._closed:
            wasyncore.loop(timeout=LOOP_SECONDS, use_poll=True, map=self._map, count=1)
        self._threads.shutdown(timeout=LOOP_SECONDS)
        wasyncore.close_all(self._map, ignore_all=True)

    def close(self) -> None:
        """Take nothing more, and end the loop."""
        self._closed = True
        for listener in self._listeners:
            listener.pull_trigger()

    def drain(self, seconds: float) -> bool:
        """Wait until every request that has come whole is answered; False when that takes longer."""
        deadline = time.monotonic() + seconds
        while any(listener.answers() for listener in self._listeners):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


def bind(port: int) -> socket.socket:
    """Return a socket for every address of this machine. Raises OSError when the port cannot be had."""
    bound = socket.socket()
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("0.0.0.0", port))  # noqa: S104 - the server is there to be reached
    except OSError:
        bound.close()
        raise
    return bound


class _Refusal(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """Answers what is no proper request, shortly, and without a word of what was sent."""

    def execute(self) -> None:
        code = self.request.error.code
        if code == HTTPStatus.NOT_IMPLEMENTED:  # an encoding of which nobody but an attacker makes use
            code = HTTPStatus.BAD_REQUEST
        status = HTTPStatus(code)
        if code < HTTPStatus.INTERNAL_SERVER_ERROR:
            large = status in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE}
            self.channel.server.refusals(Refused.TOO_LARGE if large else Refused.MALFORMED)
        body = json.dumps({"error": status.phrase}).encode()
        self.status = f"{status.value} {status.phrase}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _TooManyError(Exception):
    """A client asks for more than it waits for."""


class _Connection(HTTPChannel):  # type: ignore[misc]  # likewise
    """Knows since when it is at its stage, so that it can be sent away."""

    error_task_class = _Refusal

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.opened = time.monotonic()
        self.began: float | None = None
        self.answered: float | None = None
        self.unfinished = 0
        self.served = False
        self.gone = False
        self.reading = False
        super().__init__(*arguments, **named)

    def received(self, data: bytes) -> bool:
        """Read on; remember when a request began, and how much of it is there."""
        self.reading = True
        try:
            taken = bool(super().received(data))
        except _TooManyError:
            taken = False
            self.server.condemned.append(self._fileno)
        finally:
            self.reading = False
        request = self.request
        if request is None:
            self.began = None
        elif self.began is None:
            self.began = time.monotonic()
        held = 0 if request is None else request.header_bytes_received + request.body_bytes_received
        self.server.unfinished_bytes += held - self.unfinished
        self.unfinished = held
        return taken

    def parser_class(self, adjustments: Adjustments) -> StrictParser:
        """Return what reads the next request. Raises _TooManyError."""
        if self.reading and len(self.requests) >= MOST_AT_ONCE:
            raise _TooManyError
        return StrictParser(adjustments)

    def service(self) -> None:
        """Answer a request, on a thread of the server's."""
        self.served = True
        super().service()
        self.answered = time.monotonic()
        self.served = False

    def held(self) -> Held:
        """Return what it does, as decisions want it."""
        peer = str(self.addr[0])
        if self.requests or self.served:
            return Held(self._fileno, peer, Stage.ANSWERING, self.opened)
        if self.answered is None:
            # Its age is that of the connection: by its first byte, one that waits to be read would look older than
            # those before it.
            stage = Stage.SILENT if self.began is None else Stage.ASKING
            return Held(self._fileno, peer, stage, self.opened, self.unfinished)
        if self.total_outbufs_len:
            return Held(self._fileno, peer, Stage.READING, self.answered, self.unfinished)
        if self.began is not None:
            # What came while an answer was made waited for us until then.
            return Held(self._fileno, peer, Stage.ASKING, max(self.began, self.answered), self.unfinished)
        return Held(self._fileno, peer, Stage.KEPT, self.answered)

    def send_away(self) -> None:
        """Close at once, whether or not the client reads."""
        self.gone = True
        self.handle_close()

    def readable(self) -> bool:
        # The loop asks all whom it knew when its turn began, also those that were sent away since.
        return not self.gone and bool(super().readable())

    def writable(self) -> bool:
        return not self.gone and bool(super().writable())

    def del_channel(self, map: Any = None) -> None:  # noqa: A002 - waitress's name
        self.server.unfinished_bytes -= self.unfinished
        self.unfinished = 0
        super().del_channel(map)


class _Listener(TcpWSGIServer):  # type: ignore[misc]  # likewise
    """Takes connections, and sends away those that have had their time or are too many."""

    channel_class = _Connection

    def __init__(
        self,
        application: WSGIApplication,
        bound: socket.socket,
        known: dict[int, Any],
        threads: ThreadedTaskDispatcher,
        refusals: Refusals,
        limits: ConnectionLimits,
    ) -> None:
        self.refusals = refusals
        self.limits = limits
        self.unfinished_bytes = 0
        self.looked = 0.0
        self.condemned: list[int] = []
        adjustments = Adjustments(
            sockets=[bound],
            ident=None,
            clear_untrusted_proxy_headers=False,  # nothing here reads them
            log_socket_errors=False,  # a client that goes is no event
            max_request_header_size=LARGEST_HEAD,
            max_request_body_size=LARGEST_BODY + 1,  # waitress refuses what is as long as that
            inbuf_overflow=LARGEST_BODY + 1,  # a file for a body would need a place to write
        )
        listening = (bound.family, bound.type, bound.proto, bound.getsockname())
        super().__init__(
            application, known, True, bound, dispatcher=threads, adj=adjustments, sockinfo=listening, bind_socket=False
        )

    def readable(self) -> bool:
        """Whether to take more connections; asked before each turn of the loop, which is when others are sent away.

        Between two connections of one turn it would be wrong: the number of a closed one may be another's by then.
        """
        now = time.monotonic()
        if now - self.looked >= LOOP_SECONDS:
            self.looked = now
            self._send_away_overdue(now)
        while self.condemned:
            self._send_away(self.condemned.pop(), Refused.MALFORMED)
        limits = self.limits
        if len(self.active_channels) > limits.per_peer or self.unfinished_bytes > limits.unfinished_bytes:
            for name in crowded_out([each.held() for each in self._open()], limits):
                self._send_away(name, Refused.CROWDED_OUT)
        # More are answered at this moment than may be open: new ones wait in the system's queue.
        return bool(self.accepting) and len(self.active_channels) <= limits.connections

    def handle_accept(self) -> None:
        """Take what waits."""
        for _ in range(ACCEPTED_AT_ONCE):
            before = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == before:
                return

    def answers(self) -> bool:
        """Whether a request is being answered, or an answer sent."""
        return any(each.held().stage in {Stage.ANSWERING, Stage.READING} for each in self._open())

    def _send_away_overdue(self, now: float) -> None:
        for each in self._open():
            held = each.held()
            if is_overdue(held, now, self.limits):
                # One that was answered and asks no more has done nothing wrong.
                self._send_away(held.name, None if held.stage is Stage.KEPT else Refused.TOO_SLOW)

    def _send_away(self, name: int, reason: Refused | None) -> None:
        connection = self.active_channels.get(name)
        if connection is None:
            return
        if reason is not None:
            self.refusals(reason)
        connection.send_away()

    def _open(self) -> list[_Connection]:
        return list(self.active_channels.values())
