"""Cloud Scheduler's list over gRPC, on Google's published messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from google.cloud.scheduler_v1 import types
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from checks.ports.scheduler import SchedulerJob
from tests.servers.scripted_grpc import ScriptedGrpcServer, handler

LIST_JOBS = "ListJobs"


class CloudSchedulerServer(ScriptedGrpcServer):
    """Serves the jobs of one region; calls are counted by location."""

    def __init__(self, jobs: Iterable[SchedulerJob] = (), *, delay: float = 0.0, page_size: int = 500) -> None:
        self.jobs = list(jobs)
        super().__init__(delay=delay, page_size=page_size)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        methods = {LIST_JOBS: handler(self._list_jobs, types.ListJobsRequest, types.ListJobsResponse)}
        return (grpc.method_handlers_generic_handler("google.cloud.scheduler.v1.CloudScheduler", methods),)

    def _list_jobs(self, request: types.ListJobsRequest, context: grpc.ServicerContext) -> Any:
        def page() -> types.ListJobsResponse:
            found, token = self._page(self.jobs, request.page_size, request.page_token)
            return types.ListJobsResponse(
                jobs=[job_message(each, request.parent) for each in found], next_page_token=token
            )

        return self._answer(LIST_JOBS, request.parent.rpartition("/")[2], context, page)


def job_message(job: SchedulerJob, parent: str) -> types.Job:
    """Return a job as the API states it."""
    project = "/".join(parent.split("/")[:2])
    token = types.OidcToken(service_account_email=job.account, audience=job.audience)
    http = types.HttpTarget(uri=job.url, oidc_token=token if job.account else None)
    return types.Job(
        name=f"{parent}/jobs/{job.name}",
        schedule=job.schedule,
        time_zone=job.zone,
        state=getattr(types.Job.State, job.fault or ("ENABLED" if job.enabled else "PAUSED")),
        http_target=http if job.url else None,
        pubsub_target=types.PubsubTarget(topic_name=f"{project}/topics/{job.topic}") if job.topic else None,
        status=Status(code=job.status, message=job.message) if job.status is not None else None,
        last_attempt_time=job.last_attempt,
        user_update_time=job.updated_at,
    )
