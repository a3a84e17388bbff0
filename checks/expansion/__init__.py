"""Expectations of tables turned into what a check on data is: a query, and rules that decide about its figures.

``query`` reads, ``figures`` says what of an interval, ``rules`` what decides, ``words`` how people read it.
``checks.data.expectations`` makes of the query's rows the figures that the rules compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checks.dated import found_columns
from checks.expansion.figure import Figure
from checks.expansion.figures import figures_of
from checks.expansion.query import query_of
from checks.expansion.rules import rules_of, volume_name
from checks.expansion.words import expected_of
from checks.expectations_spec import Expect
from checks.pipeline import Pipeline, Table
from checks.sql_check_spec import SqlCheck
from checks.table_names import hyphenated

CODES: Mapping[str, str] = {
    "no-rows": "The interval has no rows whose values could be judged; how many there must be, a volume says.",
    "not-enough-history": "Too few comparable intervals lie behind it to tell what is usual.",
    "no-exposure": "There was nothing to have rows for.",
}
"""What every check of expectations may say beside the codes of its rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """One set of expectations of a table, as a check. ``queries`` are those that it needs beside its own, by name."""

    path: tuple[str | int, ...]
    table: str
    declared: Table
    expect: Expect
    spec: SqlCheck
    figures: tuple[Figure, ...]
    queries: Mapping[str, str]


def expansions(pipeline: Pipeline) -> Iterator[Expansion]:
    """Yield a check for each set of expectations, in the order of the tables."""
    for name, table in pipeline.tables.items():
        for index, expect in enumerate(table.expect):
            yield _expansion(pipeline, name, table, expect, ("tables", name, "expect", index))


def check_id(table: str, expect: Expect) -> str:
    """Return the id of the check of a set of expectations."""
    return expect.check or hyphenated(table)


def exposures(pipeline: Pipeline, expect: Expect) -> Iterator[tuple[str, str]]:
    """Yield the queries that say how much there was to do, each by its name: a condition's, or that of a volume."""
    when = pipeline.condition_for(expect.when)
    names = [each.per for each in expect.volume if isinstance(each.per, str)]
    for name in dict.fromkeys([*names, *([when] if when is not None else [])]):
        condition = pipeline.conditions.get(name)
        if condition is not None and condition.history is not None:
            yield name, condition.history
    for volume in expect.volume:
        if volume.per is not None and not isinstance(volume.per, str):
            yield volume_name(volume), volume.per.query


def _expansion(pipeline: Pipeline, name: str, table: Table, expect: Expect, path: tuple[str | int, ...]) -> Expansion:
    figures = tuple(figures_of(name, table, expect))
    query = query_of(pipeline, name, table, expect, figures)
    spec = SqlCheck(
        **expect.terms(pipeline.condition_for(expect.when)),
        id=check_id(name, expect),
        title=expect.title or f"Expectations of {name}",
        rationale=f"What reads {name} takes for granted that its {expect.noun} are there and right.",
        query=query,
        subject=f"{name} {{expectation}}",
        place=name,
        reads=() if query else (name,),
        summary="{said}",
        rules=tuple(rules_of(expect)),
        expected="; ".join([*expected_of(expect), *found_columns(table, expect)]) + ".",
    )
    return Expansion(
        path=path,
        table=name,
        declared=table,
        expect=expect,
        spec=spec,
        figures=figures,
        queries=dict(exposures(pipeline, expect)),
    )
