"""Gathering what the orchestration checks judge by: documents, the rows of phases, the phase log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import partial
from itertools import product
from typing import Any

from checks.conditions import standing as standing_of
from checks.context import Context, document_path, not_configured
from checks.intervals import interval_words
from checks.model import Finding, Interval, Outcome, Severity
from checks.orchestration.completion import Completion, moment_of, past_moment_of, read_completion
from checks.orchestration.gathered import DayLog, JudgedRun, Logged, Rows, judged_run
from checks.orchestration_spec import RunHistory, Transition
from checks.pipeline import Pipeline
from checks.ports.documents import read_document
from checks.ports.warehouse import Row, read_rows
from checks.source import Problem, SourceError
from checks.unanswered import attempt

LOG_LABEL = "phase-log"
HISTORY_LABEL = "run-history"
SUCCEEDED_LABEL = "run-history-succeeded"

Judge = Callable[[Context, Transition, Interval], Iterable[Finding]]
"""What finds something about a transition in an interval. It may raise SourceError."""


def start_reads(context: Context, transitions: Iterable[Transition], *, log: bool = True) -> None:
    """Ask for everything about the transitions at once; what is read afterwards is already on its way."""
    for interval in context.intervals:
        for transition in transitions:
            if has_state(transition):
                read_document(context.reads, document_path(transition, interval))
            if transition.when is not None:
                condition = context.pipeline.conditions[transition.when]
                read_rows(context.reads, context.query(condition.query, transition.when, interval))
            # Documents tell about a source that has them; its rows are asked for only where they decide.
            phases = (transition.target,) if transition.state is not None else (transition.source, transition.target)
            for phase in phases:
                start_rows(context, phase, interval)
        if log and context.pipeline.phase_log is not None:
            read_rows(context.reads, context.query(context.pipeline.phase_log.query, LOG_LABEL, interval))


def start_rows(context: Context, phase_id: str, interval: Interval) -> None:
    """Ask for what ``rows_of`` needs."""
    phase = context.pipeline.phase(phase_id)
    if phase.rows is not None:
        read_rows(context.reads, context.query(phase.rows, phase.id, interval))


def no_transition(check_id: str) -> Finding:
    """Say that no transition leads into the phases that are checked."""
    return not_configured(
        check_id,
        "The pipeline file names no transition into the phases that are checked",
        configure="add it under 'transitions'",
    )


def has_state(transition: Transition) -> bool:
    """Whether a completion document belongs to the judgement of a transition."""
    return transition.state is not None and not transition.monitoring_only


def run_of(context: Context, transition: Transition, interval: Interval) -> JudgedRun | None:
    """Return the run that an interval is judged by, None where none has opened."""
    return judged_run(transition.runs, interval, context.pipeline.timeline, context.now)


def no_run(transition: Transition, interval: Interval) -> Finding:
    """Say that a transition has no run for an interval yet."""
    return Finding(
        outcome=Outcome.SKIPPED,
        code="no-run",
        subject=transition.id,
        summary="No run of this transition is expected yet.",
        phase=transition.target,
        interval=interval,
    )


def off_day(context: Context, transition: Transition, interval: Interval) -> Finding | None:
    """Return the finding for an interval that a transition has nothing to do for, None for any other.

    Raises SourceError.
    """
    if standing_of(context, transition.when, interval).applies:
        return None
    return Finding(
        outcome=Outcome.SKIPPED,
        code="off-day",
        subject=transition.id,
        summary=f"Not expected for {interval_words(interval.name, context.today.year)}: "
        f"{context.why_off(transition.when, interval)}.",
        phase=transition.target,
        interval=interval,
        read=True,
    )


def judged(context: Context, transitions: Iterable[Transition], severity: Severity, judge: Judge) -> Iterator[Finding]:
    """Yield what ``judge`` finds about each transition in each interval, on a doubted day off no louder than the doubt.

    A source that fails costs one transition in one interval.
    """
    for interval, transition in product(context.intervals, transitions):
        yield from attempt(
            partial(_tempered, context, transition, interval, judge),
            subject=transition.target if transition.monitoring_only else transition.id,
            severity=severity,
            phase=transition.target,
            interval=interval,
        )


def _tempered(context: Context, transition: Transition, interval: Interval, judge: Judge) -> Iterator[Finding]:
    for finding in judge(context, transition, interval):
        loud = finding.severity is not None
        yield standing_of(context, transition.when, interval).tempered(finding) if loud else finding


def of_runs(judge: Callable[[Context, Transition, Interval, JudgedRun], Iterable[Finding]]) -> Judge:
    """Return what judges the run of an interval, and says so where there is none, or nothing to run for."""

    def judge_run(context: Context, transition: Transition, interval: Interval) -> Iterator[Finding]:
        run = run_of(context, transition, interval)
        if run is None:
            yield no_run(transition, interval)
        elif (rest := off_day(context, transition, interval)) is not None:
            yield rest
        else:
            yield from judge(context, transition, interval, run)

    return judge_run


def completion_of(context: Context, transition: Transition, interval: Interval) -> Completion:
    """Read the completion document of a date. Raises SourceError."""
    document = read_document(context.reads, document_path(transition, interval)).result()
    return read_completion(None if document is None else document.data, context.now)


def rows_of(context: Context, phase_id: str, interval: Interval) -> Rows | None:
    """Return what a phase wrote for a date, None for a phase that cannot show it. Raises SourceError."""
    row = context.phase_rows(context.pipeline.phase(phase_id), interval)
    if row is None:
        return None
    return Rows(
        count=number_in(row, "row_count", f"the rows of phase {phase_id!r}"),
        first_at=past_moment_of(row.get("first_at"), context.now),
        last_at=past_moment_of(row.get("last_at"), context.now),
    )


def log_of(context: Context, interval: Interval) -> DayLog | None:
    """Read the phase log of a date, None when the pipeline keeps none. Raises SourceError."""
    phase_log = context.pipeline.phase_log
    if phase_log is None:
        return None
    rows = context.rows(phase_log.query, LOG_LABEL, interval)
    return DayLog(
        {
            str(row.get("transition")): Logged(
                rows=number_in(row, "rows_for_date", "the phase log"),
                last_at=past_moment_of(row.get("last_at"), context.now),
                last_ever_at=moment_of(row.get("last_ever_at")),
            )
            for row in rows
        }
    )


def succeeded_phases(context: Context, history: RunHistory | None, interval: Interval) -> frozenset[str]:
    """Return the phases of which a run of the date succeeded. Raises SourceError."""
    if history is None or history.succeeded is None:
        return frozenset()
    rows = context.rows(history.succeeded, SUCCEEDED_LABEL, interval)
    return frozenset(str(row.get("phase")) for row in rows if number_in(row, "run_count", "the run history") > 0)


def number_in(row: Row, column: str, what: str) -> int:
    """Return a count from a row; NULL counts as none. Raises SourceError when it is no number."""
    value: Any = row.get(column, "missing")
    if value is None:
        return 0
    if isinstance(value, int):
        return int(value)
    raise SourceError(
        "BigQuery",
        Problem.INVALID,
        f"{what} gave no number in the column {column!r}",
        advice="Correct its query in the pipeline file.",
    )


def local_time(context: Context, moment: datetime) -> str:
    """Write a time as people on the spot read it; with the day unless it is today."""
    local = moment.astimezone(context.pipeline.zone)
    clock = f"{local:%H:%M %Z}"
    return clock if local.date() == context.today else f"{day_name(local.date(), context.today)} {clock}"


def day_name(day: date, today: date) -> str:
    """Write a date as the whole report does: 10 Feb; with the year where it is another than today's."""
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b} {day.year}"


def document_link_of(pipeline: Pipeline, transition: Transition, interval: Interval) -> str | None:
    """Return where a completion document stands in the Cloud Console, None without one."""
    if transition.state is None or transition.monitoring_only:
        return None
    return (
        "https://console.cloud.google.com/firestore/databases/-default-/data/panel/"
        f"{transition.state}/{interval.name}?project={pipeline.project}"
    )
