"""Many findings of one kind in one check: the first of them as they are, the others as one that counts them.

A check that judges rows has as many findings as its table has bad rows, and a lost join makes all of them bad. Twenty
say what is wrong; a hundred thousand only keep everybody from reading it. What the pipeline file names (services,
transitions, topics) is never folded: its findings are as many as the file says, and repairs and causes need each.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from checks.amounts import bounded
from checks.model import Action, Finding, Interval, Outcome, Severity
from checks.pipeline import Pipeline

LISTED = 20
"""Findings of one kind that are listed, the first ones: a query that knows which are worst sorts its rows so."""

EXAMPLES = 3
"""Subjects that the one finding for all others names."""

Kind = tuple[Outcome, Severity | None, str, str | None, Interval | None, str, str]


def places_of(pipeline: Pipeline) -> frozenset[str]:
    """Return what the pipeline file names and findings are about."""
    topics = pipeline.messaging.targets if pipeline.messaging is not None else ()
    return frozenset(
        (
            *(each.name for each in pipeline.services),
            *(each.id for each in pipeline.transitions),
            *(each.id for each in pipeline.phases),
            *topics,
        )
    )


@dataclass(slots=True, eq=False)
class _Rest:
    """Those of a kind that are not listed: how many, the first of them, and what they have in common."""

    first: Finding
    count: int = 0
    examples: list[str] = field(default_factory=list)
    same_action: bool = True
    same_impact: bool = True

    def add(self, finding: Finding) -> None:
        self.count += finding.count
        if len(self.examples) < EXAMPLES:
            self.examples.append(finding.subject)
        self.same_action = self.same_action and finding.action == self.first.action
        self.same_impact = self.same_impact and finding.impact == self.first.impact


class Folding:
    """The findings of one check as they come in; it holds as many as it lists, however many come."""

    def __init__(self, check: str, places: Collection[str] = ()) -> None:
        self._check = check
        self._places = places
        self._listed: list[Finding] = []
        self._counts: dict[Kind, int] = {}
        self._rest: dict[Kind, _Rest] = {}

    def __bool__(self) -> bool:
        return bool(self._listed)

    def add(self, finding: Finding) -> None:
        """Keep a finding, or count it."""
        if finding.subject in self._places:
            self._listed.append(bounded(finding))
            return
        kind = kind_of(finding)
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count <= LISTED:
            self._listed.append(bounded(finding))
        else:
            short = bounded(finding)
            self._rest.setdefault(kind, _Rest(short)).add(short)

    def findings(self) -> tuple[Finding, ...]:
        """Return what is listed, in the order in which it came, then one for the rest of each kind."""
        return (*self._listed, *(_folded(self._check, kind, rest) for kind, rest in self._rest.items()))


def kind_of(finding: Finding) -> Kind:
    """Return what equal findings have in common; what could not be read differs by its source."""
    source, problem = (str(finding.evidence.get(name) or "") for name in ("source", "problem"))
    if finding.outcome is not Outcome.UNKNOWN:
        source = problem = ""
    return finding.outcome, finding.severity, finding.code, finding.phase, finding.interval, source, problem


def _folded(check: str, kind: Kind, rest: _Rest) -> Finding:
    """Return the finding that stands for the rest. Its subject is the same in every run, whichever they are."""
    outcome, severity, code, phase, interval, source, problem = kind
    severity_name = None if severity is None else severity.name
    first, examples = rest.first, ", ".join(rest.examples)
    evidence = {name: value for name, value in (("source", source), ("problem", problem)) if value}
    return Finding(
        outcome=outcome,
        code=code,
        subject=":".join(filter(None, (check, code, severity_name, phase, source, problem))),
        summary=f"{rest.count:,} more like these, such as {examples}.",
        severity=severity,
        phase=phase,
        interval=interval,
        evidence={**evidence, "count": rest.count, "examples": examples},
        impact=first.impact if rest.same_impact else "",
        action=_shared(first.action, same=rest.same_action),
        link=first.link,
        count=rest.count,
    )


def _shared(action: Action | None, *, same: bool) -> Action | None:
    """Return the action that repairs all of the rest; one of many that differ would repair the first alone."""
    return action if same else None
