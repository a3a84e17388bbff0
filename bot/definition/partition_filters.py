"""Does a query filter each of its tables by a constant on the partition column?

BigQuery refuses a query on some tables unless it does, and only a constant (a literal, a parameter, a function of
them) lets it leave partitions unread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
                if partition is not None and not _is_filtered(scope, _Partition(alias, partition, scope, tables)):
                    found.append(name)
    return found


@dataclass(frozen=True, slots=True)
class _Partition:
    """The partition column of a table that a SELECT reads under an alias."""

    alias: str
    column: str
    scope: Scope
    tables: Mapping[str, Table]

    def is_named_by(self, expression: exp.Expr) -> bool:
        """Whether an expression is this column; without a qualifier, it must not be another table's."""
        if not isinstance(expression, exp.Column) or expression.name.lower() != self.column.lower():
            return False
        if expression.table:
            return expression.table.lower() == self.alias.lower()
        others = (source for alias, (_, source) in self.scope.selected_sources.items() if alias != self.alias)
        return not any(map(self._may_be_of, others))

    def _may_be_of(self, source: exp.Table | Scope) -> bool:
        names: list[str] = ["*"]
        if isinstance(source, exp.Table):
            declared = self.tables.get(f"{source.db}.{source.name}")
            names = names if declared is None else list(declared.columns)
        elif isinstance(source.expression, exp.Query | exp.UDTF):
            names = source.expression.named_selects
        return "*" in names or self.column.lower() in map(str.lower, names)


def _is_filtered(scope: Scope, partition: _Partition) -> bool:
    return any(_narrows(condition, partition) for condition in _conditions(scope.expression, partition.alias))


def _conditions(select: exp.Expr, alias: str) -> Iterator[exp.Expr]:
    """Yield the conditions that every row of a table meets; an outer join keeps the rows of one side that do not."""
    where = select.args.get("where")
    if where is not None:
        yield where.this
    for join in select.args.get("joins") or ():
        on, is_joined = join.args.get("on"), join.alias_or_name.lower() == alias.lower()
        if on is not None and {"": True, "LEFT": is_joined, "RIGHT": not is_joined}.get(join.side, False):
            yield on


def _narrows(condition: exp.Expr, partition: _Partition) -> bool:
    condition = condition.unnest()
    if isinstance(condition, exp.Or):
        return all(_narrows(each, partition) for each in condition.flatten())
    if isinstance(condition, exp.And):
        return any(_narrows(each, partition) for each in condition.flatten())
    if isinstance(condition, exp.In):
        unnested = condition.args.get("unnest")
        listed = condition.expressions or ([] if unnested is None else [unnested])
        return bool(listed) and partition.is_named_by(condition.this) and all(map(_is_constant, listed))
    if isinstance(condition, _COMPARISONS):
        sides = ((condition.left, condition.right), (condition.right, condition.left))
        return any(partition.is_named_by(one) and _is_constant(other) for one, other in sides)
    if isinstance(condition, exp.Between):
        bounds = (condition.args["low"], condition.args["high"])
        return partition.is_named_by(condition.this) and all(map(_is_constant, bounds))
    return False


def _is_constant(expression: exp.Expr) -> bool:
    return expression.find(exp.Column, exp.Query) is None
