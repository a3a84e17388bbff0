"""Cloud Monitoring sums up by itself: one question a metric, for all services or subscriptions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.cloud.monitoring_v3 import types
from google.cloud.monitoring_v3.services.metric_service import MetricServiceClient
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport

from bot.google_cloud.clients import insecure_channel
from bot.sources.requests.live import GoogleRequests
from checks.ports.requests import SubscriptionFigure
from checks.source import Problem, SourceError
from tests.servers.cloud_monitoring import LIST_TIME_SERIES, CloudMonitoringServer
from tests.servers.scripted_grpc import EVERYTHING, NOT_ENABLED, Failure

UNTIL = datetime(2026, 2, 11, 13, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=24)


@contextmanager
def requests(address: str, *, request_seconds: float = 5.0) -> Iterator[GoogleRequests]:
    adapter = GoogleRequests(
        MetricServiceClient(transport=MetricServiceGrpcTransport(channel=insecure_channel(address))),
        project="example-project",
        region="us-west2",
        request_seconds=request_seconds,
        retry_seconds=0.3,
    )
    try:
        yield adapter
    finally:
        adapter.close()


def test_each_service_has_its_count() -> None:
    with CloudMonitoringServer({"worker": 240, "idle": 0}) as server, requests(server.address) as adapter:
        assert adapter.counts(SINCE, UNTIL) == {"worker": 240, "idle": 0}


def test_the_question_is_one_sum_a_service_over_the_whole_window() -> None:
    with CloudMonitoringServer() as server, requests(server.address) as adapter:
        adapter.counts(SINCE, UNTIL)

    asked: Any = server.requests[0]
    aggregation = types.Aggregation
    assert asked.name == "projects/example-project"
    assert 'metric.type = "run.googleapis.com/request_count"' in asked.filter
    assert 'resource.labels.location = "us-west2"' in asked.filter
    assert (asked.interval.start_time, asked.interval.end_time) == (SINCE, UNTIL)
    assert asked.aggregation.alignment_period == timedelta(hours=24)
    assert asked.aggregation.per_series_aligner == aggregation.Aligner.ALIGN_DELTA
    assert asked.aggregation.cross_series_reducer == aggregation.Reducer.REDUCE_SUM
    assert asked.aggregation.group_by_fields == ["resource.labels.service_name"]


@pytest.mark.parametrize(
    ("points", "fractions", "expected"),
    [(1, False, 7), (3, False, 21), (1, True, 7), (0, False, 0)],
    ids=["one point", "three points", "fractions", "no point"],
)
def test_points_of_a_service_add_up(points: int, fractions: bool, expected: int) -> None:
    with CloudMonitoringServer({"worker": 7}) as server, requests(server.address) as adapter:
        server.points_of_each, server.as_fractions = points, fractions

        assert adapter.counts(SINCE, UNTIL) == {"worker": expected}


def test_every_page_is_read() -> None:
    counts = {f"service-{number}": number for number in range(7)}
    with CloudMonitoringServer(counts, page_size=3) as server, requests(server.address) as adapter:
        assert adapter.counts(SINCE, UNTIL) == counts
        assert server.calls.total() == 3


def test_a_window_that_is_too_short_is_asked_for_as_a_minute() -> None:
    with CloudMonitoringServer() as server, requests(server.address) as adapter:
        adapter.counts(UNTIL - timedelta(seconds=1), UNTIL)

    assert server.requests[0].aggregation.alignment_period == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("failure", "problem", "words"),
    [
        pytest.param(
            Failure(grpc.StatusCode.PERMISSION_DENIED, "no"), Problem.DENIED, "roles/monitoring.viewer", id="denied"
        ),
        pytest.param(
            NOT_ENABLED, Problem.NOT_ENABLED, "gcloud services enable monitoring.googleapis.com", id="not enabled"
        ),
        pytest.param(Failure(grpc.StatusCode.UNAVAILABLE, "down"), Problem.UNAVAILABLE, "Run it again", id="down"),
    ],
)
def test_a_refusal_is_named(failure: Failure, problem: Problem, words: str) -> None:
    with CloudMonitoringServer({"worker": 1}) as server, requests(server.address) as adapter:
        server.fail(LIST_TIME_SERIES, EVERYTHING, failure)
        with pytest.raises(SourceError) as raised:
            adapter.counts(SINCE, UNTIL)

    assert (raised.value.source, raised.value.problem) == ("Cloud Monitoring", problem)
    assert words in raised.value.advice


def test_a_server_that_hangs_costs_the_time_out_and_no_more() -> None:
    with CloudMonitoringServer() as server, requests(server.address, request_seconds=0.3) as adapter:
        server.hang(LIST_TIME_SERIES, EVERYTHING)
        began = time.monotonic()
        with pytest.raises(SourceError) as raised:
            adapter.counts(SINCE, UNTIL)

        assert raised.value.problem is Problem.TIMED_OUT
        assert time.monotonic() - began < 2


PUBSUB = "pubsub.googleapis.com/subscription"
TEN_MINUTES = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("figure", "aligner", "reducer", "expected"),
    [
        ("oldest_unacked_message_age", "ALIGN_MAX", "REDUCE_MAX", 90),
        ("num_undelivered_messages", "ALIGN_MAX", "REDUCE_MAX", 90),
        ("dead_letter_message_count", "ALIGN_DELTA", "REDUCE_SUM", 180),
    ],
)
def test_a_figure_of_all_subscriptions_is_one_question(figure: str, aligner: str, reducer: str, expected: int) -> None:
    figures = {f"{PUBSUB}/{figure}": {("orders-sub",): 90, ("idle-sub",): 0}}
    with CloudMonitoringServer(figures=figures) as server, requests(server.address) as adapter:
        server.points_of_each = 2
        found = adapter.subscriptions(SubscriptionFigure(figure), UNTIL - TEN_MINUTES, UNTIL)

    assert found == {"orders-sub": expected, "idle-sub": 0}
    (asked,) = server.requests
    assert asked.filter == f'metric.type = "{PUBSUB}/{figure}" AND resource.type = "pubsub_subscription"'
    assert asked.aggregation.alignment_period == TEN_MINUTES
    assert asked.aggregation.per_series_aligner.name == aligner
    assert asked.aggregation.cross_series_reducer.name == reducer
    assert asked.aggregation.group_by_fields == ["resource.labels.subscription_id"]


def test_a_subscription_without_a_point_is_absent_and_not_zero() -> None:
    figures = {f"{PUBSUB}/oldest_unacked_message_age": {("orders-sub",): 0}}
    with CloudMonitoringServer(figures=figures) as server, requests(server.address) as adapter:
        server.points_of_each = 0

        assert adapter.subscriptions(SubscriptionFigure.OLDEST, SINCE, UNTIL) == {}


def test_pushes_are_counted_by_subscription_and_class() -> None:
    answered = {("orders-sub", "ack"): 3, ("orders-sub", "remote_server_4xx"): 322, ("other-sub", "ack"): 1}
    figures = {f"{PUBSUB}/push_request_count": answered}
    with CloudMonitoringServer(figures=figures, page_size=2) as server, requests(server.address) as adapter:
        found = adapter.pushes(SINCE, UNTIL)

    assert found == {"orders-sub": {"ack": 3, "remote_server_4xx": 322}, "other-sub": {"ack": 1}}
    grouped = ["resource.labels.subscription_id", "metric.labels.response_class"]
    assert server.requests[0].aggregation.group_by_fields == grouped


def test_a_refusal_names_the_metric_and_the_role() -> None:
    with CloudMonitoringServer() as server, requests(server.address) as adapter:
        server.fail(LIST_TIME_SERIES, EVERYTHING, Failure(grpc.StatusCode.PERMISSION_DENIED, "no"))
        with pytest.raises(SourceError) as raised:
            adapter.pushes(SINCE, UNTIL)

    assert raised.value.problem is Problem.DENIED
    assert "push_request_count" in raised.value.detail
    assert "roles/monitoring.viewer" in raised.value.advice


def test_answers_are_counted_by_service_and_class_of_one_region() -> None:
    answered = {("worker", "2xx"): 3, ("worker", "5xx"): 74}
    figures = {"run.googleapis.com/request_count": answered}
    with CloudMonitoringServer({"worker": 77}, figures) as server, requests(server.address) as adapter:
        assert adapter.answers(SINCE, UNTIL) == {"worker": {"2xx": 3, "5xx": 74}}
        assert adapter.counts(SINCE, UNTIL) == {"worker": 77}

    (asked, _) = server.requests
    assert 'resource.labels.location = "us-west2"' in asked.filter
    grouped = ["resource.labels.service_name", "metric.labels.response_code_class"]
    assert asked.aggregation.group_by_fields == grouped
