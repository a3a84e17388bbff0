"""Did every processor of a completion document do its work?

A processor that reports success with no record counts like any other, and the next phase starts on nothing. On 22
February a quality check rejected all that one of them had; it said "partial", the transition was triggered, and the
rows were missing. What has not reported at all is for the trigger check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from checks.actions import Action
from checks.context import Context, not_configured
from checks.effects import FailureEffect
from checks.facts.orchestration import ProcessorFacts
from checks.model import Finding, Interval, Outcome, Severity
from checks.orchestration.completion import Completion, ProcessorReport
from checks.orchestration.gathering import completion_of, has_state, judged, no_run, off_day, run_of, start_reads
from checks.pipeline import Run, Transition
from checks.places import Place, PlaceKind
from checks.registry import check

CODES: Mapping[str, str] = {
    "processors-fine": "Every processor that reported has records.",
    "processor-empty": "A processor reported success without a single record.",
    "processor-failed": "A processor reported that it failed.",
    "processor-partial": "A processor reported that it did part of its work.",
    "nothing-reported": "No processor has reported yet.",
    "off-day": "The date has nothing to run for.",
    "no-run": "No run of this transition has opened for the interval yet.",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A code and how loud it is; None for what is fine."""

    code: str
    severity: Severity


def judge(report: ProcessorReport, *, critical: bool) -> Judgement | None:
    """Judge what one processor reported; nothing is wrong with one that does not say how much it wrote."""
    if report.failed:
        return Judgement("processor-failed", Severity.P1 if critical else Severity.P2)
    if report.records == 0:
        return Judgement("processor-empty", Severity.P1 if critical else Severity.P2)
    return Judgement("processor-partial", Severity.P3) if report.partial else None


@check(
    id="processors",
    place=PlaceKind.TASK,
    facts=ProcessorFacts,
    effects={"processor-failed": FailureEffect.STOPS, "processor-empty": FailureEffect.STOPS},
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
            judge_date = partial(_judge_date, context, transition, interval)
            yield from judged(context, transition, interval, Severity.P2, judge_date)


def _judge_date(context: Context, transition: Transition, interval: Interval) -> Iterator[Finding]:
    run = run_of(context, transition, interval)
    rest = no_run(transition, interval) if run is None else off_day(context, transition, interval)
    if rest is not None or run is None:
        if rest is not None:
            yield rest
        return
    yield from _findings(completion_of(context, transition, interval), run.spec, transition, interval)


def _findings(completion: Completion, run: Run, transition: Transition, interval: Interval) -> Iterator[Finding]:
    reports = {name: completion.reports[name] for name in run.processors if name in completion.reports}
    judged = {name: judge(report, critical=name in run.critical) for name, report in reports.items()}
    for name, judgement in judged.items():
        if judgement is not None:
            yield _finding(name, reports[name], judgement, transition, interval)
    if not any(judged.values()):
        number = len(reports)
        yield Finding(
            outcome=Outcome.PASSED if reports else Outcome.SKIPPED,
            code="processors-fine" if reports else "nothing-reported",
            subject=transition.id,
            summary=f"{number} {'processor' if number == 1 else 'processors'} reported success and records."
            if reports
            else "No processor has reported yet.",
            phase=transition.source,
            interval=interval,
            place=Place(PlaceKind.PHASE, transition.source),
        )


def _finding(
    name: str, report: ProcessorReport, judgement: Judgement, transition: Transition, interval: Interval
) -> Finding:
    said = {
        "processor-failed": f"{name} reported that it failed ({report.status}).",
        "processor-empty": f"{name} reported success with 0 records.",
        "processor-partial": f"{name} reported that it did part of its work"
        + (f" ({report.records} records)." if report.records is not None else "."),
    }[judgement.code]
    return Finding(
        outcome=Outcome.FAILED,
        code=judgement.code,
        severity=judgement.severity,
        subject=name,
        summary=said,
        phase=transition.source,
        interval=interval,
        facts=ProcessorFacts(status=report.status, records=report.records),
        impact=f"What works on {name} has nothing new to work on."
        if judgement.code != "processor-partial"
        else f"What works on {name} may lack some of its rows.",
        action=Action(text=f"Read the log of {name} from its last run on, repair what it names, and run it again."),
    )
