"""Slack's side of Socket Mode: ``apps.connections.open``, and one WebSocket at a time that payloads are sent over."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import queue
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any, Self

from bot.playground.slack.server import SlackFault, SlackServer

APP_TOKEN = "xapp-example-token"

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""From RFC 6455, section 1.3."""

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class SocketSlack(SlackServer):
    """A workspace whose app connects by itself. ``acknowledged`` holds what the app answers, by envelope."""

    def __init__(self) -> None:
        super().__init__()
        self.app_token = APP_TOKEN
        self.acknowledged: queue.Queue[dict[str, Any]] = queue.Queue()
        self.connected = threading.Event()
        self._methods = {**self._methods, "apps.connections.open": self._open}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connection: socket.socket | None = None
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._accepting.start()
        return super().__enter__()

    def __exit__(self, *exception: object) -> None:
        self._listener.close()
        self.hang_up()
        super().__exit__(*exception)

    def send(self, kind: str, payload: Mapping[str, Any], envelope: str) -> None:
        """Send a payload: ``slash_commands``, ``interactive``, ``events_api``."""
        text = json.dumps(
            {"type": kind, "envelope_id": envelope, "payload": payload, "accepts_response_payload": True}
        ).encode()
        assert self._connection is not None
        self._connection.sendall(_frame(_TEXT, text))

    def hang_up(self) -> None:
        """Close the connection, as Slack does every few hours."""
        connection, self._connection = self._connection, None
        self.connected.clear()
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _open(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"url": f"ws://127.0.0.1:{self._listener.getsockname()[1]}/link"}

    def _do(self, fault: SlackFault, method: str, arguments: Mapping[str, Any], token: str) -> dict[str, Any]:
        """This one method takes the app's token instead of the bot's."""
        opens = method == "apps.connections.open"
        mine = {self.app_token: self.token}.get(token, "") if opens else token
        return super()._do(fault, method, arguments, mine)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        headers: dict[str, str] = {}
        while (line := reader.readline().decode().strip()) or not headers:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        digest = hashlib.sha1((headers["sec-websocket-key"] + _MAGIC).encode(), usedforsecurity=False).digest()
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )
        self._connection = connection
        connection.sendall(_frame(_TEXT, json.dumps({"type": "hello", "num_connections": 1}).encode()))
        self.connected.set()
        with connection, contextlib.suppress(OSError, ValueError):
            while (frame := _read(reader)) is not None:
                kind, content = frame
                if kind == _PING:
                    connection.sendall(_frame(_PONG, content))
                elif kind == _TEXT:
                    self.acknowledged.put(json.loads(content))
                elif kind == _CLOSE:
                    return


def _frame(kind: int, content: bytes) -> bytes:
    size = len(content)
    if size < 126:
        return struct.pack("!BB", 0x80 | kind, size) + content
    return struct.pack("!BBH", 0x80 | kind, 126, size) + content


def _read(reader: Any) -> tuple[int, bytes] | None:
    head = reader.read(2)
    if len(head) < 2:
        return None
    size = head[1] & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", reader.read(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", reader.read(8))
    mask = reader.read(4)
    content = bytes(byte ^ mask[index % 4] for index, byte in enumerate(reader.read(size)))
    return head[0] & 0x0F, content
