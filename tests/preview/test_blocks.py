"""A picture leaves nothing out: what the blocks say, the page says."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.playground.block_kit.blocks import FOLDED_AFTER, UnknownBlockError, block_html, blocks_html
from bot.playground.block_kit.posts import ShownPost, channel_page, home_page, modal_page

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.blocks.json"))
TAGS = re.compile(r"<[^>]*>")
LETTERS = re.compile(r"\w+")


def words(page: str) -> list[str]:
    return LETTERS.findall(html.unescape(TAGS.sub(" ", page.replace("</svg>", " "))))


def texts(part: Any) -> Iterator[str]:
    """Every text that blocks hold."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield re.sub(r"<https://[^|>]*\|([^>]*)>", r"\1", part["text"])
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_every_word_of_our_messages_is_in_the_picture(path: Path) -> None:
    for message in json.loads(path.read_text(encoding="utf-8"))["messages"]:
        said = [word for text in texts(message["blocks"]) for word in LETTERS.findall(html.unescape(text))]

        assert set(said) - set(words(blocks_html(message["blocks"]))) == set()


@pytest.mark.parametrize(
    "block",
    [
        {"type": "carousel"},
        {"type": "actions", "elements": [{"type": "lever"}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_poem", "elements": []}]},
    ],
    ids=["block", "element", "rich text"],
)
def test_what_the_preview_cannot_draw_is_an_error(block: dict[str, Any]) -> None:
    with pytest.raises(UnknownBlockError):
        block_html(block)


@pytest.mark.parametrize(
    ("length", "expand", "folded"),
    [(FOLDED_AFTER, False, False), (FOLDED_AFTER + 1, False, True), (FOLDED_AFTER + 1, True, False)],
    ids=["at the limit", "just past it", "just past it and expanded"],
)
def test_a_long_section_folds_unless_it_is_expanded(length: int, expand: bool, folded: bool) -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}, "expand": expand}

    assert ("See more" in block_html(block)) is folded


def test_data_cannot_break_out_of_the_page() -> None:
    block = {"type": "header", "text": {"type": "plain_text", "text": "<script>alert(1)</script>"}}

    assert "<script>" not in block_html(block)


def test_a_message_without_blocks_shows_its_text() -> None:
    assert "still here" in channel_page("nba", [ShownPost(body={"text": "still here"}, time="08:00")])


def test_replies_stand_below_their_message() -> None:
    reply = ShownPost(body={"text": "second"}, time="08:01")

    page = channel_page("nba", [ShownPost(body={"text": "first"}, time="08:00", replies=[reply])])

    assert page.index("first") < page.index("1 reply") < page.index("second")


def test_the_home_tab_and_a_modal_show_their_blocks() -> None:
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Open alerts"}}]
    modal = {"title": {"text": "Snooze"}, "submit": {"text": "Sleep"}, "blocks": blocks}

    assert "Open alerts" in home_page({"blocks": blocks})
    assert {"Snooze", "Sleep", "alerts"} <= set(words(modal_page(modal)))
