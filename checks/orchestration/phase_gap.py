"""How long after one phase did the next complete?

A phase that follows late is the first sign of an orchestrator that no longer works while a scheduler, hours
later, still moves the data. Completion is the last arrival in a phase's completion document; where a phase
has none, its rows' times stand in. A next phase that completed before is the work of an earlier run of the
same date: that gap means nothing and is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from checks.actions import Action
from checks.context import Context
from checks.facts.orchestration import GapFacts
from checks.model import Finding, Interval, Judgement, Outcome, Severity
from checks.orchestration.gathering import (
    completion_of,
    has_state,
    judged,
    local_time,
    no_transition,
    off_day,
    rows_of,
    start_reads,
)
from checks.orchestration_spec import PhaseGap, Transition
from checks.places import PlaceKind
from checks.registry import check

CODES: Mapping[str, str] = {
    "gap-usual": "The next phase completed within the usual time.",
    "gap-long": "The next phase took noticeably longer than usual.",
    "gap-too-long": "The next phase took so long that something other than its trigger must have moved it.",
    "earlier-run": "The next phase's times are those of an earlier run; the gap means nothing.",
    "no-times": "One of the two phases has not completed, or cannot say when.",
    "off-day": "The date has nothing to run for.",
}


@dataclass(frozen=True, slots=True)
class Completed:
    """When a phase completed. From rows only a range is known: something was there at ``first``, and the
    last of it at ``last``; a document gives one time, and both are equal."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class GapJudgement(Judgement):
    """``gap`` is None where none was measured."""

    gap: timedelta | None = None


def judge(
    source: Completed | None, target: Completed | None, limits: PhaseGap, dues: Iterable[datetime] = ()
) -> GapJudgement:
    """Judge the gap between two phases. It counts from when the target was due, where the timetable has it begin later
    than the source completes: ``dues`` are the times of its runs.

    Rows that began before the source completed and ended after it belong to several runs. Their last time
    is then only an upper bound: it can show that the gap was usual, never that it was long.
    """
    if source is None or target is None:
        return GapJudgement("no-times", Outcome.SKIPPED)
    watch = timedelta(minutes=limits.watch_minutes)
    if target.first >= source.last:
        gap = target.first - max((each for each in dues if source.last < each <= target.first), default=source.last)
        if gap > timedelta(minutes=limits.act_minutes):
            return GapJudgement("gap-too-long", Outcome.FAILED, Severity.P1, gap)
        if gap >= watch:
            return GapJudgement("gap-long", Outcome.FAILED, Severity.P2, gap)
        return GapJudgement("gap-usual", Outcome.PASSED, None, gap)
    bound = target.last - source.last
    if timedelta(0) <= bound < watch:
        return GapJudgement("gap-usual", Outcome.PASSED, None, bound)
    return GapJudgement("earlier-run", Outcome.SKIPPED)


@check(
    id="phase-gap",
    place=PlaceKind.TRANSITION,
    facts=GapFacts,
    worst=Severity.P1,
    codes=CODES,
    expected="Each phase completes soon after the one before it.",
    unwanted="Hours between two phases.",
)
def phase_gap(context: Context) -> Iterator[Finding]:
    transitions = tuple(each for each in context.transitions if not each.monitoring_only)
    if not transitions:
        yield no_transition("phase-gap")
    documents = _documents_of(context)
    start_reads(context, (*transitions, *documents.values()), log=False)
    yield from judged(context, transitions, Severity.P1, partial(_judge_date, documents))


def _documents_of(context: Context) -> Mapping[str, Transition]:
    """Return, by phase, the transition whose completion document tells when that phase completed."""
    return {each.source: each for each in context.pipeline.transitions if has_state(each)}


def _judge_date(
    documents: Mapping[str, Transition], context: Context, transition: Transition, interval: Interval
) -> Iterator[Finding]:
    rest = off_day(context, transition, interval)
    if rest is not None:
        yield rest
        return
    source = _completed(context, transition.source, interval, documents)
    target = _completed(context, transition.target, interval, documents)
    dues = (context.at(run.due, interval) for run in transition.runs.values())
    judgement = judge(source, target, context.pipeline.phase_gap, dues)
    minutes = None if judgement.gap is None else int(judgement.gap.total_seconds() // 60)
    failed = judgement.outcome is Outcome.FAILED
    yield Finding(
        outcome=judgement.outcome,
        code=judgement.code,
        severity=judgement.severity,
        subject=transition.id,
        summary=_summary(context, transition, judgement.code, minutes, source),
        phase=transition.target,
        interval=interval,
        facts=GapFacts(
            gap_minutes=minutes,
            source_completed=None if source is None else source.last,
            target_first=None if target is None else target.first,
            target_last=None if target is None else target.last,
        ),
        impact="Everything after it was late by as much." if failed else "",
        action=Action(text=f"Read the verdict of the trigger check for {transition.id}: what moved the data?")
        if failed
        else None,
    )


def _completed(
    context: Context, phase_id: str, interval: Interval, documents: Mapping[str, Transition]
) -> Completed | None:
    """Return when a phase completed, None when nothing tells. Raises SourceError."""
    if phase_id in documents:
        last_at = completion_of(context, documents[phase_id], interval).last_at
        if last_at is not None:
            return Completed(last_at, last_at)
    rows = rows_of(context, phase_id, interval)
    if rows is None or not rows.count or rows.first_at is None or rows.last_at is None:
        return None
    return Completed(min(rows.first_at, rows.last_at), rows.last_at)


def _summary(context: Context, transition: Transition, code: str, minutes: int | None, source: Completed | None) -> str:
    before, after = (context.pipeline.phase(each).title for each in (transition.source, transition.target))
    since = "" if source is None else f" ({local_time(context, source.last)})"
    usual = context.pipeline.phase_gap.watch_minutes
    return {
        "gap-usual": f"{after} completed {minutes or 0:,} minutes after {before}.",
        "gap-long": f"{after} completed {minutes or 0:,} minutes after {before}{since}; usually under {usual}.",
        "gap-too-long": f"{after} completed {minutes or 0:,} minutes after {before}{since}; usually under {usual}.",
        "earlier-run": f"The times of {after} are those of an earlier run; its gap to {before} is not judged.",
        "no-times": f"{before} or {after} has not completed, or cannot say when.",
    }[code]
