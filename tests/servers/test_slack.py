"""The fake Slack refuses what Slack refuses: a fake that takes everything would prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from bot.playground.slack.server import CHANNEL, SlackServer, broken, rate_limited, silent_after_accepting, unreachable

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackServer]:
    with SlackServer(clock=clock) as server:
        yield server


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    return WebClient(slack.token, base_url=slack.api_url, timeout=1, retry_handlers=[])


def section(text: str = "text", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(text: str = "Go", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, **more}


def table(rows: int, cells: int = 2) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells] * rows}


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        pytest.param([section()] * 51, "invalid_blocks", id="51 blocks"),
        pytest.param([section("x" * 3_001)], "invalid_blocks", id="a long section"),
        pytest.param([section("")], "invalid_blocks", id="an empty section"),
        pytest.param([{"type": "mystery"}], "invalid_blocks", id="an unknown block"),
        pytest.param(
            [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks", id="markup header"
        ),
        pytest.param(
            [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks", id="long header"
        ),
        pytest.param([{"type": "actions", "elements": [button("x" * 76)]}], "invalid_blocks", id="a long button"),
        pytest.param([{"type": "actions", "elements": [button(value="x" * 2_001)]}], "invalid_blocks", id="long value"),
        pytest.param([{"type": "actions", "elements": [button()] * 26}], "invalid_blocks", id="26 buttons"),
        pytest.param(
            [{"type": "actions", "elements": [button(action_id="a")] * 2}], "invalid_blocks", id="the same action twice"
        ),
        pytest.param([section(block_id="b"), section(block_id="b")], "invalid_blocks", id="the same block twice"),
        pytest.param([table(101)], "invalid_blocks", id="101 rows"),
        pytest.param([table(1, 21)], "invalid_blocks", id="21 cells"),
        pytest.param([table(1), table(1)], "only_one_table_allowed", id="two tables"),
        pytest.param([section("x" * 2_900)] * 5, "msg_blocks_too_long", id="too much together"),
        pytest.param([], "no_text", id="nothing"),
    ],
)
def test_a_message_beyond_a_limit_is_refused(client: WebClient, blocks: list[Any], error: str) -> None:
    said = {"channel": CHANNEL, "text": "x" if blocks else "", "blocks": blocks}

    assert refusal(lambda: client.api_call("chat.postMessage", json=said)) == error


def test_a_message_at_the_limits_is_taken(slack: SlackServer, client: WebClient) -> None:
    blocks = [
        *[section()] * 46,
        section("x" * 3_000),
        table(100, 1),
        {"type": "actions", "elements": [button("x" * 75)]},
    ]

    client.chat_postMessage(channel=CHANNEL, text="x" * 4_000, blocks=blocks)

    assert len(slack.messages()) == 1


def test_only_the_right_token_opens_the_workspace(slack: SlackServer) -> None:
    wrong = WebClient("xoxb-another", base_url=slack.api_url)

    assert refusal(wrong.auth_test) == "invalid_auth"


def test_metadata_is_shown_only_to_those_who_ask(client: WebClient) -> None:
    client.chat_postMessage(channel=CHANNEL, text="x", metadata={"event_type": "e", "event_payload": {"key": "k"}})

    plain = client.conversations_history(channel=CHANNEL)["messages"]
    full = client.conversations_history(channel=CHANNEL, include_all_metadata=True)["messages"]

    assert "metadata" not in plain[0]
    assert full[0]["metadata"]["event_payload"]["key"] == "k"


def test_history_has_no_answers_and_replies_have_the_parent(client: WebClient) -> None:
    parent = client.chat_postMessage(channel=CHANNEL, text="parent")["ts"]
    client.chat_postMessage(channel=CHANNEL, text="answer", thread_ts=parent)

    history = client.conversations_history(channel=CHANNEL)["messages"]
    replies = client.conversations_replies(channel=CHANNEL, ts=parent)["messages"]

    assert [each["text"] for each in history] == ["parent"]
    assert [each["text"] for each in replies] == ["parent", "answer"]


def test_an_edit_keeps_metadata_that_it_does_not_mention_and_takes_the_blocks_away(
    slack: SlackServer, client: WebClient
) -> None:
    metadata = {"event_type": "e", "event_payload": {"key": "k"}}
    ts = client.chat_postMessage(channel=CHANNEL, text="x", blocks=[section()], metadata=metadata)["ts"]

    client.chat_update(channel=CHANNEL, ts=ts, text="y")

    (message,) = slack.messages(key="k")
    assert (message.text, message.blocks) == ("y", [])


def test_a_trigger_opens_one_view_within_three_seconds(slack: SlackServer, client: WebClient, clock: Clock) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Snooze"}, "blocks": []}
    used, late = slack.workspace.issue_trigger(), slack.workspace.issue_trigger()
    client.views_open(trigger_id=used, view=view)
    clock.now += timedelta(seconds=4)

    assert refusal(lambda: client.views_open(trigger_id=late, view=view)) == "expired_trigger_id"
    assert refusal(lambda: client.views_open(trigger_id="invented", view=view)) == "invalid_trigger_id"


def test_a_home_with_an_old_hash_is_not_overwritten(client: WebClient) -> None:
    view = {"type": "home", "blocks": [section()]}
    old = client.views_publish(user_id="U0PERSON", view=view)["view"]["hash"]
    client.views_publish(user_id="U0PERSON", view=view, hash=old)

    assert refusal(lambda: client.views_publish(user_id="U0PERSON", view=view, hash=old)) == "hash_conflict"


def test_faults_come_in_order_and_end(slack: SlackServer, client: WebClient) -> None:
    slack.tell("chat.postMessage", rate_limited(7), broken(502), unreachable())

    with pytest.raises(SlackApiError) as limited:
        client.chat_postMessage(channel=CHANNEL, text="x")
    with pytest.raises(SlackApiError) as failed:
        client.chat_postMessage(channel=CHANNEL, text="x")
    with pytest.raises(OSError):  # noqa: PT011 - whichever way the connection breaks
        client.chat_postMessage(channel=CHANNEL, text="x")
    client.chat_postMessage(channel=CHANNEL, text="x")

    assert limited.value.response.headers["Retry-After"] == "7"
    assert failed.value.response.status_code == 502
    assert len(slack.messages()) == 1


def test_a_silent_server_has_the_message_all_the_same(slack: SlackServer, client: WebClient) -> None:
    slack.tell("chat.postMessage", silent_after_accepting())

    with pytest.raises(OSError):  # noqa: PT011 - a time-out, of the socket or of the request
        client.chat_postMessage(channel=CHANNEL, text="x")

    assert len(slack.messages()) == 1


def test_a_channel_takes_one_message_a_second_when_told(clock: Clock) -> None:
    with SlackServer(clock=clock, posts_a_second=1) as slack:
        client = WebClient(slack.token, base_url=slack.api_url, retry_handlers=[])
        client.chat_postMessage(channel=CHANNEL, text="x")
        assert refusal(lambda: client.chat_postMessage(channel=CHANNEL, text="x")) == "ratelimited"
        clock.now += timedelta(seconds=1)
        client.chat_postMessage(channel=CHANNEL, text="x")


def test_requests_are_signed_as_slack_signs(slack: SlackServer) -> None:
    request = slack.requests.command("/validate-daily", "yesterday quick")
    verifier = SignatureVerifier(slack.signing_secret)
    sign = verifier.generate_signature(timestamp=request.headers["X-Slack-Request-Timestamp"], body=request.body)

    assert request.headers["X-Slack-Signature"] == sign
