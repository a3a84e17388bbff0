"""Cloud Scheduler through Google's client: which jobs there are, and how their last attempts ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from google.cloud.scheduler_v1.services.cloud_scheduler import CloudSchedulerClient
from google.cloud.scheduler_v1.types import Job, ListJobsRequest

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.answers import every, short_name, time_of
from bot.google_cloud.clients import GoogleAccess
from bot.google_cloud.errors import Api
from checks.ports.scheduler import SCHEDULER, SchedulerJob

API = Api(SCHEDULER, "cloudscheduler.googleapis.com", "roles/cloudscheduler.viewer")

PAGE_SIZE = 500
"""The most that Cloud Scheduler gives at once."""


_FAULTS = {Job.State.DISABLED: "DISABLED", Job.State.UPDATE_FAILED: "UPDATE_FAILED"}


def connect(access: GoogleAccess) -> GoogleScheduler:
    return GoogleScheduler(access.client(CloudSchedulerClient, access.settings.scheduler_endpoint), **access.place)


@dataclass(frozen=True, eq=False)
class GoogleScheduler(GoogleAdapter):
    """Reads the jobs of one region."""

    client: CloudSchedulerClient
    page_size: int = field(default=PAGE_SIZE, kw_only=True)

    def jobs(self) -> Sequence[SchedulerJob]:
        request = ListJobsRequest(parent=self.location, page_size=self.page_size)
        with self.mapped_errors(API, "the list of jobs"):
            found = [job_of(each) for each in every(self.client.list_jobs(request, **self.bounds))]
        return sorted(found, key=lambda each: each.name)


def job_of(stated: Job) -> SchedulerJob:
    """Reduce a job to what the checks judge."""
    job = Job.pb(stated)  # each field of the wrapper costs ten times as much
    attempted = time_of(job, "last_attempt_time")
    token = job.http_target.oidc_token
    return SchedulerJob(
        name=short_name(job.name),
        enabled=job.state == Job.State.ENABLED,
        fault=_FAULTS.get(job.state, ""),
        schedule=job.schedule,
        zone=job.time_zone or "UTC",
        url=job.http_target.uri,
        topic=short_name(job.pubsub_target.topic_name),
        account=token.service_account_email,
        audience=token.audience,
        last_attempt=attempted,
        # A job that was never attempted has a status too, and it reads as success.
        status=job.status.code if attempted is not None or job.status.code else None,
        message=job.status.message,
        updated_at=time_of(job, "user_update_time"),
    )
