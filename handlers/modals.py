"""Modal views that only show something."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.pages import Block
from bot.render.slack_text import escape


def modal(title: str, blocks: Sequence[Block]) -> Block:
    """Return a modal view without anything to fill in."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": list(blocks),
    }


def notice(title: str, sentence: str) -> Block:
    """Return a modal view that only says something."""
    return modal(title, [section(escape(sentence))])


def section(text: str) -> Block:
    """Return a section; ``text`` is Slack's markup."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
