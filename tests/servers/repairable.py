"""Cloud Run and Cloud Scheduler as repairs write to them: parts of a service by mask, jobs that run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import grpc
from google.cloud import run_v2
from google.cloud.scheduler_v1 import types
from google.longrunning.operations_pb2 import Operation  # type: ignore[import-untyped]

from checks.ports.scheduler import SchedulerJob
from tests.servers.cloud_run_writes import UPDATE_SERVICE, WritableCloudRunServer
from tests.servers.cloud_scheduler import CloudSchedulerServer, job_message
from tests.servers.scripted_grpc import handler

GET_JOB, RUN_JOB = "GetJob", "RunJob"


class RepairableCloudRunServer(WritableCloudRunServer):
    """As the server that can be written to; an update changes what its mask names and nothing else.

    ``answers_lost`` lets an update arrive and its answer not.
    """

    answers_lost = False

    def _update(self, request: run_v2.UpdateServiceRequest, context: grpc.ServicerContext) -> Any:
        name = request.service.name.rpartition("/")[2]

        def update() -> Operation | None:
            existing = self.services.get(name)
            if existing is None:
                return None
            if self.race is not None:
                self.race(name)
            if request.service.etag != self.services[name].etag:
                context.abort(grpc.StatusCode.ABORTED, "The etag is stale.")
            changed = self._changed(name, run_v2.Service(existing), request)
            if self.answers_lost:
                context.abort(grpc.StatusCode.UNAVAILABLE, "The connection broke.")
            return changed

        return self._answer(UPDATE_SERVICE, name, context, update)

    def _changed(self, name: str, service: run_v2.Service, request: run_v2.UpdateServiceRequest) -> Operation:
        service.generation = service.observed_generation = service.generation + 1
        service.etag = f'"{service.generation}"'
        for path in request.update_mask.paths:
            setattr(service, path, getattr(request.service, path))
        if "template" in request.update_mask.paths:
            revision = f"{service.name}/revisions/{name}-{service.generation:05d}"
            service.latest_created_revision = service.latest_ready_revision = revision
        service.traffic_statuses = [
            run_v2.TrafficTargetStatus(type_=each.type_, revision=each.revision, percent=each.percent)
            for each in service.traffic
        ]
        self.services[name] = service
        operation = Operation(name="projects/example/locations/us-west2/operations/1", done=True)
        operation.response.Pack(run_v2.Service.pb(service))
        return operation


class RunnableSchedulerServer(CloudSchedulerServer):
    """As the server that lists; a job that is run has a new attempt at once, which ends with ``ends_with``."""

    ends_with = 0

    def __init__(self, jobs: Iterable[SchedulerJob] = (), *, delay: float = 0.0) -> None:
        super().__init__(jobs, delay=delay)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        methods = {
            GET_JOB: handler(self._get_job, types.GetJobRequest, types.Job),
            RUN_JOB: handler(self._run_job, types.RunJobRequest, types.Job),
        }
        ours = grpc.method_handlers_generic_handler("google.cloud.scheduler.v1.CloudScheduler", methods)
        return (*super()._handlers(), ours)

    def _get_job(self, request: types.GetJobRequest, context: grpc.ServicerContext) -> Any:
        name = request.name.rpartition("/")[2]
        return self._answer(GET_JOB, name, context, lambda: self._message(request.name, name))

    def _run_job(self, request: types.RunJobRequest, context: grpc.ServicerContext) -> Any:
        name = request.name.rpartition("/")[2]

        def run() -> types.Job | None:
            attempted = datetime.now(UTC)
            self.jobs = [
                replace(each, last_attempt=attempted, status=self.ends_with) if each.name == name else each
                for each in self.jobs
            ]
            return self._message(request.name, name)

        return self._answer(RUN_JOB, name, context, run)

    def _message(self, path: str, name: str) -> types.Job | None:
        found = next((each for each in self.jobs if each.name == name), None)
        return None if found is None else job_message(found, path.partition("/jobs/")[0])
