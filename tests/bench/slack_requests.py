"""Signed slash commands, sent all at once over raw sockets, so that the client costs next to nothing itself."""

from __future__ import annotations

import hashlib
import hmac
import math
import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.playground.slack.workspace import TEAM

TEXTS = (
    ("/validate-daily", ""),
    ("/validate-daily", "quick"),
    ("/orchestrators", ""),
    ("/iam-check", ""),
    ("/predictions", ""),
    ("/alerts", ""),
    ("/reveille", "help"),
    ("/validate-daily", "nonsense"),
)
PATIENCE = 30.0
AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Where commands go, and what Slack signs them with."""

    port: int
    signing_secret: str
    channel: str
    path: str = "/slack/events"

    def request(self, number: int, command: str, text: str, response_url: str) -> bytes:
        """Return the bytes of one signed command. ``response_url`` takes the late answers."""
        body = urlencode(
            {
                "command": command,
                "text": text,
                "token": "unused",
                "team_id": TEAM,
                "channel_id": self.channel,
                "channel_name": "bench",
                "user_id": f"U0BENCH{number:03d}",
                "user_name": f"user-{number}",
                "trigger_id": f"{number}.{time.time_ns()}",
                "response_url": response_url,
                "api_app_id": "A0BENCH01",
            }
        )
        stamp = str(int(time.time()))
        base = f"v0:{stamp}:{body}".encode()
        signature = hmac.new(self.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nX-Slack-Request-Timestamp: {stamp}\r\n"
            f"X-Slack-Signature: v0={signature}\r\n\r\n"
        )
        return head.encode() + body.encode()


@dataclass(frozen=True, slots=True)
class Answered:
    """How a request was answered; ``seconds`` counts from before its connection was opened."""

    status: int
    seconds: float


def at_once(sender: Sender, response_urls: Sequence[str]) -> Sequence[Answered]:
    """Send a command for each URL at the same moment, each over a connection of its own, and await all answers.

    Raises TimeoutError.
    """
    count = len(response_urls)
    requests = [sender.request(number, *TEXTS[number % len(TEXTS)], url) for number, url in enumerate(response_urls)]
    selector = selectors.DefaultSelector()
    answers: list[Answered] = []
    began: dict[socket.socket, float] = {}
    for request in requests:
        now = time.perf_counter()
        connection = socket.create_connection(("127.0.0.1", sender.port))
        began[connection] = now
        connection.sendall(request)
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ)
    deadline = time.perf_counter() + PATIENCE
    while len(answers) < count:
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{count - len(answers)} of {count} commands were not acknowledged in {PATIENCE:g} s.")
        for key, _ in selector.select(timeout=1):
            selector.unregister(key.fileobj)
            answers.append(_answer(key.fileobj, began))
    selector.close()
    return answers


def _answer(connection: object, began: Mapping[socket.socket, float]) -> Answered:
    assert isinstance(connection, socket.socket)
    head = connection.recv(65536)
    seconds = time.perf_counter() - began[connection]
    connection.close()
    return Answered(int(head.split(b" ", 2)[1]) if head else 0, seconds)


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return the value that so large a share, 0 to 1, does not exceed. Raises IndexError when there are none."""
    ordered = sorted(seconds)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
