"""One line of a file with a caret under a span of it, right with tabs, wide characters and very long lines."""

from __future__ import annotations

import re

from rich.cells import cell_len

TAB = 4
LEAST_BEFORE, LEAST_AFTER = 16, 8
"""Cells around the span that stay when a line is cut."""

CUT = "..."

_BUILD_COMMAND = re.compile(r"##(?=(?:vso)?\[)")
"""What GitHub Actions and Azure Pipelines obey wherever it stands in a line."""


def excerpt(line: str, start: int, end: int, width: int) -> tuple[str, str]:
    """Return a line as it is shown, and the line of carets under it, both at most ``width`` cells wide.

    ``start`` and ``end`` count characters from 0, ``end`` exclusive; a span that is empty, or ends on a later line
    (``end`` beyond the line), still gets a caret.
    """
    start = min(max(start, 0), len(line))
    end = min(max(end, start), len(line))
    line, start, end = _window(line, start, end, width)
    line = _BUILD_COMMAND.sub("#\ufffd", line)
    before = _shown(line[:start], 0)
    inside = _shown(line[start:end], _cells(before))
    after = _shown(line[end:], _cells(before + inside))
    before = _cut_before(before, _cells(inside), _cells(after), width)
    text = before + inside + after.rstrip()
    if _cells(text) > width:
        text = _fitting(text, width - len(CUT)) + CUT
    carets = max(1, min(_cells(inside), width - _cells(before)))
    return text, " " * _cells(before) + "^" * carets


def _window(line: str, start: int, end: int, width: int) -> tuple[str, int, int]:
    """Drop characters far from the span first: a line may have a million of them."""
    far = 4 * width
    first = max(0, start - far)
    return line[first : min(len(line), start + far)], start - first, min(end, start + far) - first


def _cells(text: str) -> int:
    """Return how wide a text is; most are ASCII, where every character is one cell wide."""
    return len(text) if text.isascii() else cell_len(text)


def _shown(text: str, column: int) -> str:
    """Return a text with spaces for tabs and a mark for what would steer the terminal."""
    if text.isprintable():
        return text
    shown = []
    for char in text:
        if char == "\t":
            spaces = TAB - column % TAB
            shown.append(" " * spaces)
            column += spaces
            continue
        visible = char if char.isprintable() or char == "\u200d" else "\ufffd"
        shown.append(visible)
        column += _cells(visible)
    return "".join(shown)


def _cut_before(before: str, inside: int, after: int, width: int) -> str:
    """Shorten what stands before the span until the span can be seen; ``inside`` and ``after`` are in cells."""
    room = max(LEAST_BEFORE, width - inside - min(after, LEAST_AFTER + len(CUT)))
    room = min(room, width - LEAST_BEFORE)
    if _cells(before) <= room:
        return before
    while _cells(before) > room - len(CUT):
        before = before[1:]
    return CUT + before


def _fitting(text: str, cells: int) -> str:
    while _cells(text) > cells:
        text = text[:-1]
    return text
