from __future__ import annotations

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from bot.redaction.shown import Secret
from bot.timetable.heartbeat import UrlHeartbeat
from tests.servers.json_http import Answer, JsonHttpServer

KEY = "0b5f0b0e-secret"


@pytest.mark.parametrize(("status", "heard"), [(200, True), (204, True), (404, False), (500, False), (301, False)])
def test_only_an_answer_of_success_counts_as_heard(status: int, heard: bool) -> None:
    with JsonHttpServer(Answer(status)) as server:
        assert UrlHeartbeat(Secret(f"http://{server.address}/{KEY}")).beat() is heard

        assert [request.path for request in server.requests] == [f"/{KEY}"]


class Redirecting(BaseHTTPRequestHandler):
    """Sends everybody on to another path, which counts who comes."""

    followed: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.followed.append(self.path)
        self.send_response(302 if self.path != "/elsewhere" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_a_redirect_is_not_followed_with_the_key() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        heard = UrlHeartbeat(Secret(f"http://127.0.0.1:{server.server_port}/{KEY}")).beat()
        server.shutdown()
        thread.join()

    assert (heard, Redirecting.followed) == (False, [])


def test_a_watcher_that_is_not_there_is_not_heard_and_stops_nobody() -> None:
    with JsonHttpServer(Answer()) as server:
        address = server.address

    assert UrlHeartbeat(Secret(f"http://{address}/{KEY}")).beat() is False


def test_a_watcher_that_hangs_is_given_up() -> None:
    with JsonHttpServer(Answer(hang=True)) as server:
        assert UrlHeartbeat(Secret(f"http://{server.address}/{KEY}"), timeout=0.2).beat() is False


@pytest.mark.parametrize("url", [f"http://127.0.0.1:1/{KEY}", f"http://[::1/{KEY}", f"http://nowhere.invalid:x/{KEY}"])
def test_the_key_never_reaches_the_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    heard = UrlHeartbeat(Secret(url), timeout=1).beat()

    assert not heard
    assert caplog.records
    assert KEY not in caplog.text
