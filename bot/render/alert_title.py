"""The title of an alert, which a notification shows alone: at most one line, whatever the alert is called."""

from __future__ import annotations

import re
from itertools import product

from bot.render.words import clean, without_date
from bot.store.model import Alert
from checks.diagnosis.words import capitalised

HEADLINE = 80
"""Characters of a headline: a light, the severity or the state, and the title."""

TITLE = HEADLINE - len("🔴 P0 · ")

NO_LONGER = "No longer: "

_BRACKETS = re.compile(r" \([^()]*\)")
_OPENING_BRACKET = re.compile(r" \(([^()]*)\)(?=[.:;,]|$)")
_ENDS = ("; ", ", ", ": ")
"""Where a title may end: causes have titles that fit, and the sentences of findings begin with what is wrong."""


def short_title(alert: Alert, most: int = TITLE) -> str:
    """Return a title of at most ``most`` characters: without lists in brackets, and of a long one its first clause."""
    return fitting_title(alert.title, most)


def past_title(alert: Alert, most: int = TITLE) -> str:
    """Return the title of what is over: in the past where a template has it; what a finding said is no longer so."""
    if past := str(alert.details.get("past") or ""):
        return fitting_title(past, most)
    return f"{NO_LONGER}{short_title(alert, most - len(NO_LONGER))}"


def fitting_title(title: str, most: int = TITLE) -> str:
    """Return a title as short as a line asks for."""
    whole = clean(title)
    bare = _BRACKETS.sub("", whole)
    for said in (whole, bare, *(bare.partition(end)[0] for end in _ENDS)):
        if len(said) <= most:
            return said
    return cut(bare, most)


def beyond(words: str, title: str) -> str:
    """Return a text without its beginning, where the title, or what stands behind the loss in it, says that already."""
    undated = without_date(words)
    for said, told in product((title, title.partition(": ")[2]), (words, undated)):
        if said and told.lower().startswith(said.lower().rstrip("…")):
            rest = told[len(said.rstrip("…")) :]
            if said.endswith("…"):  # the title breaks off, and this goes on where it did
                return f"… {rest.lstrip()}"
            if bracket := _OPENING_BRACKET.match(rest):  # a title has none
                return capitalised(f"{bracket[1]}{rest[bracket.end() :]}")
            # What only goes on with the sentence says nothing without its beginning: "since revision 42".
            return words if rest[:1] == " " else capitalised(rest.lstrip(" .;:,"))
    return words


def cut(text: str, most: int) -> str:
    """Return a plain text of at most ``most`` characters, which ends with a word where it can."""
    text = clean(text)
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    words = kept.rpartition(" ")[0] if not text[most - 1].isspace() else kept
    return f"{(words if len(words) > most // 2 else kept).rstrip(' ,;:')}…"
