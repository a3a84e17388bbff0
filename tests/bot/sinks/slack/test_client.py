import copy

import pytest
from slack_sdk.errors import SlackApiError

from bot.playground.slack.server import SlackServer, broken, rate_limited, unreachable
from bot.sinks.slack.client import slack_client


def settings(slack: SlackServer) -> tuple[str, str]:
    return slack.token, slack.api_url


def test_the_client_reaches_whatever_the_settings_name() -> None:
    with SlackServer() as slack:
        answer = slack_client(*settings(slack)).auth_test()

    assert answer["ok"]


def test_an_answer_429_is_counted_by_method_and_not_tried_again() -> None:
    counted: list[str] = []
    with SlackServer() as slack:
        slack.tell("chat.postMessage", rate_limited(30))
        with pytest.raises(SlackApiError):
            slack_client(*settings(slack), counted.append).chat_postMessage(channel="C0EXAMPLE1", text="x")
        calls = len(slack.called("chat.postMessage"))

    assert counted == ["chat.postMessage"]
    assert calls == 1


def test_a_connection_that_breaks_is_not_tried_again_because_the_message_may_be_there() -> None:
    with SlackServer() as slack:
        slack.tell("chat.postMessage", unreachable())
        with pytest.raises(OSError, match=r".*"):
            slack_client(*settings(slack)).chat_postMessage(channel="C0EXAMPLE1", text="x")
        calls = len(slack.called("chat.postMessage"))

    assert calls == 1


def test_other_failures_are_no_rate_limit() -> None:
    counted: list[str] = []
    with SlackServer() as slack:
        slack.tell("auth.test", broken(503))
        with pytest.raises(SlackApiError):
            slack_client(*settings(slack), counted.append).auth_test()

    assert counted == []


def test_a_copy_counts_in_the_same_place() -> None:
    client = slack_client("xoxb-1", "https://slack.com/api/")

    copied = copy.deepcopy(client.retry_handlers)

    assert copied == client.retry_handlers
