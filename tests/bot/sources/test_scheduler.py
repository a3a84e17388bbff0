"""Cloud Scheduler's jobs, from a server on Google's published messages."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import grpc
import pytest
from google.cloud.scheduler_v1 import types
from google.cloud.scheduler_v1.services.cloud_scheduler import CloudSchedulerClient
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerGrpcTransport
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from bot.google_cloud.answers import every
from bot.google_cloud.clients import insecure_channel
from bot.sources.scheduler.live import GoogleScheduler, job_of
from checks.ports.scheduler import SchedulerJob
from checks.source import Problem, SourceError
from tests.servers.cloud_scheduler import LIST_JOBS, CloudSchedulerServer
from tests.servers.scripted_grpc import EVERYTHING, NOT_ENABLED, Failure

AT = datetime(2026, 2, 11, 11, 0, 0, 250000, tzinfo=UTC)
HTTP = SchedulerJob(
    name="nightly",
    enabled=True,
    schedule="0 6 * * *",
    zone="America/New_York",
    url="https://worker-123456789.us-west2.run.app/run",
    account="cron@example.com",
    audience="https://worker-123456789.us-west2.run.app",
    last_attempt=AT,
    status=7,
    message="PERMISSION_DENIED",
    updated_at=AT,
)
TOPIC = SchedulerJob(name="hourly", enabled=True, schedule="every 1 hours", topic="orders", last_attempt=AT, status=0)
NEVER = SchedulerJob(name="never_Ran-2", enabled=False, schedule="* * * * *", updated_at=AT)


@contextmanager
def scheduler(address: str, *, request_seconds: float = 5.0, page_size: int = 500) -> Iterator[GoogleScheduler]:
    adapter = GoogleScheduler(
        CloudSchedulerClient(transport=CloudSchedulerGrpcTransport(channel=insecure_channel(address))),
        project="example-project",
        region="us-west2",
        request_seconds=request_seconds,
        retry_seconds=0.3,
        page_size=page_size,
    )
    try:
        yield adapter
    finally:
        adapter.close()


def test_every_kind_of_job_is_read_ordered_by_name() -> None:
    with CloudSchedulerServer([NEVER, HTTP, TOPIC]) as server, scheduler(server.address) as adapter:
        assert adapter.jobs() == [TOPIC, NEVER, HTTP]
        assert server.calls == {(LIST_JOBS, "us-west2"): 1}


@pytest.mark.parametrize("fault", ["DISABLED", "UPDATE_FAILED"])
def test_a_job_that_cloud_scheduler_has_stopped_is_told_from_one_that_is_paused(fault: str) -> None:
    stopped = SchedulerJob(name="stopped", enabled=False, fault=fault, schedule="* * * * *")
    with CloudSchedulerServer([stopped, NEVER]) as server, scheduler(server.address) as adapter:
        found = {each.name: (each.enabled, each.fault, each.paused) for each in adapter.jobs()}

    assert found == {"stopped": (False, fault, False), "never_Ran-2": (False, "", True)}


def test_five_hundred_jobs_over_several_pages_are_read_whole_and_each_page_once() -> None:
    wanted = [
        SchedulerJob(name=f"job-{number:03}", enabled=True, schedule="* * * * *", last_attempt=AT, status=0)
        for number in range(500)
    ]
    with CloudSchedulerServer(wanted, page_size=130) as server, scheduler(server.address) as adapter:
        assert adapter.jobs() == wanted
        assert server.calls == {(LIST_JOBS, "us-west2"): 4}


def test_times_are_plain_and_aware() -> None:
    read = job_of(types.Job(last_attempt_time=AT, user_update_time=AT))

    for moment in (read.last_attempt, read.updated_at):
        assert moment == AT
        assert type(moment) is datetime


@pytest.mark.parametrize(
    ("message", "status"),
    [
        pytest.param(types.Job(), None, id="never attempted"),
        pytest.param(types.Job(status=Status()), None, id="never attempted, with an empty status"),
        pytest.param(types.Job(last_attempt_time=AT), 0, id="attempted, without a status"),
        pytest.param(types.Job(last_attempt_time=AT, status=Status()), 0, id="succeeded"),
        pytest.param(types.Job(last_attempt_time=AT, status=Status(code=13)), 13, id="failed"),
        pytest.param(types.Job(status=Status(code=5)), 5, id="failed, nobody knows when"),
    ],
)
def test_a_job_that_was_never_attempted_has_no_status(message: types.Job, status: int | None) -> None:
    assert job_of(message).status == status


@pytest.mark.parametrize("state", [types.Job.State.PAUSED, types.Job.State.DISABLED, types.Job.State.UPDATE_FAILED])
def test_any_state_but_one_is_not_enabled(state: types.Job.State) -> None:
    assert not job_of(types.Job(state=state)).enabled
    assert job_of(types.Job(state=types.Job.State.ENABLED)).enabled


def test_an_oauth_token_is_no_identity_for_a_service() -> None:
    target = types.HttpTarget(
        uri="https://example.com", oauth_token=types.OAuthToken(service_account_email="cron@example.com")
    )

    assert job_of(types.Job(http_target=target)).account == ""


def test_an_app_engine_job_has_neither_address_nor_topic() -> None:
    read = job_of(types.Job(app_engine_http_target=types.AppEngineHttpTarget(relative_uri="/run")))

    assert (read.url, read.topic) == ("", "")


@pytest.mark.parametrize(
    ("failure", "problem"),
    [
        (Failure(grpc.StatusCode.PERMISSION_DENIED, "denied"), Problem.DENIED),
        (Failure(grpc.StatusCode.UNAVAILABLE, "later"), Problem.UNAVAILABLE),
        (NOT_ENABLED, Problem.NOT_ENABLED),
    ],
)
def test_a_refusal_is_named(failure: Failure, problem: Problem) -> None:
    with CloudSchedulerServer([HTTP]) as server, scheduler(server.address) as adapter:
        server.fail(LIST_JOBS, EVERYTHING, failure)
        with pytest.raises(SourceError) as raised:
            adapter.jobs()

    assert (raised.value.source, raised.value.problem) == ("Cloud Scheduler", problem)


def test_an_api_that_is_not_enabled_is_named_with_the_command_that_enables_it() -> None:
    with CloudSchedulerServer() as server, scheduler(server.address) as adapter:
        server.fail(LIST_JOBS, EVERYTHING, NOT_ENABLED)
        with pytest.raises(SourceError) as raised:
            adapter.jobs()

    assert "gcloud services enable cloudscheduler.googleapis.com --project=example-project" in raised.value.advice


def test_a_failure_on_a_later_page_is_a_failure_of_the_list() -> None:
    with CloudSchedulerServer([HTTP, TOPIC, NEVER], page_size=1) as server, scheduler(server.address) as adapter:
        server.fail(LIST_JOBS, EVERYTHING, Failure(grpc.StatusCode.PERMISSION_DENIED, "denied", after=1))
        with pytest.raises(SourceError):
            adapter.jobs()


def test_a_source_that_hangs_is_given_up() -> None:
    with CloudSchedulerServer() as server, scheduler(server.address, request_seconds=0.2) as adapter:
        server.hang(LIST_JOBS, EVERYTHING)
        with pytest.raises(SourceError) as raised:
            adapter.jobs()

    assert raised.value.problem is Problem.TIMED_OUT


def test_a_list_that_never_ends_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        for _ in every(itertools.count(), seconds=0.05):
            pass
