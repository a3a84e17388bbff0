"""Cloud Run's jobs through Google's client: one list has the latest execution of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from google.cloud.run_v2.services.jobs import JobsClient
from google.cloud.run_v2.types import ExecutionReference, Job, ListJobsRequest

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.answers import every, short_name, time_of
from bot.google_cloud.clients import GoogleAccess
from bot.google_cloud.errors import Api
from checks.ports.run_jobs import CLOUD_RUN_JOBS, ExecutionState, RunJob

API = Api(CLOUD_RUN_JOBS, "run.googleapis.com", "roles/run.viewer")

PAGE_SIZE = 100
"""Jobs a page; Cloud Run states no limit and may give fewer."""

_STATUS = ExecutionReference.CompletionStatus
_STATES: dict[Any, ExecutionState | None] = {
    _STATUS.COMPLETION_STATUS_UNSPECIFIED: None,
    _STATUS.EXECUTION_SUCCEEDED: ExecutionState.SUCCEEDED,
    _STATUS.EXECUTION_FAILED: ExecutionState.FAILED,
    _STATUS.EXECUTION_RUNNING: ExecutionState.RUNNING,
    _STATUS.EXECUTION_PENDING: ExecutionState.PENDING,
    _STATUS.EXECUTION_CANCELLED: ExecutionState.CANCELLED,
}


def connect(access: GoogleAccess) -> GoogleRunJobs:
    return GoogleRunJobs(access.client(JobsClient, access.settings.run_endpoint), **access.place)


@dataclass(frozen=True, eq=False)
class GoogleRunJobs(GoogleAdapter):
    """Reads the jobs of one region."""

    client: JobsClient
    page_size: int = field(default=PAGE_SIZE, kw_only=True)

    def run_jobs(self) -> Sequence[RunJob]:
        """Read every job, ordered by name. Raises SourceError."""
        request = ListJobsRequest(parent=self.location, page_size=self.page_size)
        with self.mapped_errors(API, f"the list of jobs in {self.region}"):
            found = [run_job_of(each) for each in every(self.client.list_jobs(request, **self.bounds))]
        return sorted(found, key=lambda each: each.name)


def run_job_of(stated: Job) -> RunJob:
    """Reduce a job to what the checks judge."""
    job = Job.pb(stated)  # each field of the wrapper costs ten times as much
    latest, task = job.latest_created_execution, job.template.template
    rounds = -(-max(1, job.template.task_count) // max(1, job.template.parallelism or job.template.task_count))
    longest = task.timeout.seconds * (task.max_retries + 1) * rounds
    return RunJob(
        name=short_name(job.name),
        execution=short_name(latest.name),
        state=_STATES.get(latest.completion_status),
        started_at=time_of(latest, "create_time"),
        ended_at=time_of(latest, "completion_time"),
        longest_seconds=longest or None,
        deployed_at=time_of(job, "update_time"),
        deployed_by=job.last_modifier or job.creator,
    )
