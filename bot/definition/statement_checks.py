"""What can be said of a query by the tables that the pipeline file declares, without asking BigQuery: whether it can be
parsed, which columns it reads, whether it filters a partition where it must, whose project it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from bot.definition.partition_filters import unfiltered
from bot.nearest import nearest
from bot.statements import statement_of
from checks.pipeline import Pipeline, Table
from checks.ports.warehouse import Query
from checks.table_names import declared_in, is_sharded, tables_in

_WORDS = frozenset({"NFC", "NFKC", "NFD", "NFKD"})


def statement_problems(sql: str, pipeline: Pipeline, *, judged_live: bool = False) -> Iterator[tuple[str, int]]:
    """Yield what is wrong with a query, each with its line in the text, from 1, or 0 where none is known.

    What it is besides a read is told by ``query_problems``, which also holds whoever only runs the pipeline. Where
    BigQuery is asked as well, ``judged_live``, it says what cannot be parsed.
    """
    statement = statement_of(Query(sql).text())
    if statement.broken is not None and not judged_live:
        yield f"cannot be parsed: {statement.broken}. If BigQuery takes it, --live says so", statement.line
    if statement.tree is None:
        return
    yield from ((sentence, 0) for sentence in _projects(statement.tree, sql, pipeline))
    try:
        yield from ((sentence, 0) for sentence in _columns(statement.tree, pipeline.tables))
        for name in dict.fromkeys(unfiltered(statement.tree, pipeline.tables)):
            table = pipeline.tables[name]
            if table.filter_required:
                why = "so that it reads every shard" if is_sharded(name) else "which BigQuery requires"
                yield f"reads {name} without a constant filter on {table.partition}, {why}", 0
    except (SqlglotError, RecursionError):
        return  # who reads what cannot be told from this text; --live asks BigQuery


def _projects(tree: exp.Query, sql: str, pipeline: Pipeline) -> Iterator[str]:
    """Tables of other projects that are not declared, or not written in one piece: the text alone must tell them."""
    named = [each for each in tree.find_all(exp.Table) if each.catalog not in ("", pipeline.project)]
    known = pipeline.tables.keys() & tables_in(sql)
    for name in sorted({f"{each.catalog}.{each.db}.{each.name}" for each in named} - known):
        what = "write it in one pair of backquotes" if name in pipeline.tables else "add it to 'tables'"
        yield f"reads {name}, a table of another project; {what}"


def _columns(tree: exp.Query, tables: Mapping[str, Table]) -> Iterator[str]:
    """Columns of which every source that they can come from is a declared table that has none of their name."""
    told: set[str] = set()
    for scope in traverse_scope(tree):
        for column in _named(scope):
            sources = _possible(column, scope, tables)
            name = column.name.lower()
            if not sources or name in told or name.startswith("_") or any(None is each for each in sources):
                continue
            names = {each.lower() for table in sources if table is not None for each in table.columns}
            if name not in names:
                told.add(name)
                hint = nearest(name, sorted(names))
                yield f"reads the column {column.name}, which its table does not declare; {hint}"


def _named(scope: Scope) -> Iterator[exp.Column]:
    """Yield the columns that a SELECT itself names; of a shared one, that of the table which joins."""
    for node in scope.walk():
        if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star) and not _is_word(node):
            yield node
        elif isinstance(node, exp.Join):
            for shared in node.args.get("using") or ():
                yield exp.column(shared, table=node.this.alias_or_name)


def _declared(node: exp.Expr, source: object, tables: Mapping[str, Table]) -> Table | None:
    """Return the table as it is declared; None for whatever else a column can come from, a pivoted table too."""
    if not isinstance(source, exp.Table) or node.args.get("pivots"):
        return None
    return declared_in(tables, source.catalog, f"{source.db}.{source.name}")[1]


def _is_word(column: exp.Column) -> bool:
    """Whether it only looks like a column: the mode of NORMALIZE and its kin."""
    return column.name.upper() in _WORDS and isinstance(column.parent, exp.Func)


def _possible(column: exp.Column, scope: Scope, tables: Mapping[str, Table]) -> list[Table | None]:
    """Return where a column can come from; empty where that cannot be told, or it is no column of a table."""
    known = _known(scope, tables)
    if column.table:
        # A field of a column, or a table of the statement around this one, is not among the sources.
        return [known[column.table]] if column.table in known else []
    aliases = {each.alias.lower() for each in getattr(scope.expression, "selects", ()) if each.alias}
    if column.name.lower() in aliases or column.name in scope.sources or not known:
        return []
    found = list(known.values())
    while (scope.is_subquery or scope.is_udtf) and scope.parent is not None:  # it may be of the statement around it
        scope = scope.parent
        found += [None] if column.name in scope.sources else _known(scope, tables).values()
    return found


def _known(scope: Scope, tables: Mapping[str, Table]) -> dict[str, Table | None]:
    return {alias: _declared(node, source, tables) for alias, (node, source) in scope.selected_sources.items()}
