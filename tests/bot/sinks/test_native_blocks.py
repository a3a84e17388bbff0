"""Blocks that not every workspace has: where Slack refuses one, what is in it is sent all the same, and from then on
without asking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.troubles import PostError
from bot.playground.slack.limits import check_message
from bot.playground.slack.server import CHANNEL, SlackServer, refused
from bot.render.blocks import has_native, slack_message, without_native
from bot.render.limits import CONTAINER_BLOCKS
from bot.render.post import Aside, Collapsible, Paragraph, Post, Title, post_of
from bot.sinks.slack.client import slack_client
from bot.sinks.slack.format import formatted
from bot.sinks.slack.poster import SlackPoster


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as served:
        yield served


def poster(slack: SlackServer) -> SlackPoster:
    return SlackPoster(slack_client(slack.token, slack.api_url))


def post(number: int = 2) -> Post:
    lines = tuple(Paragraph((f"line {at}",), apart=True) for at in range(number))
    return Post(("A report",), (Title("A report"), Collapsible("Timeline", lines), Aside(("The end",))))


BODY = formatted(post().document)
POST = "chat.postMessage"


def types(blocks: Any) -> list[str]:
    return [each["type"] for each in blocks]


def test_a_workspace_that_has_containers_gets_one(slack: SlackServer) -> None:
    poster(slack).post(CHANNEL, BODY, "key", None)

    (message,) = slack.messages()
    assert types(message.blocks) == ["header", "container", "context"]


def test_where_they_are_refused_what_is_in_them_stands_open_and_that_is_remembered(slack: SlackServer) -> None:
    slack.workspace.has_containers = False
    sender = poster(slack)

    sender.post(CHANNEL, BODY, "one", None)
    sender.post(CHANNEL, BODY, "two", None)

    assert [call.error for call in slack.called(POST)] == ["invalid_blocks", "", ""]
    assert [types(each.blocks) for each in slack.messages()] == [["header", *["section"] * 3, "context"]] * 2
    assert "line 1" in str(slack.messages()[0].blocks)


def test_an_edit_that_is_refused_is_made_with_plain_blocks(slack: SlackServer) -> None:
    sender = poster(slack)
    posted = sender.post(CHANNEL, BODY, "key", None)
    slack.workspace.has_containers = False

    sender.update(CHANNEL, posted.ts, BODY, "key")

    assert "container" not in types(slack.messages()[0].blocks)


def test_what_is_refused_for_another_reason_is_not_blamed_on_a_block(slack: SlackServer) -> None:
    sender = poster(slack)
    slack.tell(POST, refused("is_archived"))
    with pytest.raises(PostError):
        sender.post(CHANNEL, BODY, "one", None)

    sender.post(CHANNEL, BODY, "two", None)

    assert "container" in types(slack.messages()[0].blocks)


def test_where_the_plain_ones_are_refused_too_nothing_is_remembered(slack: SlackServer) -> None:
    sender = poster(slack)
    slack.tell(POST, refused("invalid_blocks", 2))
    with pytest.raises(PostError):
        sender.post(CHANNEL, BODY, "one", None)

    sender.post(CHANNEL, BODY, "two", None)

    assert "container" in types(slack.messages()[0].blocks)


@pytest.mark.parametrize(
    ("lines", "is_folded"),
    [
        pytest.param(CONTAINER_BLOCKS, True, id="at the limit"),
        pytest.param(CONTAINER_BLOCKS + 1, False, id="just past it"),
        pytest.param(0, False, id="nothing in it"),
    ],
)
def test_what_does_not_fit_into_a_container_stands_open(lines: int, is_folded: bool) -> None:
    message = slack_message(post(lines))

    assert has_native(message.blocks) is is_folded
    assert str(message.blocks).count("line ") == lines


@given(
    sizes=st.lists(st.lists(st.integers(1, 4_000), max_size=12), max_size=12),
)
def test_both_forms_are_inside_every_limit(sizes: list[list[int]]) -> None:
    parts = [
        Collapsible(f"Part {at}", tuple(Paragraph(("x" * size,), apart=True) for size in inside))
        for at, inside in enumerate(sizes)
    ]

    message = slack_message(Post(("A report",), (Title("A report"), *parts, Aside(("The end",)))))

    check_message(message.text, list(message.blocks))
    check_message(message.text, without_native(message.blocks))


def test_a_folded_part_is_stored_and_read_again() -> None:
    assert post_of(json.loads(json.dumps(post().document))) == post()
