import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.playground.slack.server import refused, unreachable
from bot.redaction.shown import Secret
from bot.serving.socket_mode import LONGEST_PAUSE_SECONDS, SlackSocket
from tests.servers.slack_socket import SocketSlack

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The SDK's client drops a socket that broke without closing it."""


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let what the SDK drops be found here, and not in the test of somebody else."""
    yield
    gc.collect()


COMMAND = {"command": "/validate-daily", "text": "", "user_id": "U0PERSON", "team_id": "T0EXAMPLE", "channel_id": "C0"}


def app() -> App:
    made = App(
        signing_secret="",
        request_verification_enabled=False,
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id=None, bot_token="xoxb-1"),
    )

    @made.command("/validate-daily")
    def answer(ack: Ack) -> None:
        ack("on it")

    return made


def opened(slack: SocketSlack, pause: Callable[[threading.Event, float], object] | None = None) -> SlackSocket:
    client = WebClient("xoxb-1", base_url=slack.api_url, retry_handlers=[])
    if pause is None:
        return SlackSocket(app(), Secret(slack.app_token), client)
    return SlackSocket(app(), Secret(slack.app_token), client, pause=pause)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_command_that_comes_through_the_socket_is_acknowledged() -> None:
    with SocketSlack() as slack:
        link = opened(slack)
        link.start()
        assert slack.connected.wait(10)
        slack.send("slash_commands", COMMAND, "envelope-1")

        answer = slack.acknowledged.get(timeout=10)
        connected = link.connected
        link.close()

    assert answer == {"envelope_id": "envelope-1", "payload": {"text": "on it"}}
    assert connected


def test_it_connects_as_soon_as_slack_is_back() -> None:
    with SocketSlack() as slack:
        slack.tell("apps.connections.open", unreachable(), refused("internal_error"))
        pauses: list[float] = []
        link = opened(slack, lambda _, seconds: pauses.append(seconds))
        link.start()

        assert slack.connected.wait(10)
        link.close()

    assert pauses == [1.0, 2.0]


def test_the_pauses_grow_to_a_minute_and_no_further() -> None:
    with SocketSlack() as slack:
        slack.tell("apps.connections.open", unreachable(times=9))
        pauses: list[float] = []
        link = opened(slack, lambda _, seconds: pauses.append(seconds))
        link.start()

        assert slack.connected.wait(10)
        link.close()

    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, *[LONGEST_PAUSE_SECONDS] * 3]


def test_it_connects_again_when_the_connection_breaks_without_a_word() -> None:
    with SocketSlack() as slack:
        client = WebClient("xoxb-1", base_url=slack.api_url, retry_handlers=[])
        link = SlackSocket(app(), Secret(slack.app_token), client, ping_seconds=0.1)
        link.start()
        assert slack.connected.wait(10)

        slack.hang_up()

        assert slack.connected.wait(20)
        link.close()


def test_a_socket_that_is_closed_connects_no_more() -> None:
    with SocketSlack() as slack:
        slack.tell("apps.connections.open", unreachable(times=None))
        link = opened(slack)
        link.start()
        wait_for(lambda: bool(slack.called("apps.connections.open")))

        link.close()
        wait_for(lambda: not link._thread.is_alive())

    assert not link.connected


def test_no_failure_to_connect_logs_the_token(caplog: pytest.LogCaptureFixture) -> None:
    with SocketSlack() as slack:
        slack.tell("apps.connections.open", refused("invalid_auth"))
        link = opened(slack, lambda _, seconds: None)
        with caplog.at_level("DEBUG"):
            link.start()
            assert slack.connected.wait(10)
        link.close()

    assert slack.app_token not in caplog.text
