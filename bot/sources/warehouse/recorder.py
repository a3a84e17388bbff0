"""BigQuery as a scenario states it: of each table the columns and rows that the queries of the run counted.

The answers of the queries are not kept: a scenario holds rows, so that whoever changes one sees what follows.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from bot.recording.calls import Call
from bot.recording.recorder import Recording
from bot.recording.veil import stated
from bot.scenarios.column_types import not_held
from bot.sources.warehouse.table_reads import TableRead, table_reads
from checks.cells import SqlInterval, exact
from checks.column_types import differences
from checks.pipeline import Pipeline, Table
from checks.ports.warehouse import BIGQUERY, Query, Row, read_rows
from checks.reads import Read
from checks.source import Problem, SourceError
from checks.table_names import SUFFIX, source

LABEL = "record"
_SHARD = "shard_suffix"
"""What BigQuery lets an answer call ``SUFFIX``."""


def sections(recording: Recording) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    reads = table_reads(_asked(recording), recording.pipeline.tables)
    answers = {name: _select(recording, name, reads[name]) for name in sorted(reads)}
    for name, answer in answers.items():
        try:
            rows = _rows(recording, name, reads[name], answer)
        except SourceError as error:
            # What the checks could not read either is among the faults.
            recording.notes.append(f"The rows of {name} are not here: {recording.veil.text(error.detail)}.")
            continue
        found[name] = groups(rows, recording.pipeline.tables[name])
    columns = _changed_columns(recording)
    return {
        "bigquery": {name: each for name, each in found.items() if each},
        **({"columns": columns} if columns else {}),
    }


def narrowed(call: Call) -> str | None:
    asked = call.arguments[0]
    return asked.label if isinstance(asked, Query) else str(asked)


def plan(pipeline: Pipeline, queries: Sequence[Query], most_rows: int) -> dict[str, Query]:
    """Return what would be asked beside the queries themselves, by table."""
    reads = table_reads(queries, pipeline.tables)
    return {name: _selection(name, pipeline.tables[name], reads[name], most_rows) for name in sorted(reads)}


def _asked(recording: Recording) -> list[Query]:
    # One whose source failed counts as well: another may have read the same rows.
    return [call.arguments[0] for call in recording.calls.all if call.method == "query"]


def _selection(name: str, table: Table, read: TableRead, most_rows: int) -> Query:
    """Return the bounded SELECT of a table; where it is cut, the newest partitions are kept."""
    columns = sorted(each for each in read.columns if not_held(table.columns[each]) is None)
    # A table of which only the number of rows counts has a row of nothing.
    chosen = ", ".join(f"{SUFFIX} AS {_SHARD}" if each == SUFFIX else f"`{each}`" for each in columns) or "1 AS one"
    where = " OR ".join(f"({each})" for each in sorted(read.conditions or ()))
    order = f" ORDER BY `{table.partition}` DESC" if table.partition is not None else ""
    sql = f"SELECT {chosen} FROM {source(name)}{f' WHERE {where}' if where else ''}{order} LIMIT {most_rows + 1}"  # noqa: S608 - names of the pipeline file
    return Query(sql=sql, parameters=dict(read.parameters), label=LABEL)


def _rows(recording: Recording, name: str, read: TableRead, answer: Read[Sequence[Row]]) -> list[dict[str, Any]]:
    table = recording.pipeline.tables[name]
    for column in sorted(read.columns):
        if (lacking := not_held(table.columns[column])) is not None:
            recording.notes.append(f"The column {column} of {name} is not here: scenarios cannot hold {lacking}.")
    found = _found(recording, name, read, answer)
    if len(found) > recording.most_rows:
        recording.notes.append(
            f"{name} is cut to its newest {recording.most_rows} rows: counts of it differ. Use --rows for more."
        )
    odd: Counter[str] = Counter()
    kept = found[: recording.most_rows]
    named = [{SUFFIX if column == _SHARD else column: value for column, value in row.items()} for row in kept]
    rows = [
        {column: _cell(recording, column, value, odd) for column, value in row.items() if column in read.columns}
        for row in named
    ]
    recording.notes.extend(
        f"{count} of {name}.{column} are no number: here they are NULL." for column, count in odd.items()
    )
    return rows


def _changed_columns(recording: Recording) -> Mapping[str, Mapping[str, str | None]]:
    """Return, of the tables whose columns the run read, those that are not as the pipeline file declares them, by their
    type; None for one that is gone."""
    declared = recording.pipeline.tables
    read = {
        call.arguments[0]: call.answer for call in recording.calls.all if call.method == "columns" and not call.error
    }
    found = {
        name: {each.column: each.real or None for each in differences(declared[name].columns, read[name])}
        for name in sorted(read)
        if name in declared
    }
    return {name: each for name, each in found.items() if each}


def _select(recording: Recording, name: str, read: TableRead) -> Read[Sequence[Row]]:
    selection = _selection(name, recording.pipeline.tables[name], read, recording.most_rows)
    return read_rows(recording.reads, selection)


def _found(recording: Recording, name: str, read: TableRead, answer: Read[Sequence[Row]]) -> Sequence[Row]:
    """Return the rows; a column that the table lacks is left out, and said."""
    try:
        return answer.result()
    except SourceError as error:
        if error.problem is not Problem.INVALID:
            raise
        asked: Read[Mapping[str, str]] = recording.reads.ask(
            BIGQUERY, f"columns {name}", lambda port: port.columns(name)
        )
        there = {each.lower() for each in asked.result()}
        gone = {each for each in read.columns if each.lower() not in there}
        if not gone:
            raise
        recording.notes.append(f"{name} has no column {', '.join(sorted(gone))}, which the pipeline file declares.")
        rest = TableRead(read.columns - gone, read.conditions, read.parameters)
        return _select(recording, name, rest).result()


def _cell(recording: Recording, column: str, value: Any, odd: Counter[str]) -> Any:
    """Return a value as a scenario states it, which ``docs/scenarios.md`` says for each type."""
    if isinstance(value, float) and not math.isfinite(value):
        odd[column] += 1
        return None
    shown = recording.veil.cell(column, value)
    if isinstance(shown, list | Mapping):
        return stated(json.dumps(_in_json(shown), ensure_ascii=False, default=_scalar))
    return stated(_scalar(shown))


def _scalar(value: Any) -> Any:
    match value:
        case bytes():
            return value.hex()
        case Decimal() | SqlInterval():
            return exact(value)
        case datetime() if value.tzinfo is None:
            return value.isoformat()
        case time():
            return value.isoformat()
    return value


def _in_json(value: Any) -> Any:
    match value:
        case list():
            return [_in_json(each) for each in value]
        case Mapping():
            return {name: _in_json(each) for name, each in value.items()}
        case float() if not math.isfinite(value):
            return None
        case date():
            return value.isoformat()
    return _scalar(value)


def groups(rows: Sequence[Mapping[str, Any]], table: Table) -> dict[str, Any]:
    """Put rows together: one group a partition, what is the same in all of its rows said once."""
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        value = None if table.partition is None else row.get(table.partition)
        name = "rows" if value is None else f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)
        parts.setdefault(name, []).append(row)
    found: dict[str, Any] = {}
    for name in sorted(parts):
        found |= _smallest(name, parts[name])
    return found


def _smallest(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a group with a list for each column that differs, or one for each row that differs, if that is less."""
    alike = Counter(tuple(sorted(((k, v) for k, v in row.items()), key=lambda each: each[0])) for row in rows)
    ordered = sorted(rows, key=lambda row: [_rank(row[column]) for column in sorted(row)])
    columns = {column: [row[column] for row in ordered] for column in ordered[0]}
    varied = sum(len(values) for values in columns.values() if not _is_constant(values))
    if len(alike) > 1 and varied <= len(alike) * (len(columns) + 1):
        row = {column: values[0] if _is_constant(values) else values for column, values in columns.items()}
        return {name: _group(len(rows), row)}
    distinct = sorted(alike.items(), key=lambda each: [_rank(value) for _, value in each[0]])
    return {
        name if len(distinct) == 1 else f"{name} #{number}": _group(count, dict(row))
        for number, (row, count) in enumerate(distinct, start=1)
    }


def _group(count: int, row: Mapping[str, Any]) -> dict[str, Any]:
    there = {column: value for column, value in row.items() if value is not None}
    return {"row": there} if count == 1 else {"repeat": count, "row": there}


def _is_constant(values: Sequence[Any]) -> bool:
    return all(type(each) is type(values[0]) and each == values[0] for each in values)


def _rank(value: Any) -> tuple[int, str, Any]:
    """Order values of one column, none first."""
    return (0, "", 0) if value is None else (1, type(value).__name__, value)
