"""A report as JSON for other programs: documented in ``docs/report-json.md``, described by ``report.schema.json``.

Fields are added under the same ``schema_version``; a field that changes its meaning or goes raises it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.alerting.logged import document_of
from bot.render.headline import headline
from bot.render.reading import Reading, total
from checks.actions import Action
from checks.cells import as_json
from checks.facts import Evidence
from checks.model import Cause, CheckResult, Finding, Outcome, Severity
from checks.places import Place
from checks.source import ReadRecord

SCHEMA_VERSION = 2


def report_json(reading: Reading) -> str:
    """Return the report as indented ASCII JSON, so that no text in it can do anything to a terminal."""
    return json.dumps(report_document(reading), indent=2, ensure_ascii=True, allow_nan=False)


def report_document(reading: Reading) -> dict[str, Any]:
    """Return the report as plain dictionaries, lists and scalars of JSON."""
    report = reading.report
    return {
        "schema_version": SCHEMA_VERSION,
        "pipeline": report.pipeline,
        "title": report.title,
        "verdict": report.verdict.value,
        "headline": headline(reading),
        "previous": report.previous.name,
        "current": report.current.name,
        "now": report.now.isoformat(),
        "trigger": report.trigger,
        "partial": report.partial,
        "duration_seconds": round(report.duration, 3),
        "counts": {
            outcome.value: total(each for each in reading.found if each.finding.outcome is outcome)
            for outcome in Outcome
        },
        "causes": [_cause(cause) for cause in reading.causes],
        "results": [_result(result) for result in report.results],
        "sources": _sources(report.reads),
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "code": cause.code,
        "subject": cause.subject,
        "place": _place(cause.place),
        "sentence": cause.sentence,
        "severity": cause.severity.name,
        "phase": cause.phase,
        "evidence": _evidence(cause.evidence),
        "action": _action(cause.action),
        "explains": [{"check": key.check, "subject": key.subject, "interval": key.interval} for key in cause.explains],
        **({"logged": [document_of(each) for each in cause.logged]} if cause.logged else {}),
    }


def _result(result: CheckResult) -> dict[str, Any]:
    return {
        "check": result.check,
        "title": result.title,
        "phase": result.phase,
        "outcome": result.outcome.value,
        "severity": _severity(result.severity),
        "started_at": result.started_at.isoformat(),
        "duration_seconds": round(result.duration, 3),
        "findings": [_finding(finding) for finding in result.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "outcome": finding.outcome.value,
        "severity": _severity(finding.severity),
        "code": finding.code,
        "subject": finding.subject,
        "place": _place(finding.place),
        "summary": finding.summary,
        "phase": finding.phase,
        "interval": None if finding.interval is None else finding.interval.name,
        "evidence": _evidence(finding.evidence),
        "impact": finding.impact,
        "action": _action(finding.action),
        "link": finding.link,
        **({"count": finding.count} if finding.count > 1 else {}),
    }


def _severity(severity: Severity | None) -> str | None:
    return None if severity is None else severity.name


def _place(place: Place | None) -> dict[str, str] | None:
    return None if place is None else {"kind": place.kind.value, "name": place.name, "facet": place.facet}


def _action(action: Action | None) -> dict[str, str | None] | None:
    return None if action is None else {"text": action.text, "command": action.command, "repair": action.repair}


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {key: as_json(value) for key, value in evidence.items()}


def _sources(reads: Sequence[ReadRecord]) -> list[dict[str, Any]]:
    names = sorted({look.source for look in reads})
    by_source = {name: [look for look in reads if look.source == name] for name in names}
    return [
        {
            "source": name,
            "reads": len(asked),
            "answered": sum(look.answered for look in asked),
            "slowest_seconds": round(max(look.duration for look in asked), 3),
        }
        for name, asked in by_source.items()
    ]
