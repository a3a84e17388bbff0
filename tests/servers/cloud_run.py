"""Cloud Run and Resource Manager over gRPC, on Google's published messages: answers from a plain world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import grpc
from google.cloud import run_v2
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest  # type: ignore[import-untyped]
from google.iam.v1.policy_pb2 import Policy as IamPolicy  # type: ignore[import-untyped]

from checks.ports.policies import Policy
from checks.ports.run_jobs import RunJob
from checks.ports.services import SECRET, Revision, Service
from tests.servers.scripted_grpc import EVERYTHING, Failure, ScriptedGrpcServer, handler

__all__ = ["EVERYTHING", "Failure"]

GET_SERVICE, GET_SERVICE_POLICY, GET_PROJECT_POLICY = "GetService", "GetIamPolicy", "Projects.GetIamPolicy"
LIST_SERVICES, LIST_REVISIONS, LIST_JOBS = "ListServices", "ListRevisions", "ListJobs"


class GoogleControlPlaneServer(ScriptedGrpcServer):
    """Serves both APIs at one address; ``unreachable`` is what its list of services says that it lacks.

    A list is counted by its location, ``us-west2``, a list of revisions by its service.
    """

    def __init__(
        self,
        services: Mapping[str, Service | run_v2.Service] | None = None,
        policies: Mapping[str, Policy | IamPolicy] | None = None,
        project_policy: Policy | IamPolicy | None = None,
        *,
        revisions: Mapping[str, Sequence[Revision]] | None = None,
        run_jobs: Sequence[RunJob | run_v2.Job] = (),
        delay: float = 0.0,
        page_size: int = 1000,
    ) -> None:
        self.services = {name: _service(each) for name, each in (services or {}).items()}
        self.policies = {name: _policy(each) for name, each in (policies or {}).items()}
        self.project_policy = _policy(project_policy or Policy(()))
        self.revisions = {name: [*map(revision_message, each)] for name, each in (revisions or {}).items()}
        self.run_jobs = [run_job_message(each) if isinstance(each, RunJob) else each for each in run_jobs]
        self.unreachable: list[str] = []
        self.policy_versions: set[int] = set()
        super().__init__(delay=delay, page_size=page_size)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        policy = {"request_deserializer": GetIamPolicyRequest.FromString, "response_serializer": _serialize}
        services = {
            "GetService": handler(self._get_service, run_v2.GetServiceRequest, run_v2.Service),
            "ListServices": handler(self._list_services, run_v2.ListServicesRequest, run_v2.ListServicesResponse),
            "GetIamPolicy": grpc.unary_unary_rpc_method_handler(self._get_service_policy, **policy),
        }
        revisions = {
            "ListRevisions": handler(self._list_revisions, run_v2.ListRevisionsRequest, run_v2.ListRevisionsResponse)
        }
        jobs = {"ListJobs": handler(self._list_jobs, run_v2.ListJobsRequest, run_v2.ListJobsResponse)}
        projects = {"GetIamPolicy": grpc.unary_unary_rpc_method_handler(self._get_project_policy, **policy)}
        return (
            grpc.method_handlers_generic_handler("google.cloud.run.v2.Services", services),
            grpc.method_handlers_generic_handler("google.cloud.run.v2.Revisions", revisions),
            grpc.method_handlers_generic_handler("google.cloud.run.v2.Jobs", jobs),
            grpc.method_handlers_generic_handler("google.cloud.resourcemanager.v3.Projects", projects),
        )

    def _list_services(self, request: run_v2.ListServicesRequest, context: grpc.ServicerContext) -> Any:
        location = request.parent.rpartition("/")[2]
        if location == "-":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The location cannot be '-'.")
        listed = [self.services[name] for name in sorted(self.services)]

        def page() -> run_v2.ListServicesResponse:
            services, token = self._page(listed, request.page_size, request.page_token)
            return run_v2.ListServicesResponse(
                services=services, next_page_token=token, unreachable=[] if token else self.unreachable
            )

        return self._answer(LIST_SERVICES, location, context, page)

    def _list_revisions(self, request: run_v2.ListRevisionsRequest, context: grpc.ServicerContext) -> Any:
        name = request.parent.rpartition("/")[2]

        def page() -> run_v2.ListRevisionsResponse | None:
            if name not in self.services:
                return None
            revisions, token = self._page(self.revisions.get(name, []), request.page_size, request.page_token)
            return run_v2.ListRevisionsResponse(revisions=revisions, next_page_token=token)

        return self._answer(LIST_REVISIONS, name, context, page)

    def _list_jobs(self, request: run_v2.ListJobsRequest, context: grpc.ServicerContext) -> Any:
        def page() -> run_v2.ListJobsResponse:
            jobs, token = self._page(self.run_jobs, request.page_size, request.page_token)
            return run_v2.ListJobsResponse(jobs=jobs, next_page_token=token)

        return self._answer(LIST_JOBS, request.parent.rpartition("/")[2], context, page)

    def _get_service(self, request: run_v2.GetServiceRequest, context: grpc.ServicerContext) -> run_v2.Service:
        name = request.name.rpartition("/")[2]
        service: run_v2.Service = self._answer(GET_SERVICE, name, context, lambda: self.services.get(name))
        return service

    def _get_service_policy(self, request: Any, context: grpc.ServicerContext) -> Any:
        name = request.resource.rpartition("/")[2]
        self.policy_versions.add(request.options.requested_policy_version)
        return self._answer(
            GET_SERVICE_POLICY,
            name,
            context,
            # A service without a policy of its own has an empty one; only a service that is missing is not found.
            lambda: self.policies.get(name, IamPolicy() if name in self.services else None),
        )

    def _get_project_policy(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.policy_versions.add(request.options.requested_policy_version)
        name = request.resource.rpartition("/")[2]
        return self._answer(GET_PROJECT_POLICY, name, context, lambda: self.project_policy)


def _serialize(message: Any) -> bytes:
    data: bytes = message.SerializeToString()
    return data


def _policy(policy: Policy | IamPolicy) -> IamPolicy:
    return policy_message(policy) if isinstance(policy, Policy) else policy


def _service(service: Service | run_v2.Service) -> run_v2.Service:
    return service_message(service) if isinstance(service, Service) else service


def policy_message(policy: Policy) -> IamPolicy:
    """Return a policy as the API states it."""
    message = IamPolicy(version=3, etag=policy.etag.encode())
    for each in policy.bindings:
        binding = message.bindings.add(role=each.role, members=sorted(each.members))
        if each.condition:
            binding.condition.expression = each.condition
            binding.condition.title = "a condition"
    return message


def service_message(service: Service) -> run_v2.Service:
    """Return a service as the API states it, its latest ready revision as the target "latest"."""
    states = run_v2.Condition.State
    state = states.CONDITION_SUCCEEDED if service.ready else states.CONDITION_FAILED
    parent = f"projects/example/locations/us-west2/services/{service.name}"
    container = run_v2.Container(env=[_variable(name, value) for name, value in service.environment.items()])
    return run_v2.Service(
        name=parent,
        terminal_condition=run_v2.Condition(type_="Ready", state=state, message=service.reason),
        reconciling=service.reconciling,
        generation=7,
        observed_generation=7,
        latest_created_revision=f"{parent}/revisions/{service.latest_created_revision}",
        latest_ready_revision=f"{parent}/revisions/{service.latest_ready_revision}",
        traffic_statuses=[_target(service, name, percent) for name, percent in service.traffic.items()],
        scaling=run_v2.ServiceScaling(min_instance_count=service.minimum_instances),
        template=run_v2.RevisionTemplate(containers=[container]),
        labels=dict(service.labels),
        update_time=service.deployed_at,
        last_modifier=service.deployed_by,
        invoker_iam_disabled=service.invoker_check_disabled,
        uri=service.uri,
        urls=list(service.urls),
        custom_audiences=list(service.audiences),
        annotations={"cloudfunctions.googleapis.com/function-id": service.function} if service.function else {},
    )


def revision_message(revision: Revision) -> run_v2.Revision:
    """Return a revision as the API states it."""
    states = run_v2.Condition.State
    state = states.CONDITION_SUCCEEDED if revision.ready else states.CONDITION_FAILED
    container = run_v2.Container(
        image=revision.image, env=[_variable(name, value) for name, value in revision.environment.items()]
    )
    return run_v2.Revision(
        name=f"projects/example/locations/us-west2/services/{revision.service}/revisions/{revision.name}",
        service=revision.service,
        create_time=revision.created_at,
        creator=revision.created_by,
        conditions=[run_v2.Condition(type_="Ready", state=state)],
        containers=[container],
        labels=dict(revision.labels),
    )


def run_job_message(job: RunJob) -> run_v2.Job:
    """Return a job as the API states it; what its tasks may take is one task's time-out without retries."""
    parent = f"projects/example/locations/us-west2/jobs/{job.name}"
    task = run_v2.TaskTemplate(timeout=timedelta(seconds=job.longest_seconds or 0), max_retries=0)
    latest = run_v2.ExecutionReference()
    if job.state is not None:
        status = getattr(run_v2.ExecutionReference.CompletionStatus, f"EXECUTION_{job.state.upper()}")
        latest = run_v2.ExecutionReference(
            name=job.execution, create_time=job.started_at, completion_time=job.ended_at, completion_status=status
        )
    return run_v2.Job(
        name=parent,
        template=run_v2.ExecutionTemplate(template=task, task_count=1, parallelism=1),
        latest_created_execution=latest,
        update_time=job.deployed_at,
        last_modifier=job.deployed_by,
    )


def _variable(name: str, value: str) -> run_v2.EnvVar:
    if value != SECRET:
        return run_v2.EnvVar(name=name, value=value)
    selector = run_v2.SecretKeySelector(secret=name.lower(), version="latest")
    return run_v2.EnvVar(name=name, value_source=run_v2.EnvVarSource(secret_key_ref=selector))


def _target(service: Service, revision: str, percent: int) -> run_v2.TrafficTargetStatus:
    types = run_v2.TrafficTargetAllocationType
    if revision == service.latest_ready_revision:
        latest = types.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
        return run_v2.TrafficTargetStatus(type_=latest, percent=percent)
    by_name = types.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
    return run_v2.TrafficTargetStatus(type_=by_name, revision=revision, percent=percent)
