"""One run of a task, judged: whether it did its work, and which tasks were left out for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from checks.actions import Action, Shell
from checks.amounts import cut_text
from checks.cells import in_words
from checks.context import Context
from checks.diagnosis.words import listed
from checks.effects import FailureEffect
from checks.facts.tasks import TaskFacts, TaskState
from checks.model import Finding, Interval, Outcome, Severity
from checks.places import Place, PlaceKind

LONGEST_MESSAGE = 300
"""Characters of what a task says of its failure."""

NAMED = 3
"""Tasks that a sentence names."""

TASK_CODES: Mapping[str, str] = {
    "task-succeeded": "The run succeeded.",
    "task-partial": "The run did a part of its work.",
    "task-failed": "The run failed.",
    "task-cancelled": "Somebody cancelled the run.",
    "task-too-long": "The run has been under way for longer than it may be.",
    "task-not-run": "There is no run, and its time is over.",
    "task-blocked": "It was not run because of what failed before it, and nothing says what that was.",
    "task-left-out": "It was left out on purpose.",
    "task-under-way": "The run is under way, or waits for its turn.",
    "task-not-due": "There is no run yet, and it is not due yet.",
    "task-state-unknown": "Its state is none that is known.",
}

TASK_EFFECTS: Mapping[str, FailureEffect] = {
    **dict.fromkeys(TASK_CODES, FailureEffect.STOPS),
    "task-partial": FailureEffect.HARMS,
}

_CODES = {
    TaskState.SUCCEEDED: "task-succeeded",
    TaskState.WARNED: "task-partial",
    TaskState.FAILED: "task-failed",
    TaskState.BLOCKED: "task-blocked",
    TaskState.SKIPPED: "task-left-out",
    TaskState.RUNNING: "task-under-way",
    TaskState.WAITING: "task-under-way",
    TaskState.CANCELLED: "task-cancelled",
    TaskState.UNKNOWN: "task-state-unknown",
}

_OUTCOMES = {
    "task-succeeded": Outcome.PASSED,
    "task-left-out": Outcome.SKIPPED,
    "task-under-way": Outcome.WAITING,
    "task-not-due": Outcome.WAITING,
    "task-state-unknown": Outcome.UNKNOWN,
}
"""The others are failures."""

_WORDS = {
    "task-succeeded": "succeeded",
    "task-partial": "did a part of its work",
    "task-failed": "failed",
    "task-cancelled": "was cancelled",
    "task-too-long": "has been under way for too long, since",
    "task-not-run": "was not run",
    "task-blocked": "was not run, because of what failed before it",
    "task-left-out": "was left out on purpose",
    "task-under-way": "is under way",
    "task-not-due": "has not been run yet",
    "task-state-unknown": "is in a state that is not known",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task with its latest run; ``state`` None for one without a run. ``needed`` says that others need its work."""

    name: str
    state: TaskState | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    message: str = ""
    log: str = ""
    after: tuple[str, ...] = ()
    longest: timedelta | None = None
    due: datetime | None = None
    phase: str | None = None
    needed: bool = True
    command: str = ""


def left_out(tasks: Iterable[Task]) -> Mapping[str, Sequence[str]]:
    """Return which tasks were not run for each that did not do its work, the nearest first. One that nothing before it
    explains follows from the only one that failed, where there is only one."""
    by_name = {each.name: each for each in tasks}
    stopped = (TaskState.FAILED, TaskState.CANCELLED)
    failed = [each.name for each in by_name.values() if each.state in stopped]
    found: dict[str, list[str]] = {}
    blocked = [(_before(each, by_name), each) for each in by_name.values() if each.state is TaskState.BLOCKED]
    for before, each in sorted(blocked, key=lambda pair: len(pair[0])):
        roots = [name for name in before if by_name[name].state in stopped]
        roots = roots or (failed if len(failed) == 1 and not each.after else [])
        for name in roots[:1]:
            found.setdefault(name, []).append(each.name)
    return found


def _before(task: Task, tasks: Mapping[str, Task]) -> list[str]:
    """Return the tasks before one, the nearest first."""
    seen, layer = {task.name}, [task.name]
    found: list[str] = []
    while layer:
        layer = [
            each
            for each in dict.fromkeys(name for one in layer for name in tasks[one].after)
            if each in tasks and each not in seen
        ]
        seen.update(layer)
        found += layer
    return found


def code_of(task: Task, now: datetime) -> str:
    """Return the code of a task's finding."""
    if task.state is None:
        return "task-not-due" if task.due is not None and now < task.due else "task-not-run"
    code = _CODES[task.state]
    if code != "task-under-way":
        return code
    is_over = task.longest is not None and task.started_at is not None and now - task.started_at > task.longest
    return "task-too-long" if is_over or (task.due is not None and now > task.due) else code


def finding_of(context: Context, task: Task, interval: Interval | None, not_run: Sequence[str] = ()) -> Finding:
    """Judge a task. One whose work others need is P1, any other one P2."""
    code = code_of(task, context.now)
    outcome = _OUTCOMES.get(code, Outcome.FAILED)
    loud = outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    usual = Severity.P1 if task.needed else Severity.P2
    message = cut_text(context.hidden(task.message), LONGEST_MESSAGE) if task.message else ""
    return Finding(
        outcome=outcome,
        code=code,
        subject=task.name,
        summary=_summary(context, task, code, message, not_run),
        severity=(Severity.P2 if code == "task-partial" else usual) if loud else None,
        phase=task.phase,
        interval=interval,
        place=Place(PlaceKind.TASK, task.name),
        facts=TaskFacts(
            state=str(task.state or ""),
            started_at=task.started_at,
            ended_at=task.ended_at,
            message=message,
            not_run=tuple(not_run),
        ),
        impact="What it makes is missing or old." if loud else "",
        action=_action(task) if loud else None,
        link=task.log if task.log.startswith(("https://", "http://")) else None,
    )


def _summary(context: Context, task: Task, code: str, message: str, not_run: Sequence[str]) -> str:
    at = task.started_at if code in ("task-too-long", "task-under-way") else task.ended_at or task.started_at
    if code in ("task-not-run", "task-not-due"):
        at = task.due
    when = in_words(at, context.pipeline.zone, context.today.year)
    due = ", due " if code in ("task-not-run", "task-not-due") and when else " "
    said = f"{task.name} {_WORDS[code]}{due if when else ''}{when}"
    told = f"{said}: {message.rstrip('.')}" if message and code != "task-succeeded" else said
    return f"{told}{left_out_words(not_run)}."


def left_out_words(not_run: Sequence[str]) -> str:
    """Say what was not run for a failure, as the end of a sentence; nothing for nothing."""
    if not not_run:
        return ""
    return f"; {listed(not_run, most=NAMED)} {'was' if len(not_run) == 1 else 'were'} not run because of it"


def _action(task: Task) -> Action:
    text = "Read its log, fix what it names, and run it again."
    return Action(text=text, commands=(Shell(task.command),) if task.command else ())
