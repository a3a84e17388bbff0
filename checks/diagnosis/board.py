"""The findings as the diagnosis sees them: what failed, in one fixed order, and who has explained it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, cmp_to_key
from typing import Any, Protocol

from checks.changes import Change
from checks.diagnosis.symptom import Symptom, Unexplained, days
from checks.diagnosis.words import dates, local
from checks.effects import FailureEffect
from checks.facts import known
from checks.facts.control_plane import RevisionsFacts
from checks.facts.expectations import ExpectationFacts
from checks.facts.orchestration import DataFacts, TriggerFacts
from checks.model import CheckResult, Finding, Interval, Outcome, Severity
from checks.orchestration_spec import Transition
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.sql_check_spec import SqlCheck

OF_THE_CONTROL_PLANE = (
    "invoker-removed-by-deploy",
    "invoker-missing",
    "identity-missing",
    "subscription-missing",
    "subscription-surplus",
    "service-not-ready",
    "stale-revision",
    "variable-removed-by-deploy",
    "variable-missing",
    "variable-misspelled",
    "variable-changed",
    "address-missing",
    "service-failing",
    "messages-not-taken",
    "build-failed",
    "stale-build",
    "not-deployed",
    "drift",
)
"""The codes of causes that name services, in the order in which reasons are looked for."""

CODES = (
    *OF_THE_CONTROL_PLANE,
    "broken-by-deploy",
    "broken-by-change",
    "stale-trigger",
    "upstream-check",
    "run-job-failing",
    "job-failing",
    "jobs-missing",
    "task-failed",
    "processor-failed",
    "processor-stalled",
    "processor-missing",
    "service-not-called",
    "trigger-without-effect",
    "unexplained",
    "deploy-unsafe",
    "broken-flag",
)
"""Every code of a cause, permanent, in the order in which reasons are looked for."""

RISKS = frozenset(
    {"variable-changed", "build-failed", "stale-build", "not-deployed", "drift", "deploy-unsafe", "jobs-missing"}
)
"""Those that leave running what ran yesterday."""

HARMFUL = frozenset({"subscription-surplus", "stale-revision"})
"""Those for which work is done twice, or by old code: never for which it is not done."""

SIGNS = frozenset({"service-failing", "messages-not-taken", "variable-changed"})
"""Those that say that a service fails and not why: a deploy since which a place fails goes before them."""

MISSING = frozenset({"service-missing", "target-missing", "function-missing"})
"""What is called, or declared, and does not exist."""

SHUT_OUT = frozenset({"invoker-removed-by-deploy", "invoker-missing"})
"""Those that say that a caller is refused."""

BY_CHANGE = frozenset({"broken-by-deploy", "broken-by-change"})
"""Those that say since which change a place does not work."""

WITHOUT_REASON = frozenset({"processor-missing", "service-not-called", "trigger-without-effect", "unexplained"})
"""Those that say what broke and not why."""


class KnownCheck(Protocol):
    """What the diagnosis knows of a check: ``reason`` says what it looks at that can be why a service did not do its
    work, ``spec`` what the pipeline file says of one on data."""

    @property
    def id(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def spec(self) -> SqlCheck | None: ...
    def effect_of(self, finding: Finding, /) -> FailureEffect:
        """Return what a failure does to what comes after it."""
        ...


@dataclass(slots=True, eq=False)
class Suspect:
    """A cause in the making. ``primary`` are the findings that show the cause itself, ``triggers`` the broken
    transitions, ``consequences`` what else follows from it. ``unread`` says what could not be looked up.
    ``behind`` are the services at fault where the primary findings are about something else, such as a topic."""

    code: str
    subject: str
    primary: list[Symptom]
    triggers: list[Symptom] = field(default_factory=list)
    consequences: list[Symptom] = field(default_factory=list)
    unread: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    changes: tuple[tuple[Change, bool], ...] = ()
    """Changes that may be why, each with whether that is established."""
    taken: Change | None = None
    """The change that took away what the cause lacks."""
    taken_of: tuple[str, ...] = ()
    """What that change was made to, with what was changed in the same way by the same person at the same time."""
    lacked_before: bool = False
    """Whether the change only brought back what had been so before, as an undo does."""
    last_good: datetime | None = None
    """When what a change broke last did its work."""
    covers: frozenset[str] = frozenset()
    """The checks and phases that the pipeline file says the failing jobs explain."""

    @property
    def established(self) -> Change:
        """The change that is the cause. Raises StopIteration where none is established."""
        deploys = self.code == "broken-by-deploy"
        return next(change for change, sure in self.changes if sure and (change.kind == "deploy") is deploys)

    @property
    def services(self) -> frozenset[str]:
        """The services at fault."""
        return frozenset(self.behind or (each.place.name for each in self.primary))

    @property
    def everything(self) -> tuple[Symptom, ...]:
        return (*self.primary, *self.triggers, *self.consequences)

    @property
    def severity(self) -> Severity:
        """As loud as the loudest failure that it explains."""
        failed = (each.finding for each in self.everything if each.finding.outcome is Outcome.FAILED)
        return min(each.severity for each in failed if each.severity is not None)

    @property
    def blocked(self) -> bool:
        """Whether data is missing for it."""
        return any(each.data_present is False for each in self.triggers)


def _compared(one: Finding, other: Finding) -> int:
    """Compare what the order of findings comes to last, which is written out only where all before it is equal."""
    words, others = (
        repr((each.code, each.summary, each.facts, each.place, each.count, each.action)) for each in (one, other)
    )
    return (words > others) - (words < others)


_rest = cmp_to_key(_compared)


class Board:
    """What failed and what could not be checked, and which of it is explained already."""

    def __init__(
        self,
        pipeline: Pipeline,
        checks: Sequence[KnownCheck],
        results: Sequence[CheckResult],
        year: int | None = None,
        beside: Iterable[Symptom] = (),
    ) -> None:
        """``beside`` is what is known without a check."""
        self.pipeline = pipeline
        self._effects = {each.id: each.effect_of for each in checks}
        self.reasons = {each.id: each.reason for each in checks if each.reason}
        self.sql_checks = {each.id: each.spec for each in checks if each.spec is not None}
        self._year = year
        self.ran = frozenset(result.check for result in results)
        self._phases = {phase.id: number for number, phase in enumerate(pipeline.phases)}
        self._services = {spec.name: number for number, spec in enumerate(pipeline.services)}
        self._all = [Symptom(result.check, finding) for result in results for finding in result.findings]
        self._all += beside
        self._titles = {result.check: result.title for result in results}
        unexplained = Unexplained(self.failed)
        self.free, self.free_of = unexplained.free, unexplained.free_of
        self.ranked, self.explain = unexplained.ranked, unexplained.explain

    @cached_property
    def everything(self) -> Sequence[Symptom]:
        """Every finding, whatever became of it, in order."""
        return sorted(self._all, key=self.order)

    def effect(self, symptom: Symptom) -> FailureEffect:
        """Return what a failure does to what comes after it."""
        if symptom.finding.severity is Severity.P3:
            return FailureEffect.NOTE
        effect_of = self._effects.get(symptom.check)
        return FailureEffect.HARMS if effect_of is None else effect_of(symptom.finding)

    def local(self, instant: datetime | None) -> str:
        """Return an instant as people on the spot write it; empty for none."""
        return local(self.pipeline, instant, self._year)

    def dates(self, symptoms: Iterable[Symptom], *, word: str = "for") -> str:
        """Return the intervals of findings with a word before them; empty for none."""
        return dates(days(symptoms), self._year, word=word)

    @cached_property
    def failed(self) -> tuple[Symptom, ...]:
        return tuple(each for each in self.everything if each.finding.outcome is Outcome.FAILED)

    @cached_property
    def unknown(self) -> tuple[Symptom, ...]:
        return tuple(each for each in self.everything if each.finding.outcome is Outcome.UNKNOWN)

    @cached_property
    def transitions(self) -> dict[str, Transition]:
        """The transitions by the subject of their verdict: the id, or the phase where only its data is judged."""
        return {each.target if each.monitoring_only else each.id: each for each in self.pipeline.transitions}

    @cached_property
    def orchestrators(self) -> frozenset[str]:
        """The services that move one phase to the next."""
        return frozenset(
            each.orchestrator for each in self.pipeline.transitions if each.orchestrator and not each.monitoring_only
        )

    @cached_property
    def triggers(self) -> dict[tuple[str, Interval | None], Symptom]:
        """Every verdict on a trigger, whatever it says, by transition and date."""
        found = (each for each in self.everything if each.place.name in self.transitions)
        verdicts = (each for each in found if known(each.finding.facts, DataFacts) is not None)
        return {(each.place.name, each.finding.interval): each for each in reversed(list(verdicts))}

    def revisions(self, service: str) -> Symptom | None:
        """Return what is known of the revisions of a service, whatever became of the check; of several the first."""
        return self._revisions.get(service)

    @cached_property
    def _revisions(self) -> dict[str, Symptom]:
        found = [each for each in self.everything if known(each.finding.facts, RevisionsFacts) is not None]
        return {each.place.name: each for each in reversed(found)}

    def unread_reasons(self, services: Iterable[str]) -> Iterator[tuple[int, Symptom]]:
        """Yield what could not be read of some services, or of all, by checks that can give a reason, each with its
        place among all that could not be read."""
        for name in (None, *services):
            yield from self._unread_reasons.get(name, ())

    @cached_property
    def _unread_reasons(self) -> dict[str | None, list[tuple[int, Symptom]]]:
        """By service; under None, what stands for all of them."""
        found: dict[str | None, list[tuple[int, Symptom]]] = {}
        for number, each in enumerate(self.unknown):
            whole = each.place.kind is PlaceKind.SOURCE and not each.place.facet
            if each.check in self.reasons and (whole or each.place.service is not None):
                found.setdefault(None if whole else each.place.service, []).append((number, each))
        return found

    def unread_before(self, phase: str, day: Interval | None) -> Sequence[tuple[int, Symptom]]:
        """What SQL checks could not judge on a date that the file says explain a phase, as above."""
        return self._unread_before.get((phase, day), ())

    @cached_property
    def _unread_before(self) -> dict[tuple[str, Interval | None], list[tuple[int, Symptom]]]:
        found: dict[tuple[str, Interval | None], list[tuple[int, Symptom]]] = {}
        for place, each in enumerate(self.unknown):
            for phase in self.sql_checks[each.check].explains if each.check in self.sql_checks else ():
                found.setdefault((phase, each.finding.interval), []).append((place, each))
        return found

    def title(self, check: str) -> str:
        """Return the title of a check, as people read it."""
        return self._titles.get(check, check)

    def order(self, symptom: Symptom) -> tuple[int, int, bool, str, bool, str, str, int, Any]:
        """A total order that does not depend on the order of the results: along the pipeline, gravest first. A figure
        of a table comes after what a check of its own says of it, and what stands for many after those that speak for
        themselves."""
        finding = symptom.finding
        return (
            self.step(finding.phase),
            self._services.get(symptom.place.service or "", len(self._services)),
            isinstance(finding.facts, ExpectationFacts),
            symptom.check,
            finding.count > 1,
            finding.subject,
            finding.interval.name if finding.interval is not None else "",
            finding.severity if finding.severity is not None else len(Severity),
            _rest(finding),
        )

    def gravity(self, suspect: Suspect) -> tuple[int, bool, int, int, str]:
        """The order of causes: the gravest first, and of equals what blocks, then by reason."""
        step = min(self.step(each.finding.phase) for each in suspect.everything)
        return suspect.severity, not suspect.blocked, CODES.index(suspect.code), step, suspect.subject

    def step(self, phase: str | None) -> int:
        """The place of a phase in the pipeline; what belongs to none comes after all."""
        return self._phases.get(phase, len(self._phases)) if phase is not None else len(self._phases)

    @cached_property
    def moved_by(self) -> dict[str, tuple[str, ...]]:
        """The subjects of the transitions that each orchestrator moves."""
        found: dict[str, tuple[str, ...]] = {}
        for subject, each in self.transitions.items():
            if each.orchestrator:
                found[each.orchestrator] = (*found.get(each.orchestrator, ()), subject)
        return found

    @cached_property
    def last_good(self) -> dict[str | None, datetime]:
        """When each transition was last known to be triggered; under None, when any was."""
        found: dict[str | None, datetime] = {}
        for (subject, _), each in self.triggers.items():
            good = each.of(TriggerFacts).last_good_trigger
            if good is not None:
                for name in (subject, None):
                    found[name] = max(found.get(name, good), good)
        return found
