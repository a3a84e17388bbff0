"""The server alone, in this process, with applications that answer too much or too late."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]

from bot.serving.connections import ConnectionLimits
from bot.serving.http_parser import StrictParser
from bot.serving.refusals import Refusals
from bot.serving.web_server import MOST_AT_ONCE, WebServer, bind
from tests.hostile.clients import SHAPES, slow_clients

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGE = 20_000_000
"""Bytes of an answer that no kernel takes in at once."""


def large(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", str(LARGE))])
    return (b"x" * LARGE,)


def short(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return (b"ok",)


@contextmanager
def serving(application: WSGIApplication, limits: ConnectionLimits) -> Iterator[tuple[int, list[str], WebServer]]:
    """Serve; yields the port, the reasons of refusals so far, and the server."""
    counted: list[str] = []
    server = WebServer(Refusals(counted.append), limits)
    bound = bind(0)
    server.listen(application, bound)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield bound.getsockname()[1], counted, server
    finally:
        server.close()
        thread.join(10)
        assert not thread.is_alive()


def get(count: int = 1) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * count


def wait_for(condition: Callable[[], object], seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_client_that_does_not_read_its_answer_is_sent_away() -> None:
    with serving(large, ConnectionLimits(request_seconds=0.5)) as (port, counted, _):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(get())
            wait_for(lambda: counted)

        assert counted == ["too_slow"]


def test_a_client_that_drips_is_sent_away_although_it_is_never_idle() -> None:
    with serving(short, ConnectionLimits(request_seconds=0.5)) as (port, counted, _):
        with slow_clients(port, SHAPES["byte by byte"], 3) as still_open:
            assert still_open() == 3
            wait_for(lambda: still_open() == 0)

        assert counted == ["too_slow"] * 3


@pytest.mark.parametrize(
    ("count", "answered"),
    [pytest.param(MOST_AT_ONCE, True, id="at the limit"), pytest.param(MOST_AT_ONCE + 1, False, id="just past it")],
)
def test_requests_sent_without_waiting_for_answers_are_few(count: int, answered: bool) -> None:
    may_answer = threading.Event()

    def patient(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert may_answer.wait(10)
        return short(environ, start_response)

    with (
        serving(patient, ConnectionLimits()) as (port, counted, _),
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.settimeout(10)
        client.sendall(get(count))
        if not answered:
            wait_for(lambda: counted)
        may_answer.set()
        received = b""
        while received.count(b"ok") < count and (more := client.recv(65536)):
            received += more

        assert (received.count(b"ok") == count, counted) == (answered, [] if answered else ["malformed"])


def test_a_kept_connection_is_closed_after_a_while_and_nobody_is_blamed() -> None:
    with serving(short, ConnectionLimits(idle_seconds=0.5)) as (port, counted, _):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(get())
            assert client.makefile("rb").read().endswith(b"ok")

        assert counted == []


def test_more_bytes_than_all_may_leave_unfinished_send_the_oldest_away() -> None:
    half = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n" + b"x" * 6000
    with (
        serving(short, ConnectionLimits(unfinished_bytes=10_000)) as (port, counted, _),
        socket.create_connection(("127.0.0.1", port), timeout=10) as first,
    ):
        first.sendall(half)
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as second:
            second.sendall(half)
            assert first.recv(1) == b""
            second.sendall(b"x" * 3000)
            second.shutdown(socket.SHUT_WR)
            assert second.makefile("rb").read().endswith(b"ok")

        assert counted == ["crowded_out"]


def test_it_waits_for_answers_under_way_and_not_for_ever() -> None:
    may_answer = threading.Event()

    def patient(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert may_answer.wait(10)
        return short(environ, start_response)

    with (
        serving(patient, ConnectionLimits()) as (port, _, server),
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(get())
        time.sleep(0.2)
        waited = server.drain(0.1)
        may_answer.set()

        assert (waited, server.drain(10)) == (False, True)


def test_a_client_that_goes_before_its_refusal_is_no_error_of_the_server() -> None:
    parser = StrictParser(Adjustments())

    parser.received(b"nonsense\r\n\r\n")

    assert (parser.error is not None, parser.path) == (True, "")
