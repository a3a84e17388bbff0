"""What a check is, and the decorator that makes one of a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from checks.context import Context
from checks.effects import COLUMN_FAILURES, FailureEffect
from checks.facts import Facts
from checks.model import Finding, Severity
from checks.places import Place, PlaceKind
from checks.sql_check_spec import SqlCheck
from checks.unanswered import COLUMN_CODES

Judge = Callable[[Context], Iterator[Finding]]

COMMON_CODES: Mapping[str, str] = {
    "source-unavailable": "A source could not be asked; the finding names it and why.",
    "no-evidence": "The check had nothing to say. Silence is never green.",
    "crashed": "The check itself is broken; the others went on.",
    "timed-out": "The check did not end in time; what it had found is kept.",
    "suppressed": "Known and tolerated until a date, by the pipeline file.",
    "not-configured": "The pipeline file names nothing for this check to read.",
    **COLUMN_CODES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A question to the pipeline.

    ``worst`` is the loudest severity that it can give, hence what is at stake when it cannot check.
    ``codes`` explains every code of its findings beside ``COMMON_CODES``. ``quick`` checks run in the
    watch and under ``--quick``. ``phase`` is None when the check spans phases and scopes itself.
    ``expected`` and ``unwanted`` say what should be and what should not be. ``place`` is what its findings are about
    where they do not say, and ``facts`` the family of theirs.
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
    place: PlaceKind = PlaceKind.DATA
    facts: type[Facts] = Facts
    short: str = ""
    """A few words for what it looks at, in lists."""
    effect: FailureEffect = FailureEffect.HARMS
    """What a failure does to what comes after it, where ``effects`` does not say."""
    effects: Mapping[str, FailureEffect] = field(default_factory=dict)
    """The same by code, for those that differ."""
    reason: str = ""
    """What it looks at, where that can be why a service did not do its work: "the callers"."""
    always_shown: bool = False
    """Whether every report has a line for it: what an operator wants to read each morning."""
    rounds: int = 1
    """How many of its questions follow one from the other's answer, on a day without a doubt."""

    @property
    def only_reports(self) -> bool:
        """Whether it has no rule that can fail: its findings are the figures of the day."""
        return self.spec is not None and all(rule.severity is None for rule in self.spec.rules)

    @property
    def is_data(self) -> bool:
        """Whether it looks at what the pipeline wrote."""
        return self.spec is not None

    def effect_of(self, finding: Finding) -> FailureEffect:
        """Return what a failure does to what comes after it; a note never does anything."""
        if finding.severity is Severity.P3:
            return FailureEffect.NOTE
        if self.spec is not None:
            return self.spec.effect_of(finding.code)
        stops = finding.code in COLUMN_FAILURES
        return FailureEffect.STOPS if stops else self.effects.get(finding.code, self.effect)

    def placed(self, finding: Finding) -> Finding:
        """Return a finding with its place; one about the check as a whole is about what it asks."""
        if finding.place is not None:
            return finding
        kind = PlaceKind.SOURCE if finding.subject == self.id else self.place
        return replace(finding, place=Place(kind, finding.subject))


def check(  # noqa: PLR0913 - what a check declares
    *,
    id: str,  # noqa: A002 - the word the whole project uses
    worst: Severity,
    codes: Mapping[str, str],
    expected: str,
    place: PlaceKind,
    facts: type[Facts] = Facts,
    unwanted: str = "",
    quick: bool = False,
    short: str = "",
    reason: str = "",
    always_shown: bool = False,
    rounds: int = 1,
    effect: FailureEffect = FailureEffect.HARMS,
    effects: Mapping[str, FailureEffect] | None = None,
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
            place=place,
            facts=facts,
            short=short,
            reason=reason,
            always_shown=always_shown,
            rounds=rounds,
            effect=effect,
            effects=effects or {},
        )

    return decorate
