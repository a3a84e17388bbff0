"""Cloud Monitoring: how many requests each Cloud Run service received, through Google's client over gRPC."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from google.cloud.monitoring_v3.services.metric_service import MetricServiceClient
from google.cloud.monitoring_v3.types import Aggregation, ListTimeSeriesRequest, TimeInterval, TypedValue

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.answers import every
from bot.google_cloud.clients import GoogleAccess
from bot.google_cloud.errors import Api
from checks.ports.requests import MONITORING

API = Api(MONITORING, "monitoring.googleapis.com", "roles/monitoring.viewer")

SHORTEST_WINDOW = 60
"""Seconds; Cloud Monitoring sums up whole minutes at least."""

PAGE = 10_000


def connect(access: GoogleAccess) -> GoogleRequests:
    return GoogleRequests(access.client(MetricServiceClient, access.settings.monitoring_endpoint), **access.place)


@dataclass(frozen=True, eq=False)
class GoogleRequests(GoogleAdapter):
    """Reads request counts of one region. A request that IAM refuses never reaches a service and is not counted."""

    client: MetricServiceClient

    def counts(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Fetch how many requests each service received; one without any is absent. Raises SourceError."""
        seconds = max(SHORTEST_WINDOW, int((until - since).total_seconds()))
        request = ListTimeSeriesRequest(
            name=f"projects/{self.project}",
            filter='metric.type = "run.googleapis.com/request_count" AND resource.type = "cloud_run_revision" '
            f'AND resource.labels.location = "{self.region}"',
            interval=TimeInterval(start_time=since, end_time=until),
            aggregation=Aggregation(
                alignment_period={"seconds": seconds},
                per_series_aligner=Aggregation.Aligner.ALIGN_DELTA,
                cross_series_reducer=Aggregation.Reducer.REDUCE_SUM,
                group_by_fields=["resource.labels.service_name"],
            ),
            page_size=PAGE,
        )
        counts: Counter[str] = Counter()
        with self.translated(API, "the request counts of Cloud Run"):
            for series in every(self.client.list_time_series(request, **self.bounds)):
                received = sum(_number(point.value) for point in series.points)
                counts[series.resource.labels.get("service_name", "")] += received
        return {service: count for service, count in counts.items() if service}


def _number(value: TypedValue) -> int:
    """Return a count; sums of counts may come as either kind of number."""
    return int(value.int64_value) or round(value.double_value)
