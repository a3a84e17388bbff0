"""A column that a SELECT reads: what names it there, and under which names it leaves unchanged.

A condition outside of a SELECT can be met before it only where that changes nothing: not past a LIMIT, not past an
aggregation or an analytic function that takes rows with other values of the column together, and not past an outer join
that makes it NULL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from checks.pipeline import Table
from checks.table_names import declared_in

UNKNOWN = "*"
"""Among the names of columns: others of which nobody knows the names."""


@dataclass(frozen=True, slots=True)
class ColumnRead:
    """A column of what a SELECT has under an alias, by the names that it has there, in small letters."""

    scope: Scope
    alias: str
    names: frozenset[str]
    tables: Mapping[str, Table]

    @property
    def select(self) -> exp.Expr:
        return self.scope.expression

    def is_named_by(self, expression: exp.Expr) -> bool:
        """Whether an expression is this column; without a qualifier, it must not be another source's."""
        if not isinstance(expression, exp.Column) or expression.name.lower() not in self.names:
            return False
        if expression.table:
            return expression.table.lower() in self._qualifiers()
        if expression.name.lower() in _shared(self.select):
            return True
        others = (each for alias, each in self.scope.selected_sources.items() if alias != self.alias)
        return not any({UNKNOWN, expression.name.lower()} & {*columns_of(*each, self.tables)} for each in others)

    def _qualifiers(self) -> set[str]:
        node, _ = self.scope.selected_sources[self.alias]
        return {self.alias.lower(), *(each.alias.lower() for each in node.args.get("pivots") or ())}

    def conditions(self) -> Iterator[exp.Expr]:
        """Yield what every row of the source has to meet; an outer join keeps the rows of one side that do not."""
        grouped = self._is_grouped()
        for clause, holds in (("where", True), ("having", grouped), ("qualify", grouped and self._is_windowed())):
            condition = self.select.args.get(clause)
            if condition is not None and holds:
                yield condition.this
        for join in self.select.args.get("joins") or ():
            on, is_joined = join.args.get("on"), join.alias_or_name.lower() == self.alias.lower()
            if on is not None and {"": True, "LEFT": is_joined, "RIGHT": not is_joined}.get(join.side, False):
                yield on

    def leaves_as(self) -> frozenset[str]:
        """Return the names by which a condition outside of the SELECT can mean this column, none where it cannot."""
        if self.may_be_null() or not self._is_grouped() or not self._is_windowed():
            return frozenset()
        return frozenset(self._selected())

    def _selected(self) -> Iterator[str]:
        for each in _projections(self.select):
            if self.is_named_by(each.unalias()):
                yield each.alias_or_name.lower()
            elif each.is_star and _qualifier(each) in ("", *self._qualifiers()):
                # A pseudocolumn is not among all columns.
                yield from (name for name in self.names - _left_out(each) if not name.startswith("_partition"))

    def may_be_null(self) -> bool:
        """Whether the source is the side of an outer join that has no row for some of the others."""
        names = [join.alias_or_name.lower() for join in self.select.args.get("joins") or ()]
        place = names.index(self.alias.lower()) if self.alias.lower() in names else -1
        sides = [join.side for join in self.select.args.get("joins") or ()]
        return bool({"RIGHT", "FULL"} & {*sides[place + 1 :]}) or (place >= 0 and sides[place] in ("LEFT", "FULL"))

    def _is_grouped(self) -> bool:
        """Whether rows are taken together only where they have the same value of the column."""
        group = self.select.args.get("group")
        if group is None:
            return True
        chosen = _projections(self.select)
        names = {each.alias_or_name.lower() for each in chosen if self.is_named_by(each.unalias())}
        return bool(group.args.get("all") and names) or any(
            self.is_named_by(key) or _output(key, chosen) in names for key in group.expressions
        )

    def _is_windowed(self) -> bool:
        """Whether each analytic function looks only at rows that have the same value of the column."""
        windows = [each for each in self.scope.find_all(exp.Window) if not each.args.get("alias")]
        return all(any(map(self.is_named_by, each.args.get("partition_by") or ())) for each in windows)


def columns_of(node: exp.Expr, source: exp.Table | Scope, tables: Mapping[str, Table]) -> list[str]:
    """Return the columns of what stands in a FROM clause, in their order and in small letters; UNKNOWN for others."""
    if node.args.get("pivots"):
        return [UNKNOWN]
    if isinstance(source, exp.Table):
        declared = declared_in(tables, source.catalog, f"{source.db}.{source.name}")[1]
        return [UNKNOWN] if declared is None else [name.lower() for name in declared.columns]
    return columns_selected(source, tables)


def columns_selected(scope: Scope, tables: Mapping[str, Table]) -> list[str]:
    """Return the columns of a query, of a union those of its first SELECT."""
    if scope.union_scopes:
        return columns_selected(scope.union_scopes[0], tables)
    if not isinstance(scope.expression, exp.Select):
        return [each.lower() for each in getattr(scope.expression, "named_selects", ())]
    names: list[str] = []
    for each in _projections(scope.expression):
        if each.is_star:
            sources = [
                found for alias, found in scope.selected_sources.items() if _qualifier(each) in ("", alias.lower())
            ]
            left_out = _left_out(each, replaced=False)
            names += [name for found in sources for name in columns_of(*found, tables) if name not in left_out]
        else:
            names.append(each.alias_or_name.lower())
    return names


def _projections(select: exp.Expr) -> list[exp.Expr]:
    return list(select.args.get("expressions") or ())


def _qualifier(projection: exp.Expr) -> str:
    return projection.table.lower() if isinstance(projection, exp.Column) else ""


def _output(key: exp.Expr, chosen: Sequence[exp.Expr]) -> str | None:
    """Return which column of the result a key of GROUP BY means by its number or its name."""
    if isinstance(key, exp.Literal) and key.is_int and 0 < int(key.name) <= len(chosen):
        return chosen[int(key.name) - 1].alias_or_name.lower()
    return key.name.lower() if isinstance(key, exp.Column) and not key.table else None


def _left_out(projection: exp.Expr, *, replaced: bool = True) -> set[str]:
    """Return the columns that a star does not have, or not as they are."""
    star = projection.this if isinstance(projection, exp.Column) else projection
    other = star.args.get("replace") if replaced else None
    return {each.alias_or_name.lower() for each in (*(star.args.get("except_") or ()), *(other or ()))}


def _shared(select: exp.Expr) -> set[str]:
    """Return the columns by which a SELECT joins and which have one value on both sides; a FULL JOIN has either."""
    joins = [each for each in select.args.get("joins") or () if each.side != "FULL"]
    return {shared.name.lower() for join in joins for shared in join.args.get("using") or ()}
