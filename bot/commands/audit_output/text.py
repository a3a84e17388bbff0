"""What an audit found, for people: the place, the rule, the line with a caret, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.audit.model import Violation
from bot.audit.review import Review
from bot.commands.audit_output.excerpt import excerpt
from bot.commands.audit_output.words import SEVERITY_STYLES, asides, summary
from bot.redaction.shown import shown_line
from bot.render.visible import one_line
from bot.render.words import clean

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
