"""What a check is, and the decorator that makes one of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from checks.context import Context
from checks.model import Finding, Severity
from checks.pipeline import SqlCheck

Judge = Callable[[Context], Iterator[Finding]]

COMMON_CODES: Mapping[str, str] = {
    "source-unavailable": "A source could not be asked; the finding names it and why.",
    "no-evidence": "The check had nothing to say. Silence is never green.",
    "crashed": "The check itself is broken; the others went on.",
    "timed-out": "The check did not end in time; what it had found stands.",
    "suppressed": "Known and tolerated until a date, by the pipeline file.",
    "not-configured": "The pipeline file names nothing for this check to look at.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A question to the pipeline.

    ``worst`` is the loudest severity that it can give, hence what is at stake when it cannot look.
    ``codes`` explains every code of its findings beside ``COMMON_CODES``. ``quick`` checks run in the
    watch and under ``--quick``. ``phase`` is None when the check spans phases and scopes itself.
    ``expected`` and ``unwanted`` say what should be and what should not be.
    """

    id: str
    title: str
    rationale: str
    worst: Severity
    run: Judge
    codes: Mapping[str, str] = field(default_factory=dict)
    phase: str | None = None
    quick: bool = False
    expected: str = ""
    unwanted: str = ""
    runbook: str | None = None
    spec: SqlCheck | None = None


def check(
    *,
    id: str,  # noqa: A002 - the word the whole project uses
    worst: Severity,
    codes: Mapping[str, str],
    expected: str,
    unwanted: str = "",
    quick: bool = False,
) -> Callable[[Judge], Check]:
    """Make a check of a function. The module's docstring is its title (first line) and rationale (the rest)."""

    def decorate(judge: Judge) -> Check:
        title, _, rationale = (judge.__globals__["__doc__"] or "").partition("\n")
        return Check(
            id=id,
            title=title.strip().rstrip("."),
            rationale=rationale.strip(),
            worst=worst,
            run=judge,
            codes=codes,
            quick=quick,
            expected=expected,
            unwanted=unwanted,
        )

    return decorate
