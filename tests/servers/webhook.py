"""A webhook's other side on loopback: it remembers what it took, and answers as it is told."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

TAKEN = 202


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``drip`` sends a byte a tenth of a second, for ever; ``took`` says whether the event counts."""

    status: int = TAKEN
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: bool = False
    took: bool | None = None

    @property
    def counts(self) -> bool:
        return self.status < 300 if self.took is None else self.took


@dataclass(frozen=True, slots=True)
class Event:
    path: str
    headers: Mapping[str, str]
    document: Mapping[str, Any]


class WebhookServer:
    """``asked`` is every request, ``taken`` those that were answered with success."""

    def __init__(self) -> None:
        self.asked: list[Event] = []
        self.taken: list[Event] = []
        self.replies: deque[Reply] = deque()
        self.always = Reply()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook/0secret0"

    def actions(self) -> list[str]:
        return [each.document.get("action") or each.document["event_action"] for each in self.taken]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                event = Event(self.path, dict(self.headers), json.loads(body))
                outer.asked.append(event)
                reply = outer.replies.popleft() if outer.replies else outer.always
                if reply.counts:
                    outer.taken.append(event)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "1000" if reply.drip else "2")
                self.end_headers()
                try:
                    for _ in range(1000 if reply.drip else 0):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                        time.sleep(0.1)
                    self.wfile.write(b"{}")
                except OSError:
                    pass

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the library's name
                """Say nothing."""

        return Handler

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
