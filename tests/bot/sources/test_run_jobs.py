"""Cloud Run's jobs, from a server on Google's published messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.cloud import run_v2
from google.cloud.run_v2.services.jobs import JobsClient
from google.cloud.run_v2.services.jobs.transports import JobsGrpcTransport

from bot.google_cloud.clients import insecure_channel
from bot.sources.run_jobs.live import GoogleRunJobs, run_job_of
from checks.ports.run_jobs import ExecutionState, RunJob
from checks.source import Problem, SourceError
from tests.servers.cloud_run import LIST_JOBS, GoogleControlPlaneServer
from tests.servers.scripted_grpc import EVERYTHING, Failure

AT = datetime(2026, 2, 11, 11, tzinfo=UTC)
JOBS = [
    RunJob(
        name=f"{state}-job",
        execution=f"{state}-job-abc",
        state=state,
        started_at=AT,
        ended_at=None if state in (ExecutionState.RUNNING, ExecutionState.PENDING) else AT + timedelta(minutes=5),
        longest_seconds=600,
        deployed_at=AT - timedelta(days=3),
        deployed_by="someone@example.com",
    )
    for state in sorted(ExecutionState)
]
NEVER = RunJob(name="never-job")


@contextmanager
def reading(address: str) -> Iterator[GoogleRunJobs]:
    adapter = GoogleRunJobs(
        JobsClient(transport=JobsGrpcTransport(channel=insecure_channel(address))),
        project="example-project",
        region="us-west2",
        request_seconds=5.0,
        retry_seconds=0.3,
        page_size=2,
    )
    try:
        yield adapter
    finally:
        adapter.close()


def test_every_job_is_read_with_its_latest_execution_over_several_pages() -> None:
    with GoogleControlPlaneServer(run_jobs=[NEVER, *JOBS]) as server, reading(server.address) as adapter:
        assert adapter.run_jobs() == sorted([*JOBS, NEVER], key=lambda each: each.name)
        assert server.calls == {(LIST_JOBS, "us-west2"): 3}


def test_a_region_without_jobs_has_none() -> None:
    with GoogleControlPlaneServer() as server, reading(server.address) as adapter:
        assert adapter.run_jobs() == []


def test_a_refusal_is_told_with_the_role_that_is_missing() -> None:
    with GoogleControlPlaneServer() as server, reading(server.address) as adapter:
        server.fail(LIST_JOBS, EVERYTHING, Failure(grpc.StatusCode.PERMISSION_DENIED, "no"))
        with pytest.raises(SourceError) as caught:
            adapter.run_jobs()

    assert caught.value.problem is Problem.DENIED
    assert "roles/run.viewer" in caught.value.advice


@pytest.mark.parametrize(
    ("tasks", "parallel", "retries", "seconds"),
    [(1, 0, 0, 600), (1, 1, 3, 2400), (10, 0, 0, 600), (10, 5, 0, 1200), (10, 4, 1, 3600), (0, 0, 0, 600)],
)
def test_how_long_an_execution_may_take_follows_from_its_tasks(
    tasks: int, parallel: int, retries: int, seconds: int
) -> None:
    task = run_v2.TaskTemplate(timeout=timedelta(minutes=10), max_retries=retries)
    template = run_v2.ExecutionTemplate(template=task, task_count=tasks, parallelism=parallel)

    assert run_job_of(run_v2.Job(name="projects/p/locations/l/jobs/load", template=template)).longest_seconds == seconds
