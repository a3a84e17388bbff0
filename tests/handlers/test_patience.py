from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.playground.slack.server import CHANNEL, SlackFault, SlackServer, broken, rate_limited, refused, unreachable
from bot.render.pages import Block
from handlers.answers import in_words_at_least
from handlers.patience import ATTEMPTS, SHORT_WAIT, patiently
from handlers.replies import PrivateReply


class Caller:
    """Posts through the real client, and notes how long it was to wait."""

    def __init__(self, slack: SlackServer) -> None:
        self.slack = slack
        self.client = WebClient(slack.token, base_url=slack.api_url, retry_handlers=[])
        self.waits: list[float] = []

    def post(self, *, repeatable: bool) -> None:
        patiently(
            lambda: self.client.chat_postMessage(channel=CHANNEL, text="a message"),
            repeatable=repeatable,
            sleep=self.waits.append,
        )


@pytest.fixture
def caller() -> Iterator[Caller]:
    with SlackServer() as slack:
        yield Caller(slack)


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_429_is_waited_out_and_nothing_is_done_twice(caller: Caller, repeatable: bool) -> None:
    caller.slack.tell("chat.postMessage", rate_limited(7), rate_limited(3))

    caller.post(repeatable=repeatable)

    assert caller.waits == [7.0, 3.0]
    assert len(caller.slack.messages()) == 1


@pytest.mark.parametrize(
    ("seconds", "waits"), [(int(SHORT_WAIT), [SHORT_WAIT]), (int(SHORT_WAIT) + 1, [])], ids=["at the limit", "past it"]
)
def test_a_wait_that_is_too_long_is_given_up(caller: Caller, seconds: int, waits: list[float]) -> None:
    caller.slack.tell("chat.postMessage", rate_limited(seconds), refused("fatal_error"))

    with pytest.raises(SlackApiError):
        caller.post(repeatable=True)

    assert caller.waits == waits


@pytest.mark.parametrize("fault", [broken(), unreachable()], ids=["an error of the server", "a lost connection"])
def test_only_what_may_be_done_twice_is_repeated(caller: Caller, fault: SlackFault) -> None:
    caller.slack.tell("chat.postMessage", fault)
    caller.post(repeatable=True)
    assert len(caller.waits) == 1

    caller.slack.tell("chat.postMessage", fault)
    with pytest.raises((SlackApiError, OSError)):
        caller.post(repeatable=False)
    assert len(caller.waits) == 1


def test_a_refusal_is_not_repeated(caller: Caller) -> None:
    caller.slack.tell("chat.postMessage", refused("channel_not_found"))

    with pytest.raises(SlackApiError):
        caller.post(repeatable=True)

    assert caller.waits == []


def test_patience_ends(caller: Caller) -> None:
    caller.slack.tell("chat.postMessage", rate_limited(1, times=None))

    with pytest.raises(SlackApiError):
        caller.post(repeatable=True)

    assert len(caller.waits) == ATTEMPTS - 1


SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "with details"}}


def _shown(caller: Caller) -> None:
    def send(text: str, blocks: list[Block] | None) -> object:
        return caller.client.chat_postMessage(channel=CHANNEL, text=text, blocks=blocks)

    in_words_at_least(send, "the result", [SECTION])


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long", "invalid_arguments"])
def test_blocks_that_slack_does_not_take_leave_the_words_of_a_result(caller: Caller, code: str) -> None:
    caller.slack.tell("chat.postMessage", refused(code))

    _shown(caller)

    (message,) = caller.slack.messages()
    assert message.text.startswith("the result")
    assert code in message.text
    assert message.blocks == []


def test_a_result_that_is_refused_for_anything_else_is_not_repeated(caller: Caller) -> None:
    caller.slack.tell("chat.postMessage", refused("not_in_channel"))

    with pytest.raises(SlackApiError):
        _shown(caller)

    assert caller.slack.messages() == []


def test_a_private_answer_whose_blocks_slack_does_not_take_is_said_in_words(caller: Caller) -> None:
    for method in ("chat.postEphemeral", "chat.postMessage"):
        caller.slack.tell(method, refused("invalid_blocks"))
    reply = PrivateReply(client=caller.client, user="U0PERSON", channel=CHANNEL)

    said = reply.say("the answer", [SECTION])

    (answer,) = caller.slack.workspace.ephemerals
    assert said
    assert (answer.text, answer.blocks) == ("the answer", [])
