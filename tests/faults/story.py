"""A seeded story of incidents, the reports that tell it, and what Slack must show of it in the end.

The expectation is a model of its own: it knows the rules of the design and nothing of the code.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from checks.intervals import Offset
from checks.model import CheckResult, Finding, Outcome, Report, Severity
from checks.notifications import AlertPolicy, DigestTimes, Notifications, Routes, Webhook
from checks.orchestration_spec import Phase
from checks.pipeline import Pipeline

CHANNEL = "C0FAULTS01"
CHECK = "service-ready"
START = datetime(2026, 2, 11, 13, 0, tzinfo=UTC)
STEP = timedelta(hours=2)
FLAP = timedelta(hours=3)
"""Between one step and two, with an hour to spare for the time that deaths take."""

DIGEST = DigestTimes(post=Offset("08:00"), refresh=(Offset("12:00"), Offset("18:00")))
"""A story begins at the first of these, and others of its steps fall on the rest."""

Fact = Severity | Literal["passed", "waiting", "unknown", "skipped"]
SILENT: Mapping[str, Outcome] = {"waiting": Outcome.WAITING, "skipped": Outcome.SKIPPED, "unknown": Outcome.UNKNOWN}

PAGER = Webhook(name="pager", url_variable="REVEILLE_WEBHOOK_PAGER", severities=(Severity.P0, Severity.P1, Severity.P2))

PIPELINE = Pipeline(
    name="nba",
    title="NBA player props",
    timezone="America/New_York",
    project="example-project",
    project_number="123456789012",
    region="us-west2",
    invoker="serviceAccount:caller@example.com",
    datasets=("nba_analytics",),
    tables={},
    phases=(Phase(id="phase3", title="Analytics"),),
    transitions=(),
    notifications=Notifications(
        routes=Routes(default=CHANNEL),
        digest=DIGEST,
        webhooks=(PAGER,),
        alerts=AlertPolicy(remind_minutes={}, flap_minutes=int(FLAP.total_seconds() // 60), unknown_runs=60),
    ),
)


WITHOUT_PAGER = PIPELINE.model_copy(
    update={"notifications": PIPELINE.notifications and PIPELINE.notifications.model_copy(update={"webhooks": ()})}
)


def finding(subject: str, fact: Fact) -> Finding:
    """Return what a check says of a subject."""
    if isinstance(fact, Severity):
        outcome, severity = Outcome.FAILED, fact
    elif fact == "unknown":
        outcome, severity = Outcome.UNKNOWN, Severity.P1
    else:
        return Finding(
            outcome=SILENT.get(fact, Outcome.PASSED), code=fact, subject=subject, summary=f"{subject} is {fact}."
        )
    code = "service-not-ready" if outcome is Outcome.FAILED else "source-unavailable"
    return Finding(
        outcome=outcome, severity=severity, code=code, subject=subject, phase="phase3", summary=f"{subject}: {code}."
    )


def report(facts: Mapping[str, Fact], now: datetime) -> Report:
    """Return the full report of the morning that says so of each subject."""
    timeline = PIPELINE.timeline
    today = timeline.at(now)
    result = CheckResult(
        check=CHECK,
        title="Every service is ready",
        phase="phase3",
        findings=tuple(finding(subject, fact) for subject, fact in facts.items()),
        started_at=now,
        duration=0.1,
    )
    return Report(
        pipeline=PIPELINE.name,
        title=PIPELINE.title,
        previous=timeline.previous(today),
        current=today,
        now=now,
        trigger="watch",
        partial=False,
        results=(result,),
        causes=(),
    )


@dataclass
class Incident:
    """What one thread must show: the transitions in their order, and whether it is over."""

    subject: str
    severity: Severity
    reasons: list[str] = field(default_factory=lambda: ["opened"])
    resolved_at: datetime | None = None


class Expectation:
    """Follows the facts with the rules of the design: what each thread must show, and nothing else."""

    def __init__(self, flap: timedelta = FLAP) -> None:
        self._flap = flap
        self.incidents: list[Incident] = []

    def latest(self, subject: str) -> Incident | None:
        return next((incident for incident in reversed(self.incidents) if incident.subject == subject), None)

    def see(self, facts: Mapping[str, Fact], now: datetime) -> None:
        for subject, fact in facts.items():
            self._see(subject, fact, now)

    def _see(self, subject: str, fact: Fact, now: datetime) -> None:
        incident = self.latest(subject)
        is_open = incident is not None and incident.resolved_at is None
        if isinstance(fact, Severity):
            self._failed(subject, fact, now)
        elif fact == "passed" and incident is not None and is_open:
            incident.reasons.append("resolved")
            incident.resolved_at = now

    def _failed(self, subject: str, severity: Severity, now: datetime) -> None:
        incident = self.latest(subject)
        if incident is None or (incident.resolved_at is not None and now - incident.resolved_at > self._flap):
            self.incidents.append(Incident(subject, severity))
            return
        if incident.resolved_at is not None:
            incident.resolved_at = None
            incident.reasons.append("reopened")
        elif severity < incident.severity:
            incident.reasons.append("worsened")
        elif severity > incident.severity:
            incident.reasons.append("eased")
        incident.severity = severity


@dataclass(frozen=True, slots=True)
class Story:
    """Facts of each subject, step by step; the last step has everything well again."""

    steps: Sequence[Mapping[str, Fact]]

    def at(self, step: int) -> datetime:
        """When a step is due."""
        return START + step * STEP

    def expected(self) -> Sequence[Incident]:
        """Return the threads that the whole story must leave, in no particular order."""
        expectation = Expectation()
        for number, facts in enumerate(self.steps):
            expectation.see(facts, self.at(number))
        return expectation.incidents


def story(seed: int, steps: int = 8, subjects: int = 3) -> Story:
    """Tell the story of a seed: incidents that come, change, go and come back."""
    chance = random.Random(seed)
    facts: Sequence[Fact] = (Severity.P0, Severity.P1, Severity.P2, "passed", "passed", "waiting", "unknown", "skipped")
    names = [f"service-{number}" for number in range(subjects)]
    told: list[Mapping[str, Fact]] = [{name: chance.choice(facts) for name in names} for _ in range(steps - 1)]
    return Story([*told, dict.fromkeys(names, "passed")])
