"""The findings as the diagnosis sees them: what failed, in one fixed order, and who has explained it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from checks.model import CheckResult, Finding, FindingKey, Outcome, Severity
from checks.pipeline import Pipeline, ServiceSpec, SqlCheck, Transition

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
    "build-failed",
    "stale-build",
    "drift",
)
"""The codes of causes that name services, in the order in which reasons are looked for."""

CODES = (
    *OF_THE_CONTROL_PLANE,
    "stale-trigger",
    "upstream-check",
    "job-failing",
    "jobs-missing",
    "processor-stalled",
    "processor-missing",
    "trigger-without-effect",
    "unexplained",
    "deploy-unsafe",
    "broken-flag",
)
"""Every code of a cause, permanent, in the order in which reasons are looked for."""

WITHOUT_REASON = frozenset({"processor-missing", "trigger-without-effect", "unexplained"})
"""Those that say what broke and not why."""

DATA_ABSENT = frozenset(
    {"not-triggered", "triggered-without-effect", "processors-missing", "not-started", "data-missing"}
)
DATA_PRESENT = frozenset({"triggered", "bypassed", "flag-not-set", "untracked", "no-record", "data-present"})
"""The codes of the check ``trigger`` that say whether the next phase wrote its rows."""

SOURCE_AT_FAULT = frozenset({"processors-missing", "not-started"})
"""Those that say that what the transition waits for did not come: the trouble lies in the phase before."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """A finding and the check that made it."""

    check: str
    finding: Finding

    @property
    def key(self) -> FindingKey:
        return FindingKey(self.check, self.finding.subject, self.finding.date)

    @property
    def grave(self) -> bool:
        """Whether it is more than a note."""
        return self.finding.severity is not None and self.finding.severity <= Severity.P2

    def text(self, name: str) -> str:
        """A text of the evidence, empty where there is none of this name and type."""
        value = self.finding.evidence.get(name)
        return value.strip() if isinstance(value, str) else ""

    def names(self, name: str) -> tuple[str, ...]:
        """A comma-separated list of the evidence."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def instant(self, name: str) -> datetime | None:
        """An aware time of the evidence."""
        value = self.finding.evidence.get(name)
        return value if isinstance(value, datetime) and value.utcoffset() is not None else None

    @property
    def data_present(self) -> bool | None:
        """For a trigger: whether the next phase wrote rows, None where that is not known."""
        rows = self.finding.evidence.get("effect_rows")
        if isinstance(rows, int) and not isinstance(rows, bool):
            return rows > 0
        if self.finding.code in DATA_ABSENT:
            return False
        return True if self.finding.code in DATA_PRESENT else None


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

    @property
    def services(self) -> frozenset[str]:
        """The services at fault."""
        return frozenset(self.behind or (each.finding.subject for each in self.primary))

    @property
    def everything(self) -> tuple[Symptom, ...]:
        return (*self.primary, *self.triggers, *self.consequences)

    @property
    def severity(self) -> Severity:
        """As loud as the loudest finding that it explains."""
        return min(each.finding.severity for each in self.everything if each.finding.severity is not None)

    @property
    def blocked(self) -> bool:
        """Whether data is missing for it."""
        return any(each.data_present is False for each in self.triggers)


class Board:
    """What failed and what could not be looked at, and which of it is explained already."""

    def __init__(self, pipeline: Pipeline, results: Sequence[CheckResult]) -> None:
        self.pipeline = pipeline
        self.ran = frozenset(result.check for result in results)
        self._phases = {phase.id: number for number, phase in enumerate(pipeline.phases)}
        self._services = {spec.name: number for number, spec in enumerate(pipeline.services)}
        self._all = [Symptom(result.check, finding) for result in results for finding in result.findings]
        self._titles = {result.check: result.title for result in results}
        self._explained: set[FindingKey] = set()

    @cached_property
    def failed(self) -> tuple[Symptom, ...]:
        return self._of(Outcome.FAILED)

    @cached_property
    def unknown(self) -> tuple[Symptom, ...]:
        return self._of(Outcome.UNKNOWN)

    @cached_property
    def transitions(self) -> dict[str, Transition]:
        """The transitions by the subject of their verdict: the id, or the phase where only its data is judged."""
        return {each.target if each.monitoring_only else each.id: each for each in self.pipeline.transitions}

    @cached_property
    def sql_checks(self) -> dict[str, SqlCheck]:
        return {each.id: each for each in self.pipeline.checks}

    @cached_property
    def orchestrators(self) -> frozenset[str]:
        """The services that move one phase to the next."""
        return frozenset(
            each.orchestrator for each in self.pipeline.transitions if each.orchestrator and not each.monitoring_only
        )

    @cached_property
    def triggers(self) -> dict[tuple[str, date | None], Symptom]:
        """Every verdict on a trigger, whatever it says, by transition and date."""
        found = sorted((each for each in self._all if each.check == "trigger"), key=self.order)
        return {(each.finding.subject, each.finding.date): each for each in reversed(found)}

    def said(self, check: str, subject: str) -> Symptom | None:
        """Return what a check says of a subject, whatever the outcome; of several the first in order."""
        found = (each for each in self._all if (each.check, each.finding.subject) == (check, subject))
        return min(found, key=self.order, default=None)

    def title(self, check: str) -> str:
        """Return the title of a check, as people read it."""
        return self._titles.get(check, check)

    def _of(self, outcome: Outcome) -> tuple[Symptom, ...]:
        return tuple(sorted((each for each in self._all if each.finding.outcome is outcome), key=self.order))

    def order(self, symptom: Symptom) -> tuple[int, int, str, str, str, int, str]:
        """A total order that does not depend on the order of the results: along the pipeline, gravest first."""
        finding = symptom.finding
        return (
            self.step(finding.phase),
            self._services.get(finding.subject, len(self._services)),
            symptom.check,
            finding.subject,
            finding.date.isoformat() if finding.date is not None else "",
            finding.severity if finding.severity is not None else len(Severity),
            repr((finding.code, finding.summary, sorted(finding.evidence.items(), key=lambda item: str(item[0])))),
        )

    def gravity(self, suspect: Suspect) -> tuple[int, bool, int, int, str]:
        """The order of causes: the gravest first, and of equals what blocks, then by reason."""
        step = min(self.step(each.finding.phase) for each in suspect.everything)
        return suspect.severity, not suspect.blocked, CODES.index(suspect.code), step, suspect.subject

    def step(self, phase: str | None) -> int:
        """The place of a phase in the pipeline; what belongs to none comes after all."""
        return self._phases.get(phase, len(self._phases)) if phase is not None else len(self._phases)

    def spec(self, service: str) -> ServiceSpec | None:
        """Return what the pipeline file says of a service."""
        number = self._services.get(service)
        return self.pipeline.services[number] if number is not None else None

    def workers(self, phase: str) -> frozenset[str]:
        """The services of a phase that do its work, without the orchestrators."""
        return frozenset(
            spec.name
            for spec in self.pipeline.services
            if spec.phase == phase and not any(each.orchestrator == spec.name for each in self.pipeline.transitions)
        )

    def free(self, wanted: Callable[[Symptom], bool] = lambda _: True) -> Iterator[Symptom]:
        """Every failure that nothing explains yet, one for each key."""
        seen: set[FindingKey] = set()
        for symptom in self.failed:
            if symptom.key not in self._explained and symptom.key not in seen and wanted(symptom):
                seen.add(symptom.key)
                yield symptom

    def is_free(self, symptom: Symptom) -> bool:
        """Whether nothing explains a failure yet."""
        return symptom.key not in self._explained

    def explain(self, symptoms: Iterable[Symptom]) -> list[Symptom]:
        """Mark failures as explained and return them; what is explained already stays where it is."""
        taken = []
        for symptom in symptoms:
            if symptom.key not in self._explained:
                self._explained.add(symptom.key)
                taken.append(symptom)
        return taken
