"""A served process among clients of bad faith: forged, mangled and slow requests, and honest ones beside them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.playground.slack.server import SlackServer
from tests.bot.serving.served import Served, http_variables
from tests.hostile.clients import SHAPES, Shape, ask, send_all, slow_clients
from tests.hostile.requests import CANARY, hostile_requests

pytestmark = pytest.mark.xdist_group("hostile")

REQUESTS = 620
"""Twenty of each kind."""

SLOW = 50
ACKNOWLEDGED_WITHIN = 1.0


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SlackServer, Served]]:
    variables = {"REVEILLE_SCENARIO": "invoker-lost"}
    folder = tmp_path_factory.mktemp("hostile")
    with SlackServer() as slack, Served(folder, http_variables(slack, **variables)) as bot:
        bot.wait_ready()
        yield slack, bot


def acknowledged(slack: SlackServer, bot: Served) -> float:
    """Send an honest command; return the seconds until its acknowledgement."""
    began = time.monotonic()
    assert slack.requests.command("/reveille", "help").send(bot.slack_url).status == 200
    return time.monotonic() - began


def test_nothing_hostile_is_answered_with_an_error_of_ours_hangs_or_reaches_the_log(
    serving: tuple[SlackServer, Served],
) -> None:
    slack, bot = serving

    outcome = send_all(bot.port, hostile_requests(slack.signing_secret, REQUESTS))

    assert (outcome.failed, outcome.hung, outcome.broken) == (0, 0, ())
    assert sum(outcome.statuses.values()) == REQUESTS
    assert CANARY not in bot.log
    assert "Traceback" not in bot.log + bot.errors
    assert sum("requests refused since the last such line" in each["message"] for each in bot.entries) <= 3
    assert 'reveille_requests_refused_total{reason="forged"}' in bot.get("/metrics")[1]
    assert acknowledged(slack, bot) < ACKNOWLEDGED_WITHIN


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_slow_clients_hold_nobody_else_up(serving: tuple[SlackServer, Served], shape: Shape) -> None:
    slack, bot = serving

    with slow_clients(bot.port, shape, SLOW):
        seconds = [acknowledged(slack, bot) for _ in range(3)]
        health = bot.get("/health")[0]

    assert max(seconds) < ACKNOWLEDGED_WITHIN
    assert health == 200


def test_a_flood_of_silent_connections_does_not_keep_a_whole_request_out(tmp_path: Path) -> None:
    variables = {"REVEILLE_SCENARIO": "invoker-lost", "REVEILLE_PEER_CONNECTIONS": "20"}
    with SlackServer() as slack, Served(tmp_path, http_variables(slack, **variables)) as bot:
        bot.wait_ready()
        with slow_clients(bot.port, SHAPES["half headers"], 100) as still_open:
            seconds = acknowledged(slack, bot)
            bot.wait_for(lambda: still_open() <= 20, "to send the oldest away", 5)
            counted = bot.get("/metrics")[1]
            bot.end()

    assert seconds < ACKNOWLEDGED_WITHIN
    assert 'refused_total{reason="too_slow"} 0.0' in counted
    assert 'refused_total{reason="crowded_out"} 0.0' not in counted


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            b"POST /health HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="both"
        ),
        pytest.param(b"POST /health HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="chunks in 1.0"),
        pytest.param(b"POST /health HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", id="an encoding"),
        pytest.param(b"POST /health HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345", id="two lengths"),
        pytest.param(b"POST /health HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="less than nothing"),
        pytest.param(
            b"POST /health HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", id="a number without end"
        ),
        pytest.param(b"GET http://[::1/ HTTP/1.1\r\n\r\n", id="an address that cannot be read"),
        pytest.param(b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n", id="one header too many"),
        pytest.param(b"GET /health HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", id="two hosts"),
        pytest.param(
            b"POST /health HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 300, id="a chunk of no end"
        ),
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_refused(serving: tuple[SlackServer, Served], data: bytes) -> None:
    assert ask(serving[1].port, data) == 400


def test_a_hundred_headers_are_read(serving: tuple[SlackServer, Served]) -> None:
    assert ask(serving[1].port, b"GET /health HTTP/1.1\r\n" + b"X: y\r\n" * 98 + b"\r\n") == 200


# That a server sends them away is tested every day beside it, with shorter limits; this shows those that are shipped.
@pytest.mark.slow
def test_a_client_that_drips_is_sent_away_although_it_is_never_idle(tmp_path: Path) -> None:
    with SlackServer() as slack, Served(tmp_path, http_variables(slack, REVEILLE_SCENARIO="invoker-lost")) as bot:
        bot.wait_ready()
        with slow_clients(bot.port, SHAPES["byte by byte"], 3) as still_open:
            began = time.monotonic()
            assert still_open() == 3
            bot.wait_for(lambda: still_open() == 0, "to send them away", 30)
            seconds = time.monotonic() - began
        late = 'reveille_requests_refused_total{reason="too_slow"} 3.0'
        counted = late in bot.get("/metrics")[1]
        bot.end()

    assert 8 < seconds < 20
    assert counted
