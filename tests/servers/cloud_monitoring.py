"""Cloud Monitoring's time series over gRPC, on Google's published messages: figures of Cloud Run and Pub/Sub."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import grpc
from google.cloud import monitoring_v3
from google.cloud.monitoring_v3 import types

from tests.servers.scripted_grpc import ScriptedGrpcServer, handler

LIST_TIME_SERIES = "ListTimeSeries"
REQUESTS = "run.googleapis.com/request_count"

Figures = Mapping[str, Mapping[Any, int]]
"""By metric, then by the values of the labels that are grouped by, the resource's name first."""


class CloudMonitoringServer(ScriptedGrpcServer):
    """Serves how many requests each service received, and the figures of other metrics; calls are counted by
    project and metric.

    ``requests`` holds what was asked, ``points_of_each`` says how many points a service has, each with its count.
    """

    def __init__(
        self,
        counts: Mapping[str, int] | None = None,
        figures: Figures | None = None,
        *,
        delay: float = 0.0,
        page_size: int = 1000,
    ) -> None:
        received = {(name,): count for name, count in (counts or {}).items()}
        self.figures: Figures = {**(figures or {}), REQUESTS: {**(figures or {}).get(REQUESTS, {}), **received}}
        self.points_of_each = 1
        self.as_fractions = False
        self.requests: list[types.ListTimeSeriesRequest] = []
        super().__init__(delay=delay, page_size=page_size)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        methods = {LIST_TIME_SERIES: handler(self._list, types.ListTimeSeriesRequest, types.ListTimeSeriesResponse)}
        return (grpc.method_handlers_generic_handler("google.monitoring.v3.MetricService", methods),)

    def _list(self, request: types.ListTimeSeriesRequest, context: grpc.ServicerContext) -> Any:
        self.requests.append(request)

        metric = re.findall('metric.type = "([^"]+)"', request.filter)[0]
        depth = len(request.aggregation.group_by_fields)
        figures = {labels: number for labels, number in self.figures.get(metric, {}).items() if len(labels) == depth}

        def page() -> types.ListTimeSeriesResponse:
            found, token = self._page(sorted(figures), request.page_size, request.page_token)
            return types.ListTimeSeriesResponse(
                time_series=[self._series(metric, labels, figures[labels], request) for labels in found],
                next_page_token=token,
            )

        return self._answer(LIST_TIME_SERIES, f"{request.name.rpartition('/')[2]} {metric} {depth}", context, page)

    def _series(
        self, metric: str, labels: tuple[str, ...], number: int, request: types.ListTimeSeriesRequest
    ) -> monitoring_v3.TimeSeries:
        value = {"double_value": float(number)} if self.as_fractions else {"int64_value": number}
        point = monitoring_v3.Point(interval=request.interval, value=monitoring_v3.TypedValue(**value))
        names = [each.rpartition(".")[2] for each in request.aggregation.group_by_fields]
        kind = re.findall('resource.type = "([^"]+)"', request.filter)[0]
        return monitoring_v3.TimeSeries(
            resource={"type": kind, "labels": {names[0]: labels[0]}},
            metric={"type": metric, "labels": dict(zip(names[1:], labels[1:], strict=True))},
            points=[point] * self.points_of_each,
        )
