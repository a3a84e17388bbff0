"""Every task of the orchestrator was run, and succeeded in time.

Airflow, Dagster and Prefect keep the runs of their tasks in tables. A query of the pipeline file reads those of an
interval; of several runs of a task the latest counts, so that what a retry repaired is no failure. A task that the file
names counts for what it writes, and must have a run; of any other one only its own failure is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from checks.context import Context, not_configured
from checks.facts.tasks import TaskFacts, TasksFacts, TaskState, TaskWork
from checks.model import Finding, Interval, Outcome, Severity
from checks.orchestration.tasks import TASK_CODES, TASK_EFFECTS, Task, finding_of, left_out
from checks.places import PlaceKind
from checks.ports.warehouse import Row, read_rows
from checks.registry import check
from checks.source import Problem, SourceError
from checks.tasks_spec import TaskRuns, TaskSpec
from checks.unanswered import attempt

LABEL = "task-runs"

NEEDED = ("task", "state")
"""The columns that every row has."""

_STATES = {
    TaskState.SUCCEEDED: ("success", "succeeded", "completed", "complete", "done", "ok", "passed", "finished"),
    TaskState.FAILED: ("failed", "failure", "error", "crashed", "timed_out", "timedout", "aborted"),
    TaskState.BLOCKED: ("upstream_failed", "blocked", "not_run", "upstream-failed"),
    TaskState.SKIPPED: ("skipped", "removed"),
    TaskState.RUNNING: ("running", "started", "in_progress", "deferred", "restarting", "up_for_retry", "canceling"),
    TaskState.WAITING: (
        "queued", "scheduled", "pending", "starting", "not_started", "none", "late", "paused", "up_for_reschedule",
        "awaiting_retry", "retrying", "cancelling", "managed", "awaitingretry",
    ),
    TaskState.CANCELLED: ("canceled", "cancelled", "killed", "terminated"),
    TaskState.WARNED: ("warning", "warned", "partial", "partial_success"),
    TaskState.UNKNOWN: (),
}  # fmt: skip
"""What Airflow, Dagster and Prefect call their states, whatever the case."""

STATES: Mapping[str, TaskState] = {word: state for state, words in _STATES.items() for word in words}


@check(
    id="task-runs",
    place=PlaceKind.TASK,
    facts=TaskFacts,
    short="task runs",
    effects=TASK_EFFECTS,
    worst=Severity.P1,
    codes={
        **TASK_CODES,
        "tasks-read": "The runs were read; how many there are.",
        "no-runs": "The query knows of no run of the interval, and no task must have one yet.",
        "off-day": "The date has nothing to run for.",
    },
    expected="Every task that the file names was run for the interval and succeeded in time.",
    unwanted="A task that failed where nobody looks, and tables that miss its work.",
)
def task_runs(context: Context) -> Iterator[Finding]:
    """Yield one finding a task and interval."""
    spec = context.pipeline.task_runs
    if spec is None:
        summary = "The pipeline file has no section 'task_runs'"
        yield not_configured("task runs", summary, configure="name the query that reads them there")
        return
    asked = [each for each in context.intervals if context.pipeline.timeline.has_run(each)]
    for interval in asked:
        read_rows(context.reads, context.query(spec.query, LABEL, interval))
    for interval in asked:
        judged = partial(_judged, context, spec, interval)
        severity = Severity.P1 if spec.tasks else Severity.P2
        yield from attempt(judged, subject="task runs", severity=severity, interval=interval, whole=True)
    if not asked:
        summary = f"{context.why_off(None, context.previous)}: there is no run to look at."
        yield Finding(outcome=Outcome.SKIPPED, code="off-day", subject="task runs", summary=summary, read=True)


def _judged(context: Context, spec: TaskRuns, interval: Interval) -> Iterator[Finding]:
    latest = latest_runs(context.rows(spec.query, LABEL, interval), interval)
    tasks = [
        _task(context, spec, interval, name, latest.get(name))
        for name in dict.fromkeys((*spec.tasks, *latest))
        if name in latest or spec.tasks[name].due is not None
    ]
    yield _whole(spec, interval, len(latest), len(tasks))
    not_run = left_out(tasks)
    behind = {name for names in not_run.values() for name in names}
    for each in tasks:
        if each.name not in behind and context.in_scope(each.phase):
            yield finding_of(context, each, interval, not_run.get(each.name, ()))


def _whole(spec: TaskRuns, interval: Interval, found: int, judged: int) -> Finding:
    works = tuple(
        TaskWork(task=name, after=each.after, reads=each.reads, writes=each.writes, phase=each.phase)
        for name, each in spec.tasks.items()
    )
    code = "tasks-read" if found or judged else "no-runs"
    runs = f"{found:,} task{'' if found == 1 else 's'} with a run" if found else "No task has a run yet"
    return Finding(
        outcome=Outcome.PASSED if found else Outcome.SKIPPED,
        code=code,
        subject="task runs",
        summary=f"{runs}.",
        interval=interval,
        facts=TasksFacts(tasks=found, works=works),
        read=False,
    )


def latest_runs(rows: Sequence[Row], interval: Interval) -> Mapping[str, Row]:
    """Return the latest run of each task: the one that started last, and of those without a start the last row.

    Raises SourceError for rows without the columns that each needs.
    """
    latest: dict[str, Row] = {}
    for row in rows:
        missing = [each for each in NEEDED if each not in row]
        if missing:
            detail = f"the query of task_runs selects no column {' and no '.join(missing)}"
            raise SourceError("BigQuery", Problem.INVALID, detail, advice="Correct it in the pipeline file.")
        name = str(row["task"] or "").strip()
        if name and _is_of(row.get("period"), interval):
            known = latest.get(name)
            if known is None or _rank(row) >= _rank(known):
                latest[name] = row
    return latest


def _rank(row: Row) -> tuple[bool, float]:
    started = _instant(row.get("started")) or _instant(row.get("ended"))
    # What is queued has no start yet, and comes after all that has.
    return started is None, started.timestamp() if started is not None else 0.0


def _is_of(period: Any, interval: Interval) -> bool:
    if isinstance(period, datetime):
        return period.tzinfo is None or interval.start <= period < interval.end
    if isinstance(period, date):
        return period == interval.day
    return period is None or str(period) in (interval.name, "")


def _task(context: Context, spec: TaskRuns, interval: Interval, name: str, row: Row | None) -> Task:
    stated = spec.tasks.get(name, TaskSpec())
    due = None if stated.due is None else context.at(stated.due, interval)
    word = str((row or {}).get("state") or "none").strip().lower().rpartition(".")[2].replace(" ", "_")
    state = None if row is None else STATES.get(word, TaskState.UNKNOWN)
    read = row or {}
    message = str(read.get("message") or "") or (f"its state is {word!r}" if state is TaskState.UNKNOWN else "")
    return Task(
        name=name,
        state=state,
        started_at=_instant(read.get("started")),
        ended_at=_instant(read.get("ended")),
        message=message,
        log=str(read.get("log") or ""),
        after=stated.after,
        longest=timedelta(minutes=stated.minutes or spec.minutes),
        due=due,
        phase=stated.phase,
        needed=name in spec.tasks,
    )


def _instant(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) and value.tzinfo is not None else None
