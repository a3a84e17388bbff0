"""Cloud Scheduler through Google's client: which jobs there are, and how their last attempts ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from google.cloud.scheduler_v1.services.cloud_scheduler import CloudSchedulerClient
from google.cloud.scheduler_v1.types import Job, ListJobsRequest

from bot.gcp.errors import SCHEDULER_SOURCE, short_retry, translated
from bot.gcp.paging import every
from bot.gcp.times import time_of
from checks.platform import SchedulerJob

PAGE_SIZE = 500
"""The most that Cloud Scheduler gives at once."""


_FAULTS = {Job.State.DISABLED: "DISABLED", Job.State.UPDATE_FAILED: "UPDATE_FAILED"}


class GoogleScheduler:
    """Reads the jobs of one region. ``request_seconds`` bounds one page, ``retry_seconds`` its repetition."""

    def __init__(
        self,
        client: CloudSchedulerClient,
        *,
        project: str,
        region: str,
        request_seconds: float = 10.0,
        retry_seconds: float = 3.0,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._client = client
        self._project = project
        self._parent = f"projects/{project}/locations/{region}"
        self._page_size = page_size
        self._bounds: Mapping[str, Any] = {"timeout": request_seconds, "retry": short_retry(retry_seconds)}

    def jobs(self) -> Sequence[SchedulerJob]:
        """Fetch every job of the region, ordered by name. Raises SourceError."""
        request = ListJobsRequest(parent=self._parent, page_size=self._page_size)
        with translated(SCHEDULER_SOURCE, self._project, "the list of jobs"):
            found = [job_of(each) for each in every(self._client.list_jobs(request, **self._bounds))]
        return sorted(found, key=lambda each: each.name)

    def close(self) -> None:
        """Close the connection."""
        self._client.transport.close()  # type: ignore[no-untyped-call]


def job_of(stated: Job) -> SchedulerJob:
    """Reduce a job to what the checks judge."""
    job = Job.pb(stated)  # each field of the wrapper costs ten times as much
    attempted = time_of(job, "last_attempt_time")
    token = job.http_target.oidc_token
    return SchedulerJob(
        name=_short(job.name),
        enabled=job.state == Job.State.ENABLED,
        fault=_FAULTS.get(job.state, ""),
        schedule=job.schedule,
        zone=job.time_zone or "UTC",
        url=job.http_target.uri,
        topic=_short(job.pubsub_target.topic_name),
        account=token.service_account_email,
        audience=token.audience,
        last_attempt=attempted,
        # A job that was never attempted has a status too, and it reads as success.
        status=job.status.code if attempted is not None or job.status.code else None,
        message=job.status.message,
        updated_at=time_of(job, "user_update_time"),
    )


def _short(name: str) -> str:
    return name.rpartition("/")[2]
