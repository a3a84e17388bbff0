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
    line, start, end = _window(_BUILD_COMMAND.sub("#\ufffd", line), start, end, width)
    before = _shown(line[:start], 0)
    inside = _shown(line[start:end], cell_len(before))
    after = _shown(line[end:], cell_len(before + inside))
    before = _cut_before(before, cell_len(inside), cell_len(after), width)
    text = before + inside + after.rstrip()
    if cell_len(text) > width:
        text = _fitting(text, width - len(CUT)) + CUT
    carets = max(1, min(cell_len(inside), width - cell_len(before)))
    return text, " " * cell_len(before) + "^" * carets


def _window(line: str, start: int, end: int, width: int) -> tuple[str, int, int]:
    """Drop characters far from the span first: a line may have a million of them."""
    far = 4 * width
    first = max(0, start - far)
    return line[first : min(len(line), start + far)], start - first, min(end, start + far) - first


def _shown(text: str, column: int) -> str:
    """Return a text with spaces for tabs and a mark for what would steer the terminal."""
    shown = []
    for char in text:
        if char == "\t":
            spaces = TAB - column % TAB
            shown.append(" " * spaces)
            column += spaces
            continue
        visible = char if char.isprintable() or char == "\u200d" else "\ufffd"
        shown.append(visible)
        column += cell_len(visible)
    return "".join(shown)


def _cut_before(before: str, inside: int, after: int, width: int) -> str:
    """Shorten what stands before the span until the span can be seen; ``inside`` and ``after`` are in cells."""
    room = max(LEAST_BEFORE, width - inside - min(after, LEAST_AFTER + len(CUT)))
    room = min(room, width - LEAST_BEFORE)
    if cell_len(before) <= room:
        return before
    while cell_len(before) > room - len(CUT):
        before = before[1:]
    return CUT + before


def _fitting(text: str, cells: int) -> str:
    while cell_len(text) > cells:
        text = text[:-1]
    return text
