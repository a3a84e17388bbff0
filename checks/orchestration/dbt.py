"""dbt built its models, their tests pass, and its sources are fresh.

dbt says in its artifacts what its last run did: which models failed, which were left out for them, what tests found,
how old its sources were. A model that failed is the cause of what is stale after it; a test that failed is a finding on
its table, and stops what was not built for it. Results of an earlier interval are no evidence for this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from checks.actions import Action, Shell
from checks.agreement import agreeing, counted
from checks.amounts import cut_text
from checks.cells import in_words
from checks.context import Context, not_configured
from checks.effects import FailureEffect
from checks.facts.tasks import DbtTestFacts, SourceAgeFacts, TaskFacts, TasksFacts, TaskState, TaskWork
from checks.intervals import interval_words
from checks.model import Finding, Outcome, Severity
from checks.orchestration.tasks import (
    LONGEST_MESSAGE,
    TASK_CODES,
    TASK_EFFECTS,
    Task,
    finding_of,
    left_out,
    left_out_words,
)
from checks.places import Place, PlaceKind
from checks.ports.dbt import DbtKind, DbtNode, DbtProject, read_dbt
from checks.registry import check
from checks.shell_words import command_line
from checks.tasks_spec import DbtSpec
from checks.unanswered import attempt

PROJECT = "dbt"
"""The subject and the place of a run as a whole."""

CODES: Mapping[str, str] = {
    "built": "The run is of this interval; what it lists succeeded unless a finding says otherwise.",
    "not-run": "There is no run of this interval, and its time is over.",
    "run-not-due": "There is no run of this interval yet, and it is not due yet.",
    "results-old": "The last run is older than the interval: it is no evidence.",
    "no-results": "There are no results of a run.",
    "test-failed": "A test found rows that should not be there.",
    "test-stopped": "A test failed, and what is made of its table was not built for it.",
    "test-warned": "A test that only warns found rows.",
    "test-not-judged": "A test could not be run.",
    "source-stale": "A source is older than its limit for errors.",
    "source-old": "A source is older than its limit for warnings.",
    "source-not-judged": "dbt could not say how old a source is.",
    **{code: text for code, text in TASK_CODES.items() if code not in ("task-not-run", "task-not-due")},
}

_EFFECTS = {
    **{code: effect for code, effect in TASK_EFFECTS.items() if code in CODES},
    "not-run": FailureEffect.STOPS,
    "test-failed": FailureEffect.HARMS,
    "test-stopped": FailureEffect.STOPS,
    "source-stale": FailureEffect.STOPS,
    "source-old": FailureEffect.HARMS,
}


@check(
    id="dbt",
    place=PlaceKind.TASK,
    facts=TaskFacts,
    short="dbt",
    effects=_EFFECTS,
    worst=Severity.P1,
    codes=CODES,
    expected="Every model of the last run was built, every test passed, every source is fresh.",
    unwanted="A model that failed, and reports that show the day before without saying so.",
)
def dbt(context: Context) -> Iterator[Finding]:
    """Yield one finding about the run, and one for each model, test and source with something to say."""
    spec = context.pipeline.dbt
    if spec is None:
        yield not_configured("dbt", "The pipeline file has no section 'dbt'", configure="name its artifacts there")
        return
    if context.in_scope(spec.phase):
        project = read_dbt(context.reads)
        judged = partial(_judged, context, spec, project.result)
        yield from attempt(judged, subject=PROJECT, severity=Severity.P1, phase=spec.phase, whole=True)


def _judged(context: Context, spec: DbtSpec, read: Callable[[], DbtProject]) -> Iterator[Finding]:
    project = read()
    names = {each.id: each.name for each in project.nodes}
    tasks = [_task(spec, each, names) for each in project.nodes if each.kind is DbtKind.MODEL]
    stopped = stopped_by_tests(project.nodes)
    yield _whole(context, spec, project)
    not_run = left_out(tasks)
    behind = {name for found in (*not_run.values(), *stopped.values()) for name in found}
    for each in tasks:
        told = each.state not in (None, TaskState.SUCCEEDED)
        if told and not (each.state is TaskState.BLOCKED and each.name in behind):
            yield finding_of(context, each, None, not_run.get(each.name, ()))
    for node in project.nodes:
        if node.kind is DbtKind.SOURCE:
            yield from _age(context, spec, node)
        elif node.kind is not DbtKind.MODEL:
            yield from _test(context, spec, node, stopped.get(node.id, ()))


def _task(spec: DbtSpec, node: DbtNode, names: Mapping[str, str]) -> Task:
    return Task(
        name=node.name,
        state=node.state,
        started_at=node.started_at,
        ended_at=node.ended_at,
        message=node.message,
        after=tuple(names[each] for each in node.after if each in names),
        phase=spec.phase,
        command=command_line("dbt build", [], ("--select", f"{node.name.rpartition('.')[2]}+")),
    )


def stopped_by_tests(nodes: Sequence[DbtNode]) -> Mapping[str, Sequence[str]]:
    """Return the models that were left out for each failed test, by its id: those that come after what it tests, of
    which no failed model is the reason."""
    by_id = {each.id: each for each in nodes}
    after: dict[str, list[DbtNode]] = {}
    for each in nodes:
        for name in each.after if each.kind is DbtKind.MODEL else ():
            after.setdefault(name, []).append(each)
    excused = {
        each.name
        for failed in nodes
        if failed.kind is DbtKind.MODEL and failed.state is TaskState.FAILED
        for each in _blocked_after(failed.id, after)
    }
    found: dict[str, Sequence[str]] = {}
    taken: set[str] = set()
    for test in nodes:
        if test.kind not in (DbtKind.TEST, DbtKind.UNIT_TEST) or test.state is not TaskState.FAILED:
            continue
        blocked = [each for tested in test.after for each in _blocked_after(tested, after)]
        if test.kind is DbtKind.UNIT_TEST:
            itself = [by_id[name] for name in test.after if name in by_id]
            blocked = [*(each for each in itself if each.state is TaskState.BLOCKED), *blocked]
        names = [each.name for each in blocked if each.name not in excused | taken]
        if names:
            found[test.id] = tuple(dict.fromkeys(names))
            taken.update(names)
    return found


def _blocked_after(start: str, after: Mapping[str, Sequence[DbtNode]]) -> Iterator[DbtNode]:
    """Yield the models after a node that were left out, and those after them."""
    seen, layer = {start}, [start]
    while layer:
        blocked = [each for name in layer for each in after.get(name, ()) if each.state is TaskState.BLOCKED]
        new = list({each.id: each for each in blocked if each.id not in seen}.values())
        seen.update(each.id for each in new)
        yield from new
        layer = [each.id for each in new]


def _whole(context: Context, spec: DbtSpec, project: DbtProject) -> Finding:
    code, outcome = _run_code(context, spec, project.ran_at)
    when = in_words(project.ran_at, context.pipeline.zone, context.today.year)
    severity = {Outcome.FAILED: Severity.P1, Outcome.UNKNOWN: Severity.P2}.get(outcome)
    due = None if spec.due is None else context.at(spec.due, context.previous)
    expected = f"; due {in_words(due, context.pipeline.zone, context.today.year)}" if due is not None else ""
    interval = interval_words(context.previous.name, context.today.year)
    last = f"its last run ended {when}" if when else "no run of it is known"
    summary = {
        "built": f"dbt ran {when}: {_counted(project.nodes)}.",
        "not-run": f"dbt did not run for {interval}{expected}; {last}.",
        "run-not-due": f"dbt has not run for {interval} yet{expected}.",
        "results-old": f"The last run of dbt ended {when}, before {interval}: how it is now is not known.",
        "no-results": "dbt left no run_results.json beside its manifest: what its last run did is not known.",
    }[code]
    action = Action(text="Find out why dbt did not run, and run it.", commands=(Shell("dbt build"),))
    return Finding(
        outcome=outcome,
        code=code,
        subject=PROJECT,
        summary=summary,
        severity=severity,
        phase=spec.phase,
        place=Place(PlaceKind.TASK, PROJECT),
        facts=TasksFacts(ran_at=project.ran_at, tasks=len(project.nodes), works=tuple(works_of(spec, project))),
        impact="" if severity is None else "Every table that dbt makes may be missing or old.",
        action=None if severity is None else action,
        read=True if outcome is Outcome.WAITING else None,
    )


def _run_code(context: Context, spec: DbtSpec, ran_at: datetime | None) -> tuple[str, Outcome]:
    owed = context.previous
    if ran_at is not None and ran_at >= owed.end:
        return "built", Outcome.PASSED
    if spec.due is not None:
        late = context.now >= context.at(spec.due, owed)
        return ("not-run", Outcome.FAILED) if late else ("run-not-due", Outcome.WAITING)
    if ran_at is None:
        return "no-results", Outcome.UNKNOWN
    return ("built", Outcome.PASSED) if ran_at >= owed.start else ("results-old", Outcome.UNKNOWN)


def _counted(nodes: Sequence[DbtNode]) -> str:
    words = ((DbtKind.MODEL, "models built"), (DbtKind.TEST, "tests passed"), (DbtKind.SOURCE, "sources fresh"))
    told = []
    for kind, word in words:
        judged = [each for each in nodes if each.kind is kind and each.state is not None]
        good = sum(each.state is TaskState.SUCCEEDED for each in judged)
        if judged:
            told.append(agreeing(f"{counted(good)} of {counted(len(judged))} {word}"))
    return ", ".join(told) or "it lists nothing that is judged"


def works_of(spec: DbtSpec, project: DbtProject) -> Iterator[TaskWork]:
    """Yield what each model is made of. Every model comes after the run as a whole."""
    by_id = {each.id: each for each in project.nodes}
    unit_tests: dict[str, list[str]] = {}
    for each in project.nodes:
        for name in each.after if each.kind is DbtKind.UNIT_TEST else ():
            unit_tests.setdefault(name, []).append(each.name)
    for each in project.nodes:
        if each.kind is not DbtKind.MODEL:
            continue
        before = [by_id[name] for name in each.after if name in by_id]
        models = [one.name for one in before if one.kind is DbtKind.MODEL]
        yield TaskWork(
            task=each.name,
            after=(PROJECT, *models, *unit_tests.get(each.id, ())),
            reads=tuple(one.table for one in before if one.table),
            writes=(each.table,) if each.table else (),
            phase=spec.phase,
        )


def _test(context: Context, spec: DbtSpec, node: DbtNode, not_run: Sequence[str]) -> Iterator[Finding]:
    if node.state in (None, TaskState.SUCCEEDED, TaskState.BLOCKED):
        return  # one that was left out says nothing that its model does not say
    code, severity = "test-failed", Severity.P1
    if node.state is TaskState.WARNED:
        code, severity = "test-warned", Severity.P3
    elif node.state is not TaskState.FAILED:
        code, severity = "test-not-judged", Severity.P2
    elif not_run:
        code = "test-stopped"
    message = cut_text(context.hidden(node.message), LONGEST_MESSAGE) if node.message else ""
    place = Place(PlaceKind.TABLE, node.table) if node.table else Place(PlaceKind.TASK, node.name)
    if node.kind is DbtKind.UNIT_TEST:
        place = Place(PlaceKind.TASK, node.name)
    yield Finding(
        outcome=Outcome.UNKNOWN if code == "test-not-judged" else Outcome.FAILED,
        code=code,
        subject=node.name,
        summary=f"{_found(node, message)}{left_out_words(not_run)}.",
        severity=severity,
        phase=spec.phase,
        place=place,
        facts=DbtTestFacts(
            test=node.test, column=node.column, failures=node.failures, message=message, not_run=tuple(not_run)
        ),
        impact=f"What works on {node.table or node.name} works on rows that should not be there.",
        action=Action(
            text=f"Check the rows that fail {node.name}, fix them, and build again.",
            commands=(Shell(command_line("dbt test", [], ("--select", node.name, "--store-failures"))),),
        ),
    )


def _found(node: DbtNode, message: str) -> str:
    of, where = node.table or node.name, f" ({node.column})" if node.column else ""
    if node.state is TaskState.UNKNOWN:
        return f"The test {node.test}{where} of {of} could not be run: {message.rstrip('.') or 'dbt does not say why'}"
    if node.kind is DbtKind.UNIT_TEST or node.failures is None:
        return f"The test {node.test}{where} of {of} fails"
    rows = f"{node.failures:,} row{'' if node.failures == 1 else 's'}"
    return f"{rows} of {of} fail{'s' if node.failures == 1 else ''} the test {node.test}{where}"


_AGES = {
    TaskState.FAILED: ("source-stale", Outcome.FAILED, Severity.P1),
    TaskState.WARNED: ("source-old", Outcome.FAILED, Severity.P2),
    TaskState.UNKNOWN: ("source-not-judged", Outcome.UNKNOWN, Severity.P2),
}
"""The others have nothing to say."""


def _age(context: Context, spec: DbtSpec, node: DbtNode) -> Iterator[Finding]:
    old = node.state is not None and (node.ended_at is None or node.ended_at < context.previous.start)
    if node.state not in _AGES and not old:
        return
    code, outcome, severity = _AGES.get(node.state or TaskState.UNKNOWN, _AGES[TaskState.UNKNOWN])
    if old:
        code, outcome = "source-not-judged", Outcome.UNKNOWN
        severity = Severity.P3 if node.state is TaskState.SUCCEEDED else severity
    zone, year = context.pipeline.zone, context.today.year
    newest, looked = (in_words(each, zone, year) for each in (node.newest_at, node.ended_at))
    said = f"The newest row of {node.table} was of {newest or 'no time'}"
    if code == "source-not-judged":
        why = cut_text(context.hidden(node.message), LONGEST_MESSAGE).rstrip(".") if node.message else ""
        why = f"it last looked {looked or 'nobody knows when'}" if old else why or "it does not say why"
        said = f"dbt could not say how old {node.table} is: {why}"
    yield Finding(
        outcome=outcome,
        code=code,
        subject=node.table or node.name,
        summary=f"{said}{f' when dbt looked {looked}' if looked and code != 'source-not-judged' else ''}.",
        severity=severity,
        phase=spec.phase,
        place=Place(PlaceKind.TABLE, node.table or node.name),
        facts=SourceAgeFacts(newest_at=node.newest_at, looked_at=node.ended_at),
        impact="What is made of it is old.",
        action=Action(text=f"Check what loads {node.table}.", commands=(Shell("dbt source freshness"),)),
    )
