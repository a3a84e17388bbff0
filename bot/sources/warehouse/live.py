"""BigQuery through Google's client: exactly one HTTP request for a query that ends in time.

``query_and_wait`` takes BigQuery's fast path, which answers in the same request that asks. It does so only
while the job has no setting that this path lacks, a priority for example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery
from requests.adapters import HTTPAdapter

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.clients import REQUEST_SECONDS, GoogleAccess, anonymous
from bot.google_cloud.errors import Api
from bot.sources.warehouse.bigquery_values import reader_of, type_of
from bot.statements import ADVICE, only_reads, refused_to_write, statement_of
from checks.ports.warehouse import BIGQUERY, Parameter, Query, Row
from checks.source import Problem, SourceError
from checks.table_names import SUFFIX, is_foreign, is_sharded

API = Api(
    BIGQUERY,
    "bigquery.googleapis.com",
    "roles/bigquery.dataViewer and roles/bigquery.jobUser",
    elsewhere="roles/bigquery.dataViewer",
)

WAIT_SECONDS = 8.0
"""What a query that is still running after ``REQUEST_SECONDS`` gets on top."""

_NOT_IN_LABEL = re.compile(r"[^a-z0-9_-]+")
_LONGEST_LABEL = 63
_OUTSIDE = frozenset({"remoteFunctionOptions", "externalRuntimeOptions", "sparkOptions"})
"""Parts of a routine that runs code outside BigQuery
(https://cloud.google.com/bigquery/docs/reference/rest/v2/routines)."""


class BoundedAdapter(HTTPAdapter):
    """Keeps as many connections as there are queries at once, and bounds every request by ``seconds``.

    The library waits two minutes for the result of a job, whatever it is told, and keeps ten connections.
    """

    def __init__(self, connections: int, seconds: float) -> None:
        super().__init__(pool_connections=1, pool_maxsize=connections)
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request; the caller passes its time-out by name, as requests itself does."""
        timeout = options.get("timeout")
        within = min(timeout, self._seconds) if isinstance(timeout, int | float) else self._seconds
        return super().send(request, *args, **{**options, "timeout": within})


def job_defaults(bytes_cap: int, seconds: float) -> bigquery.QueryJobConfig:
    """Return what every query job gets; BigQuery itself ends a job that runs longer than ``seconds``."""
    return bigquery.QueryJobConfig(maximum_bytes_billed=bytes_cap, job_timeout_ms=int(seconds * 1000))


def bigquery_client(access: GoogleAccess, connections: int) -> bigquery.Client:
    """Return a client whose connections, bytes and times are bounded; of an emulator it is anonymous."""
    settings, emulator = access.settings, access.settings.bigquery_emulator
    session = AuthorizedSession(anonymous() if emulator is not None else access.credentials)  # type: ignore[no-untyped-call]
    # An emulator is never behind a proxy.
    session.trust_env = emulator is None
    session.mount("http://", BoundedAdapter(connections, REQUEST_SECONDS))
    session.mount("https://", BoundedAdapter(connections, REQUEST_SECONDS))
    return bigquery.Client(
        project=access.project,
        credentials=session.credentials,
        _http=session,
        location=settings.bigquery_location,
        client_options={"api_endpoint": f"http://{emulator}"} if emulator is not None else None,
        default_query_job_config=job_defaults(settings.bytes_cap, REQUEST_SECONDS + WAIT_SECONDS),
    )


def connect(access: GoogleAccess) -> BigQueryWarehouse:
    return BigQueryWarehouse(
        bigquery_client(access, access.pipeline.limits.bigquery),
        project=access.project,
        dataset_prefix=access.settings.dataset_prefix,
        request_seconds=REQUEST_SECONDS,
        wait_seconds=WAIT_SECONDS,
    )


@dataclass(frozen=True, eq=False)
class BigQueryWarehouse(GoogleAdapter):
    """Runs queries in one project. ``wait_seconds`` is what a slower query gets beside the time of a request."""

    client: bigquery.Client
    dataset_prefix: str = field(default="", kw_only=True)
    request_seconds: float = field(default=12.0, kw_only=True)
    wait_seconds: float = field(default=8.0, kw_only=True)
    reads: set[str] = field(default_factory=set, init=False)
    """Statements that BigQuery itself has called a read."""

    def query(self, query: Query) -> Sequence[Row]:
        """Run a query; column values are as in ``checks.cells``. Raises SourceError, also for what is not known to be a
        read: its text says so, or BigQuery without running it."""
        if only_reads(query) is None and query.sql not in self.reads:
            self.dry_run(query)  # where it calls a routine, too: BigQuery knows the routines
            self.reads.add(query.sql)
        with self.mapped_errors(API, _subject(query)):
            rows = self.client.query_and_wait(
                query.text(self.dataset_prefix),
                job_config=_job_config(query),
                api_timeout=self.request_seconds,
                wait_timeout=self.wait_seconds,
                retry=self.bounds["retry"],
                job_retry=None,  # type: ignore[arg-type]  # None is allowed, and turns it off
            )
            if not rows.schema:
                self._explain(rows, query)
            columns = [(number, field.name, reader_of(field)) for number, field in enumerate(rows.schema)]
            # By number: what a row gives as its values is a copy of each of them.
            return [{name: read(row[number]) for number, name, read in columns} for row in rows]

    def dry_run(self, query: Query) -> int:
        """Analyse a query without running it; return the bytes that it would read. Raises SourceError, also for a
        statement of another type than SELECT."""
        known = only_reads(query)
        with self.mapped_errors(API, _subject(query)):
            job = self._analysed(query.text(self.dataset_prefix), _job_config(query))
        if job.statement_type != "SELECT" and not (known and job.statement_type is None):
            raise refused_to_write(query, f"is {job.statement_type or 'of no known type'}")
        for routine in statement_of(query.text(self.dataset_prefix)).routines:
            if self._is_remote(routine, query):
                raise refused_to_write(query, f"calls {routine}, which runs code outside BigQuery")
        return int(job.total_bytes_processed or 0)

    def _analysed(self, sql: str, config: bigquery.QueryJobConfig) -> bigquery.QueryJob:
        """Return the job of a dry run, which bills nothing."""
        config.dry_run = True
        config.use_query_cache = False
        return self.client.query(
            sql,
            job_config=config,
            timeout=self.request_seconds,
            retry=self.bounds["retry"],
            job_retry=None,
        )

    def _is_remote(self, routine: str, query: Query) -> bool:
        """Whether a function is a remote one (https://cloud.google.com/bigquery/docs/remote-functions) or may reach
        outside. BigQuery has found the functions that the query calls; what is not there under this name is a method of
        a value."""
        project, _, name = routine.rpartition(".")[0].rpartition(".")
        reference = f"{project or self.project}.{name}.{routine.rpartition('.')[2]}"
        try:
            with self.mapped_errors(API, f"the function {routine!r} of {_subject(query)}"):
                found = self.client.get_routine(reference, retry=self.bounds["retry"], timeout=self.request_seconds)
        except SourceError as error:
            if error.problem is Problem.NOT_FOUND:
                return False
            raise
        return not _OUTSIDE.isdisjoint(found.to_api_repr())

    def columns(self, table: str) -> Mapping[str, str]:
        own = f"{self.project}.{self.dataset_prefix}{table}"
        name = table if is_foreign(table) else own
        with self.mapped_errors(API, f"the table {table!r}"):
            if not is_sharded(table):
                found = self.client.get_table(name, retry=self.bounds["retry"], timeout=self.request_seconds)
                return {field.name: str(type_of(field)) for field in found.schema}
            schema = self._analysed(f"SELECT * FROM `{name}`", bigquery.QueryJobConfig()).schema  # noqa: S608 - a declared name
            return {SUFFIX: "STRING", **{field.name: str(type_of(field)) for field in schema or ()}}

    def close(self) -> None:
        """Close the connections."""
        self.client.close()  # type: ignore[no-untyped-call]

    def _explain(self, rows: Any, query: Query) -> None:
        """Raise for an answer without columns: no SELECT gives one, so the job failed and its state says why.

        BigQuery itself answers a failed query with an error status; emulators answer so.
        """
        if rows.job_id is not None:
            job = self.client.get_job(
                rows.job_id, location=rows.location, retry=self.bounds["retry"], timeout=self.request_seconds
            )
            error = job.exception(timeout=self.wait_seconds)  # type: ignore[no-untyped-call]
            if error is not None:
                raise error
        raise SourceError(
            BIGQUERY,
            Problem.INVALID,
            f"{_subject(query)}: the answer has no columns",
            advice=ADVICE,
        )


def _subject(query: Query) -> str:
    return f"the query {query.label!r}"


def _job_config(query: Query) -> bigquery.QueryJobConfig:
    return bigquery.QueryJobConfig(
        query_parameters=[_parameter(name, each) for name, each in query.parameters.items()],
        labels={"app": "reveille", "check": label_value(query.label)},
    )


def label_value(text: str) -> str:
    """Return a text as BigQuery accepts it for a label: small letters, digits, ``_`` and ``-``, at most 63."""
    return _NOT_IN_LABEL.sub("_", text.lower())[:_LONGEST_LABEL]


def _parameter(name: str, parameter: Parameter) -> bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter:
    if isinstance(parameter.value, tuple):
        element = parameter.type.removeprefix("ARRAY<").removesuffix(">")
        return bigquery.ArrayQueryParameter(name, element, list(parameter.value))
    return bigquery.ScalarQueryParameter(name, parameter.type, parameter.value)
