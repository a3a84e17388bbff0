"""Did every processor of a completion document do its work?

A processor that reports success with no record counts like any other, and the next phase starts on nothing. On 22
February a quality check rejected all that one of them had; it said "partial", the transition was triggered, and the
rows were missing. Where too few have reported, the trigger check says so; one without which the next phase was started
all the same is noted here, and so is a time that is yet to come: who waits for it, or counts from it, is misled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from checks.actions import Action
from checks.context import Context, not_configured
from checks.effects import FailureEffect
from checks.facts.orchestration import Flag, ProcessorFacts
from checks.model import Finding, Interval, Judgement, Outcome, Severity
from checks.orchestration.completion import Completion, ProcessorReport
from checks.orchestration.gathered import JudgedRun
from checks.orchestration.gathering import (
    completion_of,
    has_state,
    judged,
    of_runs,
    rows_of,
    start_reads,
    start_rows,
)
from checks.orchestration_spec import Transition
from checks.places import Place, PlaceKind
from checks.registry import check
from checks.table_names import tables_in

WRITTEN_BEFORE = timedelta(hours=3)
"""How long before its report a processor may have written its last row."""

CODES: Mapping[str, str] = {
    "processors-fine": "Every processor that reported has records.",
    "processor-empty": "A processor reported success without a single record.",
    "processor-failed": "A processor reported that it failed.",
    "processor-partial": "A processor reported that it did part of its work.",
    "processor-without-rows": "A processor reported records, and its table has no row as new as its report.",
    "processor-unreported": "The next phase was started without a report of a processor.",
    "completed-in-future": "A processor says that it completed at a time that is yet to come.",
    "nothing-reported": "No processor has reported yet.",
    "off-day": "The date has nothing to run for.",
    "no-run": "No run of this transition has opened for the interval yet.",
}


def judge(
    report: ProcessorReport | None,
    *,
    critical: bool,
    is_ahead: bool = False,
    is_started: bool = False,
    is_without_rows: bool = False,
) -> Judgement | None:
    """Judge what one processor reported; nothing is wrong with one that does not say how much it wrote.

    ``is_ahead`` is its time of completion yet to come, ``is_started`` the next phase started; ``is_without_rows`` tells
    that its table has no row of the time at which it says that it wrote some.
    """
    if report is None:
        return Judgement("processor-unreported", Outcome.FAILED, Severity.P3) if is_started else None
    if report.failed:
        return Judgement("processor-failed", Outcome.FAILED, Severity.P1 if critical else Severity.P2)
    if report.records == 0:
        return Judgement("processor-empty", Outcome.FAILED, Severity.P1 if critical else Severity.P2)
    if is_without_rows:
        return Judgement("processor-without-rows", Outcome.FAILED, Severity.P2)
    if report.partial:
        return Judgement("processor-partial", Outcome.FAILED, Severity.P3)
    return Judgement("completed-in-future", Outcome.FAILED, Severity.P3) if is_ahead else None


@check(
    id="processors",
    place=PlaceKind.TASK,
    facts=ProcessorFacts,
    effects={
        "processor-failed": FailureEffect.STOPS,
        "processor-empty": FailureEffect.STOPS,
        "processor-without-rows": FailureEffect.HARMS,
        "processor-unreported": FailureEffect.NOTE,
        "completed-in-future": FailureEffect.NOTE,
    },
    worst=Severity.P1,
    codes=CODES,
    expected="Every processor reports success and records.",
    unwanted="A processor that succeeds without writing anything.",
)
def processors(context: Context) -> Iterator[Finding]:
    transitions = tuple(each for each in context.transitions if has_state(each) and not each.monitoring_only)
    if not transitions:
        yield not_configured(
            "processors",
            "No transition of the pipeline file has completion documents",
            configure="give a transition its 'state'",
        )
        return
    start_reads(context, transitions, log=False)
    for interval in context.intervals:
        for transition in transitions:
            start_rows(context, transition.source, interval)
    yield from judged(context, transitions, Severity.P2, of_runs(_judge_run))


def _judge_run(context: Context, transition: Transition, interval: Interval, run: JudgedRun) -> Iterator[Finding]:
    completion = completion_of(context, transition, interval)
    without_rows = dict(_without_rows(context, completion, transition.source, interval))
    yield from _findings(completion, run, transition, interval, without_rows)


def _without_rows(
    context: Context, completion: Completion, phase: str, interval: Interval
) -> Iterator[tuple[str, Place]]:
    """Yield the processor of the table by which a phase shows its rows, where these are older than its report."""
    shown = context.pipeline.phase(phase).rows
    rows = rows_of(context, phase, interval)
    if shown is None or rows is None or rows.last_at is None:
        return
    for table in tables_in(shown):
        name = table.rpartition(".")[2]
        report, at = completion.reports.get(name), completion.finished.get(name)
        if report is not None and report.records and at is not None and at - rows.last_at > WRITTEN_BEFORE:
            yield name, Place(PlaceKind.TABLE, table)


def _findings(
    completion: Completion,
    run: JudgedRun,
    transition: Transition,
    interval: Interval,
    without_rows: Mapping[str, Place],
) -> Iterator[Finding]:
    reports = {name: completion.reports.get(name) for name in run.spec.processors}
    is_started = completion.flag_in(run.opens) is Flag.TRUE and any(reports.values())
    judged = {
        name: judge(
            report,
            critical=name in run.spec.critical,
            is_ahead=name in completion.ahead,
            is_started=is_started,
            is_without_rows=name in without_rows,
        )
        for name, report in reports.items()
    }
    for name, judgement in judged.items():
        if judgement is not None:
            found = _finding(name, reports[name], judgement, transition, interval)
            yield replace(found, place=without_rows.get(name, found.place))
    if not any(judged.values()):
        number = sum(report is not None for report in reports.values())
        yield Finding(
            outcome=Outcome.PASSED if number else Outcome.SKIPPED,
            code="processors-fine" if number else "nothing-reported",
            subject=transition.id,
            summary=f"{number} {'processor' if number == 1 else 'processors'} reported success and records."
            if number
            else "No processor has reported yet.",
            phase=transition.source,
            interval=interval,
            place=Place(PlaceKind.PHASE, transition.source),
        )


def _finding(
    name: str, report: ProcessorReport | None, judgement: Judgement, transition: Transition, interval: Interval
) -> Finding:
    status, records = ("", None) if report is None else (report.status, report.records)
    number = f" ({records:,} records)" if records is not None else ""
    return Finding(
        outcome=Outcome.FAILED,
        code=judgement.code,
        severity=judgement.severity,
        subject=name,
        summary=_SUMMARIES[judgement.code].format(name=name, status=status, number=number),
        phase=transition.source,
        interval=interval,
        facts=ProcessorFacts(status=status, records=records),
        impact=_IMPACTS.get(judgement.code, _NOTHING_NEW).format(name=name),
        action=Action(text=_ACTIONS.get(judgement.code, _READ_LOG).format(name=name)),
    )


_SUMMARIES: Mapping[str, str] = {
    "processor-failed": "{name} reported that it failed ({status}).",
    "processor-empty": "{name} reported success with 0 records.",
    "processor-partial": "{name} reported that it did part of its work{number}.",
    "processor-without-rows": "{name} reported success{number}, but its table has no row that new.",
    "processor-unreported": "{name} did not report; the next phase was started without it.",
    "completed-in-future": "{name} says that it completed at a time that is yet to come.",
}
_NOTHING_NEW = "What uses {name} gets nothing new."
_IMPACTS: Mapping[str, str] = {
    "processor-partial": "What works on {name} may lack some of its rows.",
    "processor-unreported": "If it did not run, what uses {name} gets nothing new; its rows show which.",
    "completed-in-future": "Nobody can tell whether {name} is late, or whether the next phase started before its end.",
}
_READ_LOG = "Read the log of {name} from its last run on, fix what it names, and run it again."
_ACTIONS: Mapping[str, str] = {
    "processor-unreported": "Read the log of {name}: whether it ran, and whether its report was refused. "
    "A backfill does not report.",
    "completed-in-future": "Check which clock or zone {name} takes its time from; completed_at is in UTC.",
}
