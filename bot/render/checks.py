"""The checks themselves as people read them: the list, and the explanation of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.render.message import Cell, Command, Heading, Line, Part, SmallPrint, Table
from bot.render.words import joined
from checks.pipeline import Pipeline
from checks.ports.warehouse import Query
from checks.registry import COMMON_CODES, Check
from checks.sql_check_spec import SqlCheck

INTERVALS = {
    "previous": "the newest that should be complete",
    "current": "the one being prepared",
    "both": "the newest that should be complete, and the one being prepared",
}
BEFORE_DUE = {"wait": "not checked before", "note": "checked before, too, and then never more than a note"}


def check_list(pipeline: Pipeline, checks: Sequence[Check]) -> Iterator[Part]:
    """Yield a table for each phase; checks that span phases come first."""
    titles = {phase.id: phase.title for phase in pipeline.phases}
    for phase in (None, *titles):
        rows = tuple(_row(check) for check in checks if check.phase == phase)
        if rows:
            yield Heading(text="Every phase" if phase is None else f"{titles[phase]} ({phase})")
            yield Table(columns=("Check", "Worst", "Quick", "What it asks"), rows=rows)
    yield SmallPrint(text="'reveille explain ID' explains a check, a cause or a code.")


def _row(check: Check) -> tuple[Cell, ...]:
    quick = "yes" if check.quick else "-"
    return Cell(text=check.id), Cell(text=check.worst.name), Cell(text=quick), Cell(text=check.title)


def explanation(check: Check, pipeline: Pipeline) -> Iterator[Part]:
    """Yield everything there is to know about a check."""
    yield Heading(text=check.title)
    quick = " · quick" if check.quick else ""
    yield SmallPrint(text=f"{check.id} · phase: {check.phase or 'every'} · at worst {check.worst.name}{quick}")
    for paragraph in check.rationale.split("\n\n"):
        yield Line(text=paragraph)
    yield Heading(text="Expected state")
    yield Line(label="Expected", text=check.expected or "-")
    if check.unwanted:
        yield Line(label="Unwanted", text=check.unwanted)
    if check.spec is not None:
        yield from _when(check.spec, pipeline)
        yield from _thresholds(check.spec, pipeline)
    yield Heading(text="What it can say")
    for code, meaning in check.codes.items():
        yield Line(label=code, text=meaning)
    yield Line(text=f"And, as every check: {joined(sorted(COMMON_CODES))}.")
    if check.spec is not None and check.spec.query:
        yield Heading(text="Query")
        yield Command(text=Query(check.spec.query).text())
    if runbook := check.runbook or pipeline.runbook:
        yield Heading(text="Runbook")
        yield Line(text=runbook)


def _when(spec: SqlCheck, pipeline: Pipeline) -> Iterator[Part]:
    yield Heading(text="When")
    yield Line(label="Judges", text=INTERVALS[spec.interval])
    if spec.when is not None:
        condition = pipeline.conditions[spec.when]
        yield Line(label="Only if", text=f'{condition.title}; else "{condition.otherwise}"')
    if spec.due is not None:
        counted = f"counted from the {pipeline.words.interval}"
        text = f"{spec.due} in {pipeline.timezone}, {counted}; {BEFORE_DUE[spec.before_due]}"
        yield Line(label="Due", text=text)


def _thresholds(spec: SqlCheck, pipeline: Pipeline) -> Iterator[Part]:
    yield Heading(text="Thresholds: the first that matches decides")
    for rule in spec.rules:
        yield Line(text=str(rule))
    if all(rule.severity is None for rule in spec.rules):
        yield Line(text="It reports figures and never fails.")
    if spec.impact:
        yield Line(label="Impact of a failure", text=spec.impact)
    if spec.action is not None:
        yield Line(label="Repair", text=_on_platform(spec.action.text, pipeline))
        if spec.action.command:
            yield Command(text=_on_platform(spec.action.command, pipeline))


def _on_platform(text: str, pipeline: Pipeline) -> str:
    """Return a text of the file with what the file itself knows; what a row names stays a name in braces."""
    return text.replace("{project}", pipeline.project).replace("{region}", pipeline.region or "{region}")
