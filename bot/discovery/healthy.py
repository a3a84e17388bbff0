"""A healthy world for a pipeline file: rows that meet what it expects, callers that are let in. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from math import ceil
from typing import Any

from bot.discovery.guesses import MOST_ROWS
from checks.dated import date_column, load_column
from checks.expectations_spec import Allowed
from checks.intervals import Interval
from checks.pipeline import Pipeline, Table

PAST = 12
"""Intervals with rows: from ten on a volume is learned."""

_ROWS = 30
_LOADED = "<now-1m>"
_PLAIN: Mapping[str, Any] = {
    "STRING": "x", "INT64": 1, "FLOAT64": 1, "NUMERIC": 1, "BIGNUMERIC": 1, "BOOL": True, "DATE": "<date>",
    "DATETIME": "<now-1m>", "TIMESTAMP": _LOADED, "TIME": "08:00:00", "JSON": "{}",
}  # fmt: skip
"""A value of each type; of the others a column stays NULL."""


def healthy_scenario(pipeline: Pipeline, file: str, now: datetime) -> Mapping[str, Any]:
    """Return a scenario of a pipeline file, which it names as ``file``, in which nothing is wrong at an instant."""
    intervals = list(_intervals(pipeline, now))
    content: dict[str, Any] = {
        "version": 2,
        "pipeline": file,
        "name": f"{pipeline.name}-healthy",
        "title": "Nothing is wrong",
        "story": "A world made from the pipeline file: rows that meet what it expects, and callers that are let in.",
        "when": "an example",
        "now": f"{now.astimezone(pipeline.zone):%Y-%m-%d %H:%M}",
        "interval": "previous",
        "expect": {"verdict": "ALL CLEAR"},
    }
    if pipeline.tables:
        content["lists"] = {"intervals": [_named(pipeline, each) for each in intervals]}
        content["bigquery"] = {name: {"rows": _rows(pipeline, name, table)} for name, table in pipeline.tables.items()}
    if pipeline.services:
        content["services"] = {"all": {}}
        content["policies"] = {"all": {"roles/run.invoker": ["<invoker>"]}, **dict(_policies(pipeline))}
    if pipeline.dbt is not None:
        content["dbt"] = {"ran_at": _LOADED, "nodes": dict(_models(pipeline))}
    if pipeline.run_jobs:
        content["run_jobs"] = {each.name: {"started_at": "<now-2m>", "ended_at": _LOADED} for each in pipeline.run_jobs}
    return content


def _models(pipeline: Pipeline) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a model that succeeded for each table; a file without tables has one all the same."""
    for name in pipeline.tables or ("dbt.model",):
        yield f"model.{pipeline.name}.{name.rpartition('.')[2]}", {"table": name, "ended_at": _LOADED}


def _intervals(pipeline: Pipeline, now: datetime) -> Iterator[Interval]:
    each, _ = pipeline.timeline.around(now)
    volumes = (each for table in pipeline.tables.values() for expect in table.expect for each in expect.volume)
    alike = any(each.alike == "weekday" for each in volumes)
    for _ in range(PAST * len(pipeline.calendar.weekdays) if alike else PAST):
        yield each
        each = pipeline.timeline.previous(each)


def _named(pipeline: Pipeline, interval: Interval) -> str:
    return (
        str(interval.day)
        if pipeline.cadence.has_dates
        else f"{interval.start.astimezone(pipeline.zone):%Y-%m-%d %H:%M}"
    )


def _policies(pipeline: Pipeline) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for service in pipeline.services:
        if service.callers is not None and list(service.callers) != [pipeline.invoker]:
            yield service.name, {"roles/run.invoker": list(service.callers)}


def _rows(pipeline: Pipeline, name: str, table: Table) -> Mapping[str, Any]:
    """Return a group of rows: as many in each interval, or once of a table without dates."""
    date = date_column(table)
    keys = {key for expect in table.expect for unique in expect.unique for key in unique.key} | _referred(
        pipeline, name
    )
    row = {column: _cell(table, column, keys) for column in table.columns}
    least = max((each.at_least or 0 for expect in table.expect for each in expect.volume), default=0)
    rows = min(max(_ROWS, ceil(least)), MOST_ROWS)
    group = {"repeat": rows, "row": {column: value for column, value in row.items() if value is not None}}
    return {"each": "intervals", **group} if date is not None else group


def _referred(pipeline: Pipeline, name: str) -> set[str]:
    """Return the columns of a table that others refer to."""
    every = (
        each for table in pipeline.tables.values() for expect in table.expect for each in expect.references.values()
    )
    return {each.to.rpartition(".")[2] for each in every if each.table == name}


def _cell(table: Table, column: str, keys: set[str]) -> Any:
    kind = table.columns[column]
    if column == date_column(table):
        return "<intervals>"
    if column == load_column(table):
        return _LOADED
    for expect in table.expect:
        if column in expect.values:
            return _allowed(expect.values[column], kind)
    referring = any(column in expect.references for expect in table.expect)
    varying = any(column in expect.not_constant for expect in table.expect)
    if (column in keys or referring or varying) and kind in ("STRING", "INT64", "FLOAT64", "NUMERIC"):
        return "<n>"
    return _PLAIN.get(kind)


def _allowed(allowed: Allowed, kind: str) -> Any:
    if allowed.among:
        return list(allowed.among)
    lowest, highest = allowed.bounds
    return _PLAIN.get(kind) if allowed.matches is not None else lowest if lowest is not None else highest
