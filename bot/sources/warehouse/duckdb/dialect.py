"""GoogleSQL for DuckDB: sqlglot's transpilation, and the places where its result would mean something else.

A function is transpiled only if the tests compare it with Google's own evaluator: DuckDB has functions of the same name
that mean something else, and a wrong answer is worse than none. ``NotRunHereError`` says what the embedded engine
cannot do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from bot.scenarios.column_types import duckdb_type
from bot.sources.warehouse.duckdb.meanings import (
    COMPARISONS,
    FUNCTIONS,
    KNOWN,
    MEANINGS,
    NotRunHereError,
    StatementFacts,
)
from bot.statements import ONE_AT_A_TIME, statement_of

__all__ = ["NotRunHereError", "duckdb_sql"]


@lru_cache(maxsize=1024)
def duckdb_sql(sql: str, parameters: tuple[tuple[str, str], ...] = ()) -> str:
    """Transpile one statement; ``parameters`` are names and types.

    Raises NotRunHereError, also for what cannot be parsed here or is none.
    """
    types = {name: duckdb_type(declared) for name, declared in parameters}
    parsed = statement_of(sql)
    if parsed.tree is None:
        raise NotRunHereError(f"it cannot be parsed here: {parsed.broken}" if parsed.broken else f"it {parsed.writes}")
    with ONE_AT_A_TIME:
        tree: exp.Expr = parsed.tree.copy()
        if tree.args.get("kind") in ("STRUCT", "VALUE"):
            raise NotRunHereError(f"SELECT AS {tree.args['kind']} as a whole")
        nodes = list(tree.bfs())
        statement = StatementFacts(
            parameters=types,
            compares=_may_compare_nan(nodes),
            numeric=any(isinstance(node, exp.DataType) and node.is_type(exp.DataType.Type.DECIMAL) for node in nodes),
        )
        for node in nodes:
            _must_be_here(node)
            _must_be_known(node)
            _in_its_schema(node)
        for node in reversed(nodes):  # what is inside first, so that it stays transpiled in what replaces the outside
            tree = _replaced(tree, node, statement)
        try:
            return tree.sql(dialect="duckdb", identify=True, unsupported_level=ErrorLevel.RAISE)
        except UnsupportedError as error:
            raise NotRunHereError(str(error).splitlines()[0]) from None


def _may_compare_nan(nodes: Sequence[exp.Expr]) -> bool:
    """Whether a comparison may meet a NaN, which only a conversion makes: no table of the embedded engine has one."""
    comparisons = [node for node in nodes if isinstance(node, COMPARISONS)]
    selects = [node for node in nodes if isinstance(node, exp.Select)]
    if len(selects) > 1 or any(isinstance(node, exp.Unnest | exp.Distinct | exp.Group | exp.Ordered) for node in nodes):
        return bool(comparisons)
    aliases = {each.alias.lower() for select in selects for each in select.selects if each.alias}
    inner = [node for each in comparisons for node in each.walk()]
    return any(
        isinstance(node, exp.Cast | exp.Anonymous) or (isinstance(node, exp.Column) and node.name.lower() in aliases)
        for node in inner
    )


_PSEUDO_COLUMNS = ("_PARTITION", "_FILE_NAME", "_CHANGE_")


def _must_be_here(node: exp.Expr) -> None:
    """Raise NotRunHereError for what only BigQuery's tables have."""
    if isinstance(node, exp.Table):
        name = node.sql(dialect="bigquery").upper()
        if node.args.get("version") is not None:
            raise NotRunHereError("FOR SYSTEM_TIME AS OF")
        if "INFORMATION_SCHEMA" in name or node.name.startswith("__"):
            raise NotRunHereError(f"the table {node.name}, which only BigQuery has")
    elif isinstance(node, exp.TableSample):
        raise NotRunHereError("TABLESAMPLE")
    elif isinstance(node, exp.Column) and node.name.upper().startswith(_PSEUDO_COLUMNS):
        raise NotRunHereError(f"the column {node.name}, which only BigQuery has")


def _in_its_schema(node: exp.Expr) -> None:
    """Name the schema of a table of another project by both: this engine knows one project."""
    if isinstance(node, exp.Table) and node.catalog:
        node.set("db", exp.to_identifier(f"{node.catalog}.{node.db}", quoted=True))
        node.set("catalog", None)


def _must_be_known(node: exp.Expr) -> None:
    if isinstance(node, exp.Anonymous):
        if node.name.upper() not in FUNCTIONS:
            raise NotRunHereError(f"the function {node.name.upper()}")
    elif isinstance(node, exp.Func) and not isinstance(node, KNOWN):
        raise NotRunHereError(f"the function {node.sql_name()}")


def _replaced(tree: exp.Expr, node: exp.Expr, statement: StatementFacts) -> exp.Expr:
    """Put what a node means in its place; return the tree."""
    meaning = MEANINGS.get(type(node))
    if meaning is None:
        return tree
    parent, key, index = node.parent, node.arg_key, node.index
    meant = meaning(node, statement)
    if meant is node:
        return tree
    if parent is None or key is None:
        return meant
    parent.set(key, meant, index)
    return tree
