"""The sentences that every output shares."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audit.baseline import BaselineEntry
from bot.audit.model import RuleSeverity
from bot.audit.review import Review
from bot.render.words import joined, number

MOST_LISTED = 50
"""Lines of one kind; who has more reads them with --format json."""


def summary(review: Review) -> str:
    """Return one line: how many violations in how many of how many files, and what did not count."""
    concerned = {violation.path for violation in review.violations}
    files = number(len(concerned.union(review.files)), "file")  # backup files are found without being read
    if review.violations:
        kinds = joined([number(count, severity.value) for severity, count in review.counts().items()])
        first = f"{number(len(review.violations), 'violation')} in {len(concerned)} of {files}: {kinds}."
    else:
        first = f"No violations in {files}."
    aside = [
        *([f"{len(review.ignored)} ignored"] if review.ignored else []),
        *([f"{len(review.known)} in the baseline"] if review.known else []),
        *([f"{len(review.skipped)} skipped"] if review.skipped else []),
    ]
    fixable = sum(1 for violation in review.violations if violation.edits)
    hint = f" {_of(fixable, len(review.violations))} can be fixed with --fix." if fixable else ""
    return f"{first}{f' {joined(aside).capitalize()}.' if aside else ''}{hint}"


def _of(some: int, total: int) -> str:
    if some < total:
        return f"{some} of them"
    return "It" if total == 1 else "All of them"


def asides(review: Review) -> Iterator[str]:
    """Yield a sentence for each file that was skipped and for each entry of the baseline that is stale."""
    yield from _bounded([f"Skipped: {path} {reason.rstrip('.')}." for path, reason in review.skipped], "skipped files")
    stale = [_stale(entry) for entry in review.stale]
    yield from _bounded(stale, "stale entries")
    if stale:
        yield "Write the baseline again with --write-baseline: what was fixed could come back unseen."


def _stale(entry: BaselineEntry) -> str:
    times = f", {entry.count} times" if entry.count > 1 else ""
    return f"Stale in the baseline: {entry.rule} in {entry.path}, line {entry.line} when it was written{times}."


def _bounded(sentences: list[str], what: str) -> Iterator[str]:
    yield from sentences[:MOST_LISTED]
    if len(sentences) > MOST_LISTED:
        yield f"And {len(sentences) - MOST_LISTED} more {what}; --format json names them all."


SEVERITY_STYLES = {RuleSeverity.ERROR: "bold red", RuleSeverity.WARNING: "yellow", RuleSeverity.NOTE: "cyan"}
