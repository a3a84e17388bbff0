"""Two figures that must agree, turned into one query: of each side one row a key, put side by side.

Rows are put together by ``UNION ALL`` and grouped again, since a join finds no equal for a key that is NULL. Each table
is read once, in the interval that is judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from checks.cells import exact
from checks.expansion.query import in_interval
from checks.expansion.sql_words import literal, quoted
from checks.pipeline import Pipeline
from checks.reconcile_spec import Reconciliation, Side
from checks.sql_check_spec import Rule, SqlCheck
from checks.table_names import hyphenated, source
from checks.values import Comparison

MOST_SHOWN = 5
"""Differences; the worst say what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """A reconciliation as a check."""

    path: tuple[str | int, ...]
    stated: Reconciliation
    spec: SqlCheck


def reconciliations(pipeline: Pipeline) -> Iterator[Reconciled]:
    """Yield a check for each reconciliation, in the order of the file."""
    for index, stated in enumerate(pipeline.reconcile):
        yield Reconciled(path=("reconcile", index), stated=stated, spec=_spec(pipeline, stated))


def reconciliation_id(stated: Reconciliation) -> str:
    """Return the id of the check of a reconciliation."""
    return stated.check or hyphenated(stated.left.table, stated.right.table)


def _spec(pipeline: Pipeline, stated: Reconciliation) -> SqlCheck:
    by = f", by {' and '.join(stated.by)}" if stated.by else ""
    rule = Rule(condition={"different": Comparison(above=0)}, code="disagrees", severity=stated.severity)
    return SqlCheck(
        **stated.terms(pipeline.condition_for(stated.when)),
        id=reconciliation_id(stated),
        title=stated.title or f"{stated.right.table} agrees with {stated.left.table}",
        rationale="Two tables that are made of the same must say the same: a difference is what one of them lost, has "
        "twice, or has not got yet.",
        query=reconciling_query(pipeline, stated),
        subject=f"{stated.right.table} against {stated.left.table}",
        place=stated.right.table,
        summary="{different} of {compared} differ",
        rules=(rule,),
        expected=f"{stated.right} is {stated.left}{by}{within_words(stated)}.",
    )


def within_words(stated: Reconciliation) -> str:
    """Say how far the figures may differ, as the end of a sentence; nothing where they may not."""
    tolerance = stated.tolerance
    limits = [exact(tolerance.amount)] if tolerance.amount else []
    limits += [f"{tolerance.share * 100:g} %"] if tolerance.share else []
    return f", give or take {' or '.join(limits)}" if limits else ""


def reconciling_query(pipeline: Pipeline, stated: Reconciliation) -> str:
    """Return the statement: the worst differences, each with how many there are and how many keys were compared."""
    keys = ", ".join(map(quoted, stated.by))
    first = f"{keys}, " if keys else ""
    left = _side(pipeline, stated.left, stated.by.keys(), left=True)
    right = _side(pipeline, stated.right, stated.by.values(), left=False)
    sums = [f"IFNULL(SUM({name}), 0) AS {name}" for name in ("left_figure", "right_figure", "left_rows", "right_rows")]
    totals = [f"SUM({name}) OVER () AS {name}" for name in ("left_rows", "right_rows")]
    difference = "ABS(right_figure - left_figure)"
    different = f"SUM(IF({difference} <= {_tolerated(stated)}, 0, 1)) OVER () AS different"
    lines = [
        "SELECT",
        f"  {first}left_figure, right_figure, right_figure - left_figure AS difference,",
        f"  {', '.join(totals)}, COUNT(*) OVER () AS compared,",
        f"  {different}",
        "FROM (",
        f"  SELECT {first}{', '.join(sums)}",
        f"  FROM (\n{left}\n    UNION ALL\n{right}\n  )",
        *([f"  GROUP BY {keys}"] if keys else []),
        ")",
        f"ORDER BY {', '.join([f'{difference} DESC', *([keys] if keys else [])])}",
        f"LIMIT {MOST_SHOWN}",
    ]
    return "\n".join(lines)


def _tolerated(stated: Reconciliation) -> str:
    amount, share = literal(stated.tolerance.amount), stated.tolerance.share
    if not share:
        return amount
    return f"GREATEST({amount}, {literal(share)} * GREATEST(ABS(left_figure), ABS(right_figure)))"


def _side(pipeline: Pipeline, side: Side, keys: Iterable[str], *, left: bool) -> str:
    names = list(map(quoted, keys))
    function, _, distinct = side.function.partition(" ")
    column = side.column if side.column == "*" else quoted(side.column)
    figure = f"{function}({distinct}{' ' if distinct else ''}{column})"
    figures, rows = (figure, "NULL") if left else ("NULL", figure), ("COUNT(*)", "0") if left else ("0", "COUNT(*)")
    named = zip((*figures, *rows), ("left_figure", "right_figure", "left_rows", "right_rows"), strict=True)
    selected = ", ".join([*names, *(f"{sql} AS {name}" for sql, name in named)])
    table = pipeline.tables.get(side.table)
    tests = [] if table is None else in_interval(pipeline, table)
    tests += [f"({side.where})"] if side.where else []
    where = f"\n    WHERE {' AND '.join(tests)}" if tests else ""
    grouped = f"\n    GROUP BY {', '.join(names)}" if names else ""
    return f"    SELECT {selected}\n    FROM {source(side.table)}{where}{grouped}"  # noqa: S608 - declared names
