"""Text for Slack: escaped, never longer than asked for, and what is cut is counted."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.render.limits import SECTION_TEXT
from bot.render.message import Cell, Mark
from bot.render.post import Channel, Code, Link, Mention, Native, Span, Strong, Text, ThreadLink
from bot.render.words import clean, clean_command
from checks.model import Verdict

LABEL_TEXT = 500
LINE_TEXT = 1_500
LINK_TEXT = 500
CODE_TEXT = 150
"""Characters of the parts of a line, together less than a section holds. Longer ones come from data gone
wrong; they say how much of them was cut."""

CELL_TEXT = 300
"""Characters of one cell of a table, which repeats what a line says."""

EMOJI = {
    Mark.P0: "🔴",
    Mark.P1: "🟠",
    Mark.P2: "🟡",
    Mark.P3: "🔵",
    Mark.UNKNOWN: "❔",
    Mark.WAITING: "⏳",
    Mark.SKIPPED: "⚪",
    Mark.PASSED: "✅",
    Mark.DIFFERS: "❌",
}
VERDICT_EMOJI = {
    Verdict.BLOCKED: "🔴",
    Verdict.ACT: "🟠",
    Verdict.UNKNOWN: "❔",
    Verdict.WATCH: "🟡",
    Verdict.ALL_CLEAR: "🟢",
}
SEVERITIES = (Mark.P0, Mark.P1, Mark.P2, Mark.P3)


LONGEST_WRITTEN = 6
"""Characters that one is written with at the most: a quotation's mark, as an entity between two joiners."""

APART = "\u2060"
"""A word joiner: it takes no room and breaks no line, and beside it Slack reads no mark as markup."""

ANY_WORKSPACE = "https://slack.com/"
"""Slack leads from here to a workspace that somebody is signed in to, which of several need not be the right one."""

BACKTICK = "\u02cb"
"""Looks like one, and ends no code."""

_MARKUP = re.compile(
    r"(?<!\w)[*_~]|[*_~](?!\w)"  # around words; inside of a name, as in phase3_to_phase4, they mean nothing
    r"|`"
    r"|:(?=[\w+'-]+:)"  # the beginning of an emoji's name
    r"|^>",  # a quotation
)


def escape(text: str) -> str:
    """Return a text that Slack shows as it stands: no mention, no link, no markup of its own."""
    return _entities(_MARKUP.sub(rf"{APART}\g<0>{APART}", clean(text)))


def code(text: str, most: int) -> str:
    """Return a text of at most ``most`` characters between backticks, where only a backtick would be markup."""
    return f"`{_within(clean(text).replace('`', BACKTICK), most, _entities)}`"


def fitted(text: str, most: int) -> str:
    """Return an escaped text of at most ``most`` characters; what is cut is counted."""
    return _within(clean(text), most, escape)


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _within(text: str, most: int, written: Callable[[str], str]) -> str:
    whole = written(text[: most + 1])
    if len(text) <= most and len(whole) <= most:
        return whole
    room = most - len(f"… (cut: {len(text):,} more characters)")
    kept = max(room, 0)
    while (size := len(written(text[:kept]))) > room and kept:
        kept -= max(1, (size - room) // LONGEST_WRITTEN)
    return f"{written(text[:kept])}… (cut: {len(text) - kept:,} more characters)"


def markup(text: Text, most: int = SECTION_TEXT) -> str:
    """Return a text in Slack's markup, of at most ``most`` characters; what is cut is counted."""
    kept = ""
    for span in text:
        room = most - len(kept)
        written = _span(span, most)
        if len(written) > room:
            begun = _span(span, room)
            return kept + (begun if len(begun) <= room else "…"[:room])
        kept += written
    return kept


_ID = re.compile(r"\w+", re.ASCII)
COMMAND_TEXT = 1_000


def _span(span: Span, most: int) -> str:
    """Return a part of a text; only words are cut to ``most`` characters, the rest has a limit of its own."""
    match span:
        case str():
            return _within(span, most, _escaped)
        case Strong(text):
            return f"*{markup(text, max(most - 2, 0))}*"
        case Code(command, block=True):
            return f"```{_within(clean_command(command).replace('`', BACKTICK), COMMAND_TEXT, _entities)}```"
        case Code(name):
            return code(name, CODE_TEXT)
        case Mention(name):
            return _called(name, "!subteam^" if name.startswith("S") else "@")
        case Channel(name):
            return _called(name, "#")
        case Link(address, words):
            return f"<{address}|{_entities(words)}>" if is_safe_link(address) else _escaped(words)
        case ThreadLink(text=words):
            return _escaped(words)
        case Native(value):
            return str(value)


def _called(name: str, mark: str) -> str:
    """Whatever is no ID of Slack's calls nobody and stays a word."""
    return f"<{mark}{name}>" if _ID.fullmatch(name) else _escaped(name)


def _escaped(text: str) -> str:
    """Escape a part of a line, which may begin and end with spaces."""
    shown = text if text.isprintable() else "".join(char for char in text if char.isprintable() or char == "\n")
    return _entities(_MARKUP.sub(rf"{APART}\g<0>{APART}", shown))


def is_safe_link(link: str) -> bool:
    """Only a plain web address may become a link: nothing that ends it early or names another scheme."""
    return (
        link.startswith("https://")
        and len("https://") < len(link) <= LINK_TEXT
        and link.isascii()
        and link.isprintable()
        and not set(link) & set("<>|&` \"'")
    )


def cell_text(cell: Cell) -> str:
    """Return a cell as plain text, never empty: Slack refuses a cell without characters."""
    words = clean(f"{EMOJI[cell.mark]} {cell.text}" if cell.mark else cell.text) or "-"
    cut = "… (cut)"
    return words if len(words) <= CELL_TEXT else words[: CELL_TEXT - len(cut)] + cut
