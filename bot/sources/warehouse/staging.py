"""Datasets and tables of staging, through Google's BigQuery client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions
from google.cloud import bigquery

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.clients import REQUEST_SECONDS, GoogleAccess
from bot.google_cloud.errors import Api, mapped_errors
from bot.sources.warehouse.bigquery_values import field_of, type_of
from bot.sources.warehouse.live import API, bigquery_client, label_value
from bot.staging.ports import Copy, Dataset, StoredTable
from checks.source import Problem, SourceError

WRITER = Api(
    API.source,
    API.address,
    "roles/bigquery.user (it creates datasets, and owns those) and, on the originals, roles/bigquery.dataViewer,",
)

COPY_SECONDS = 300.0
"""A copy that takes longer is ended by BigQuery: one date of a table takes seconds."""

DAY_MILLISECONDS = 24 * 60 * 60 * 1000


def connect(access: GoogleAccess, connections: int) -> BigQueryStaging:
    client = bigquery_client(access, connections)
    return BigQueryStaging(client, project=access.project, request_seconds=REQUEST_SECONDS)


@dataclass(frozen=True, eq=False)
class BigQueryStaging(GoogleAdapter):
    """Reads production and writes staging, in one project."""

    client: bigquery.Client

    def datasets(self) -> Mapping[str, Mapping[str, str]]:
        """Read every dataset of the project: its labels by its name. Raises SourceError."""
        with self._mapped_errors("the list of datasets"):
            return {each.dataset_id: dict(each.labels) for each in self.client.list_datasets(**self.bounds)}

    def dataset(self, name: str) -> Dataset | None:
        """Read a dataset; None when there is none. Raises SourceError."""
        with self._mapped_errors(f"the dataset {name!r}"):
            try:
                found = self.client.get_dataset(f"{self.project}.{name}", **self.bounds)
            except exceptions.NotFound:
                return None
        expiry = found.default_table_expiration_ms
        return Dataset(
            name=name,
            location=found.location or "",
            labels=dict(found.labels),
            expiry_days=None if expiry is None else expiry / DAY_MILLISECONDS,
        )

    def create_dataset(self, dataset: Dataset) -> None:
        wanted = bigquery.Dataset(f"{self.project}.{dataset.name}")
        wanted.location = dataset.location
        wanted.labels = dict(dataset.labels)
        wanted.description = (
            "A staging environment of Reveille: copies that expire. 'reveille staging teardown' removes it."
        )
        if dataset.expiry_days is not None:
            wanted.default_table_expiration_ms = int(dataset.expiry_days * DAY_MILLISECONDS)
        with self._mapped_errors(f"creating the dataset {dataset.name!r}"):
            self.client.create_dataset(wanted, **self.bounds)

    def delete_dataset(self, name: str) -> None:
        with self._mapped_errors(f"deleting the dataset {name!r}"):
            self.client.delete_dataset(f"{self.project}.{name}", delete_contents=False, **self.bounds)

    def tables(self, dataset: str) -> Sequence[str]:
        """List a dataset's tables and views as ``dataset.table``, ordered. Raises SourceError."""
        with self._mapped_errors(f"the tables of {dataset!r}"):
            listed = self.client.list_tables(f"{self.project}.{dataset}", **self.bounds)
            return sorted(f"{dataset}.{each.table_id}" for each in listed)

    def table(self, table_id: str) -> StoredTable | None:
        """Read a table's columns, rows and last change; None when there is none. Raises SourceError."""
        found = self._found(table_id)
        if found is None:
            return None
        buffer, partitioning = found.streaming_buffer, found.time_partitioning
        return StoredTable(
            dataset=found.dataset_id,
            name=found.table_id,
            view=found.table_type != "TABLE",
            columns={field.name: str(type_of(field)) for field in found.schema},
            partition=partitioning.field if partitioning is not None else None,
            rows=int(found.num_rows or 0),
            buffered=int(buffer.estimated_rows or 0) if buffer is not None else 0,
            modified=found.modified,
            labels=dict(found.labels),
        )

    def create_like(self, source: StoredTable, target: str, labels: Mapping[str, str]) -> None:
        """Create an empty table like another; leave one that exists. Raises SourceError.

        Whether queries must filter on the partition, and how long partitions live, is not taken over: the one would
        forbid the statement that replaces a date, the other would delete an old date as soon as it is copied.
        """
        original = self._found(source.id)
        schema = list(original.schema) if original is not None else []
        table = bigquery.Table(
            f"{self.project}.{target}",
            schema=schema or [field_of(name, kind) for name, kind in source.columns.items()],
        )
        table.labels = dict(labels)
        if original is not None and original.table_type == "TABLE":
            table.clustering_fields = original.clustering_fields
            if original.time_partitioning is not None:
                table.time_partitioning = bigquery.TimePartitioning(
                    type_=original.time_partitioning.type_, field=original.time_partitioning.field
                )
        with self._mapped_errors(f"creating the table {target}"):
            self.client.create_table(table, exists_ok=True, **self.bounds)

    def measure(self, copy: Copy) -> int:
        config = self._job_config(copy)
        config.dry_run = True
        config.use_query_cache = False
        with self._mapped_errors(f"measuring the copy of {copy.source}"):
            job = self.client.query(
                selecting(copy, self.project),
                job_config=config,
                location=copy.location,
                job_retry=None,
                **self.bounds,
            )
            return int(job.total_bytes_processed or 0)

    def replace(self, copy: Copy) -> int:
        """Make the rows of a date in the target those of the source; return how many there are. Raises SourceError.

        One statement does both, so that nobody ever sees half a date, and the same again changes nothing.
        """
        with self._mapped_errors(f"copying {copy.source} to {copy.target}"):
            self._run(replacing(copy, self.project), copy)
            return int(next(iter(self._run(counting(copy, self.project), copy))).number)

    def label_table(self, table_id: str, labels: Mapping[str, str]) -> None:
        with self._mapped_errors(f"labelling the table {table_id}"):
            table = self.client.get_table(f"{self.project}.{table_id}", **self.bounds)
            table.labels = {**table.labels, **labels}
            self.client.update_table(table, ["labels"], **self.bounds)

    def delete_table(self, table_id: str) -> None:
        with self._mapped_errors(f"deleting the table {table_id}"):
            self.client.delete_table(f"{self.project}.{table_id}", not_found_ok=True, **self.bounds)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()  # type: ignore[no-untyped-call]

    def _found(self, table_id: str) -> bigquery.Table | None:
        with self._mapped_errors(f"the table {table_id}"):
            try:
                return self.client.get_table(f"{self.project}.{table_id}", **self.bounds)
            except exceptions.NotFound:
                return None

    def _run(self, statement: str, copy: Copy) -> Any:
        job = self.client.query(
            statement, job_config=self._job_config(copy), location=copy.location, job_retry=None, **self.bounds
        )
        return job.result(timeout=COPY_SECONDS, job_retry=None)

    def _job_config(self, copy: Copy) -> bigquery.QueryJobConfig:
        named: tuple[tuple[str, str, Any], ...] = (
            ("day", "DATE", copy.day),
            ("since", "TIMESTAMP", copy.since),
            ("until", "TIMESTAMP", copy.until),
        )
        return bigquery.QueryJobConfig(
            query_parameters=[bigquery.ScalarQueryParameter(*each) for each in named if _uses(copy, each[0])],
            labels={"app": "reveille", "staging": label_value(copy.target)},
            job_timeout_ms=int(COPY_SECONDS * 1000),
        )

    @contextmanager
    def _mapped_errors(self, subject: str) -> Iterator[None]:
        """As ``mapped_errors``, without advice about questions of the pipeline file: these statements are ours."""
        try:
            with mapped_errors(WRITER, self.project, subject):
                yield
        except SourceError as error:
            if error.problem is Problem.INVALID:
                error.advice = ""
            raise


# The names in these statements come from the pipeline file and from the table's own schema, each of them checked;
# values are parameters.


def selecting(copy: Copy, project: str) -> str:
    """Return what selects the rows of a date: always the same ones, where the limit does not let all through."""
    return (
        f"SELECT {_listed(copy.columns)} FROM `{project}.{copy.source}` AS source"  # noqa: S608 - as said above
        f" WHERE {_on_the_day(copy, 'source')}"
        f" ORDER BY FARM_FINGERPRINT(TO_JSON_STRING(source)) LIMIT {copy.limit:d}"
    )


def replacing(copy: Copy, project: str) -> str:
    """Return what makes the rows of a date in the target those of the source, in one statement."""
    columns = _listed(copy.columns)
    return (
        f"MERGE INTO `{project}.{copy.target}` AS target USING ({selecting(copy, project)}) AS source ON FALSE"  # noqa: S608 - as said above
        f" WHEN NOT MATCHED BY TARGET THEN INSERT ({columns}) VALUES ({columns})"
        f" WHEN NOT MATCHED BY SOURCE AND {_on_the_day(copy, 'target')} THEN DELETE"
    )


def counting(copy: Copy, project: str) -> str:
    """Return what counts the rows of a date in the target."""
    where = _on_the_day(copy, "target")
    return f"SELECT COUNT(*) AS number FROM `{project}.{copy.target}` AS target WHERE {where}"  # noqa: S608 - as said above


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f"`{column}`" for column in columns)


def _on_the_day(copy: Copy, alias: str) -> str:
    """Return the filter on the date: a constant, so that BigQuery reads one partition and no more."""
    column = f"{alias}.`{copy.column}`"
    return f"{column} = @day" if copy.since is None else f"{column} >= @since AND {column} < @until"


def _uses(copy: Copy, parameter: str) -> bool:
    return (parameter == "day") == (copy.since is None)
