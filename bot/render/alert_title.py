"""The title of an alert where there is one line for it."""

from __future__ import annotations

import re

from bot.render.words import clean
from bot.store.model import Alert

TITLE = 110
"""Characters of a title that one line holds; the whole of a longer one follows below it."""

_BRACKETS = re.compile(r" \([^()]*\)")


def short_title(alert: Alert) -> str:
    """Return a title that one line holds: without lists in brackets, and of a long one its first clause."""
    whole = clean(alert.title)
    bare = _BRACKETS.sub("", whole)
    for said in (whole, bare, bare.partition("; ")[0], bare.partition(", ")[0], bare.partition(": ")[0]):
        if len(said) <= TITLE:
            return said
    return cut(bare, TITLE)


def cut(text: str, most: int) -> str:
    """Return a plain text of at most ``most`` characters."""
    text = clean(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
