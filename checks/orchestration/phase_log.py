"""Is every transition in the phase log?

Orchestrators write a row when they have published, so a row is better evidence than a flag, and its absence
is worth knowing. Where the next phase has no data either, the transition did not happen; where the data is
there, only the log is incomplete. A log that has no row of any transition for the date proves nothing: the
completion documents, the rows of the phases and the run history are looked at instead, and the finding
says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.actions import Action
from checks.context import Context, not_configured
from checks.facts.orchestration import Flag, LogFacts
from checks.model import Finding, Interval, Judgement, Outcome, Severity
from checks.orchestration.gathered import DayLog, JudgedRun
from checks.orchestration.gathering import (
    SUCCEEDED_LABEL,
    completion_of,
    document_link_of,
    has_state,
    judged,
    local_time,
    log_of,
    of_runs,
    rows_of,
    start_reads,
    succeeded_phases,
)
from checks.orchestration.trigger_case import too_few
from checks.orchestration_spec import Transition
from checks.places import PlaceKind
from checks.ports.warehouse import read_rows
from checks.registry import check
from checks.source import SourceError

CODES: Mapping[str, str] = {
    "logged": "The phase log has a row for the transition and the date.",
    "not-due": "No row yet, and none is due.",
    "not-logged": "Past due, no row although other transitions have theirs, and the next phase has no data.",
    "not-logged-with-data": "Past due, no row although other transitions have theirs; the next phase has its data.",
    "log-empty": "The log has no row of any transition; documents, rows or run history show that the phase ran.",
    "log-empty-without-trace": "The log has no row of any transition, and nothing else shows that the phase ran.",
    "too-few-rows": "The phase before wrote fewer rows than this one starts from: no row is expected.",
    "off-day": "The date has nothing to run for.",
    "no-run": "No run of this transition has opened for the interval yet.",
}


def judge(*, rows: int, log_empty: bool, moved: bool, past_due: bool) -> Judgement:
    """Judge the log of one transition; ``moved`` says whether anything else shows that the phase ran."""
    if rows > 0:
        return Judgement("logged", Outcome.PASSED)
    if not past_due:
        return Judgement("not-due", Outcome.WAITING)
    if log_empty:
        return (
            Judgement("log-empty", Outcome.FAILED, Severity.P3)
            if moved
            else Judgement("log-empty-without-trace", Outcome.FAILED, Severity.P1)
        )
    if moved:
        return Judgement("not-logged-with-data", Outcome.FAILED, Severity.P3)
    return Judgement("not-logged", Outcome.FAILED, Severity.P1)


@check(
    id="phase-log",
    place=PlaceKind.TRANSITION,
    facts=LogFacts,
    worst=Severity.P1,
    codes=CODES,
    expected="The phase log has a row for every transition of the date.",
    unwanted="A transition without a row; an empty log.",
)
def phase_log(context: Context) -> Iterator[Finding]:
    transitions = tuple(each for each in context.transitions if each.logged and not each.monitoring_only)
    if context.pipeline.phase_log is None or not transitions:
        yield not_configured(
            "phase-log",
            "The pipeline file names no phase log, or no transition that writes one",
            configure="add the section 'phase_log', and a transition with 'logged: true'",
        )
        return
    start_reads(context, transitions)
    _start_history(context)
    yield from judged(context, transitions, Severity.P1, of_runs(_judge_run))


def _start_history(context: Context) -> None:
    history = context.pipeline.run_history
    if history is not None and history.succeeded is not None:
        for interval in context.intervals:
            read_rows(context.reads, context.query(history.succeeded, SUCCEEDED_LABEL, interval))


def _judge_run(context: Context, transition: Transition, interval: Interval, run: JudgedRun) -> Iterator[Finding]:
    day = log_of(context, interval) or DayLog()
    logged = day.of(transition)
    past_due = context.now > run.due
    if past_due and not logged.rows and not day.empty and _has_nothing_to_do(context, transition, interval):
        yield Finding(
            outcome=Outcome.SKIPPED,
            code="too-few-rows",
            subject=transition.id,
            summary=f"No row is expected for {transition.id}: "
            f"{context.pipeline.phase(transition.source).title} has fewer than {transition.minimum_rows:,} rows.",
            phase=transition.target,
            interval=interval,
            read=True,
        )
        return
    traces = () if logged.rows or not past_due else _traces(context, transition, interval, run, log_empty=day.empty)
    judgement = judge(rows=logged.rows, log_empty=day.empty, moved=bool(traces), past_due=past_due)
    target = context.pipeline.phase(transition.target).title
    sentence = {
        "logged": f"The phase log has {logged.rows:,} row{'' if logged.rows == 1 else 's'} for {transition.id}.",
        "not-due": f"The phase log has no row for {transition.id} yet; due by {local_time(context, run.due)}.",
        "not-logged": f"The phase log has no row for {transition.id}, and {target} has no data.",
        "not-logged-with-data": f"The phase log has no row for {transition.id}, but {', '.join(traces)}.",
        "log-empty": f"The phase log is empty for this date; judged without it: {', '.join(traces)}.",
        "log-empty-without-trace": "The phase log is empty for this date; judged without it: neither the completion "
        f"document, nor rows, nor the run history shows that {target} ran.",
    }[judgement.code]
    failed = judgement.outcome is Outcome.FAILED
    yield Finding(
        outcome=judgement.outcome,
        code=judgement.code,
        severity=judgement.severity,
        subject=transition.id,
        summary=sentence,
        phase=transition.target,
        interval=interval,
        facts=LogFacts(
            run=run.name,
            log_rows=logged.rows,
            last_at=logged.last_at,
            last_good_trigger=logged.last_ever_at,
            log_empty=day.empty,
            traces=tuple(traces),
            due=run.due,
        ),
        impact=_impact(judgement, target) if failed else "",
        action=_action(context, transition, judgement) if failed else None,
        link=document_link_of(context.pipeline, transition, interval),
        read=True,
    )


def _has_nothing_to_do(context: Context, transition: Transition, interval: Interval) -> bool:
    rows = None if has_state(transition) else rows_of(context, transition.source, interval)
    return rows is not None and too_few(rows, transition)


def _traces(
    context: Context, transition: Transition, interval: Interval, run: JudgedRun, *, log_empty: bool
) -> tuple[str, ...]:
    """Return clauses about what else shows that the next phase ran. Raises SourceError.

    Documents and run history stand in only for a log that is empty: a row that is missing beside others
    is judged by the data alone. A stand-in that cannot be read matters only when no other shows anything.
    """
    found: list[str] = []
    failures: list[SourceError] = []
    reads = (_rows_trace, _document_trace, _history_trace) if log_empty else (_rows_trace,)
    for look in reads:
        try:
            found.extend(look(context, transition, interval, run))
        except SourceError as error:
            failures.append(error)
    if failures and not found:
        raise failures[0]
    return tuple(found)


def _rows_trace(context: Context, transition: Transition, interval: Interval, run: JudgedRun) -> Iterator[str]:
    del run
    rows = rows_of(context, transition.target, interval)
    if rows is not None and rows.count:
        title = context.pipeline.phase(transition.target).title
        yield f"{title} has {rows.count:,} row{'' if rows.count == 1 else 's'}"


def _document_trace(context: Context, transition: Transition, interval: Interval, run: JudgedRun) -> Iterator[str]:
    if has_state(transition):
        completion = completion_of(context, transition, interval)
        if completion.flag_in(run.opens) is Flag.TRUE:
            yield "the completion document says triggered"


def _history_trace(context: Context, transition: Transition, interval: Interval, run: JudgedRun) -> Iterator[str]:
    del run
    if transition.target in succeeded_phases(context, context.pipeline.run_history, interval):
        yield f"the run history has a successful run of {transition.target}"


def _impact(judgement: Judgement, target: str) -> str:
    if judgement.severity is Severity.P1:
        return f"Nothing shows that {target} ran for this date."
    return "A real failure would be harder to see."


def _action(context: Context, transition: Transition, judgement: Judgement) -> Action:
    table = context.pipeline.phase_log.table if context.pipeline.phase_log is not None else "the phase log"
    orchestrator = transition.orchestrator or f"the program that triggers {transition.target}"
    if judgement.severity is Severity.P1:
        return Action(
            text=f"Read the verdict of the trigger check for {transition.id}, then the log of {orchestrator}."
        )
    return Action(text=f"Find out why {orchestrator} wrote no row to {table}.")
