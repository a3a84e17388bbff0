"""An HTTP server that gives prepared answers in order, the last one for ever; it can also not answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from bot.playground.patient_server import PatientServer


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body; ``hang`` answers nothing until the server ends."""

    status: int = 200
    body: Mapping[str, Any] = field(default_factory=dict)
    hang: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked."""

    method: str
    path: str
    body: Any
    headers: Mapping[str, str]


class JsonHttpServer:
    """Serves on loopback while entered. ``requests`` holds what was asked, over how many ``connections``."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._answers = list(answers)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._server = PatientServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def address(self) -> str:
        """``host:port``."""
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _next(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                with outer._lock:
                    outer.connections += 1
                super().setup()

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                body = json.loads(text) if "json" in self.headers.get("Content-Type", "") else text
                request = Request(self.command, self.path, body, dict(self.headers))
                answer = outer._next(request)
                if answer.hang:
                    outer._over.wait()
                    self.close_connection = True
                    return
                payload = json.dumps(answer.body).encode()
                self.send_response(answer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        return Handler
