"""Many findings of one kind in one check: the first of them as they are, the others as one that counts them.

A check that judges rows has as many findings as its table has bad rows, and a lost join makes all of them bad. Twenty
say what is wrong; a hundred thousand only keep everybody from reading it. What the pipeline file names (services,
transitions, topics) is never folded: its findings are as many as the file says, and repairs and causes need each.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from hashlib import sha256

from checks.actions import Action
from checks.amounts import SENTENCE, cut_text, size_words
from checks.facts import Folded, Unread, known
from checks.model import Finding, Interval, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place

LISTED = 20
"""Findings of one kind that are listed, the first ones: a query that knows which are worst sorts its rows so."""

EXAMPLES = 3
"""Subjects that the one finding for all others names."""

NAME = 300
"""Characters of a subject: names of Google Cloud resources have at most 255."""

COMMAND = 16_000
"""Characters of a command. A longer one is left out and not cut: half a command does something else."""

Kind = tuple[Outcome, Severity | None, str, str | None, Interval | None, str, str]


def names_of(pipeline: Pipeline) -> frozenset[str]:
    """Return the names of the places that the pipeline file names."""
    topics = pipeline.messaging.targets if pipeline.messaging is not None else ()
    return frozenset(
        (
            *(each.name for each in pipeline.services),
            *(each.name for each in pipeline.run_jobs),
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

    def __init__(self, check: str, names: Collection[str] = ()) -> None:
        self._check = check
        self._names = names
        self._listed: list[Finding] = []
        self._counts: dict[Kind, int] = {}
        self._rest: dict[Kind, _Rest] = {}

    def __bool__(self) -> bool:
        return bool(self._listed)

    def add(self, finding: Finding) -> None:
        """Keep a finding, or count it."""
        if (finding.subject if finding.place is None else finding.place.name) in self._names:
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
    unread = known(finding.facts, Unread) if finding.outcome is Outcome.UNKNOWN else None
    source, problem = ("", "") if unread is None else (unread.source, unread.problem)
    return finding.outcome, finding.severity, finding.code, finding.phase, finding.interval, source, problem


def _folded(check: str, kind: Kind, rest: _Rest) -> Finding:
    """Return the finding that stands for the rest. Its subject is the same in every run, whichever they are."""
    outcome, severity, code, phase, interval, source, problem = kind
    first, loudness = rest.first, None if severity is None else severity.name
    unread = known(first.facts, Unread)
    subject = ":".join(filter(None, (check, code, loudness, phase, source, problem)))
    return Finding(
        outcome=outcome,
        code=code,
        subject=subject,
        summary=f"{rest.count:,} more like these, such as {', '.join(rest.examples)}.",
        severity=severity,
        phase=phase,
        interval=interval,
        place=None if first.place is None else Place(first.place.kind, subject),
        facts=Folded(
            unread=None if unread is None else replace(unread, about=None),
            like=type(first.facts),
            count=rest.count,
            examples=tuple(rest.examples),
        ),
        impact=first.impact if rest.same_impact else "",
        action=_shared(first.action, same=rest.same_action),
        link=first.link,
        count=rest.count,
    )


def _shared(action: Action | None, *, same: bool) -> Action | None:
    """Return the action that repairs all of the rest; one of many that differ would repair the first alone."""
    return action if same else None


def bounded(finding: Finding) -> Finding:
    """Return a finding whose texts are within the limits above; one that already is, as it is."""
    subject, summary = _name(finding.subject), cut_text(finding.summary, SENTENCE)
    impact, action = cut_text(finding.impact, SENTENCE), finding.action and _bounded_action(finding.action)
    place = finding.place and _bounded_place(finding.place)
    pairs = (
        (subject, finding.subject),
        (place, finding.place),
        (summary, finding.summary),
        (impact, finding.impact),
        (action, finding.action),
    )
    if all(new is old for new, old in pairs):
        return finding
    return replace(finding, subject=subject, place=place, summary=summary, impact=impact, action=action)


def _bounded_place(place: Place) -> Place:
    name = _name(place.name)
    return place if name is place.name else replace(place, name=name)


def _name(subject: str) -> str:
    """Cut a name so that it stays different from every other."""
    if len(subject) <= NAME:
        return subject
    return f"{subject[: NAME - 14]}…~{sha256(subject.encode(errors='surrogatepass')).hexdigest()[:12]}"


def _bounded_action(action: Action) -> Action:
    text, size = cut_text(action.text, SENTENCE), len(action.command or "")
    if size > COMMAND:
        return replace(action, text=f"{text} The command is left out: it has {size_words(size)}.", commands=())
    return action if text is action.text else replace(action, text=text)
