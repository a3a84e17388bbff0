"""Did each orchestrator trigger the next phase?

The flag in a completion document proves little on its own: a second writer can leave it false while the
data flows, a swallowed error can leave it true while nothing does, and one document serves three runs of a
interval. So flag, processors, the next phase's rows and the phase log are judged together, each interval by
its own run and due time. A false flag with the data present is a broken monitor, not an
outage; a true flag without data is an outage that nobody sees. A trigger from before the window of the run
counts as false. A transition without completion documents is judged by the phase log, one whose
orchestrator only watches by its data alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from checks.actions import Action
from checks.context import Context
from checks.effects import FailureEffect
from checks.facts.orchestration import DataFacts, TriggerFacts
from checks.model import Finding, Interval, Outcome, Severity
from checks.orchestration.completion import progress_of
from checks.orchestration.gathered import DayLog, JudgedRun, Logged, Rows
from checks.orchestration.gathering import (
    completion_of,
    judged,
    local_time,
    log_of,
    no_run,
    no_transition,
    off_day,
    rows_of,
    run_of,
    start_reads,
)
from checks.orchestration.trigger_case import Case, in_window
from checks.orchestration.trigger_verdict import CODES, LOG_UNREADABLE, judge
from checks.orchestration.trigger_words import action, document_link, impact, read_target_log, summary
from checks.orchestration_spec import Transition
from checks.places import Place, PlaceKind
from checks.registry import check
from checks.source import SourceError
from checks.unanswered import could_not_check


@check(
    id="trigger",
    place=PlaceKind.TRANSITION,
    facts=TriggerFacts,
    effects={
        "not-triggered": FailureEffect.STOPS,
        "triggered-without-effect": FailureEffect.STOPS,
        "processors-missing": FailureEffect.STOPS,
        "not-started": FailureEffect.STOPS,
        "data-missing": FailureEffect.STOPS,
    },
    worst=Severity.P0,
    codes=CODES,
    expected="Every transition is triggered by its orchestrator, and the next phase has its data by the due time.",
    unwanted="Data that flows around an orchestrator; a flag that says triggered where nothing arrived.",
    quick=True,
)
def trigger(context: Context) -> Iterator[Finding]:
    transitions = context.transitions
    if not transitions:
        yield no_transition("trigger")
    start_reads(context, transitions)
    yield from judged(context, transitions, Severity.P0, _judge_date)


def _judge_date(context: Context, transition: Transition, interval: Interval) -> Iterator[Finding]:
    if transition.monitoring_only:
        yield _monitoring_only(context, transition, interval)
    run = run_of(context, transition, interval)
    if run is None:
        if not transition.monitoring_only:
            yield no_run(transition, interval)
        return
    rest = off_day(context, transition, interval)
    if rest is None and transition.monitoring_only:
        yield from _judge_data(context, transition, interval, run)
    elif not transition.monitoring_only:
        yield rest or _finding(case_of(context, transition, interval, run))


def _finding(case: Case) -> Finding:
    judgement = judge(case.situation())
    subject, phase = case.transition.id, case.transition.target
    if judgement == LOG_UNREADABLE and case.log_error is not None:
        return could_not_check(
            case.log_error,
            subject=subject,
            severity=Severity.P2,
            phase=phase,
            interval=case.interval,
            about=case.facts(),
        )
    return Finding(
        outcome=judgement.outcome,
        code=judgement.code,
        severity=judgement.severity,
        subject=subject,
        summary=summary(case, judgement.code),
        phase=phase,
        interval=case.interval,
        facts=case.facts(),
        impact=impact(case, judgement.code),
        action=action(case, judgement.code),
        link=document_link(case),
        read=True if judgement.outcome is Outcome.WAITING else None,
    )


def _monitoring_only(context: Context, transition: Transition, interval: Interval) -> Finding:
    orchestrator = transition.orchestrator or "The orchestrator"
    target = context.pipeline.phase(transition.target).title
    return Finding(
        outcome=Outcome.SKIPPED,
        code="monitoring-only",
        subject=transition.id,
        summary=f"{orchestrator} only watches; {target} is judged by its data alone.",
        phase=transition.target,
        interval=interval,
    )


def _judge_data(context: Context, transition: Transition, interval: Interval, run: JudgedRun) -> Iterator[Finding]:
    """Judge a phase by its rows alone."""
    rows = rows_of(context, transition.target, interval)
    if rows is None:
        return
    target = context.pipeline.phase(transition.target).title
    outcome, code, severity = data_verdict(present=rows.count > 0, past_due=context.now > run.due)
    sentence = {
        "data-present": f"{target} has {rows.count:,} row{'' if rows.count == 1 else 's'}.",
        "data-pending": f"{target} has no rows yet; due by {local_time(context, run.due)}.",
        "data-missing": f"{target} has no rows; they were due by {local_time(context, run.due)}.",
    }[code]
    failed = outcome is Outcome.FAILED
    yield Finding(
        outcome=outcome,
        code=code,
        severity=severity,
        subject=transition.target,
        summary=sentence,
        phase=transition.target,
        interval=interval,
        place=Place(PlaceKind.PHASE, transition.target),
        facts=DataFacts(run=run.name, effect_rows=rows.count, due=run.due),
        read=True,
        impact=(transition.impact or f"{target} has no data for this date.") if failed else "",
        action=Action(
            text=f"Read what the services of {target} logged, then run them again for the date.",
            commands=read_target_log(context.pipeline, transition),
        )
        if failed
        else None,
    )


def data_verdict(*, present: bool, past_due: bool) -> tuple[Outcome, str, Severity | None]:
    """Judge a phase by whether its rows are there."""
    if present:
        return Outcome.PASSED, "data-present", None
    return (Outcome.FAILED, "data-missing", Severity.P0) if past_due else (Outcome.WAITING, "data-pending", None)


def case_of(context: Context, transition: Transition, interval: Interval, run: JudgedRun) -> Case:
    """Gather the facts. Raises SourceError for those without which nothing can be said."""
    completion = progress = source_rows = None
    if transition.state is None:
        source_rows = rows_of(context, transition.source, interval)
    else:
        completion = completion_of(context, transition, interval)
        progress = progress_of(completion, run.spec, context.now.astimezone(UTC))
    target_rows = rows_of(context, transition.target, interval)
    day, log_error = _day_log(context, transition, interval)
    if target_rows is None and log_error is not None:
        raise log_error
    log = None if day is None else day.of(transition)
    if target_rows is None:
        effect = _effect_in_log(day, log, run.opens)
    else:
        effect = _effect_in_rows(target_rows, run.opens, past_due=context.now > run.due)
    return Case(
        context=context,
        transition=transition,
        interval=interval,
        run=run,
        completion=completion,
        progress=progress,
        source_rows=source_rows,
        target_rows=target_rows,
        log=log,
        log_empty=day is not None and day.empty,
        log_error=log_error,
        effect=effect,
    )


def _day_log(context: Context, transition: Transition, interval: Interval) -> tuple[DayLog | None, SourceError | None]:
    """Read the log where it says something about the transition; its failure alone decides nothing yet."""
    if not transition.logged:
        return None, None
    try:
        return log_of(context, interval), None
    except SourceError as error:
        return None, error


def _effect_in_rows(rows: Rows, opens: datetime, *, past_due: bool) -> bool:
    """Return whether the next phase wrote for the date.

    Before the run is due, rows from before its window are those of an earlier run of the date, and say nothing
    about this one. Afterwards they count, because not every run writes every row again.
    """
    earlier = not past_due and rows.last_at is not None and rows.last_at < opens
    return rows.count > 0 and not earlier


def _effect_in_log(day: DayLog | None, log: Logged | None, opens: datetime) -> bool | None:
    """Return whether the log shows the trigger; a log that is empty for the whole date proves nothing."""
    if day is None or log is None or day.empty:
        return None
    return in_window(log, opens)
