"""Does a query filter each of its tables by a constant on the partition column?

BigQuery refuses a query on some tables unless it does, and only a constant (a literal, a parameter, a function of
them) lets it leave partitions unread
(https://cloud.google.com/bigquery/docs/querying-partitioned-tables#require_a_partition_filter_in_queries).

The filter may stand outside of the subquery or the common table expression that reads the table, as it may outside of a
view. Where BigQuery's documentation does not tell, a query is not refused here: a dry run knows.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from bot.definition.column_reads import UNKNOWN, ColumnRead, columns_selected
from checks.pipeline import Table
from checks.table_names import declared_in

_COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_PSEUDOCOLUMNS = frozenset({"_partitiontime", "_partitiondate"})
"""Either of them filters a table that is partitioned by the time of ingestion."""


def unfiltered(tree: exp.Query, tables: Mapping[str, Table]) -> list[str]:
    """Return which of the tables a statement reads without a constant filter on their partition column, in order.

    Who reads a table twice must filter it twice. Raises SqlglotError for names that cannot be told apart.
    """
    statement = _Statement(traverse_scope(tree), tables)
    found: list[str] = []
    for scope in statement.scopes:
        for alias, (_, source) in scope.selected_sources.items():
            if isinstance(source, exp.Table):
                name, table = declared_in(tables, source.catalog, f"{source.db}.{source.name}")
                partition = table.partition if table is not None else None
                if partition is not None and not statement.is_filtered(scope, alias, _names(partition)):
                    found.append(name)
    return found


def _names(partition: str) -> frozenset[str]:
    return _PSEUDOCOLUMNS if partition.lower() in _PSEUDOCOLUMNS else frozenset({partition.lower()})


class _Statement:
    """The SELECTs of a statement, and who reads which."""

    def __init__(self, scopes: list[Scope], tables: Mapping[str, Table]) -> None:
        self.scopes = scopes
        self._tables = tables
        self._readers: dict[int, list[tuple[Scope, str]]] = {}
        self._recursive: set[int] = set()
        self._known: dict[tuple[int, frozenset[str]], bool] = {}
        listed = set(map(id, scopes))
        for scope in scopes:
            for alias, (_, source) in scope.selected_sources.items():
                if isinstance(source, Scope):
                    self._readers.setdefault(id(source), []).append((scope, alias))
                    if id(source) not in listed:  # it stands for the expression around this SELECT
                        self._recursive.add(id(_expression_around(scope)))

    def is_filtered(self, scope: Scope, alias: str, names: frozenset[str]) -> bool:
        """Whether a column of a source of a SELECT is filtered there, or by everybody who reads that SELECT."""
        read = ColumnRead(scope, alias, names, self._tables)
        return any(_narrows(each, read) for each in read.conditions()) or self._is_outside(scope, read.leaves_as())

    def _is_outside(self, scope: Scope, names: frozenset[str]) -> bool:
        key = (id(scope), names)
        if key not in self._known:
            self._known[key] = self._is_filtered_outside(scope, names)
        return self._known[key]

    def _is_filtered_outside(self, scope: Scope, names: frozenset[str]) -> bool:
        cut = any(scope.expression.args.get(each) for each in ("limit", "offset"))
        if not names or cut or id(scope) in self._recursive or scope.is_root or scope.is_subquery:
            return False
        if scope.is_union and scope.parent is not None:
            return self._is_outside(scope.parent, self._in_union(scope, scope.parent, names))
        return all(self.is_filtered(reader, alias, names) for reader, alias in self._readers.get(id(scope), ()))

    def _in_union(self, scope: Scope, union: Scope, names: frozenset[str]) -> frozenset[str]:
        """Return the names that columns of one SELECT have in its union: those of the first one, place by place."""
        own, first = columns_selected(scope, self._tables), columns_selected(union, self._tables)
        if UNKNOWN in (*own, *first) or len(own) != len(first) or union.expression.args.get("by_name"):
            return names
        return frozenset(there for here, there in zip(own, first, strict=True) if here in names)


def _expression_around(scope: Scope) -> Scope:
    while scope.parent is not None and not scope.is_cte:
        scope = scope.parent
    return scope


def _narrows(condition: exp.Expr, partition: ColumnRead) -> bool:
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
