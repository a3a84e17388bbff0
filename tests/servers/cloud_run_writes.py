"""Cloud Run that can also be written to: services are created, changed and deleted, policies set with their etags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.cloud import run_v2
from google.iam.v1.iam_policy_pb2 import SetIamPolicyRequest  # type: ignore[import-untyped]
from google.iam.v1.policy_pb2 import Policy as IamPolicy  # type: ignore[import-untyped]
from google.longrunning.operations_pb2 import Operation  # type: ignore[import-untyped]

from tests.servers.cloud_run import GoogleControlPlaneServer
from tests.servers.scripted_grpc import handler

GET_REVISION, SET_POLICY = "GetRevision", "SetIamPolicy"
CREATE_SERVICE, UPDATE_SERVICE, DELETE_SERVICE = "CreateService", "UpdateService", "DeleteService"


class WritableCloudRunServer(GoogleControlPlaneServer):
    """As the server that only answers, with the calls that write.

    ``starts`` False makes every service that is deployed fail to start. ``race`` is called with the name of a service
    between the reading of its policy and the writing, once each time it is set.
    """

    starts = True
    race: Callable[[str], None] | None = None
    forgets_grants = False
    """A policy that is set is confirmed, and not kept."""

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        services = {
            CREATE_SERVICE: _operation(self._create, run_v2.CreateServiceRequest),
            UPDATE_SERVICE: _operation(self._update, run_v2.UpdateServiceRequest),
            DELETE_SERVICE: _operation(self._delete, run_v2.DeleteServiceRequest),
            SET_POLICY: grpc.unary_unary_rpc_method_handler(
                self._set_policy,
                request_deserializer=SetIamPolicyRequest.FromString,
                response_serializer=IamPolicy.SerializeToString,
            ),
        }
        revisions = {GET_REVISION: handler(self._get_revision, run_v2.GetRevisionRequest, run_v2.Revision)}
        return (
            *super()._handlers(),
            grpc.method_handlers_generic_handler("google.cloud.run.v2.Services", services),
            grpc.method_handlers_generic_handler("google.cloud.run.v2.Revisions", revisions),
        )

    def serve(self, name: str, revision: run_v2.Revision, **fields: Any) -> None:
        """Let a service run a revision that takes all its traffic."""
        parent = f"projects/example/locations/us-west2/services/{name}"
        revision.name = f"{parent}/revisions/{name}-00007"
        latest = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
        self.revisions[name] = [revision]
        self.services[name] = run_v2.Service(
            name=parent,
            latest_ready_revision=revision.name,
            latest_created_revision=revision.name,
            terminal_condition=_condition(ready=True),
            traffic_statuses=[run_v2.TrafficTargetStatus(type_=latest, percent=100)],
            **fields,
        )

    def _get_revision(self, request: run_v2.GetRevisionRequest, context: grpc.ServicerContext) -> Any:
        name = request.name.rpartition("/")[2]
        every = (revision for each in self.revisions.values() for revision in each)
        found = next((revision for revision in every if revision.name.rpartition("/")[2] == name), None)
        return self._answer(GET_REVISION, name, context, lambda: found)

    def _create(self, request: run_v2.CreateServiceRequest, context: grpc.ServicerContext) -> Any:
        name = request.service_id

        def create() -> Operation:
            if name in self.services:
                context.abort(grpc.StatusCode.ALREADY_EXISTS, f"Resource '{name}' already exists.")
            request.service.name = f"{request.parent}/services/{name}"
            return self._deployed(name, request.service, 1)

        return self._answer(CREATE_SERVICE, name, context, create)

    def _update(self, request: run_v2.UpdateServiceRequest, context: grpc.ServicerContext) -> Any:
        name = request.service.name.rpartition("/")[2]

        def update() -> Operation | None:
            existing = self.services.get(name)
            if existing is None:
                return None
            if request.service.etag not in ("", existing.etag):
                context.abort(grpc.StatusCode.ABORTED, "The etag is stale.")
            return self._deployed(name, request.service, existing.generation + 1)

        return self._answer(UPDATE_SERVICE, name, context, update)

    def _delete(self, request: run_v2.DeleteServiceRequest, context: grpc.ServicerContext) -> Any:
        name = request.name.rpartition("/")[2]

        def delete() -> Operation | None:
            self.policies.pop(name, None)
            service = self.services.pop(name, None)
            return None if service is None else _done(service)

        return self._answer(DELETE_SERVICE, name, context, delete)

    def _deployed(self, name: str, service: run_v2.Service, generation: int) -> Operation:
        revision = f"{service.name}/revisions/{name}-{generation:05d}"
        service.generation = service.observed_generation = generation
        service.latest_created_revision = revision
        service.latest_ready_revision = revision if self.starts else ""
        service.terminal_condition = _condition(ready=self.starts)
        service.etag = f'"{generation}"'
        service.uri = f"https://{name}-example-wl.a.run.app"
        self.services[name] = service
        return _done(service)

    def _set_policy(self, request: Any, context: grpc.ServicerContext) -> Any:
        name = request.resource.rpartition("/")[2]

        def write() -> IamPolicy | None:
            if name not in self.services:
                return None
            if self.race is not None:
                self.race(name)
            current = self.policies.get(name, IamPolicy())
            if request.policy.etag != current.etag:
                context.abort(grpc.StatusCode.ABORTED, "There were concurrent policy changes.")
            request.policy.etag = current.etag + b"+"
            if not self.forgets_grants:
                self.policies[name] = request.policy
            return request.policy

        return self._answer(SET_POLICY, name, context, write)


def _operation(method: Callable[[Any, grpc.ServicerContext], Any], request: Any) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        method, request_deserializer=request.deserialize, response_serializer=Operation.SerializeToString
    )


def _done(service: run_v2.Service) -> Operation:
    operation = Operation(name="projects/example/locations/us-west2/operations/1", done=True)
    operation.response.Pack(run_v2.Service.pb(service))
    return operation


def _condition(*, ready: bool) -> run_v2.Condition:
    states = run_v2.Condition.State
    state = states.CONDITION_SUCCEEDED if ready else states.CONDITION_FAILED
    message = "" if ready else "The container failed to start and listen on its port"
    return run_v2.Condition(type_="Ready", state=state, message=message)
