"""Faults that nobody can see yet: what they break is not due at the clock of the world.

They are not drawn, and the command lists them: neither that they are missed nor that something happens to notice them
says anything of the monitoring.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.drill.columns import checks_of_tables
from bot.drill.fault import PutFault
from checks.model import Outcome, Report
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.sql_check_spec import SqlCheck

Outcomes = Mapping[tuple[str, str], frozenset[Outcome]]


def is_early(fault: PutFault, pipeline: Pipeline, report: Report) -> bool:
    """Whether what a fault breaks is still waited for in the report of the healthy world.

    Of rows and values: some check that asks for them waits, and none that judges them at a time of its own has looked.
    Of a document: its transition waits for the run.
    """
    if fault.awaited is None:
        return False
    if fault.place.kind is PlaceKind.TABLE and fault.place.name in pipeline.tables:
        return _are_rows_early(fault, checks_of_tables(pipeline), _outcomes(report))
    return any(
        finding.outcome is Outcome.WAITING
        and finding.interval is not None
        and finding.interval.day.isoformat() == fault.awaited
        and finding.place in _transitions(fault, pipeline)
        for _, finding in report.findings()
    )


def _are_rows_early(fault: PutFault, checks: Iterable[SqlCheck], outcomes: Outcomes) -> bool:
    looks = [
        (
            each.due is not None and each.before_due == "wait" and each.judges(each.subject) == fault.place.name,
            outcomes.get((each.id, fault.awaited or ""), frozenset()),
        )
        for each in checks
        if fault.place.name in each.tables and fault.column in each.query
    ]
    has_looked = any(has_time and found - {Outcome.WAITING} for has_time, found in looks)
    return not has_looked and any(Outcome.WAITING in found for _, found in looks)


def _outcomes(report: Report) -> Outcomes:
    """Return what each check came to, by the date that it judged."""
    found: dict[tuple[str, str], set[Outcome]] = {}
    for result, finding in report.findings():
        if finding.interval is not None:
            found.setdefault((result.check, finding.interval.day.isoformat()), set()).add(finding.outcome)
    return {key: frozenset(outcomes) for key, outcomes in found.items()}


def _transitions(fault: PutFault, pipeline: Pipeline) -> frozenset[Place]:
    collection = (fault.place.facet or fault.place.name).partition("/")[0]
    return frozenset(Place(PlaceKind.TRANSITION, each.id) for each in pipeline.transitions if each.state == collection)
