"""Reports about incidents, made by hand, and the pipeline whose alerts they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from checks.facts import Values
from checks.facts.orchestration import TriggerFacts
from checks.model import Cause, Finding, FindingKey, Interval, Outcome, Report, Severity
from checks.notifications import AlertPolicy, Notifications, Routes
from checks.pipeline import Pipeline
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from checks.unanswered import could_not_check
from tests.bot.render.reports import NOW, ORCHESTRATORS, Findings, finding, healthy, reading_of
from tests.bot.render.reports import PIPELINE as SILENT
from tests.fakes import NIGHT

CHANNEL, ONCALL, GRADERS = "C0000001", "C0000002", "C0000003"
NOTIFICATIONS = Notifications(
    routes=Routes(default=CHANNEL, severities={Severity.P0: ONCALL}, phases={"grading": GRADERS}),
    mentions={Severity.P0: "S0000001", Severity.P1: "U0000009"},
    alerts=AlertPolicy(remind_minutes={Severity.P0: 60}, flap_minutes=60, unknown_runs=3),
)
PIPELINE: Pipeline = SILENT.model_copy(
    update={
        "notifications": NOTIFICATIONS,
        "services": tuple(ServiceSpec(name=name) for name in ORCHESTRATORS),
        "runbook": "https://example.com/runbook",
    }
)
TRIGGER = "phase3_to_phase4"


def report_of(findings: Findings, causes: Sequence[Cause] = (), **changes: Any) -> Report:
    """A report of the checks that have findings."""
    return replace(reading_of(findings, tuple(causes)).report, **changes)


def moved_to(now: datetime, report: Report, **changes: Any) -> Report:
    """The same report as one of the morning of another instant."""
    current = PIPELINE.timeline.at(now)
    return replace(report, now=now, previous=PIPELINE.timeline.previous(current), current=current, **changes)


def only(report: Report, *checks: str) -> Report:
    """The same report as a run of a few checks would have given it, without its causes."""
    results = tuple(each for each in report.results if each.check in checks)
    return replace(report, results=results, causes=(), partial=True)


def failed(code: str, subject: str, summary: str, severity: Severity, **more: Any) -> Finding:
    return finding(Outcome.FAILED, code, subject, summary, severity=severity, **more)


def flag(
    code: str = "flag-not-set",
    severity: Severity = Severity.P3,
    *,
    subject: str = TRIGGER,
    due: datetime = NOW - timedelta(hours=1),
    day: Interval = NIGHT,
) -> Finding:
    """A verdict on a trigger whose flag is false."""
    return failed(
        code,
        subject,
        f"The flag of {subject} is wrong.",
        severity,
        phase="phase4",
        interval=day,
        facts=TriggerFacts(triggered=False, due=due),
    )


def with_findings(check: str, *findings: Finding) -> Findings:
    """A healthy day, but for one check."""
    return {**healthy(), check: list(findings)}


def refused(*names: str) -> tuple[Findings, Cause]:
    """Orchestrators that nobody can call, and the cause that names them."""
    findings = healthy()
    refusals = [
        failed("caller-refused", name, f"Nobody can call {name}.", Severity.P0, interval=None, impact=f"{name} stands.")
        for name in names
    ]
    findings["invoker"] = [*refusals, *(each for each in findings["invoker"] if each.subject not in names)]
    findings["trigger"] = [flag("bypassed", Severity.P2), *findings["trigger"][1:]]
    cause = Cause(
        code="invoker-missing",
        subject=names[0],
        sentence=f"Pub/Sub cannot call {len(names)} services ({', '.join(names)}). The data arrived all the same.",
        severity=Severity.P0,
        phase="phase4",
        facts=Values(values={"caller": "someone@example.com", "since": NOW}),
        explains=(*(FindingKey("invoker", name, None) for name in names), FindingKey("trigger", TRIGGER, NIGHT.name)),
    )
    return findings, cause


def blind(source: str = "BigQuery", checks: Sequence[str] = ("grading", "predictions-exist")) -> Findings:
    """A healthy day on which a source does not answer some checks."""
    findings = healthy()
    for check in checks:
        findings[check] = [
            could_not_check(
                SourceError(source, Problem.TIMED_OUT, "no answer within 30 s"), subject=check, severity=Severity.P0
            )
        ]
    return findings
