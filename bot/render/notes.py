"""Messages of one sentence."""

from __future__ import annotations

from bot.render.post import Paragraph, Post, Text, limited
from bot.render.slack_text import LINE_TEXT


def note_message(words: str | Text) -> Post:
    """Return a message of one sentence."""
    return sentence((limited(words, LINE_TEXT),) if isinstance(words, str) else words)


def sentence(said: Text) -> Post:
    """Return a message of words that are fit for it already."""
    return Post(said, (Paragraph(said),))
