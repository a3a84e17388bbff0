"""A day off is believable.

What a date has to do is asked of a calendar, and a calendar that nobody fills looks like a season without games: every
check that depends on it is skipped, and the report is green. So each condition is asked once for each date, and a day
off is doubted when data of the date exist all the same. A doubted date is judged like any other; what fails on it is P1
at most, because the calendar that says how much is expected is itself in doubt.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from checks.actions import Action
from checks.conditions import DOUBTED, Answer, Standing, answer
from checks.context import Context, not_configured
from checks.diagnosis.words import listed
from checks.effects import FailureEffect
from checks.facts.orchestration import CalendarFacts
from checks.intervals import interval_words
from checks.model import Finding, Interval, Outcome
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.warehouse import read_rows
from checks.queries_spec import Condition
from checks.registry import check
from checks.unanswered import attempt


def used_conditions(pipeline: Pipeline) -> tuple[str, ...]:
    """Return the conditions that something depends on, in the order of the pipeline file."""
    expected = {pipeline.condition_for(each.when) for table in pipeline.tables.values() for each in table.expect}
    expected |= {pipeline.condition_for(each.when) for each in pipeline.reconcile}
    used = {*expected, *(each.when for each in pipeline.transitions), *(each.when for each in pipeline.checks)}
    if pipeline.invocations is not None:
        used.add(pipeline.invocations.when)
    return tuple(name for name in pipeline.conditions if name in used)


@check(
    id="days-off",
    place=PlaceKind.CONDITION,
    facts=CalendarFacts,
    effect=FailureEffect.NOTE,
    effects={"day-off-doubted": FailureEffect.STOPS},
    worst=DOUBTED,
    codes={
        "holds": "The date has something to do.",
        "day-off": "The condition does not hold, and no data of the date speak against it.",
        "day-off-doubted": "It does not hold, or its calendar is empty, and data of the date exist all the same.",
    },
    expected="On a day off no data of the date exist.",
    unwanted="A calendar that says there is nothing to do while the pipeline works.",
    quick=True,
)
def days_off(context: Context) -> Iterator[Finding]:
    """Yield one finding for each condition and date."""
    names = used_conditions(context.pipeline)
    if not names:
        yield not_configured(
            "conditions",
            "No check of the pipeline file depends on a condition",
            configure="add it under 'conditions' and name it with 'when'",
        )
    for interval in context.intervals:
        for name in names:
            read_rows(context.reads, context.query(context.pipeline.conditions[name].query, name, interval))
    for interval in context.intervals:
        for name in names:
            yield from attempt(
                partial(_judge, context, name, interval), subject=name, severity=DOUBTED, interval=interval
            )


def _judge(context: Context, name: str, interval: Interval) -> Iterator[Finding]:
    yield finding_of(name, context.pipeline.conditions[name], answer(context, name, interval), interval, context)


def finding_of(name: str, spec: Condition, found: Answer, interval: Interval, context: Context) -> Finding:
    """Return the finding about a condition on a date."""
    day = interval_words(interval.name, context.today.year)
    doubted = found.standing is Standing.DOUBTED
    traces = listed(found.traces)
    said = f"{day}: {spec.otherwise}"
    return Finding(
        outcome=Outcome.FAILED if doubted else Outcome.PASSED,
        code=found.standing.value,
        subject=name,
        summary={
            Standing.HOLDS: f"{spec.title[:1].upper()}{spec.title[1:]}: {found.number} on {day}.",
            Standing.DAY_OFF: f"{said}.",
            Standing.DOUBTED: f"{day}: a day off that has data: {traces}. The calendar says: {spec.otherwise}.",
        }[found.standing],
        severity=DOUBTED if doubted else None,
        interval=interval,
        facts=CalendarFacts(number=found.number, traces=tuple(found.traces)),
        impact="Every check that depends on it would have been skipped; the date is judged like any other."
        if doubted
        else "",
        action=Action(
            text=f"Check whether the table that the condition '{name}' reads is filled for the date. If it is a day "
            "off after all, find out what wrote its data."
        )
        if doubted
        else None,
        # That there is something to do proves nothing about whether it was done.
        read=False if found.standing is Standing.HOLDS else None,
    )
