from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.slack.server import SlackServer, refused
from bot.request import RequestError
from handlers.errors import told

HOSTILE = "<!channel> <https://evil.example|click>"


def test_what_is_repeated_of_a_request_has_no_power() -> None:
    sentence = told(RequestError(f"There is no check '{HOSTILE}'."))

    assert "<" not in sentence
    assert "&lt;!channel&gt;" in sentence


def test_what_is_repeated_of_slack_has_no_power() -> None:
    with SlackServer() as slack:
        slack.tell("auth.test", refused(HOSTILE))
        with pytest.raises(SlackApiError) as caught:
            WebClient(slack.token, base_url=slack.api_url).auth_test()

    sentence = told(caught.value)

    assert "<" not in sentence
    assert "&lt;!channel&gt;" in sentence


def test_an_error_of_ours_is_told_without_its_words() -> None:
    assert "password" not in told(RuntimeError("the password is hush"))
