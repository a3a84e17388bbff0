"""Errors of services and changes of the project are read from Cloud Logging, in few questions, bounded in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import LogEntry

from bot.google_cloud.clients import insecure_channel
from bot.sources.logs.audit_log import change_of
from bot.sources.logs.live import LONGEST_FILTER, LONGEST_TEXT, GoogleLogs, parts
from checks.facts.logs import GrantChange
from checks.places import Place, PlaceKind
from checks.source import Problem, SourceError
from tests.servers.cloud_logging import LIST_LOG_ENTRIES, CloudLoggingServer, change, error
from tests.servers.scripted_grpc import EVERYTHING, NOT_ENABLED, Failure

NOW = datetime(2026, 3, 5, 16, 40, tzinfo=UTC)
SINCE = NOW - timedelta(hours=24)
RUN = "google.cloud.run.v1.Services"
MEMBER = "serviceAccount:caller@example.iam.gserviceaccount.com"


@contextmanager
def logs(address: str, *, request_seconds: float = 5.0) -> Iterator[GoogleLogs]:
    adapter = GoogleLogs(
        LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=insecure_channel(address))),
        project="example-project",
        region="us-west2",
        request_seconds=request_seconds,
    )
    try:
        yield adapter
    finally:
        adapter.close()


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_errors_of_all_services_are_one_question_the_newest_first() -> None:
    entries = [
        error("worker", ago(9), "old"),
        error("worker", ago(1), "new"),
        error("other", ago(5)),
        error("strange", ago(2)),
        error("worker", SINCE - timedelta(seconds=1)),
        error("worker", ago(3), severity=400),
    ]
    with CloudLoggingServer(entries) as server, logs(server.address) as adapter:
        found = adapter.errors(["worker", "other"], SINCE, 100)

        assert [(each.service, each.text, each.at) for each in found.lines] == [
            ("worker", "new", ago(1)),
            ("other", "it broke", ago(5)),
            ("worker", "old", ago(9)),
        ]
        assert found.lines[0].revision == "worker-2"
        assert (found.began, len(server.requests)) == ({}, 1)


def test_the_question_names_the_services_the_time_and_the_order() -> None:
    with CloudLoggingServer() as server, logs(server.address) as adapter:
        adapter.errors(["worker", 'odd"name'], SINCE, 100)

    asked = server.requests[0]
    assert asked.resource_names == ["projects/example-project"]
    assert asked.order_by == "timestamp desc"
    assert asked.page_size == 101
    for part in (
        "severity>=ERROR",
        'timestamp>="2026-03-04T16:40:00.000000Z"',
        'NOT logName:"cloudaudit.googleapis.com"',
        'resource.type="cloud_run_revision" AND resource.labels.service_name=("worker" OR "odd\\"name")',
        'resource.type="cloud_run_job" AND resource.labels.job_name=("worker" OR "odd\\"name")',
        'resource.type="cloud_function" AND resource.labels.function_name=(',
        'resource.labels.location="us-west2"',
    ):
        assert part in asked.filter


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param({"json_payload": {"message": "it broke", "level": "error"}}, "it broke", id="a message"),
        pytest.param({"json_payload": {"error": "it broke"}}, "it broke", id="an error"),
        pytest.param({"json_payload": {"odd": 1.5}}, '{"odd": 1.5}', id="fields without a message"),
        pytest.param({"json_payload": {"message": {"deep": "x"}}}, '{"message": {"deep": "x"}}', id="a nested message"),
        pytest.param(
            {
                "http_request": {
                    "request_method": "POST",
                    "request_url": "https://worker.example/predict?signature=abc",
                    "status": 500,
                }
            },
            "POST https://worker.example/predict answered 500",
            id="a request without its query",
        ),
        pytest.param({"text": ""}, "", id="nothing"),
    ],
)
def test_the_text_is_what_an_entry_says(fields: dict[str, Any], text: str) -> None:
    with CloudLoggingServer([error("worker", ago(1), **fields)]) as server, logs(server.address) as adapter:
        assert [each.text for each in adapter.errors(["worker"], SINCE, 10).lines] == [text]


@pytest.mark.parametrize(
    ("kind", "label"), [("cloud_run_job", "job_name"), ("cloud_function", "function_name")], ids=["job", "function"]
)
def test_jobs_and_functions_log_under_their_own_labels(kind: str, label: str) -> None:
    entry = error("worker", ago(1), resource={"type": kind, "labels": {label: "worker"}})
    with CloudLoggingServer([entry]) as server, logs(server.address) as adapter:
        assert [each.service for each in adapter.errors(["worker"], SINCE, 10).lines] == ["worker"]


def test_a_huge_text_is_kept_by_its_ends() -> None:
    text = "begin\n" + "x" * 300_000 + "\n" + "y" * 100 + "\nend"
    with CloudLoggingServer([error("worker", ago(1), text)]) as server, logs(server.address) as adapter:
        (found,) = adapter.errors(["worker"], SINCE, 10).lines

    assert len(found.text) <= LONGEST_TEXT + 1
    assert found.text.startswith("begin\n")
    assert found.text.endswith("y\nend")


def test_a_service_that_fills_the_answer_hides_no_other() -> None:
    loud = [error("loud", ago(minutes / 10)) for minutes in range(60)]
    entries = [*loud, error("quiet", ago(900), "seldom"), error("loud", ago(1_000), "first")]
    with CloudLoggingServer(entries) as server, logs(server.address) as adapter:
        found = adapter.errors(["loud", "quiet", "silent"], SINCE, 20)

        assert [each.text for each in found.lines if each.service == "quiet"] == ["seldom"]
        assert len([each for each in found.lines if each.service == "loud"]) == 20
        assert found.began == {"loud": ago(1_000)}
        assert len(server.requests) == 3


@pytest.mark.parametrize(("count", "cut"), [(20, False), (21, True)], ids=["at the limit", "just past it"])
def test_lines_are_left_out_only_past_the_limit(count: int, cut: bool) -> None:
    entries = [error("worker", ago(number)) for number in range(count)]
    with CloudLoggingServer(entries, page_size=7) as server, logs(server.address) as adapter:
        found = adapter.errors(["worker"], SINCE, 20)

        assert len(found.lines) == 20
        assert ("worker" in found.began) is cut


def test_many_loud_services_cost_few_questions() -> None:
    entries = [error(f"service-{number}", ago(number / 10)) for number in range(40) for _ in range(5)]
    with CloudLoggingServer(entries) as server, logs(server.address) as adapter:
        found = adapter.errors([f"service-{number}" for number in range(40)], SINCE, 10)

        assert len(server.requests) <= 16
        assert {each.service for each in found.lines} <= set(found.began)


def test_names_that_are_too_many_for_a_filter_are_asked_for_in_parts() -> None:
    names = [f"{'long-' * 8}service-{number:03}" for number in range(300)]
    entries = [error(name, ago(number)) for number, name in enumerate(names)]
    with CloudLoggingServer(entries) as server, logs(server.address) as adapter:
        found = adapter.errors(names, SINCE, 1_000)

        assert {each.service for each in found.lines} == set(names)
        assert all(len(asked.filter) < 20_000 for asked in server.requests)
        assert len(server.requests) == len(parts(names))
        assert [name for part in parts(names) for name in part] == names
        assert LONGEST_FILTER < 20_000


def test_nothing_is_asked_about_no_service() -> None:
    with CloudLoggingServer() as server, logs(server.address) as adapter:
        assert adapter.errors([], SINCE, 10).lines == []
        assert server.requests == []


@pytest.mark.parametrize(
    ("method", "resource", "place", "verb"),
    [
        pytest.param(
            f"{RUN}.ReplaceService",
            "namespaces/example-project/services/worker",
            Place(PlaceKind.SERVICE, "worker"),
            "deployed",
            id="a deploy, version 1",
        ),
        pytest.param(
            "google.cloud.run.v2.Services.UpdateService",
            "projects/p/locations/us-west2/services/worker",
            Place(PlaceKind.SERVICE, "worker"),
            "deployed",
            id="a deploy, version 2",
        ),
        pytest.param(
            "google.cloud.functions.v2.FunctionService.UpdateFunction",
            "projects/p/locations/us-west2/functions/move",
            Place(PlaceKind.SERVICE, "move"),
            "deployed",
            id="a function",
        ),
        pytest.param(
            "google.cloud.scheduler.v1.CloudScheduler.PauseJob",
            "projects/p/locations/us-west2/jobs/nightly",
            Place(PlaceKind.JOB, "nightly"),
            "paused",
            id="a job",
        ),
        pytest.param(
            "google.pubsub.v1.Subscriber.ModifyPushConfig",
            "projects/p/subscriptions/push",
            Place(PlaceKind.SUBSCRIPTION, "push"),
            "edited",
            id="a subscription",
        ),
        pytest.param(
            "google.pubsub.v1.Publisher.DeleteTopic",
            "projects/p/topics/done",
            Place(PlaceKind.TOPIC, "done"),
            "deleted",
            id="a topic",
        ),
    ],
)
def test_a_change_says_what_was_done_to_what_and_by_whom(method: str, resource: str, place: Place, verb: str) -> None:
    with CloudLoggingServer([change(method, resource, ago(5))]) as server, logs(server.address) as adapter:
        (found,) = adapter.changes(SINCE, 10)

    assert (found.place, found.verb, found.at, found.actor) == (place, verb, ago(5), "dev@example.com")


@pytest.mark.parametrize(
    ("method", "resource", "place"),
    [
        (f"{RUN}.SetIamPolicy", "projects/p/locations/us-west2/services/worker", Place(PlaceKind.PERMISSION, "worker")),
        ("SetIamPolicy", "projects/example-project", Place(PlaceKind.PERMISSION, "example-project")),
        (
            "google.cloud.secretmanager.v1.SecretManagerService.SetIamPolicy",
            "projects/7/secrets/key",
            Place(PlaceKind.PERMISSION, "key"),
        ),
    ],
    ids=["of a service", "of the project", "of a secret"],
)
def test_a_change_of_a_policy_says_who_got_and_lost_what(method: str, resource: str, place: Place) -> None:
    deltas = [("REMOVE", "roles/run.invoker", MEMBER), ("ADD", "roles/run.viewer", MEMBER)]
    entry = change(method, resource, ago(5), deltas=deltas)
    with CloudLoggingServer([entry]) as server, logs(server.address) as adapter:
        (found,) = adapter.changes(SINCE, 10)

    assert found.place == place
    assert found.grants == (
        GrantChange(added=False, role="roles/run.invoker", member=MEMBER),
        GrantChange(added=True, role="roles/run.viewer", member=MEMBER),
    )


def test_the_entries_of_one_operation_are_one_change_at_its_begin() -> None:
    method, resource = f"{RUN}.ReplaceService", "namespaces/p/services/worker"
    entries = [
        change(method, resource, ago(10), operation="1"),
        change(method, resource, ago(8), operation="1", actor=""),
        change(method, resource, ago(5), operation="2"),
        change(method, resource, ago(4), operation="2", status=9),
        change(method, resource, ago(3), status=7),
    ]
    with CloudLoggingServer(entries) as server, logs(server.address) as adapter:
        found = adapter.changes(SINCE, 10)

    assert [(each.at, each.actor) for each in found] == [(ago(10), "dev@example.com")]


def test_a_new_service_is_named_by_its_labels() -> None:
    entry = change(
        "google.cloud.run.v2.Services.CreateService",
        "projects/p/locations/us-west2",
        ago(5),
        labels={"service_name": "worker"},
    )
    with CloudLoggingServer([entry]) as server, logs(server.address) as adapter:
        (found,) = adapter.changes(SINCE, 10)

    assert (found.place, found.verb) == (Place(PlaceKind.SERVICE, "worker"), "created")


def test_an_entry_that_is_no_change_or_cannot_be_read_says_nothing() -> None:
    broken = LogEntry.pb(change(f"{RUN}.ReplaceService", "namespaces/p/services/worker", ago(1)))
    broken.proto_payload.value = b"\xff\xff"
    read = LogEntry.pb(change("google.cloud.run.v1.Services.GetService", "namespaces/p/services/worker", ago(2)))
    text = LogEntry.pb(error("worker", ago(3)))

    assert [change_of(each) for each in (broken, read, text)] == [None, None, None]


@pytest.mark.parametrize(
    ("failure", "problem", "words"),
    [
        pytest.param(
            Failure(grpc.StatusCode.PERMISSION_DENIED, "Permission 'logging.logEntries.list' denied"),
            Problem.DENIED,
            "It needs logging.logEntries.list. Grant roles/logging.viewer",
            id="denied",
        ),
        pytest.param(
            NOT_ENABLED, Problem.NOT_ENABLED, "gcloud services enable logging.googleapis.com", id="not enabled"
        ),
        pytest.param(Failure(grpc.StatusCode.UNAVAILABLE, "down"), Problem.UNAVAILABLE, "Run it again", id="down"),
        pytest.param(
            Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "Quota exceeded"), Problem.THROTTLED, "quota", id="too often"
        ),
    ],
)
def test_a_refusal_is_named_and_not_asked_again(failure: Failure, problem: Problem, words: str) -> None:
    with CloudLoggingServer() as server, logs(server.address) as adapter:
        server.fail(LIST_LOG_ENTRIES, EVERYTHING, failure)
        for ask in (lambda: adapter.errors(["worker"], SINCE, 10), lambda: adapter.changes(SINCE, 10)):
            with pytest.raises(SourceError) as raised:
                ask()

            assert (raised.value.source, raised.value.problem) == ("Cloud Logging", problem)
            assert words in raised.value.advice
        assert server.calls.total() == 2


def test_a_server_that_hangs_costs_the_time_out_and_no_more() -> None:
    with CloudLoggingServer() as server, logs(server.address, request_seconds=0.3) as adapter:
        server.hang(LIST_LOG_ENTRIES, EVERYTHING)
        began = time.monotonic()
        with pytest.raises(SourceError) as raised:
            adapter.errors(["worker"], SINCE, 10)

        assert raised.value.problem is Problem.TIMED_OUT
        assert time.monotonic() - began < 2
