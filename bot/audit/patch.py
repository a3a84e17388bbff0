"""A unified difference from the edits themselves: they tell which lines change, so nothing has to be compared.

Comparing takes time with the square of a file's lines where many of them change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.audit.model import Edit

CONTEXT = 3
"""Lines shown around a change."""


class LineChange(NamedTuple):
    """Lines of one text that become lines of the other; each from, up to and without, counted from 0."""

    before: int
    before_end: int
    after: int
    after_end: int


def unified(before: Sequence[str], after: Sequence[str], edits: Sequence[Edit]) -> Iterator[str]:
    """Yield the hunks of a difference; the lines have their ends, as ``edits`` of the first text make the second."""
    for hunk in _hunks(tuple(changes(before, after, edits))):
        first, last = hunk[0], hunk[-1]
        start = max(0, first.before - CONTEXT)
        end = min(len(before), last.before_end + CONTEXT)
        there = first.after - (first.before - start), last.after_end + (end - last.before_end)
        yield f"@@ -{_range(start, end)} +{_range(*there)} @@\n"
        at = start
        for change in hunk:
            yield from (f" {line}" for line in before[at : change.before])
            yield from (f"-{line}" for line in before[change.before : change.before_end])
            yield from (f"+{line}" for line in after[change.after : change.after_end])
            at = change.before_end
        yield from (f" {line}" for line in before[at:end])


def changes(before: Sequence[str], after: Sequence[str], edits: Sequence[Edit]) -> Iterator[LineChange]:
    """Yield which lines change, from the top; edits of the same lines make one change."""
    shift = 0
    start = end = grown = 0
    for edit in (*sorted(edits, key=lambda each: each.span), None):
        if edit is None or edit.span.start.line > end + 1:
            yield from _trimmed(before, after, LineChange(start, end, start + shift, end + shift + grown))
            shift += grown
            grown = 0
            if edit is None:
                return
            start = edit.span.start.line - 1
        end = max(end, edit.span.end.line)
        grown += edit.replacement.count("\n") - (edit.span.end.line - edit.span.start.line)


def _trimmed(before: Sequence[str], after: Sequence[str], change: LineChange) -> Iterator[LineChange]:
    """Leave the lines out that stay as they are, at both ends."""
    start, start_after = change.before, change.after
    # Behind the last line end stands one more line, which is empty and is none.
    end, end_after = min(change.before_end, len(before)), min(change.after_end, len(after))
    while start < end and start_after < end_after and before[start] == after[start_after]:
        start, start_after = start + 1, start_after + 1
    while start < end and start_after < end_after and before[end - 1] == after[end_after - 1]:
        end, end_after = end - 1, end_after - 1
    if start < end or start_after < end_after:
        yield LineChange(start, end, start_after, end_after)


def _hunks(found: Sequence[LineChange]) -> Iterator[list[LineChange]]:
    hunk: list[LineChange] = []
    for change in found:
        if hunk and change.before - hunk[-1].before_end > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"
