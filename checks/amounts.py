"""How much text a finding may carry, and how amounts of text are said.

A cell of a table can hold a megabyte, an error of an API as much; a finding is read by people, kept in a store and
rendered a dozen times. So a text is cut where it enters a report, and says how much of it is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from checks.model import Action, Evidence, Finding, Scalar

SENTENCE = 4_000
"""Characters of a summary, an impact, an advice: a page of text."""

NAME = 300
"""Characters of a subject: names of Google Cloud resources have at most 255."""

EVIDENCE = 64_000
"""Characters of all evidence of a finding; lists of a thousand names fit."""

CELL = 64_000
"""Characters of one value of a row. A row of BigQuery may have 100 MB, and a query gives many."""

COMMAND = 16_000
"""Characters of a command. A longer one is left out and not cut: half a command does something else."""

_KILO, _MEGA = 1_000, 1_000_000
_TEN_OF_A_UNIT = 9.95


def size_words(size: int) -> str:
    """Return an amount as people say it: ``812 B``, ``12 kB``, ``1.0 MB``."""
    if size < _KILO:
        return f"{size} B"
    if size < _MEGA - _KILO / 2:
        return _rounded(size / _KILO, "kB")
    return _rounded(size / _MEGA, "MB")


def _rounded(amount: float, unit: str) -> str:
    return f"{amount:.1f} {unit}" if amount < _TEN_OF_A_UNIT else f"{amount:.0f} {unit}"


def cut_text(text: str, most: int, hint: str = "") -> str:
    """Return a text of at most ``most`` characters that ends with how much was cut, and with a hint where the rest is.

    A bound too small for the mark itself leaves an ellipsis.
    """
    if len(text) <= most:
        return text
    whole = len(text.encode(errors="surrogatepass"))
    # A smaller amount may have more digits: "9.5 kB" of "10 kB".
    room = most - len(_mark(whole, whole, hint)) - len(".9")
    kept = text[: max(0, room)]
    marked = kept + _mark(whole - len(kept.encode(errors="surrogatepass")), whole, hint)
    return marked if len(marked) <= most else f"{text[: max(0, most - 1)]}…"[:most]


def _mark(cut: int, whole: int, hint: str) -> str:
    return f"… (cut: {size_words(cut)} of {size_words(whole)}{f'; {hint}' if hint else ''})"


def bounded(finding: Finding) -> Finding:
    """Return a finding whose texts are within the limits above; one that already is, as it is."""
    subject, summary = _name(finding.subject), cut_text(finding.summary, SENTENCE)
    impact, evidence = cut_text(finding.impact, SENTENCE), _evidence(finding.evidence)
    action = None if finding.action is None else _action(finding.action)
    pairs = (
        (subject, finding.subject),
        (summary, finding.summary),
        (impact, finding.impact),
        (evidence, finding.evidence),
        (action, finding.action),
    )
    if all(new is old for new, old in pairs):
        return finding
    return replace(finding, subject=subject, summary=summary, impact=impact, evidence=evidence, action=action)


def _name(subject: str) -> str:
    """Cut a name so that it stays different from every other."""
    if len(subject) <= NAME:
        return subject
    return f"{subject[: NAME - 14]}…~{sha256(subject.encode(errors='surrogatepass')).hexdigest()[:12]}"


def _evidence(evidence: Evidence) -> Evidence:
    """Cut the longest values, so that all together fit; the short ones say most."""
    if sum(map(_length, evidence.values())) <= EVIDENCE:
        return evidence
    most = largest_that(
        lambda each: sum(min(_length(value), each) for value in evidence.values()) <= EVIDENCE, EVIDENCE
    )
    return {name: cut_text(value, most) if isinstance(value, str) else value for name, value in evidence.items()}


def _length(value: Scalar) -> int:
    return len(value) if isinstance(value, str) else 0


def _action(action: Action) -> Action:
    text, command = cut_text(action.text, SENTENCE), action.command
    if command is not None and len(command) > COMMAND:
        command = None
        text = f"{text} The command is left out: it has {size_words(len(action.command or ''))}."
    if text is action.text and command is action.command:
        return action
    return replace(action, text=text, command=command)


def largest_that(fits: Callable[[int], bool], most: int) -> int:
    """Return the largest number up to ``most`` that fits, 0 where none does; what fits, fits also when smaller."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
