"""Does a query filter each of its tables by a constant on the partition column?

BigQuery refuses a query on some tables unless it does, and only a constant (a literal, a parameter, a function of
them) lets it leave partitions unread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from checks.pipeline import Table

_COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


def unfiltered(tree: exp.Query, tables: Mapping[str, Table]) -> list[str]:
    """Return which of the tables a statement reads without a constant filter on their partition column, in order.

    Who reads a table twice must filter it twice. Raises SqlglotError for names that cannot be told apart.
    """
    found: list[str] = []
    for scope in traverse_scope(tree):
        for alias, (_, source) in scope.selected_sources.items():
            if isinstance(source, exp.Table):
                name = f"{source.db}.{source.name}"
                partition = tables[name].partition if name in tables else None
                if partition is not None and not _is_filtered(scope, alias, partition):
                    found.append(name)
    return found


def _is_filtered(scope: Scope, alias: str, partition: str) -> bool:
    return any(_narrows(condition, scope, alias, partition) for condition in _conditions(scope.expression))


def _conditions(select: exp.Expr) -> Iterator[exp.Expr]:
    where = select.args.get("where")
    if where is not None:
        yield where.this


def _narrows(condition: exp.Expr, scope: Scope, alias: str, partition: str) -> bool:
    condition = condition.unnest()
    if isinstance(condition, exp.Or):
        return all(_narrows(each, scope, alias, partition) for each in condition.flatten())
    if isinstance(condition, exp.And):
        return any(_narrows(each, scope, alias, partition) for each in condition.flatten())
    if isinstance(condition, exp.In):
        unnested = condition.args.get("unnest")
        listed = condition.expressions or ([] if unnested is None else [unnested])
        return bool(listed) and _is_column(condition.this, scope, alias, partition) and all(map(_is_constant, listed))
    if isinstance(condition, _COMPARISONS):
        sides = ((condition.left, condition.right), (condition.right, condition.left))
        return any(_is_column(one, scope, alias, partition) and _is_constant(other) for one, other in sides)
    if isinstance(condition, exp.Between):
        bounds = (condition.args["low"], condition.args["high"])
        return _is_column(condition.this, scope, alias, partition) and all(map(_is_constant, bounds))
    return False


def _is_column(expression: exp.Expr, scope: Scope, alias: str, partition: str) -> bool:
    if not isinstance(expression, exp.Column) or expression.name.lower() != partition.lower():
        return False
    # Without a qualifier it may be another table's column, unless there is only one.
    return expression.table == alias or (not expression.table and len(scope.selected_sources) == 1)


def _is_constant(expression: exp.Expr) -> bool:
    return expression.find(exp.Column, exp.Query) is None
