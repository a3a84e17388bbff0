"""Clients that ask in bad faith: those that send something hostile, and those that never finish."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.hostile.requests import Hostile

PATIENCE = 8.0
"""Seconds after which an answer that has not come counts as a hang."""

HUNG = -1
CLOSED = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How hostile requests were answered: status by count, and what was sent where the fault was ours."""

    statuses: Mapping[int, int]
    broken: tuple[Hostile, ...]
    slowest: float

    @property
    def hung(self) -> int:
        return self.statuses.get(HUNG, 0)

    @property
    def failed(self) -> int:
        """Answers of the family 5xx."""
        return sum(count for status, count in self.statuses.items() if status >= 500)


def send_all(port: int, requests: Iterable[Hostile]) -> Outcome:
    """Send each over a connection of its own, one after another."""
    statuses: Counter[int] = Counter()
    broken: list[Hostile] = []
    slowest = 0.0
    for each in requests:
        began = time.monotonic()
        status = ask(port, each.data)
        slowest = max(slowest, time.monotonic() - began)
        statuses[status] += 1
        if status == HUNG or status >= 500:
            broken.append(each)
    return Outcome(statuses, tuple(broken), slowest)


def ask(port: int, data: bytes) -> int:
    """Send bytes and return the status of the answer: ``CLOSED`` without one, ``HUNG`` when none came in time."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            head = connection.recv(65536)
        except TimeoutError:
            return HUNG
        except OSError:
            return CLOSED
    return _status(head)


def _status(head: bytes) -> int:
    words = head.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else CLOSED


@dataclass(frozen=True, slots=True)
class Shape:
    """A way to be slow: what is sent at once, and what then drips, a piece at a time."""

    first: bytes = b""
    drip: bytes = b""
    reads: bool = True


def _post(path: str, *headers: str) -> bytes:
    return ("\r\n".join((f"POST {path} HTTP/1.1", "Host: x", *headers)) + "\r\n\r\n").encode()


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


_LOOKS_SIGNED = (f"X-Slack-Signature: v0={'a' * 64}", "X-Slack-Request-Timestamp: 1")
SHAPES: Mapping[str, Shape] = {
    "idle": Shape(),
    "half headers": Shape(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-A: "),
    "slow body": Shape(_post("/slack/events", "Content-Length: 1000", *_LOOKS_SIGNED) + b"{"),
    "byte by byte": Shape(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-A: ", b"a"),
    "slow chunks": Shape(_post("/slack/events", "Transfer-Encoding: chunked", *_LOOKS_SIGNED), b"1\r\na\r\n"),
    "slow reader": Shape(_get("/health"), _get("/health"), reads=False),
    "hundreds at once": Shape(_get("/health") * 2000),
    "other path": Shape(_post("/nothing", "Content-Length: 1000") + b"{", b"x"),
}


@contextmanager
def slow_clients(port: int, shape: Shape, count: int) -> Iterator[Callable[[], int]]:
    """Hold so many connections of a shape, for as long as entered; yields what counts those that are still open."""
    connections = [_opened(port, shape) for _ in range(count)]
    over = threading.Event()

    def drip() -> None:
        while shape.drip and not over.wait(0.2):
            for each in connections:
                with suppress(OSError):
                    each.send(shape.drip)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield lambda: sum(map(_is_open, connections))
    finally:
        over.set()
        thread.join()
        for each in connections:
            each.close()


def _opened(port: int, shape: Shape) -> socket.socket:
    connection = socket.socket()
    if not shape.reads:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    connection.connect(("127.0.0.1", port))
    connection.setblocking(False)
    with suppress(OSError):
        connection.send(shape.first)
    return connection


def _is_open(connection: socket.socket) -> bool:
    """Whether the server has not closed a connection; what it has sent stays unread."""
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except OSError:
        return False


def signed(secret: str, body: bytes) -> Mapping[str, str]:
    """The headers with which Slack would sign a body now."""
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), b"v0:%b:%b" % (stamp.encode(), body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}
