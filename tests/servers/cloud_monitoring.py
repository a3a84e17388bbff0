"""Cloud Monitoring's time series over gRPC, on Google's published messages: request counts of Cloud Run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from google.cloud import monitoring_v3
from google.cloud.monitoring_v3 import types

from tests.servers.scripted_grpc import ScriptedGrpcServer, handler

LIST_TIME_SERIES = "ListTimeSeries"


class CloudMonitoringServer(ScriptedGrpcServer):
    """Serves how many requests each service received; calls are counted by project.

    ``requests`` holds what was asked, ``points_of_each`` says how many points a service has, each with its count.
    """

    def __init__(self, counts: Mapping[str, int] | None = None, *, delay: float = 0.0, page_size: int = 1000) -> None:
        self.counts = dict(counts or {})
        self.points_of_each = 1
        self.as_fractions = False
        self.requests: list[types.ListTimeSeriesRequest] = []
        super().__init__(delay=delay, page_size=page_size)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        methods = {LIST_TIME_SERIES: handler(self._list, types.ListTimeSeriesRequest, types.ListTimeSeriesResponse)}
        return (grpc.method_handlers_generic_handler("google.monitoring.v3.MetricService", methods),)

    def _list(self, request: types.ListTimeSeriesRequest, context: grpc.ServicerContext) -> Any:
        self.requests.append(request)

        def page() -> types.ListTimeSeriesResponse:
            found, token = self._page(sorted(self.counts), request.page_size, request.page_token)
            return types.ListTimeSeriesResponse(
                time_series=[self._series(name, request) for name in found], next_page_token=token
            )

        return self._answer(LIST_TIME_SERIES, request.name.rpartition("/")[2], context, page)

    def _series(self, service: str, request: types.ListTimeSeriesRequest) -> monitoring_v3.TimeSeries:
        count = self.counts[service]
        value = {"double_value": float(count)} if self.as_fractions else {"int64_value": count}
        point = monitoring_v3.Point(interval=request.interval, value=monitoring_v3.TypedValue(**value))
        return monitoring_v3.TimeSeries(
            resource={"type": "cloud_run_revision", "labels": {"service_name": service}},
            points=[point] * self.points_of_each,
        )
