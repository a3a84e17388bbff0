"""Cloud Monitoring: what became of requests and messages, through Google's client over gRPC."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from google.cloud.monitoring_v3.services.metric_service import MetricServiceClient
from google.cloud.monitoring_v3.types import Aggregation, ListTimeSeriesRequest, TimeInterval, TimeSeries, TypedValue

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.answers import every
from bot.google_cloud.clients import GoogleAccess
from bot.google_cloud.errors import Api
from checks.ports.requests import MONITORING, Classes, Counts, SubscriptionFigure

API = Api(MONITORING, "monitoring.googleapis.com", "roles/monitoring.viewer")

SHORTEST_WINDOW = 60
"""Seconds; Cloud Monitoring sums up whole minutes at least."""

PAGE = 10_000

SERVICE, SUBSCRIPTION = "service_name", "subscription_id"
REQUESTS = "run.googleapis.com/request_count"
PUBSUB_METRICS = "pubsub.googleapis.com/subscription"
PUSHES = f"{PUBSUB_METRICS}/push_request_count"
PUSH_CLASS = "response_class"
ANSWER_CLASS = "response_code_class"

_SUM = (Aggregation.Aligner.ALIGN_DELTA, Aggregation.Reducer.REDUCE_SUM)
_MOST = (Aggregation.Aligner.ALIGN_MAX, Aggregation.Reducer.REDUCE_MAX)
_WAYS = {
    SubscriptionFigure.OLDEST: _MOST,
    SubscriptionFigure.UNDELIVERED: _MOST,
    SubscriptionFigure.DEAD_LETTERS: _SUM,
}


def connect(access: GoogleAccess) -> GoogleRequests:
    return GoogleRequests(access.client(MetricServiceClient, access.settings.monitoring_endpoint), **access.place)


@dataclass(frozen=True, eq=False)
class GoogleRequests(GoogleAdapter):
    """Reads figures of one region's services, and of all subscriptions, which have no region.

    A request that IAM refuses never reaches a service and is not counted there; the push that made it is.
    Every method raises SourceError.
    """

    client: MetricServiceClient

    def counts(self, since: datetime, until: datetime) -> Counts:
        """Fetch how many requests each service received; one without any is absent."""
        counts: Counter[str] = Counter()
        with self.mapped_errors(API, "the request counts of Cloud Run"):
            for series in self._series(REQUESTS, since, until, _SUM, ()):
                counts[series.resource.labels.get(SERVICE, "")] += _total(series)
        return _named(counts)

    def answers(self, since: datetime, until: datetime) -> Classes:
        """Fetch the answers to requests by service and class."""
        with self.mapped_errors(API, "the answers of Cloud Run's services"):
            return _classes(self._series(REQUESTS, since, until, _SUM, (ANSWER_CLASS,)), SERVICE, ANSWER_CLASS)

    def subscriptions(self, figure: SubscriptionFigure, since: datetime, until: datetime) -> Counts:
        """Fetch one figure of every subscription that has it."""
        found: dict[str, int] = {}
        metric, way = f"{PUBSUB_METRICS}/{figure}", _WAYS[figure]
        with self.mapped_errors(API, f"the metric {figure} of Pub/Sub"):
            for series in self._series(metric, since, until, way, ()):
                if series.points:
                    name = series.resource.labels.get(SUBSCRIPTION, "")
                    values = (_number(point.value) for point in series.points)
                    found[name] = max(values) if way is _MOST else found.get(name, 0) + sum(values)
        return _named(found)

    def pushes(self, since: datetime, until: datetime) -> Classes:
        """Fetch the answers to pushes by subscription and class."""
        with self.mapped_errors(API, "the metric push_request_count of Pub/Sub"):
            return _classes(self._series(PUSHES, since, until, _SUM, (PUSH_CLASS,)), SUBSCRIPTION, PUSH_CLASS)

    def _series(
        self,
        metric: str,
        since: datetime,
        until: datetime,
        way: tuple[int, int],
        by: tuple[str, ...],
    ) -> Iterator[TimeSeries]:
        """Ask once for all services or subscriptions: one value each, or one for each value of a metric's label."""
        seconds = max(SHORTEST_WINDOW, int((until - since).total_seconds()))
        of_service = metric == REQUESTS
        kind = "cloud_run_revision" if of_service else "pubsub_subscription"
        where = f' AND resource.labels.location = "{self.region}"' if of_service else ""
        name = SERVICE if of_service else SUBSCRIPTION
        request = ListTimeSeriesRequest(
            name=f"projects/{self.project}",
            filter=f'metric.type = "{metric}" AND resource.type = "{kind}"{where}',
            interval=TimeInterval(start_time=since, end_time=until),
            aggregation=Aggregation(
                alignment_period={"seconds": seconds},
                per_series_aligner=way[0],
                cross_series_reducer=way[1],
                group_by_fields=[f"resource.labels.{name}", *(f"metric.labels.{each}" for each in by)],
            ),
            page_size=PAGE,
        )
        return every(self.client.list_time_series(request, **self.bounds))


def _classes(found: Iterator[TimeSeries], name: str, label: str) -> Classes:
    classes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for series in found:
        classes[series.resource.labels.get(name, "")][series.metric.labels.get(label, "")] += _total(series)
    return {each: dict(counts) for each, counts in classes.items() if each}


def _named(counts: Mapping[str, int]) -> Counts:
    return {name: count for name, count in counts.items() if name}


def _total(series: TimeSeries) -> int:
    return sum(_number(point.value) for point in series.points)


def _number(value: TypedValue) -> int:
    """Return a count; sums of counts may come as either kind of number."""
    return int(value.int64_value) or round(value.double_value)
