"""How a phase stands in a stored report: its worst finding for an interval, and how much it made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.render.message import Mark
from bot.render.phases import STATE_WORDS
from checks.model import Outcome, Severity, badness

Document = Mapping[str, Any]


def findings_in(document: Document) -> Iterator[tuple[Document, Document]]:
    """Yield each finding of a stored report behind the result that it belongs to."""
    for result in document.get("results") or ():
        for finding in result.get("findings") or ():
            yield result, finding


def phase_mark(document: Document, phase: str, interval: str) -> Mark | None:
    """Return the worst of a phase for an interval; None where nothing is said of it."""
    found = [
        _judged(finding)
        for result, finding in findings_in(document)
        if (finding.get("phase") or result.get("phase")) == phase and finding.get("interval") == interval
    ]
    return marked(*min(found, key=lambda each: badness(*each))) if found else None


def finding_mark(finding: Document) -> Mark:
    """Return the mark of a finding: its severity when it failed, else its outcome."""
    return marked(*_judged(finding))


def marked(outcome: Outcome, severity: Severity | None) -> Mark:
    """Return the mark of an outcome, and of a failure that of its severity."""
    return Mark[severity.name] if outcome is Outcome.FAILED and severity is not None else Mark(outcome.value)


def _judged(finding: Document) -> tuple[Outcome, Severity | None]:
    severity = finding.get("severity")
    return Outcome(finding["outcome"]), None if severity is None else Severity[severity]


def mark_words(mark: Mark) -> str:
    """Return a mark as a word."""
    return STATE_WORDS.get(mark, f"{mark} failed")
