"""The page's server, on loopback, with a random token in its address: files, a stream of changes, what people do."""

from __future__ import annotations

import json
import re
import secrets
import sys
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.playground.answers import NotPossibleError
from bot.playground.deeds import DEEDS
from bot.playground.feed import Changed, OpenPage
from bot.playground.panel import panel_html
from bot.playground.patient_server import PatientServer
from bot.playground.people import ALEX, CHANNEL, VISITORS
from bot.playground.play import ALL, WORLD, Playground
from bot.playground.shell import page_html
from bot.render.graph.formats import STYLE as GRAPH_STYLE

FILES = Path(__file__).with_name("page")
STYLES = {each.name: each for each in (Path(__file__).with_name("block_kit") / "style.css", GRAPH_STYLE)}
"""Style sheets of what the page shows, by their names."""

KINDS = {".js": "text/javascript", ".css": "text/css"}

LARGEST_BODY = 100_000
HEARTBEAT_SECONDS = 20.0
"""So often a stream says that it is there, which tells of a page that was closed."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PageServer:
    """Serves one playground. Raises OSError when the port cannot be had."""

    def __init__(self, play: Playground, port: int) -> None:
        self.token = secrets.token_urlsafe(16)
        self._server = _PageServing(port, play, self.token)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{self.token}/"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more; streams that are open end by themselves."""
        self._server.shutdown()
        self._server.server_close()


class _PageServing(PatientServer):
    def __init__(self, port: int, play: Playground, token: str) -> None:
        self.play, self.token = play, token
        super().__init__(("127.0.0.1", port), PageHandler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed is no error; anything else is."""
        del request, client_address
        if not isinstance(sys.exception(), ConnectionError):
            sys.stderr.write(f"The page's server failed: {sys.exception()!r}\n")


def may_ask(headers: Mapping[str, str], port: int) -> bool:
    """Whether a request is meant for this server: by its host, and by its origin where it names one."""
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    origin = headers.get("Origin")
    return headers.get("Host") in hosts and (origin is None or urlsplit(origin).netloc in hosts)


class PageHandler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: _PageServing
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, asked = self._place()
        if path is None:
            return
        if path == "":
            self._answer(HTTPStatus.OK, page_html(self.server.play, self._user(asked)).encode(), "text/html")
        elif path == "events":
            self._stream(self._user(asked))
        elif path == "breakable":
            self._json(self.server.play.breakable())
        elif path.startswith("files/"):
            self._file(path.removeprefix("files/"))
        else:
            self._static(path)

    def do_POST(self) -> None:
        path, _ = self._place()
        if path is None:
            return
        size = self._size()
        if path != "do" or size is None or self.headers.get("Content-Type") != "application/json":
            self.close_connection = True
            self._answer(HTTPStatus.BAD_REQUEST, b"", "text/plain")
            return
        self._json(_done(self.server.play, self.rfile.read(size)))

    def _size(self) -> int | None:
        """Return how many bytes of a body to read; None of one without a length, or that is too large."""
        stated = self.headers.get("Content-Length", "0")
        size = int(stated) if re.fullmatch("[0-9]{1,9}", stated) else LARGEST_BODY + 1
        return None if "Transfer-Encoding" in self.headers or size > LARGEST_BODY else size

    def _place(self) -> tuple[str | None, str]:
        """Return what of the page is asked for; None when it was refused."""
        address = urlsplit(self.path)
        first, _, rest = address.path.removeprefix("/").partition("/")
        port = self.server.server_address[1]
        known = secrets.compare_digest(first.encode(), self.server.token.encode())
        if not known or not may_ask(dict(self.headers), int(port)):
            self.close_connection = True
            self._answer(HTTPStatus.NOT_FOUND, b"Nothing is here. Use the address that 'reveille demo' showed.\n")
            return None, ""
        return rest, address.query

    def _user(self, query: str) -> str:
        user = (parse_qs(query).get("as") or [ALEX.id])[0]
        return user if user in VISITORS else ALEX.id

    def _static(self, name: str) -> None:
        file = STYLES.get(name, FILES / name)
        known = name in STYLES or (file.parent == FILES and file.is_file())
        if file.suffix not in KINDS or not known:
            self._answer(HTTPStatus.NOT_FOUND, b"")
            return
        self._answer(HTTPStatus.OK, file.read_bytes(), KINDS[file.suffix])

    def _file(self, name: str) -> None:
        file = self.server.play.slack.workspace.files.get(name)
        if file is None or file.content is None:
            self._answer(HTTPStatus.NOT_FOUND, b"")
            return
        if file.is_picture:
            self._answer(HTTPStatus.OK, file.content, "image/png")
        else:
            self._answer(HTTPStatus.OK, file.content, "text/plain", {"Content-Disposition": "attachment"})

    def _json(self, said: Any) -> None:
        self._answer(HTTPStatus.OK, json.dumps(said).encode(), "application/json")

    def _answer(
        self, status: HTTPStatus, body: bytes, kind: str = "text/plain", more: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **(more or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, user: str) -> None:
        self.send_response(HTTPStatus.OK)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with self.server.play.feed.watching() as watcher:
            _tell(self.server.play, user, watcher, self.wfile.write)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def _tell(play: Playground, user: str, watcher: OpenPage, write: Callable[[bytes], object]) -> None:
    """Write what changes, until the page is closed."""
    changes: tuple[Changed, ...] = (ALL,)
    while not watcher.over:
        for each in changes or (None,):
            said = b": still here\n\n" if each is None else _event(said_to(play, user, each))
            try:
                write(said)
            except OSError:
                return
        changes = watcher.wait(HEARTBEAT_SECONDS)


def _event(said: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(said)}\n\n".encode()


def said_to(play: Playground, user: str, changed: Changed) -> Mapping[str, Any]:
    """Return what one page is told of a change."""
    with play.slack.lock:
        shown = play.shown_to(user)
        match changed.what:
            case "post":
                html = shown.root_html(changed.channel, changed.ts)
                return {"what": "post", "channel": changed.channel, "ts": changed.ts, "html": html}
            case "view":
                return {"what": "view", "html": shown.modal_html()}
            case "home":
                return {"what": "home", "html": shown.home_html()}
            case "all":
                return {
                    "what": "all",
                    "name": play.channel,
                    "channels": {name: shown.channel_html(name) for name in (CHANNEL, user)},
                    "view": shown.modal_html(),
                    "home": shown.home_html(),
                    "world": panel_html(play),
                }
    assert changed == WORLD  # noqa: S101 - there is nothing else
    return {"what": "world", **panel_html(play)}


def _done(play: Playground, body: bytes) -> Mapping[str, Any]:
    """Do what somebody did on the page, and say what is wrong with it."""
    try:
        asked = json.loads(body)
        deed = DEEDS[asked["do"]]
        user = asked["as"] if asked["as"] in VISITORS else ALEX.id
        return {"ok": True, **(deed(play, user, asked) or {})}
    except NotPossibleError as error:
        return {"ok": False, "why": str(error)}
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        return {"ok": False, "why": f"The page asked for something that is not there: {error}"}
