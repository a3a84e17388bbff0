"""Codes as people read them: what a cause means, and which checks give a finding's code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.render.message import Cell, Heading, Line, Part, SmallPrint, Table
from checks.diagnosis.codes import CAUSE_CODES
from checks.registry import COMMON_CODES, Check

COMMON_FIXES: Mapping[str, str] = {
    "no-value": "Give the column that the finding names its values back, or correct the query in the pipeline file.",
    "column-lost": "Look at what writes the table; where the column is gone for good, change the pipeline file.",
    "column-retyped": "Look at what writes the table; where the new type is meant, change the pipeline file.",
    "source-unavailable": "Follow the advice of the finding: it names the source and what is in the way.",
    "no-evidence": "Check that the data the check reads exists; until then nobody knows whether it is well.",
    "crashed": "Read the log for the error, and fix the check.",
    "timed-out": "Run the check again; if it stays slow, check the status of its source.",
    "suppressed": "Nothing until the date; then fix it, or give the suppression a new date.",
    "not-configured": "Nothing, unless the pipeline has such a thing: then name it in the pipeline file.",
}


ANYWHERE = frozenset(CAUSE_CODES) | frozenset(COMMON_CODES)
"""Codes that mean the same in every pipeline."""


def codes_of(checks: Sequence[Check]) -> frozenset[str]:
    """Return every code that ``code_explanation`` answers for."""
    return ANYWHERE | {code for check in checks for code in check.codes}


def code_explanation(code: str, checks: Sequence[Check]) -> Iterator[Part]:
    """Yield what a code means, as a cause and as a finding; nothing for one that does not exist."""
    if code in CAUSE_CODES:
        yield Heading(text=f"{code}: a cause")
        yield Line(label="Means", text=CAUSE_CODES[code].meaning)
        yield Line(label="What to do", text=CAUSE_CODES[code].fix)
    if code in COMMON_CODES:
        yield Heading(text=f"{code}: a finding of any check")
        yield Line(label="Means", text=COMMON_CODES[code])
        yield Line(label="What to do", text=COMMON_FIXES[code])
    giving = [check for check in checks if code in check.codes and code not in COMMON_CODES]
    if giving:
        yield Heading(text=f"{code}: a finding")
        yield Table(
            columns=("Check", "Means", "What to do"),
            rows=tuple(
                (Cell(text=each.id), Cell(text=each.codes[code]), Cell(text=_fix(each, code))) for each in giving
            ),
        )
        yield SmallPrint(text="The finding has the names and the command. 'reveille explain CHECK' tells the rest.")


def _fix(check: Check, code: str) -> str:
    """What the pipeline file says to do about a code; a check that is code says it in its finding."""
    if check.spec is None:
        return "as the finding says, where it failed"
    fails = any(rule.code == code and rule.severity is not None for rule in check.spec.rules)
    if not fails:
        return "nothing"
    return check.spec.action.text if check.spec.action is not None else "as the finding says"
