"""What the reconciliations of a pipeline file say of its tables, and whether it is so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.definition.expectation_references import (
    NO_KEYS,
    apart,
    column_problems,
    stated_problems,
    undated,
)
from bot.definition.known_names import Fault, unless_known
from bot.yaml_tree import Path
from checks.column_types import NUMBERS
from checks.dated import date_column
from checks.expansion.data_checks import data_checks
from checks.expansion.reconcile import reconciliation_id
from checks.pipeline import Pipeline
from checks.reconcile_spec import Reconciliation, Side


def reconcile_problems(pipeline: Pipeline, built_in: Iterable[str]) -> Iterator[Fault]:
    """Yield what does not fit together; ``built_in`` are the names of the checks that are no pipeline's own."""
    taken = {*built_in}
    others = [each.id for each in data_checks(pipeline)]
    for index, stated in enumerate(pipeline.reconcile):
        here: Path = ("reconcile", index)
        own = reconciliation_id(stated)
        if own in taken or others.count(own) > 1:
            yield (*here, "check"), f"'{own}' is the name of another check; give this one another with 'check'"
        for path, text in _of_one(pipeline, stated):
            yield (*here, *path), text


def _of_one(pipeline: Pipeline, stated: Reconciliation) -> Iterator[Fault]:
    yield from stated_problems(pipeline, stated)
    for key, side in (("left", stated.left), ("right", stated.right)):
        yield from unless_known((key,), "table", side.table, pipeline.tables)
        if side.table in pipeline.tables:
            yield from _side(pipeline, key, side)
    if stated.left == stated.right:
        yield ("right",), "is the same as 'left', so that they can never differ; expected another table or column"
    left, right = (pipeline.tables.get(each.table) for each in (stated.left, stated.right))
    if left is not None and right is not None:
        for mine, theirs in stated.by.items():
            yield from column_problems(("by", mine), left, mine)
            faults = tuple(apart(("by", mine), left, mine, NO_KEYS))
            yield from faults
            if mine in left.columns and not faults:
                yield from column_problems(("by", mine), right, theirs, (left.columns[mine],))


def _side(pipeline: Pipeline, key: str, side: Side) -> Iterator[Fault]:
    table = pipeline.tables[side.table]
    if side.column != "*":
        yield from column_problems((key,), table, side.column, NUMBERS if side.function == "SUM" else ())
    date = date_column(table)
    if date is not None:
        yield from undated((key,), pipeline, table, date)
