"""What statements read of their tables: the columns, and the conditions that every row must meet to count.

A condition is kept where leaving out the rows that do not meet it changes no answer. In doubt a column is kept and a
condition is not: more is read, never less.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from bot.definition.column_reads import ColumnRead
from bot.definition.pipeline_queries import words_in
from bot.statements import ONE_AT_A_TIME, statement_of
from checks.pipeline import Table
from checks.ports.warehouse import Parameter, Query
from checks.table_names import declared_in


@dataclass(slots=True)
class TableRead:
    """``conditions`` are GoogleSQL on the table alone; None where some query reads all of it."""

    columns: set[str] = field(default_factory=set)
    conditions: set[str] | None = field(default_factory=set)
    parameters: dict[str, Parameter] = field(default_factory=dict)


def table_reads(queries: Iterable[Query], tables: Mapping[str, Table]) -> dict[str, TableRead]:
    """Return what queries read, by ``dataset.table``."""
    found: dict[str, TableRead] = {}
    names: dict[tuple[str, str], str] = {}
    for query in queries:
        for name, columns, condition in _reads_of(query, tables):
            read = found.setdefault(name, TableRead())
            read.columns |= columns
            if condition is None or read.conditions is None:
                read.conditions = None
                read.parameters.clear()
                continue
            with ONE_AT_A_TIME:
                read.conditions.add(_renamed(condition, query, read, names))
    return found


def _renamed(condition: exp.Expr, query: Query, read: TableRead, names: dict[tuple[str, str], str]) -> str:
    """Return a condition as text; parameters of the same name that differ between queries get names of their own."""
    for each in list(condition.find_all(exp.Parameter)):
        parameter = query.parameters.get(each.name)
        if parameter is None:
            continue
        name = names.setdefault((each.name, repr(parameter)), f"{each.name}_{len(names) + 1}")
        read.parameters[name] = parameter
        each.replace(exp.Parameter(this=exp.Var(this=name)))
    return condition.sql(dialect="bigquery")


Found = tuple[str, set[str], exp.Expr | None]


def _reads_of(query: Query, tables: Mapping[str, Table]) -> Iterator[Found]:
    sql = query.text()
    tree = statement_of(sql).tree
    found: list[Found] = []
    try:
        with ONE_AT_A_TIME:  # and not while somebody else goes on with what is yielded
            found = [] if tree is None else list(_of_tree(tree.copy(), tables))
    except SqlglotError:
        tree = None
    yield from found
    if tree is None:  # nobody knows what it reads: every column that it has a word for
        words = {each.lower() for each in words_in(sql)}
        for name, table in tables.items():
            if name.rpartition(".")[2].lower() in words:
                yield name, {each for each in table.columns if each.lower() in words}, None


def _of_tree(tree: exp.Query, tables: Mapping[str, Table]) -> Iterator[Found]:
    scopes = traverse_scope(tree)
    owners = _owners(scopes, tables)
    named = list(_named(tree, owners))
    for scope in scopes:
        for alias, (node, source) in scope.selected_sources.items():
            name = _name(source, tables)
            if name not in tables:
                continue
            columns = {each.lower(): each for each in tables[name].columns}
            is_whole = bool(node.args.get("pivots")) or _has_star(scope, alias) or ("", alias.lower()) in named
            wanted = columns.keys() if is_whole else _wanted(named, name, owners)
            read = ColumnRead(scope, alias, frozenset(columns), tables)
            yield name, {columns[each] for each in wanted if each in columns}, _condition(read)


def _name(source: object, tables: Mapping[str, Table]) -> str:
    """Return a table's name as the file declares it; none of what is no table."""
    if not isinstance(source, exp.Table):
        return ""
    return declared_in(tables, source.catalog, f"{source.db}.{source.name}")[0]


def _owners(scopes: Iterable[Scope], tables: Mapping[str, Table]) -> dict[str, set[str]]:
    """Return the tables for which each alias of a statement stands."""
    found: dict[str, set[str]] = {}
    for scope in scopes:
        for alias, (_, source) in scope.selected_sources.items():
            found.setdefault(alias.lower(), set()).add(_name(source, tables))
    return found


def _named(tree: exp.Query, owners: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    """Yield every column with its qualifier. What stands before the last dot may be a column as well."""
    for node in tree.walk():
        if isinstance(node, exp.Column):
            parts = [each.name.lower() for each in node.parts]
            if len(parts) == 1 or parts[0] not in owners:
                yield "", parts[0]
            yield from itertools.pairwise(parts)
        elif isinstance(node, exp.Table) and node.db:
            yield node.db.lower(), node.name.lower()
        elif isinstance(node, exp.Join):
            yield from (("", each.name.lower()) for each in node.args.get("using") or ())


def _wanted(named: Iterable[tuple[str, str]], table: str, owners: Mapping[str, set[str]]) -> set[str]:
    # A subquery without an alias owns the empty qualifier, and a column without one may be of any table all the same.
    return {name for qualifier, name in named if not qualifier or table in owners.get(qualifier, {table})}


def _has_star(scope: Scope, alias: str) -> bool:
    stars = [each for each in scope.expression.args.get("expressions") or () if each.is_star]
    return any(not isinstance(each, exp.Column) or each.table.lower() == alias.lower() for each in stars)


def _condition(read: ColumnRead) -> exp.Expr | None:
    """Return what the rows must meet that a SELECT reads of a table; None for all rows."""
    kept = [each.copy() for each in _conjuncts(read) if _is_of(each, read)]
    for each in kept:
        for column in each.find_all(exp.Column):
            column.set("table", None)
    return exp.and_(*kept, copy=False) if kept else None


def _conjuncts(read: ColumnRead) -> Iterator[exp.Expr]:
    where = read.select.args.get("where")
    clauses = [] if where is None or read.may_be_null() else [where.this]
    for join in read.select.args.get("joins") or ():
        on, is_joined = join.args.get("on"), join.alias_or_name.lower() == read.alias.lower()
        if on is not None and {"": True, "LEFT": is_joined, "RIGHT": not is_joined}.get(join.side, False):
            clauses.append(on)
    for clause in clauses:
        yield from clause.flatten() if isinstance(clause, exp.And) else (clause,)


def _is_of(condition: exp.Expr, read: ColumnRead) -> bool:
    """Whether a condition is about the columns of this table alone."""
    columns = list(condition.find_all(exp.Column))
    return (
        bool(columns)
        and all(map(read.is_named_by, columns))
        and condition.find(exp.Query, exp.AggFunc, exp.Window, exp.Rand) is None
    )
