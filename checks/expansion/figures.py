"""What is counted of the interval that is judged, for each expectation of its values and keys."""

from __future__ import annotations

from collections.abc import Iterator

from checks.expansion.figure import Figure, words_of
from checks.expansion.sql_words import literal, quoted
from checks.expansion.words import and_words
from checks.expectations_spec import Expect, Reference
from checks.pipeline import Table

FEWEST_EARLIER = 5
"""Values of earlier intervals; with fewer, new ones may be many."""

FEWEST_DAYS = 3
"""Earlier intervals that have a value: on the first days of a season most of its values are new."""

FEWEST_OF_GROUP = 5
"""Rows of a group; of fewer, all may well be new."""


def figures_of(name: str, table: Table, expect: Expect) -> Iterator[Figure]:
    """Yield a figure for each expectation of values and keys."""
    for number, unique in enumerate(expect.unique, start=1):
        there = " AND ".join(f"{quoted(each)} IS NOT NULL" for each in unique.key)
        keys = ", ".join(map(quoted, unique.key))
        yield Figure(
            expectation=f"unique {', '.join(unique.key)}",
            facet=", ".join(unique.key),
            columns=unique.key,
            column=f"doubled_{number}",
            sql=f"COUNTIF(copy_{number} > 1 AND {there})",
            before=(f"ROW_NUMBER() OVER (PARTITION BY {keys}) AS copy_{number}",),
            allowed=unique.at_most,
            said=f"{{measured}} of {{rows}} rows repeat the {and_words(unique.key)} of another.",
            good=f"No two rows have the same {and_words(unique.key)}.",
        )
    for column, nulls in expect.not_null.items():
        yield Figure(
            expectation=f"not_null {column}",
            facet=column,
            columns=(column,),
            column=f"nulls_{column}",
            sql=f"COUNTIF({quoted(column)} IS NULL{_or_nan(table, column)})",
            allowed=nulls.at_most,
            said=f"{{measured}} of {{rows}} rows have no {column} ({{share}}).",
            good=f"{{others}} of {{rows}} rows have {column}.",
        )
    yield from _figures_of_values(expect)
    yield from _figures_of_references(name, expect)


def _figures_of_references(name: str, expect: Expect) -> Iterator[Figure]:
    for column, reference in expect.references.items():
        there = f"{name} of the two weeks before" if reference.table == name else reference.to
        if reference.by is not None:
            yield _unmatched_groups(name, column, reference, reference.by, there)
        yield Figure(
            expectation=f"references {column}",
            facet=column,
            columns=(column,),
            column=f"unmatched_{column}",
            sql=f"COUNTIF({quoted(column)} IS NOT NULL AND there_{column} IS NULL)",
            allowed=reference.at_most,
            said=f"{{measured}} of {{rows}} rows have a {column} that is not in {there} ({{share}}).",
            good=f"{{rows}} values of {column} are in {there}.",
            of=f"filled_{column}",
            more=_matchable(name, column, reference),
        )


def _unmatched_groups(name: str, column: str, reference: Reference, by: str, there: str) -> Figure:
    """Count the groups of which no row is matched: few rows of many, and all that there is of the group."""
    enough = f"size_{column} >= {FEWEST_OF_GROUP}"
    groups = f"COUNT(DISTINCT IF({enough}, {quoted(by)}, NULL))"
    return Figure(
        expectation=f"references {column} by {by}",
        facet=column,
        columns=(column, by),
        column=f"strange_{column}",
        sql=f"{groups} - COUNT(DISTINCT IF({enough} AND there_{column} IS NOT NULL, {quoted(by)}, NULL))",
        before=(f"COUNT({quoted(column)}) OVER (PARTITION BY {quoted(by)}) AS size_{column}",),
        said=f"{{measured}} of {{rows}} values of {by} have no {column} that is in {there}.",
        good=f"{{rows}} values of {by} have a {column} that is in {there}.",
        of=f"groups_{column}",
        more=((f"groups_{column}", f"IF({_can_tell(column)}, {groups}, 0)" if reference.table == name else groups),),
    )


def _matchable(name: str, column: str, reference: Reference) -> tuple[tuple[str, str], ...]:
    """Count what can be matched: of its own earlier values a table must have some to tell."""
    if reference.table != name:
        return _filled(column)
    return ((f"filled_{column}", f"IF({_can_tell(column)}, COUNT({quoted(column)}), 0)"),)


def _can_tell(column: str) -> str:
    return f"MAX(others_{column}) >= {FEWEST_EARLIER} AND MAX(days_{column}) >= {FEWEST_DAYS}"


def _filled(column: str) -> tuple[tuple[str, str], ...]:
    """Count the rows that have a value of a column: what its own figure is a part of."""
    return ((f"filled_{column}", f"COUNT({quoted(column)})"),)


def _figures_of_values(expect: Expect) -> Iterator[Figure]:
    for column, allowed in expect.values.items():
        name = quoted(column)
        lowest, highest = allowed.bounds
        tests = [
            f"{name} {sign} {literal(bound)}" for sign, bound in (("<", lowest), (">", highest)) if bound is not None
        ]
        if allowed.among:
            tests = [f"{name} NOT IN ({', '.join(map(literal, allowed.among))})"]
        if allowed.matches is not None:
            tests = [f"NOT REGEXP_CONTAINS({name}, {literal(allowed.matches)})"]
        good = words_of(allowed.among, lowest, highest) if allowed.matches is None else f"like {allowed.matches}"
        yield Figure(
            expectation=f"values {column}",
            facet=column,
            columns=(column,),
            column=f"odd_{column}",
            sql=f"COUNTIF({' OR '.join(tests)})",
            allowed=allowed.share,
            said=f"{{measured}} of {{rows}} values of {column} are not {good}.",
            good=f"{{rows}} values of {column} are {good}.",
            of=f"filled_{column}",
            more=_filled(column),
        )
    for column, varying in expect.not_constant.items():
        yield Figure(
            expectation=f"not_constant {column}",
            facet=column,
            columns=(column,),
            column=f"different_{column}",
            sql=f"COUNT(DISTINCT {quoted(column)})",
            said=f"All {{rows}} values of {column} are the same.",
            good=f"{{rows}} values of {column} differ.",
            of=f"filled_{column}",
            fewest=varying.rows,
            more=_filled(column),
        )
    for column, sides in expect.not_one_sided.items():
        name = quoted(column)
        around = quoted(sides.around) if isinstance(sides.around, str) else literal(sides.around)
        yield Figure(
            expectation=f"not_one_sided {column}",
            facet=column,
            columns=(column, *([sides.around] if isinstance(sides.around, str) else [])),
            column=f"sided_{column}",
            sql=f"GREATEST(COUNTIF({name} > {around}), COUNTIF({name} < {around}))",
            said=f"{{measured}} of {{rows}} values of {column} lie on one side of {sides.around}"
            + (f"; expected less than {sides.share * 100:g} %." if sides.share < 1 else "."),
            good=f"{{measured}} of {{rows}} values of {column} lie on the larger side of {sides.around}.",
            of=f"apart_{column}",
            fewest=sides.rows,
            more=((f"apart_{column}", f"COUNTIF({name} != {around})"),),
        )


def _or_nan(table: Table, column: str) -> str:
    return f" OR IS_NAN({quoted(column)})" if table.columns.get(column) == "FLOAT64" else ""
