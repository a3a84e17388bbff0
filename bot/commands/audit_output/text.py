"""What an audit found, for people: the place, the rule, the line with a caret, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from bot.audit.model import Violation
from bot.audit.review import Review
from bot.commands.audit_output.words import SEVERITY_STYLES, asides, summary
from bot.redaction.shown import shown_line
from bot.render.visible import one_line
from bot.render.words import clean

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


GUTTER = 7
"""Columns that hold the number of a line, and the bar."""


def print_review(review: Review, console: Console, current: Path) -> None:
    """Print everything. Paths are shown relative to ``current`` where they lie below it, so that editors find them."""
    shown = _paths(review.root, current)
    width = max(console.width - GUTTER - 2, 40)
    for violation in review.violations:
        _print_violation(violation, review.line(violation), shown(violation.path), width, console)
    for sentence in asides(review):
        _print(Text(one_line(sentence), style="dim"), console)
    style = "bold" if review.violations else "green"
    _print(Text(clean(summary(review)), style=style), console)


def _paths(root: Path, current: Path) -> Callable[[str], str]:
    @cache
    def shown(path: str) -> str:
        whole = root / path
        return one_line(str(whole.relative_to(current) if whole.is_relative_to(current) else whole))

    return shown


def _print_violation(violation: Violation, line: str | None, path: str, width: int, console: Console) -> None:
    start, end = violation.span.start, violation.span.end
    style = SEVERITY_STYLES[violation.severity]
    _print(
        Text.assemble(
            (f"{path}:{start.line}:{start.column}:", "bold"),
            " ",
            (violation.severity.value, style),
            f" {violation.rule} ",
            one_line(clean(violation.message)),
        ),
        console,
    )
    if line is not None and line.strip():
        last = end.column - 1 if end.line == start.line else len(line)
        text, carets = excerpt(shown_line(line), start.column - 1, last, width)
        _print(Text.assemble((f"{start.line:>{GUTTER - 2}} | ", "dim"), text), console)
        _print(Text.assemble((f"{'':>{GUTTER - 2}} | ", "dim"), (carets, style)), console)
    _print(Text.assemble((f"{'fix:':>{GUTTER - 1}} ", "bold"), clean(violation.fix_text)), console)
    _print(Text(), console)


def _print(text: Text, console: Console) -> None:
    """Print on one line: a place that is broken in two cannot be clicked, nor can a caret point."""
    if console.color_system is None:
        # Without colours the words are all there is, and rich would take ten times as long for them.
        console.file.write(f"{text.plain}\n")
    else:
        console.print(text, soft_wrap=True)
