"""What a validation says: findings, results, causes, the report and its verdict.

All types are frozen. Outcome and severity of a result, and the verdict of a report, are derived from
the findings and never stored beside them, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from checks.actions import Action
from checks.facts import NOTHING, Evidence, Facts, Scalar, rendered
from checks.facts.logs import LoggedEvidence
from checks.places import Place
from checks.scheduled import SchedulerJob
from checks.severity import Severity as Severity  # noqa: PLC0414 - likewise
from checks.source import ReadRecord
from checks.span import Interval as Interval  # noqa: PLC0414 - one of the words of a finding


class Outcome(StrEnum):
    """What became of one question."""

    PASSED = "passed"
    WAITING = "waiting"
    """Not due yet."""
    SKIPPED = "skipped"
    """Does not apply: no games, optional, suppressed until a date."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Could not check."""


class Verdict(StrEnum):
    """The one word above a report."""

    BLOCKED = "BLOCKED"
    ACT = "ACT"
    UNKNOWN = "UNKNOWN"
    WATCH = "WATCH"
    ALL_CLEAR = "ALL CLEAR"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A code with its outcome and severity."""

    code: str
    outcome: Outcome
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found about one place, named ``subject`` for people.

    ``code`` is permanent: tests, excuses and alerts refer to it. ``severity`` is set exactly when the
    outcome is FAILED or UNKNOWN. ``interval`` is the one judged, None for what belongs to none. ``read`` says of
    what was skipped or waits that an answer of a source decided so; one that passed says False when it proves nothing.
    ``place`` is None until the runner fills in what the check declares. ``former`` is the code that a suppression, or a
    service that may be missing, has turned into this one.
    """

    outcome: Outcome
    code: str
    subject: str
    summary: str
    severity: Severity | None = None
    phase: str | None = None
    interval: Interval | None = None
    place: Place | None = None
    facts: Facts = NOTHING
    former: str = ""
    impact: str = ""
    action: Action | None = None
    link: str | None = None
    count: int = 1
    """How many findings it stands for: more than one where a check had too many of a kind to list them."""
    read: bool | None = None

    @property
    def evidence(self) -> Evidence:
        """The facts, for people and other programs."""
        lines = rendered(self.facts)
        return {**lines, "former_code": self.former} if self.former else lines

    @property
    def checked(self) -> bool:
        """Whether evidence stands behind it: a verdict other than UNKNOWN needs one such finding."""
        if self.outcome is Outcome.UNKNOWN:
            return False
        return self.outcome in (Outcome.PASSED, Outcome.FAILED) if self.read is None else self.read

    def key(self, check: str) -> FindingKey:
        """Return what names it among the findings of a check."""
        return FindingKey(check, self.subject, self.interval.name if self.interval is not None else None)

    def __post_init__(self) -> None:
        loud = self.outcome in (Outcome.FAILED, Outcome.UNKNOWN)
        if loud != (self.severity is not None):
            message = f"finding {self.code!r}: outcome {self.outcome} and severity {self.severity} do not go together"
            raise ValueError(message)


class FindingKey(NamedTuple):
    """Names a finding within a report, and an incident across reports; ``interval`` is the name of one."""

    check: str
    subject: str
    interval: str | None


_ORDER: tuple[tuple[Outcome, Severity | None], ...] = (
    (Outcome.FAILED, Severity.P0),
    (Outcome.FAILED, Severity.P1),
    (Outcome.UNKNOWN, Severity.P0),
    (Outcome.UNKNOWN, Severity.P1),
    (Outcome.FAILED, Severity.P2),
    (Outcome.UNKNOWN, Severity.P2),
    (Outcome.UNKNOWN, Severity.P3),
    (Outcome.FAILED, Severity.P3),
    (Outcome.WAITING, None),
    (Outcome.PASSED, None),
    (Outcome.SKIPPED, None),
)
_VERDICTS = (
    Verdict.BLOCKED,
    Verdict.ACT,
    Verdict.UNKNOWN,
    Verdict.UNKNOWN,
    Verdict.WATCH,
    Verdict.WATCH,
    Verdict.WATCH,
    *[Verdict.ALL_CLEAR] * 4,
)


def badness(outcome: Outcome, severity: Severity | None) -> int:
    """Rank an outcome, 0 the worst; the verdict and every "worst wins" are read off this one order.

    An unknown that could have been P0 or P1 outranks a known P2: silence is never green.
    """
    return _ORDER.index((outcome, severity))


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Derive the verdict.

    BLOCKED any failed P0 · ACT any failed P1 · UNKNOWN something that could have been P0 or P1 could
    not be looked at · WATCH any failed P2, or something lesser could not be checked · else ALL CLEAR.
    Where nothing was looked at it is UNKNOWN: what is not configured, skipped or not due yet proves nothing.
    """
    every = tuple(findings)
    if not any(finding.checked for finding in every):
        return Verdict.UNKNOWN
    return _VERDICTS[min(badness(finding.outcome, finding.severity) for finding in every)]


def worst_of(findings: Iterable[Finding]) -> Finding:
    """Return the worst finding; the first of several equals. Raises ValueError when there is none."""
    return min(findings, key=lambda finding: badness(finding.outcome, finding.severity))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check found. ``duration`` and ``cpu`` are seconds; ``findings`` is never empty."""

    check: str
    title: str
    phase: str | None
    findings: tuple[Finding, ...]
    started_at: datetime
    duration: float
    cpu: float = 0.0

    @property
    def worst(self) -> Finding:
        return worst_of(self.findings)

    @property
    def outcome(self) -> Outcome:
        return self.worst.outcome

    @property
    def severity(self) -> Severity | None:
        return self.worst.severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why findings failed: one sentence, its evidence, what to do, and the findings it explains.

    The ``sentence`` says all of it: the ``mechanism``, which is what is wrong with its evidence; the ``effect``, which
    is what became of the data; and the ``doubt``, which is what could not be checked and what was changed shortly
    before. ``title`` is what people lose, and of what, in one line,
    and ``past`` the same once it is over, empty where no template has it. ``found`` says that the reason is known.
    """

    code: str
    subject: str
    sentence: str
    severity: Severity
    phase: str | None = None
    place: Place | None = None
    facts: Facts = NOTHING
    transitions: tuple[str, ...] = ()
    """The transitions that broke."""
    intervals: tuple[Interval, ...] = ()
    broken_since: datetime | None = None
    """When the fault itself began, where a fact says so."""
    action: Action | None = None
    explains: tuple[FindingKey, ...] = ()
    title: str = ""
    past: str = ""
    mechanism: str = ""
    effect: str = ""
    doubt: str = ""
    found: bool = True
    logged: tuple[LoggedEvidence, ...] = ()
    """What the services that it is about logged as errors."""

    @property
    def evidence(self) -> Evidence:
        """The facts, for people and other programs; what is not known is left out."""
        more: dict[str, Scalar] = {
            "transitions": ", ".join(self.transitions),
            "dates": ", ".join(each.name for each in self.intervals),
            "broken_since": self.broken_since,
        }
        lines = {**rendered(self.facts), **more}
        return {name: value for name, value in lines.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One validation of one pipeline.

    ``previous`` is the newest interval that should be complete, ``current`` the one that is being prepared; where one
    interval was asked for, both are that one.
    """

    pipeline: str
    title: str
    previous: Interval
    current: Interval
    now: datetime
    trigger: str
    partial: bool
    """True when only selected checks ran."""
    results: tuple[CheckResult, ...]
    causes: tuple[Cause, ...]
    reads: tuple[ReadRecord, ...] = ()
    duration: float = 0.0
    jobs: tuple[SchedulerJob, ...] = ()
    """The scheduler jobs that are enabled: a later run tells which of them are gone."""
    missed_jobs: tuple[SchedulerJob, ...] = ()
    """Those that an earlier run saw enabled, last at ``last_attempt``, and that are missed since."""
    run: str = ""
    """What the log calls this run; empty where nobody counts runs."""

    @property
    def verdict(self) -> Verdict:
        return verdict_of(finding for _, finding in self.findings())

    def findings(self) -> Iterator[tuple[CheckResult, Finding]]:
        """Every finding with the result that it belongs to, in the order of the catalogue."""
        for result in self.results:
            for finding in result.findings:
                yield result, finding
