"""How long the graph and the causes of a large pipeline take: 40 services, 130 jobs and 200 tables, half of them
empty."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from checks.catalog import checks_of
from checks.control_plane_spec import SchedulerJobs
from checks.diagnosis import diagnose
from checks.facts import NOTHING, Facts
from checks.facts.control_plane import InvokerFacts, JobsFacts, JobStatus
from checks.facts.orchestration import TriggerFacts
from checks.model import Cause, CheckResult, Finding, Outcome, Severity
from checks.orchestration_spec import Phase, Transition
from checks.pipeline import Pipeline, Table
from checks.places import Place, PlaceKind
from checks.services_spec import ServiceSpec
from checks.sql_check_spec import SqlCheck
from tests.bench.figures import Figure
from tests.fakes import NIGHT
from tests.fakes import pipeline as tiny

PHASES, SERVICES, JOBS, TABLES = 8, 40, 130, 200
LIMIT = 0.05
"""Seconds of the processor."""

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)


def large(times: int = 1) -> Pipeline:
    """Return a pipeline of that size, or so many times as large: phase after phase with as many services each, which
    write as many tables, each of them made of two of the service before."""
    services, each_writes = SERVICES * times, TABLES // SERVICES
    written = [tuple(f"data.t{service}_{number}" for number in range(each_writes)) for service in range(services)]
    tables = {
        name: Table(columns={"id": "STRING"}, reads=written[service - 1][:2] if service else ())
        for service, names in enumerate(written)
        for name in names
    }
    specs = tuple(
        ServiceSpec(name=f"service-{number}", phase=f"phase{number * PHASES // services}", writes=written[number])
        for number in range(services)
    )
    return tiny(
        tables=tables,
        phases=tuple(Phase(id=f"phase{number}", title=f"Phase {number}") for number in range(PHASES)),
        transitions=tuple(_transition(number) for number in range(PHASES - 1)),
        services=specs,
        scheduler=SchedulerJobs(
            explains={f"job-{number}": (f"t{number % services}_0",) for number in range(JOBS * times)}
        ),
        checks=tuple(_check(name, spec.phase) for spec in specs for name in spec.writes),
    )


def _transition(number: int) -> Transition:
    source, target = f"phase{number}", f"phase{number + 1}"
    return Transition(**{"id": f"{source}_to_{target}", "title": target, "from": source, "to": target})


def _check(table: str, phase: str | None) -> SqlCheck:
    name = table.partition(".")[2]
    return SqlCheck(
        id=name,
        title=f"Rows of {table}",
        rationale="They are read.",
        phase=phase,
        query=f"SELECT COUNT(*) AS number FROM {{data}}.{name}",
        subject=table,
        summary="{number} rows",
        rules=({"if": {"number": {"equals": 0}}, "severity": "P1", "code": "none"},),
        expected="rows",
    )


def failed(pipeline: Pipeline) -> tuple[CheckResult, ...]:
    """Return the results of a bad morning: every second table is empty, every third service refuses, each job fails."""
    jobs = tuple(JobStatus(name, "INTERNAL") for name in (pipeline.scheduler or SchedulerJobs()).explains)
    found: dict[str, list[Finding]] = {
        "invoker": [
            _finding("caller-refused", Place(PlaceKind.SERVICE, spec.name), InvokerFacts(caller=(pipeline.invoker,)))
            for spec in pipeline.services[::3]
        ],
        "scheduler-jobs": [
            _finding("jobs-failing", Place(PlaceKind.JOB, "jobs"), JobsFacts(failing=jobs, failing_count=len(jobs)))
        ],
        "trigger": [
            _finding("not-triggered", Place(PlaceKind.TRANSITION, each.id), TriggerFacts(effect_rows=0))
            for each in pipeline.transitions[2:]
        ],
    }
    for number, each in enumerate(pipeline.checks):
        place = Place(PlaceKind.DATA, each.subject)
        found[each.id] = [_finding("none" if number % 2 else "", place, phase=each.phase)]
    return tuple(_results(found))


def _finding(code: str, place: Place, facts: Facts = NOTHING, phase: str | None = None) -> Finding:
    return Finding(
        outcome=Outcome.FAILED if code else Outcome.PASSED,
        code=code or "as-expected",
        severity=Severity.P1 if code else None,
        subject=place.name,
        place=place,
        summary=f"{place.name} is so.",
        phase=phase,
        interval=NIGHT,
        facts=facts,
    )


def _results(found: dict[str, list[Finding]]) -> Iterator[CheckResult]:
    for check, findings in found.items():
        yield CheckResult(check=check, title=check, phase=None, findings=tuple(findings), started_at=NOW, duration=0)


def figure() -> Figure:
    """Return the seconds of the processor that a diagnosis takes: the fastest of seven."""
    pipeline = large()
    checks, results = checks_of(pipeline), failed(pipeline)

    def once() -> float:
        began = time.process_time()
        causes: tuple[Cause, ...] = diagnose(pipeline, checks, results)
        return time.process_time() - began if causes else 0

    gc.collect()
    title = f"Causes of {SERVICES} services, {JOBS} jobs, {TABLES} tables"
    return Figure(key="causes", title=title, value=min(once() for _ in range(7)), unit="s", limit=LIMIT)
