"""BigQuery on DuckDB: the same GoogleSQL, transpiled, on tables with the columns that the pipeline declares."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any, TypeVar

import duckdb

from bot.scenarios.column_types import quoted
from bot.scenarios.faults import Faults
from bot.sources.warehouse.duckdb.answers import KeptAnswers
from bot.sources.warehouse.duckdb.cells import cell, portable
from bot.sources.warehouse.duckdb.contents import Contents
from bot.sources.warehouse.duckdb.dialect import NotRunHereError, duckdb_sql
from bot.sources.warehouse.duckdb.macros import NOT_HERE
from bot.statements import only_reads
from checks.pipeline import Pipeline
from checks.ports.warehouse import BIGQUERY, Query, Row
from checks.source import Problem, SourceError
from checks.table_names import with_prefix

T = TypeVar("T")

_ANSWERS = KeptAnswers()
"""Of every warehouse of stated rows in this process."""

WORKERS = 4
"""Queries at once."""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "python_enable_replacements": False}
"""A table of an unknown name is missing, and not a file or a variable of that name."""


class _Database:
    """A database in memory with the threads that may touch it.

    They are its own and are joined, and the connection is given up by whoever closes it. The threads that ask are
    daemons; one that is inside DuckDB when the interpreter ends, if only to free a connection, takes the process down.
    """

    def __init__(self, *, reads_files: bool) -> None:
        self._lock = threading.Lock()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="duckdb")
        config = {**_CONFIG, "enable_external_access": reads_files}
        self._connection: duckdb.DuckDBPyConnection | None = duckdb.connect(":memory:", config=config)
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")

    def work(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Do something on a connection of its own. Raises SourceError when closed."""
        try:
            answer = self._workers.submit(self._answer, work).result()
        except (RuntimeError, CancelledError):
            raise SourceError(BIGQUERY, Problem.UNAVAILABLE, "the scenario is closed", advice="Run it again.") from None
        if isinstance(answer, SourceError):
            raise answer
        return answer

    def _answer(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T | SourceError:
        try:
            return work(self._cursor())
        except SourceError as error:
            # Its traceback would carry the connection into the thread that asked.
            error.__context__ = None
            return error.with_traceback(None)

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._connection is None:
                raise CancelledError
            return self._connection.cursor()

    def close(self) -> None:
        """Wait for the work under way and free the memory."""
        self._workers.shutdown(cancel_futures=True)
        self.forget()

    def forget(self) -> None:
        """Free the memory without waiting, when nobody asks any more.

        The garbage collector calls this in the middle of anything, also of the start of a thread, which joins no other.
        """
        self._workers.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class DuckDbEngine:
    """Answers statements on a database in memory that ``fill`` prepares and ``contents`` completes. ``called`` is what
    people know it as; with ``reads_files`` it is ``fill`` that says which ones, and closes all others."""

    def __init__(
        self,
        fill: Callable[[duckdb.DuckDBPyConnection], object],
        contents: Contents,
        dataset_prefix: str = "",
        called: str = BIGQUERY.name,
        *,
        reads_files: bool = False,
    ) -> None:
        self._contents = contents
        self._prefix = dataset_prefix
        self._called = called
        self._database = _Database(reads_files=reads_files)
        weakref.finalize(self, self._database.forget)  # at the latest when the interpreter ends
        self._database.work(fill)

    def query(self, query: Query) -> Sequence[Row]:
        sql = self._transpiled(query)
        return self._database.work(lambda connection: self._answered(connection, query, sql))

    def dry_run(self, query: Query) -> int:
        """Analyse a query; it would read nothing that costs, hence 0 bytes. Raises SourceError."""
        sql = self._transpiled(query)
        self._database.work(lambda connection: self._asked(_explain, connection, query, sql))
        return 0

    def close(self) -> None:
        """Wait for the queries under way and answer no other."""
        self._database.close()

    def _answered(self, connection: duckdb.DuckDBPyConnection, query: Query, sql: str) -> Sequence[Row]:
        return self._asked(_rows, connection, query, sql)

    def _asked(
        self,
        answer: Callable[[duckdb.DuckDBPyConnection, Query, str], T],
        connection: duckdb.DuckDBPyConnection,
        query: Query,
        sql: str,
    ) -> T:
        try:
            self._contents.create_named(connection, sql)
            return answer(connection, query, sql)
        except duckdb.Error as error:
            raise _source_error(error, query, self._called) from None
        except OverflowError as error:
            detail = f"the query '{query.label}' fails: {error}"
            raise SourceError(
                self._called, Problem.INVALID, detail, advice="Correct it in the pipeline file."
            ) from None

    def _transpiled(self, query: Query) -> str:
        only_reads(query)
        try:
            types = tuple(sorted((name, each.type) for name, each in query.parameters.items()))
            return duckdb_sql(query.text(self._prefix), types)
        except NotRunHereError as error:
            raise _not_run_here(query, str(error), self._called) from None


class DuckDbWarehouse(DuckDbEngine):
    """The port ``Warehouse`` on stated rows. ``tables`` holds JSON-like ones by ``dataset.table``."""

    def __init__(
        self,
        pipeline: Pipeline,
        tables: Mapping[str, Sequence[Mapping[str, Any]]],
        faults: Faults,
        dataset_prefix: str = "",
    ) -> None:
        self._faults = faults
        self._tables = pipeline.tables
        contents = Contents(pipeline.tables, tables, dataset_prefix)
        super().__init__(contents.create_datasets, contents, dataset_prefix)

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the columns that a table is declared with: it was made with them. Raises SourceError."""
        self._faults.raise_for(BIGQUERY, lambda only: only == table)
        if table not in self._tables:
            raise SourceError(BIGQUERY, Problem.NOT_FOUND, f"there is no table {table!r}", advice="Check its name.")
        return self._tables[table].columns

    def _answered(self, connection: duckdb.DuckDBPyConnection, query: Query, sql: str) -> Sequence[Row]:
        depended_on = self._contents.depended_on(sql)
        if depended_on is None:
            return super()._answered(connection, query, sql)
        key = (depended_on, query.key)
        known = _ANSWERS.get(key)
        if known is None:
            known = super()._answered(connection, query, sql)
            _ANSWERS.keep(key, known)
        return known

    def _transpiled(self, query: Query) -> str:
        named = query.text(self._prefix).replace("`", "")

        def concerns(only: str) -> bool:
            # The name of a check may be a part of a table's name, and that of a table a part of another project's.
            name = re.escape(with_prefix(self._prefix, only))
            return only == query.label or re.search(rf"(?<![\w.]){name}(?!\w)", named) is not None

        self._faults.raise_for(BIGQUERY, concerns)
        return super()._transpiled(query)


def _rows(connection: duckdb.DuckDBPyConnection, query: Query, sql: str) -> Sequence[Row]:
    values = _values(query)
    cursor = connection.execute(sql, values)
    columns = [(name, kind) for name, kind, *_ in cursor.description or ()]
    shapes = {name: portable(quoted(name), kind) for name, kind in columns}
    if changed := [f"{shape} AS {quoted(name)}" for name, shape in shapes.items() if shape != quoted(name)]:
        cursor = cursor.execute(f"SELECT * REPLACE ({', '.join(changed)}) FROM ({sql})", values)  # noqa: S608 - names of its own columns
    rows = cursor.fetchall()
    return [{name: cell(value, kind) for (name, kind), value in zip(columns, row, strict=True)} for row in rows]


def _explain(connection: duckdb.DuckDBPyConnection, query: Query, sql: str) -> None:
    connection.execute(f"EXPLAIN {sql}", _values(query))


def _values(query: Query) -> dict[str, Any]:
    return {
        name: list(each.value) if isinstance(each.value, tuple) else each.value
        for name, each in query.parameters.items()
    }


def _source_error(error: duckdb.Error, query: Query, called: str) -> SourceError:
    detail = str(error).splitlines()[0].partition(": ")[2] or str(error)
    if NOT_HERE in detail:
        return _not_run_here(query, detail.partition(NOT_HERE)[2], called)
    of_the_query = any(isinstance(error, kind) and word in detail for kind, word in _OF_THE_QUERY)
    if not of_the_query or any(word in detail for word in _ALONE) or ("column" in detail and _UNNEST.search(query.sql)):
        return _not_run_here(query, detail, called)
    missing = isinstance(error, duckdb.CatalogException)
    return SourceError(
        called,
        Problem.NOT_FOUND if missing else Problem.INVALID,
        f"the query '{query.label}' fails: {detail.rstrip('!')}",
        advice="Compare the query in the pipeline file with the columns that it declares.",
    )


def _not_run_here(query: Query, what: str, called: str) -> SourceError:
    return SourceError(
        called,
        Problem.UNSUPPORTED,
        f"the embedded engine cannot run the query '{query.label}'; BigQuery may: {what}",
        advice="Write it in another way, or test it on BigQuery.",
    )


_OF_THE_QUERY: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.CatalogException, "Table with name"),
    (duckdb.BinderException, "Referenced column"),
    (duckdb.BinderException, "Referenced table"),
    (duckdb.BinderException, "must appear in the GROUP BY"),
    (duckdb.BinderException, "Values were not provided"),
    (duckdb.ConversionException, ""),
    (duckdb.InvalidInputException, ""),
    (duckdb.OutOfRangeException, ""),
)
"""What BigQuery would refuse as well; about anything else DuckDB may be alone."""

_ALONE = ("Unimplemented type for cast", "Malformed JSON", "multiplication of DECIMAL")
"""Where it certainly is."""

_UNNEST = re.compile(r"\bUNNEST\b", re.IGNORECASE)
"""In BigQuery the fields of a struct become columns."""
