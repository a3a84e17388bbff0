"""Blocks that not every workspace has: where Slack refuses one, what is in it is sent all the same, and from then on
without asking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.troubles import PostError
from bot.playground.slack.limits import check_message
from bot.playground.slack.server import CHANNEL, SlackServer, refused
from bot.render.blocks import NATIVE, natives, slack_message, without_native
from bot.render.limits import CONTAINER_BLOCKS
from bot.render.post import Aside, Chart, Collapsible, Paragraph, Post, Title, post_of
from bot.sinks.slack.client import slack_client
from bot.sinks.slack.format import formatted
from bot.sinks.slack.poster import SlackPoster
from bot.sinks.slack.refusals import TRIED_AGAIN, Leases, RefusedBlocks
from bot.store.model import Lease, StoreError
from bot.store.sqlite import SqliteStore

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as served:
        yield served


def poster(slack: SlackServer, refused: RefusedBlocks | None = None) -> SlackPoster:
    return SlackPoster(slack_client(slack.token, slack.api_url), refused=refused)


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    with closing(SqliteStore(":memory:")) as opened:
        yield opened


def refusals(store: Leases | None, now: datetime = NOW, workspace: str = "https://example.slack.com/") -> RefusedBlocks:
    return RefusedBlocks(store, lambda: workspace, lambda: now)


def post(number: int = 2) -> Post:
    lines = tuple(Paragraph((f"line {at}",), apart=True) for at in range(number))
    return Post(("A report",), (Title("A report"), Collapsible("Timeline", lines), Aside(("The end",))))


CHART = Chart("Predictions", ("3 Feb", "4 Feb"), (("Predictions", (1230, 228)), ("usual, at least", (180, 181))))
BODY = formatted(post().document)
POST = "chat.postMessage"


def types(blocks: Any) -> list[str]:
    return [each["type"] for each in blocks]


def test_a_workspace_that_has_containers_gets_one(slack: SlackServer) -> None:
    poster(slack).post(CHANNEL, BODY, "key", None)

    (message,) = slack.messages()
    assert types(message.blocks) == ["header", "container", "context"]


def test_where_they_are_refused_what_is_in_them_stands_open_and_that_is_remembered(slack: SlackServer) -> None:
    slack.workspace.lacks.add("container")
    sender = poster(slack)

    sender.post(CHANNEL, BODY, "one", None)
    sender.post(CHANNEL, BODY, "two", None)

    assert [call.error for call in slack.called(POST)] == ["invalid_blocks", "", ""]
    assert [types(each.blocks) for each in slack.messages()] == [["header", *["section"] * 3, "context"]] * 2
    assert "line 1" in str(slack.messages()[0].blocks)


def test_an_edit_that_is_refused_is_made_with_plain_blocks(slack: SlackServer) -> None:
    sender = poster(slack)
    posted = sender.post(CHANNEL, BODY, "key", None)
    slack.workspace.lacks.add("container")

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


def test_the_next_process_knows_what_was_refused(slack: SlackServer, store: SqliteStore) -> None:
    slack.workspace.lacks.add("container")
    poster(slack, refusals(store)).post(CHANNEL, BODY, "one", None)

    poster(slack, refusals(store)).post(CHANNEL, BODY, "two", None)

    assert [call.error for call in slack.called(POST)] == ["invalid_blocks", "", ""]


@pytest.mark.parametrize(
    ("after", "workspace", "is_tried"),
    [
        pytest.param(TRIED_AGAIN - SECOND, "https://example.slack.com/", False, id="at the limit"),
        pytest.param(TRIED_AGAIN, "https://example.slack.com/", True, id="after a week"),
        pytest.param(SECOND, "https://other.slack.com/", True, id="another workspace"),
    ],
)
def test_it_is_remembered_by_workspace_and_tried_again_after_a_while(
    slack: SlackServer, store: SqliteStore, after: timedelta, workspace: str, is_tried: bool
) -> None:
    slack.workspace.lacks.add("container")
    poster(slack, refusals(store)).post(CHANNEL, BODY, "one", None)
    slack.workspace.lacks.clear()

    poster(slack, refusals(store, NOW + after, workspace)).post(CHANNEL, BODY, "two", None)

    assert ("container" in types(slack.messages()[-1].blocks)) is is_tried


class BrokenStore:
    """A store that answers nothing."""

    def acquire(self, lease: str, owner: str, now: datetime, until: datetime) -> bool:
        raise StoreError("the disk is full")

    def lease(self, lease: str, now: datetime) -> Lease | None:
        raise StoreError("the disk is full")


def test_a_store_that_is_down_keeps_no_message_back_and_the_process_remembers(slack: SlackServer) -> None:
    slack.workspace.lacks.add("container")
    sender = poster(slack, refusals(BrokenStore()))

    sender.post(CHANNEL, BODY, "one", None)
    sender.post(CHANNEL, BODY, "two", None)

    assert [call.error for call in slack.called(POST)] == ["invalid_blocks", "", ""]


def test_only_the_block_that_is_refused_is_left_out_from_then_on(slack: SlackServer, store: SqliteStore) -> None:
    slack.workspace.lacks.add("data_visualization")
    sender = poster(slack, refusals(store))
    sender.post(CHANNEL, formatted(Post(("A chart",), (CHART,)).document), "one", None)

    sender.post(CHANNEL, formatted(Post(("Both",), (CHART, *post().parts)).document), "two", None)

    assert types(slack.messages()[0].blocks) == ["section", "rich_text"]
    assert types(slack.messages()[1].blocks) == ["section", "rich_text", "header", "container", "context"]


def test_the_text_of_a_chart_has_its_numbers() -> None:
    told = str(without_native(slack_message(Post(("A chart",), (CHART,))).blocks))

    assert all(each in told for each in ("Predictions", "3 Feb", "1,230", "180"))


@given(points=st.integers(1, 40), lines=st.integers(1, 9), words=st.text(min_size=1, max_size=90))
def test_a_chart_is_inside_every_limit(points: int, lines: int, words: str) -> None:
    labels = tuple(f"{at} {words}" for at in range(points))
    chart = Chart(f"x{words}", labels, tuple((f"{at}{words}", tuple(range(points))) for at in range(lines)))

    message = slack_message(Post(("A chart",), (chart,)))

    check_message(message.text, list(message.blocks))
    check_message(message.text, without_native(message.blocks))
    assert not natives(without_native(message.blocks, NATIVE))


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

    assert bool(natives(message.blocks)) is is_folded
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
