"""Text for Slack: escaped, never longer than asked for, and what is cut is counted."""

from __future__ import annotations

from bot.render.message import Cell, Line, Mark
from bot.render.words import clean
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


def escape(text: str) -> str:
    """Return a text that Slack shows as it stands: no mention, no link, no markup of its own."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fitted(text: str, most: int) -> str:
    """Return an escaped text of at most ``most`` characters; what is cut is counted."""
    whole = escape(text)
    if len(whole) <= most:
        return whole
    cleaned = clean(text)
    room = most - len(f"… (cut: {len(cleaned):,} more characters)")
    kept = size = 0
    for char in cleaned:
        size += len(escape(char)) or 1
        if size > room:
            break
        kept += 1
    return f"{escape(cleaned[:kept])}… (cut: {len(cleaned) - kept:,} more characters)"


def line_text(line: Line) -> str:
    """Return a line in Slack's markup: its mark, its label in bold, its text, where to look it up."""
    quote = "> " if line.inset else ""
    emoji = f"{EMOJI[line.mark]} " if line.mark else ""
    severity = f"{line.mark} " if line.mark in SEVERITIES else ""
    label = f"*{severity}{fitted(line.lead, LABEL_TEXT)}* " if line.label else severity
    code = f"  `{fitted(line.code, CODE_TEXT)}`" if line.code else ""
    link = f"  <{line.link}|open>" if line.link and is_safe_link(line.link) else ""
    return f"{quote}{emoji}{label}{fitted(line.text, LINE_TEXT)}{code}{link}"


def is_safe_link(link: str) -> bool:
    """Only a plain web address may become a link: nothing that ends it early or names another scheme."""
    return (
        link.startswith("https://")
        and len(link) <= LINK_TEXT
        and link.isascii()
        and link.isprintable()
        and not set(link) & set("<>|&` \"'")
    )


def cell_text(cell: Cell) -> str:
    """Return a cell as plain text, never empty: Slack refuses a cell without characters."""
    words = clean(f"{EMOJI[cell.mark]} {cell.text}" if cell.mark else cell.text) or "-"
    cut = "… (cut)"
    return words if len(words) <= CELL_TEXT else words[: CELL_TEXT - len(cut)] + cut
