"""Is anything stuck half-way?

A run that started and did not finish leaves two traces: a completion document with some processors in, not
enough, no trigger and nothing new for a while; and a row of the run history that still says running. The
phase log is no help, because it is written at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from checks.actions import Action
from checks.context import Context, not_configured
from checks.effects import FailureEffect
from checks.facts.orchestration import Flag, OtherRunsFacts, ProgressFacts, UnfinishedFacts
from checks.model import Finding, Interval, Outcome, Severity
from checks.orchestration.completion import CLOCKS_DIFFER, moment_of, progress_of
from checks.orchestration.gathered import JudgedRun
from checks.orchestration.gathering import (
    HISTORY_LABEL,
    completion_of,
    document_link_of,
    has_state,
    judged,
    local_time,
    of_runs,
    rows_of,
    start_reads,
)
from checks.orchestration_spec import RunHistory, Transition
from checks.places import Place, PlaceKind
from checks.ports.warehouse import Row, read_rows
from checks.registry import check
from checks.unanswered import attempt

AFTER_MINUTES = 30
"""How long nothing may happen where the pipeline file names no run history to say it."""

SHOWN = 20
"""Runs that get a finding of their own; the rest is counted."""

CODES: Mapping[str, str] = {
    "stalled": "Some processors have reported, not enough, nothing triggered and nothing new for too long.",
    "moving": "The completion document is complete, triggered, fresh, or its next phase has data.",
    "nothing-started": "No processor of the run is in; nothing can be stuck.",
    "run-unfinished": "The run history says running, for longer than a run may take.",
    "more-runs-unfinished": "Further unfinished runs that are not listed one by one.",
    "no-unfinished-runs": "The run history has no run that is running for too long.",
    "off-day": "The date has nothing to run for.",
    "no-run": "The pipeline file describes no run of this transition for dates seen from today like this one.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Halfway:
    """A completion document's state; ``last_at`` is the latest arrival, None when no time can be read."""

    arrived: int
    enough: bool
    triggered: bool
    effect: bool
    last_at: datetime | None
    opens: datetime
    due: datetime
    now: datetime
    after: timedelta


def judge(halfway: Halfway) -> str:
    """Return the code for a document. What arrived before the window opened has not started this run, so it
    is stuck only once the run is due."""
    if halfway.arrived == 0:
        return "nothing-started"
    if halfway.enough or halfway.triggered or halfway.effect:
        return "moving"
    past_due = halfway.now > halfway.due
    if halfway.last_at is None:
        return "stalled" if past_due else "moving"
    started = halfway.last_at >= halfway.opens or past_due
    return "stalled" if started and halfway.now > halfway.last_at + halfway.after else "moving"


@check(
    id="stalled",
    place=PlaceKind.TRANSITION,
    facts=ProgressFacts,
    short="runs",
    effect=FailureEffect.STOPS,
    worst=Severity.P1,
    codes=CODES,
    expected="Whatever started has finished, or is still making progress.",
    unwanted="A phase that waits for a processor which stopped; a run that is running for ever.",
    quick=True,
)
def stalled(context: Context) -> Iterator[Finding]:
    transitions = tuple(each for each in context.transitions if has_state(each))
    history = context.pipeline.run_history
    if not transitions and history is None:
        yield not_configured(
            "stalled",
            "The pipeline file names neither completion documents nor a run history",
            configure="name the 'state' of a transition, or add the section 'run_history'",
        )
    start_reads(context, transitions, log=False)
    if history is not None:
        for interval in context.intervals:
            read_rows(context.reads, context.query(history.unfinished, HISTORY_LABEL, interval))
    yield from judged(context, transitions, Severity.P1, of_runs(_judge_document))
    if history is not None:
        yield from attempt(
            partial(_judge_history, context, history), subject=HISTORY_LABEL, severity=Severity.P1, phase=None
        )


def _judge_document(context: Context, transition: Transition, interval: Interval, run: JudgedRun) -> Iterator[Finding]:
    now = context.now.astimezone(UTC)
    completion = completion_of(context, transition, interval)
    progress = progress_of(completion, run.spec, now)
    rows = rows_of(context, transition.target, interval)
    last_at = max((at for name in progress.arrived if (at := completion.finished[name]) is not None), default=None)
    history = context.pipeline.run_history
    after = timedelta(minutes=AFTER_MINUTES if history is None else history.after_minutes)
    code = judge(
        Halfway(
            arrived=len(progress.arrived),
            enough=progress.enough,
            triggered=completion.flag_in(run.opens) is Flag.TRUE,
            effect=rows is not None and rows.count > 0,
            last_at=last_at,
            opens=run.opens,
            due=run.due,
            now=now,
            after=after,
        )
    )
    target = context.pipeline.phase(transition.target).title
    last = "" if last_at is None else f", the last {local_time(context, last_at)}"
    missing = ", ".join(progress.missing)
    is_stalled = code == "stalled"
    yield Finding(
        outcome={"stalled": Outcome.FAILED, "moving": Outcome.PASSED}.get(code, Outcome.SKIPPED),
        code=code,
        severity=Severity.P1 if is_stalled else None,
        subject=transition.id,
        summary={
            "stalled": f"{target} is stuck: {progress.counted}{last}, and nothing has come since. Missing: {missing}.",
            "moving": f"{target} is not stuck: {progress.counted}{last}.",
            "nothing-started": f"No processor before {target} has reported, so nothing is stuck.",
        }[code],
        phase=transition.target,
        interval=interval,
        facts=ProgressFacts(
            run=run.name,
            processors_in=len(progress.arrived),
            expected=progress.expected,
            missing=tuple(progress.missing),
            last_arrival=last_at,
            silent_minutes=None if last_at is None else int((now - last_at).total_seconds() // 60),
            effect_rows=None if rows is None else rows.count,
        ),
        impact=(transition.impact or f"{target} waits and will not start by itself.") if is_stalled else "",
        action=Action(text=f"Read the logs of {missing}, and run what stopped again.") if is_stalled else None,
        link=document_link_of(context.pipeline, transition, interval),
        read=True,
    )


def _judge_history(context: Context, history: RunHistory) -> Iterator[Finding]:
    found: dict[str, tuple[datetime | None, Row]] = {}
    for interval in context.intervals:
        rows = context.rows(history.unfinished, HISTORY_LABEL, interval)
        for row in rows:
            started = moment_of(row.get("started_at"))
            too_long = is_unfinished(started, context.now, history.after_minutes)
            if too_long and context.in_scope(_phase_of(context, row)):
                found[_run_name(row)] = (started, row)
    oldest_first = sorted(found.items(), key=lambda item: (item[1][0] is not None, item[1][0] or context.now, item[0]))
    for name, (started, row) in oldest_first[:SHOWN]:
        yield _run_finding(context, name, started, row)
    if len(oldest_first) > SHOWN:
        yield _rest(len(oldest_first) - SHOWN)
    if not oldest_first:
        yield Finding(
            outcome=Outcome.PASSED,
            code="no-unfinished-runs",
            subject=HISTORY_LABEL,
            summary=f"No run has been running for more than {history.after_minutes} minutes.",
        )


def is_unfinished(started: datetime | None, now: datetime, after_minutes: int) -> bool:
    """Whether a run that is still running has taken longer than it may; without a start that can be true it has."""
    return started is None or started - now > CLOCKS_DIFFER or now - started > timedelta(minutes=after_minutes)


def _run_name(row: Row) -> str:
    return f"{row.get('processor')}/{row.get('run_id')}"


def _phase_of(context: Context, row: Row) -> str | None:
    """Return the phase of a run, None when the row names none that the pipeline knows."""
    return next((each.id for each in context.pipeline.phases if each.id == row.get("phase")), None)


def _run_finding(context: Context, name: str, started: datetime | None, row: Row) -> Finding:
    processor = row.get("processor")
    ahead = started is not None and started > context.now
    minutes = None if started is None or ahead else int((context.now - started).total_seconds() // 60)
    since = (
        "is marked as running, without a start time."
        if started is None
        else f"is marked as running since {local_time(context, started)}, which lies in the future."
        if ahead
        else f"started at {local_time(context, started)} and is still marked as running, {minutes:,} minutes later."
    )
    return Finding(
        outcome=Outcome.FAILED,
        code="run-unfinished",
        severity=Severity.P1,
        subject=name,
        summary=f"{processor} {since}",
        phase=_phase_of(context, row),
        place=Place(PlaceKind.TASK, str(processor), str(row.get("run_id"))),
        facts=UnfinishedFacts(
            processor=str(processor), run_id=str(row.get("run_id")), started_at=started, minutes=minutes
        ),
        impact=f"What waits for {processor} does not start.",
        action=Action(text=f"Read the log of {processor}; if it is dead, run it again for its date."),
    )


def _rest(count: int) -> Finding:
    return Finding(
        outcome=Outcome.FAILED,
        code="more-runs-unfinished",
        severity=Severity.P1,
        subject="other runs",
        summary=f"{count} more run{' is' if count == 1 else 's are'} still marked as running.",
        place=Place(PlaceKind.TASK, "other runs"),
        facts=OtherRunsFacts(count=count),
        impact="So many unfinished runs have one reason in common.",
        action=Action(text="Start with the oldest ones; they are listed above."),
    )
