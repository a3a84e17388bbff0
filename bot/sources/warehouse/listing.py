"""The tables of BigQuery's datasets, and which tables each was made of: metadata alone, for which nothing is billed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.cloud import bigquery

from bot.discovery.discover import FoundTable
from bot.google_cloud.answers import every
from bot.sources.warehouse.bigquery_values import type_of
from bot.sources.warehouse.live import API, BigQueryWarehouse
from checks.source import SourceError
from checks.table_names import is_foreign

MOST_TABLES = 500
"""Tables that are described; a file with more is nothing that anybody reads."""

MOST_JOBS = 5_000
"""Jobs of the history that are read, the newest ones."""

AT_ONCE = 16

_SHARD = re.compile(r"(?P<stem>.+_)\d{8}")
_KINDS = ("TABLE", "VIEW", "MATERIALIZED_VIEW", "EXTERNAL")


@dataclass(slots=True)
class Listing:
    """The tables by ``dataset.table``, those of other projects with theirs before it. ``left_out`` says why of those
    that are not among them."""

    tables: dict[str, FoundTable] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def tables_of(warehouse: BigQueryWarehouse, datasets: Sequence[str]) -> Listing:
    """List the tables of datasets; ``project.dataset`` is one of another project.

    Raises SourceError for a dataset that cannot be listed.
    """
    found = Listing()
    names: list[str] = []
    for dataset in datasets:
        reference = dataset if "." in dataset else f"{warehouse.project}.{dataset}"
        with warehouse.mapped_errors(API, f"the dataset {dataset!r}"):
            listed = list(every(warehouse.client.list_tables(reference, **warehouse.bounds)))
        names += _usual(dataset, listed, found)
    for name in names[MOST_TABLES:]:
        found.left_out[name] = f"there are more than {MOST_TABLES} tables: name fewer datasets"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        described = pool.map(lambda name: _described(warehouse, name), names[:MOST_TABLES])
        for name, table in zip(names, described, strict=False):
            if isinstance(table, SourceError):
                found.left_out[name] = str(table)
            else:
                found.tables[name] = table
    return found


def _usual(dataset: str, listed: Sequence[Any], found: Listing) -> Iterator[str]:
    """Yield what is a table by itself: one of a date (``events_20260101``) is a part of another."""
    stems: dict[str, int] = {}
    for each in listed:
        shard = _SHARD.fullmatch(each.table_id)
        if shard is not None:
            stems[shard["stem"]] = stems.get(shard["stem"], 0) + 1
        elif each.table_type in _KINDS or each.table_type is None:
            yield f"{dataset}.{each.table_id}"
    for stem, count in stems.items():
        found.left_out[f"{dataset}.{stem}*"] = (
            f"it is split by date into {count:,} tables; add '{dataset}.{stem}*' to 'tables'"
        )


def _described(warehouse: BigQueryWarehouse, name: str) -> FoundTable | SourceError:
    try:
        with warehouse.mapped_errors(API, f"the table {name!r}"):
            full = name if is_foreign(name) else f"{warehouse.project}.{name}"
            table = warehouse.client.get_table(full, **warehouse.bounds)
    except SourceError as error:
        return error
    return found_table(table)


def found_table(table: bigquery.Table) -> FoundTable:
    """Return a table as it is described."""
    by_time = table.time_partitioning
    required = bool(table.require_partition_filter or (by_time is not None and by_time.require_partition_filter))
    return FoundTable(
        columns={column.name: str(type_of(column)) for column in table.schema},
        partition=by_time.field if by_time is not None else None,
        filter_required=required,
    )


def lineage_of(warehouse: BigQueryWarehouse, since: datetime, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return which of some tables each was made of, by the jobs since an instant. Raises SourceError.

    The list of jobs is metadata: unlike INFORMATION_SCHEMA.JOBS it bills nothing. It takes bigquery.jobs.listAll.
    """
    with warehouse.mapped_errors(API, "the history of jobs"):
        jobs = warehouse.client.list_jobs(
            all_users=True, state_filter="done", min_creation_time=since, max_results=MOST_JOBS, **warehouse.bounds
        )
        succeeded = (each for each in every(jobs) if getattr(each, "error_result", None) is None)
        return made_of(succeeded, names, warehouse.project)


def made_of(jobs: Any, names: Sequence[str], project: str) -> Mapping[str, Sequence[str]]:
    """Return which of some tables each job's destination was made of, each once, in order; tables of any other than the
    ``project`` are named with theirs."""
    known, found = set(names), dict[str, dict[str, None]]()

    def named(table: Any) -> str:
        return f"{'' if table.project == project else f'{table.project}.'}{table.dataset_id}.{table.table_id}"

    for job in jobs:
        destination = getattr(job, "destination", None)
        if destination is None or not isinstance(job, bigquery.QueryJob):
            continue
        made = named(destination)
        for of in map(named, job.referenced_tables or ()):
            if {made, of} <= known and made != of:
                found.setdefault(made, {})[of] = None
    return {name: sorted(reads) for name, reads in found.items()}
