from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.slack.server import SlackServer, refused
from bot.request import RequestError
from bot.store.model import StoreError
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


@pytest.mark.parametrize(
    ("error", "is_traced"),
    [(StoreError("the commit took more than 1 s"), False), (RuntimeError("nothing is there"), True)],
    ids=["the store did not answer", "something of ours broke"],
)
def test_the_log_says_what_went_wrong_and_where_only_if_it_is_ours(
    error: Exception, is_traced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    told(error)
    (record,) = caplog.records

    assert str(error) in record.getMessage()
    assert bool(record.exc_info) is is_traced
