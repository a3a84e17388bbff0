"""The queries of a pipeline file, and what can be said of their text without asking BigQuery."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.lexemes import Kind, bare, lexemes
from bot.nearest import nearest, no_such
from bot.statements import statement_of
from bot.yaml_tree import Path
from checks.context import INTERVAL_PARAMETERS, query_of
from checks.expansion import expansions
from checks.expansion.reconcile import reconciliations
from checks.expectations_spec import Exposure
from checks.model import Interval
from checks.pipeline import Pipeline
from checks.ports.warehouse import Query
from checks.table_names import own_dataset, tables_in, without_foreign

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"(?<!@)@([A-Za-z_][A-Za-z0-9_]*)")
"""Two ``@`` begin a system variable."""
_BRACES = re.compile(r"\{([^{}\n]*)\}")
_OTHERWISE = re.compile(r"(%\((\w+)\)s|(?<![\w:(\[]):(\w+))")
"""``%(date)s`` and ``:date``."""
_CLOCK = re.compile(r"\bCURRENT_(?:DATE|DATETIME|TIMESTAMP|TIME)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredQuery:
    """A query of the pipeline file: where it stands, its text, and the columns that its reader needs."""

    path: Path
    label: str
    sql: str
    columns: tuple[str, ...] = ()

    def bound(self, pipeline: Pipeline, interval: Interval, now: datetime) -> Query:
        """Return the query with its parameters, as a run would ask it."""
        return query_of(pipeline, self.sql, self.label, interval=interval, now=now)


def queries_of(pipeline: Pipeline) -> Iterator[DeclaredQuery]:
    """Yield every query of a pipeline."""
    yield from _of_conditions(pipeline)
    for index, phase in enumerate(pipeline.phases):
        if phase.rows is not None:
            columns: tuple[str, ...] = ("row_count", "first_at", "last_at")
            yield DeclaredQuery(path=("phases", index, "rows"), label=phase.id, sql=phase.rows, columns=columns)
    if pipeline.phase_log is not None:
        columns = ("transition", "rows_for_date", "first_at", "last_at", "last_ever_at")
        yield DeclaredQuery(
            path=("phase_log", "query"), label="phase-log", sql=pipeline.phase_log.query, columns=columns
        )
    if pipeline.run_history is not None:
        yield DeclaredQuery(
            path=("run_history", "unfinished"),
            label="run-history",
            sql=pipeline.run_history.unfinished,
            columns=("processor", "run_id", "phase", "started_at"),
        )
        if pipeline.run_history.succeeded is not None:
            yield DeclaredQuery(
                path=("run_history", "succeeded"),
                label="run-history",
                sql=pipeline.run_history.succeeded,
                columns=("phase", "run_count", "last_at"),
            )
    if pipeline.errors is not None and pipeline.errors.query is not None:
        columns = ("service", "at", "message")
        yield DeclaredQuery(path=("errors", "query"), label="errors", sql=pipeline.errors.query, columns=columns)
    if pipeline.task_runs is not None:
        path: Path = ("task_runs", "query")
        yield DeclaredQuery(path=path, label="task-runs", sql=pipeline.task_runs.query, columns=("task", "state"))
    yield from _of_checks(pipeline)
    yield from _of_expectations(pipeline)
    for reconciled in reconciliations(pipeline):
        if {reconciled.stated.left.table, reconciled.stated.right.table} <= pipeline.tables.keys():
            yield DeclaredQuery(path=reconciled.path, label=reconciled.spec.id, sql=reconciled.spec.query)


def _of_conditions(pipeline: Pipeline) -> Iterator[DeclaredQuery]:
    for name, condition in pipeline.conditions.items():
        here: Path = ("conditions", name)
        yield DeclaredQuery(path=(*here, "query"), label=name, sql=condition.query, columns=("number",))
        if condition.history is not None:
            path: Path = (*here, "history")
            yield DeclaredQuery(path=path, label=f"{name}-history", sql=condition.history, columns=EXPOSURE)
        doubt = condition.doubt
        for key, sql in () if doubt is None else (("query", doubt.query), ("unless", doubt.unless)):
            if sql is not None:
                yield DeclaredQuery(path=(*here, "doubt", key), label=f"{name}-doubt", sql=sql, columns=("number",))


def _of_checks(pipeline: Pipeline) -> Iterator[DeclaredQuery]:
    for index, check in enumerate(pipeline.checks):
        yield DeclaredQuery(path=("checks", index, "query"), label=check.id, sql=check.query)
        subjects = check.subjects
        if subjects is not None and subjects.query is not None:
            path: Path = ("checks", index, "subjects", "query")
            yield DeclaredQuery(path=path, label=f"{check.id}-subjects", sql=subjects.query, columns=("subject",))


def _of_expectations(pipeline: Pipeline) -> Iterator[DeclaredQuery]:
    """Yield the query of each set of expectations, and those that say what its volumes are counted for."""
    for expansion in expansions(pipeline):
        for index, volume in enumerate(expansion.expect.volume):
            if isinstance(volume.per, Exposure):
                path: Path = (*expansion.path, "volume", index, "per", "query")
                label = f"{expansion.spec.id}-per"
                yield DeclaredQuery(path=path, label=label, sql=volume.per.query, columns=EXPOSURE)
        if expansion.spec.query:
            # Its columns are looked at by name; what else the statement says is what the file says of its rows.
            path = (*expansion.path, "where") if expansion.expect.where else expansion.path
            yield DeclaredQuery(path=path, label=expansion.spec.id, sql=expansion.spec.query)


EXPOSURE = ("period", "number")
"""The columns of a query that says how much there was to do in each interval."""


def words_in(sql: str) -> frozenset[str]:
    """Return every name in a statement: what it selects is among them."""
    return _words_of(bare(sql))


def _words_of(bare_sql: str) -> frozenset[str]:
    return frozenset(_WORD.findall(bare_sql))


def query_problems(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with the text of a query."""
    for query in queries_of(pipeline):
        for sentence in _sentences(query, pipeline):
            yield query.path, sentence


def _parameters(sql: str, pipeline: Pipeline) -> Iterator[str]:
    known = sorted({*INTERVAL_PARAMETERS, *pipeline.parameters})
    named = set(_PARAMETER.findall(sql))
    if not pipeline.cadence.has_dates and "date" in named:
        yield "names @date, but an interval of this pipeline is no date; use @interval_start and @interval_end"
    for name in sorted(named - set(known)):
        yield f"names @{name}, which is not a parameter; {nearest(name, known)}"


def _written_otherwise(sql: str, bare_sql: str, parameters: Collection[str]) -> Iterator[str]:
    """Parameters that are written as in another language, or stand in quotes: a text that equals nothing."""
    for written, *names in _OTHERWISE.findall(bare_sql):
        name = "".join(names)
        if name in parameters:
            yield f"writes {written} for a parameter; write @{name}"
    if "?" in bare_sql:
        yield "writes ? for a parameter; write it by its name, such as @date"
    for each in lexemes(sql):
        if each.kind is Kind.TEXT and each.text[1:-1].removeprefix("@") in parameters and each.text[1] == "@":
            yield f"has {each.text} in quotes, which is a text; write {each.text[1:-1]} without them"


def _sentences(query: DeclaredQuery, pipeline: Pipeline) -> Iterator[str]:
    writes = statement_of(Query(query.sql).text()).writes
    if writes is not None:
        yield f"{writes}; a query only reads: it must be one SELECT"
        return
    sql = bare(query.sql)
    yield from _parameters(sql, pipeline)
    # A dataset's name is put in everywhere, also within a text; any other braces there are the text's own.
    for dataset in sorted({*_BRACES.findall(sql), *Query(query.sql).datasets} - set(pipeline.datasets)):
        yield no_such("dataset", dataset, pipeline.datasets)
    for name in sorted(tables_in(sql)):
        dataset = own_dataset(name)
        if dataset in pipeline.datasets and name not in pipeline.tables:
            yield no_such("table", name, pipeline.tables)
    own = without_foreign(sql)
    for dataset in pipeline.datasets:
        if re.search(rf"(?<![{{\w]){dataset}\b`?\s*\.", own):
            yield f"names the dataset {dataset} itself; write {{{dataset}}}, so that a dataset prefix is honoured"
    clock = _CLOCK.search(sql)
    if clock is not None:
        yield f"reads the clock ({clock[0]}), in UTC and differently at each run; use @interval_start, @date or @now"
    yield from _written_otherwise(query.sql, sql, {*INTERVAL_PARAMETERS, *pipeline.parameters})
    missing = [column for column in query.columns if column not in _words_of(sql)]
    if missing:
        yield f"does not select {', '.join(missing)}"
