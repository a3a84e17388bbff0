"""Cloud Monitoring: how many requests each Cloud Run service received, through Google's client over gRPC."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from google.cloud.monitoring_v3.services.metric_service import MetricServiceClient
from google.cloud.monitoring_v3.types import Aggregation, ListTimeSeriesRequest, TimeInterval, TypedValue

from bot.gcp.errors import MONITORING_SOURCE, short_retry, translated
from bot.gcp.paging import every

SHORTEST_WINDOW = 60
"""Seconds; Cloud Monitoring sums up whole minutes at least."""

PAGE = 10_000


class GoogleRequests:
    """Reads request counts of one region. A request that IAM refuses never reaches a service and is not counted."""

    def __init__(
        self,
        client: MetricServiceClient,
        *,
        project: str,
        region: str,
        request_seconds: float = 10.0,
        retry_seconds: float = 3.0,
    ) -> None:
        self._client = client
        self._project = project
        self._filter = (
            'metric.type = "run.googleapis.com/request_count" AND resource.type = "cloud_run_revision" '
            f'AND resource.labels.location = "{region}"'
        )
        self._bounds: Mapping[str, Any] = {"timeout": request_seconds, "retry": short_retry(retry_seconds)}

    def counts(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Fetch how many requests each service received; one without any is absent. Raises SourceError."""
        seconds = max(SHORTEST_WINDOW, int((until - since).total_seconds()))
        request = ListTimeSeriesRequest(
            name=f"projects/{self._project}",
            filter=self._filter,
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
        with translated(MONITORING_SOURCE, self._project, "the request counts of Cloud Run"):
            for series in every(self._client.list_time_series(request, **self._bounds)):
                received = sum(_number(point.value) for point in series.points)
                counts[series.resource.labels.get("service_name", "")] += received
        return {service: count for service, count in counts.items() if service}

    def close(self) -> None:
        """Close the connections."""
        self._client.transport.close()  # type: ignore[no-untyped-call]


def _number(value: TypedValue) -> int:
    """Return a count; sums of counts may come as either kind of number."""
    return int(value.int64_value) or round(value.double_value)
