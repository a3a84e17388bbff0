"""What stands between us and Slack may answer in its place: a proxy, a portal, a balancer that is lost."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest

from bot.delivery.troubles import PostError, Trouble
from bot.http import LARGEST_ANSWER, LONGEST_RETRY_AFTER, NoAnswerError
from bot.people import SlackPeople
from bot.remembered import UnavailableError
from bot.sinks.slack.access import ask
from bot.sinks.slack.poster import RETRY_AFTER, SlackPoster
from bot.sinks.slack.transport import ResponseAddress, SlackClient
from handlers.replies import PrivateReply

CHANNEL = "C0EXAMPLE1"
SECONDS = 0.5
NOW = datetime(2026, 2, 11, 13, 0, tzinfo=UTC)


class Wire:
    """Answers every connection with the same bytes, each piece a while after the last, and keeps what it was sent."""

    def __init__(self, *pieces: bytes, pause: float = 0.0) -> None:
        self._pieces, self._pause = pieces, pause
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self.serve)
        self.received: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/api/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        try:
            self.received.append(whole_request(connection))
            for piece in self._pieces:
                connection.sendall(piece)
                time.sleep(self._pause)
        except OSError:
            return


def whole_request(connection: socket.socket) -> bytes:
    """Read a request to its end: a server that closes before that resets the connection, and its answer is lost."""
    with connection.makefile("rb") as request:
        head = b"".join(iter(request.readline, b"\r\n"))
        length = re.search(rb"(?i)^content-length: (\d+)", head, re.MULTILINE)
        return head + request.read(int(length[1]) if length else 0)


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def client(url: str) -> SlackClient:
    return SlackClient("xoxb-1", base_url=url, timeout=SECONDS, retry_handlers=[])  # type: ignore[arg-type]


CALLS: dict[str, Callable[[SlackPoster], object]] = {
    "post": lambda poster: poster.post(CHANNEL, {"text": "x"}, "key", None),
    "edit": lambda poster: poster.update(CHANNEL, "1.1", {"text": "x"}, "key"),
    "look": lambda poster: poster.find(CHANNEL, "key", NOW, None),
}

NO_ANSWERS = {
    "a page in HTML": http(b"<html>Sign in</html>"),
    "nothing": http(b""),
    "a list": http(b"[]"),
    "null": http(b"null"),
    "a text": http(b'"ok"'),
    "nesting without an end": http(b'{"a":' * 100_000),
    "a page that forbids": http(b"<html>", "403 Forbidden"),
    "nothing found": http(b"", "404 Not Found"),
    "no UTF-8": http(b'{"ok":\xff}'),
    "an unknown encoding": http(b'{"ok":true}', "200 OK", "Content-Type: application/json; charset=klingon"),
    "an error in an unknown encoding": http(b"x", "404 Not Found", "Content-Type: text/html; charset=klingon"),
    "half of an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
    "another protocol": b"SSH-2.0-x\r\n",
    "a header without an end": b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n",
    "a success without what was done": http(b'{"ok":true}'),
    "a success of other types": http(b'{"ok":true,"channel":{},"ts":1,"message":[],"messages":{}}'),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_slack_would_not_say_leaves_open_what_was_done(
    answer: bytes, call: Callable[[SlackPoster], object]
) -> None:
    with Wire(answer) as wire, pytest.raises(PostError) as caught:
        call(SlackPoster(client(wire.url)))

    assert caught.value.trouble is Trouble.UNAVAILABLE


@pytest.mark.parametrize("answer", list(NO_ANSWERS.values())[:-2], ids=list(NO_ANSWERS)[:-2])
def test_what_slack_would_not_say_is_no_refusal_of_the_bot_nor_of_a_person(answer: bytes) -> None:
    with Wire(answer) as wire:
        with pytest.raises(OSError):  # noqa: PT011 - of any kind
            ask(client(wire.url), [CHANNEL])
        with pytest.raises(UnavailableError) as caught:
            SlackPeople(client(wire.url)).standing("U0PERSON1", "")

    assert caught.value.passing


def test_a_workspace_without_a_name_makes_nobody_an_outsider() -> None:
    with Wire(http(b'{"ok":true}')) as wire, pytest.raises(UnavailableError) as caught:
        SlackPeople(client(wire.url)).standing("U0PERSON1", "")

    assert caught.value.passing


@pytest.mark.parametrize(
    ("pieces", "pause"),
    [
        ((http(b'{"ok":true}' + b" " * 200)[:-200], *([b" "] * 40)), SECONDS / 5),
        ((b"HTTP/1.1 200 OK\r\n", *([b"A: x\r\n"] * 40)), SECONDS / 5),
        ((b"",), 20 * SECONDS),
    ],
    ids=["a body", "headers", "silence"],
)
def test_an_answer_that_drips_is_waited_for_no_longer_than_one_that_does_not_come(
    pieces: tuple[bytes, ...], pause: float
) -> None:
    wire = Wire(*pieces, pause=pause)
    threading.Thread(target=wire.serve, daemon=True).start()  # it drips on when the test is over
    poster = SlackPoster(client(wire.url))
    began = time.monotonic()

    with pytest.raises(PostError) as caught:
        poster.post(CHANNEL, {"text": "x"}, "key", None)

    assert caught.value.trouble is Trouble.UNAVAILABLE
    assert time.monotonic() - began < 4 * SECONDS


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_follows_no_redirect(status: int) -> None:
    with Wire(http(b'{"ok":true}')) as elsewhere:
        with Wire(http(b"", f"{status} Moved", f"Location: {elsewhere.url}")) as wire, pytest.raises(NoAnswerError):
            client(wire.url).auth_test()

        assert elsewhere.received == []


def test_an_answer_is_read_up_to_its_limit() -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (LARGEST_ANSWER + 1)
    patient = SlackClient("xoxb-1", timeout=30, retry_handlers=[])
    with Wire(start, b'{"ok":true}', b" " * (LARGEST_ANSWER - 10)) as wire:
        patient.base_url = wire.url

        with pytest.raises(NoAnswerError):
            patient.auth_test()


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Unavailable"])
@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"[" * 100_000], ids=["empty", "a list", "HTML", "deep"])
def test_a_status_that_asks_to_come_again_is_heard_whatever_stands_below_it(status: str, body: bytes) -> None:
    with Wire(http(body, status)) as wire, pytest.raises(PostError) as caught:
        CALLS["post"](SlackPoster(client(wire.url)))

    assert caught.value.trouble is (Trouble.BUSY if status.startswith("429") else Trouble.UNAVAILABLE)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 0", 0.0),
        ("Retry-After: 3600", 3600.0),
        ("Retry-After: " + "9" * 400, LONGEST_RETRY_AFTER.total_seconds()),
        ("Retry-After: soon", None),
        ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("Retry-After: -1", None),
        ("X: y", None),
    ],
)
def test_every_word_for_how_long_to_wait_is_read_alike(header: str, seconds: float | None) -> None:
    with Wire(http(b"", "429 Too Many Requests", header)) as wire:
        with pytest.raises(PostError) as posting:
            CALLS["post"](SlackPoster(client(wire.url)))
        with pytest.raises(UnavailableError) as asking:
            SlackPeople(client(wire.url)).standing("U0PERSON1", "")

    assert posting.value.retry_after.total_seconds() == (RETRY_AFTER.total_seconds() if seconds is None else seconds)
    assert asking.value.pause.total_seconds() == (2.0 if seconds is None else seconds)


@pytest.fixture
def broken_address() -> Iterator[str]:
    with Wire(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nok") as wire:
        yield wire.url


def test_a_response_address_that_breaks_off_leaves_the_other_ways(broken_address: str) -> None:
    done = b'{"ok":true,"channel":"D1","ts":"1.1","message":{},"message_ts":"1.1"}'
    with Wire(http(done)) as wire:
        reply = PrivateReply(client=client(wire.url), user="U0PERSON1", channel=CHANNEL, response_url=broken_address)

        assert reply.say("a private word")
        assert b"chat.postEphemeral" in wire.received[0]


def test_what_is_no_address_of_the_web_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "answer").write_text("ok", encoding="utf-8")

    with pytest.raises(NoAnswerError):
        ResponseAddress((tmp_path / "answer").as_uri()).send(text="a word")
