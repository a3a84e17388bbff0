"""Cloud Run and Resource Manager over gRPC, on Google's published messages: answers from a plain world.

Each method can be told to be slow, to hang, or to fail with a status, for one name or for all.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import grpc
from google.cloud import run_v2
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest  # type: ignore[import-untyped]
from google.iam.v1.policy_pb2 import Policy as IamPolicy  # type: ignore[import-untyped]

from checks.ports import SECRET, Policy, Service

GET_SERVICE, GET_SERVICE_POLICY, GET_PROJECT_POLICY = "GetService", "GetIamPolicy", "Projects.GetIamPolicy"

EVERYTHING = "*"

CALLS_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Failure:
    """A status that is answered instead of a result; ``times`` None means always."""

    code: grpc.StatusCode
    message: str
    times: int | None = None


class GoogleControlPlaneServer:
    """Serves on loopback while entered.

    ``delay`` is in seconds and holds for every call. ``calls`` counts what was asked, by method and name.
    ``address`` serves both APIs.
    """

    def __init__(
        self,
        services: Mapping[str, Service | run_v2.Service] | None = None,
        policies: Mapping[str, Policy | IamPolicy] | None = None,
        project_policy: Policy | IamPolicy | None = None,
        *,
        delay: float = 0.0,
    ) -> None:
        self.services = {name: _service(each) for name, each in (services or {}).items()}
        self.policies = {name: _policy(each) for name, each in (policies or {}).items()}
        self.project_policy = _policy(project_policy or Policy(()))
        self.delay = delay
        self.calls: Counter[tuple[str, str]] = Counter()
        self.policy_versions: set[int] = set()
        self.address = ""
        self._failures: dict[tuple[str, str], Failure] = {}
        self._hanging: set[tuple[str, str]] = set()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=CALLS_AT_ONCE))
        self._server.add_generic_rpc_handlers(self._handlers())

    def fail(self, method: str, name: str, failure: Failure) -> None:
        """Answer a method with a failure, for one name or for ``EVERYTHING``."""
        self._failures[method, name] = failure

    def hang(self, method: str, name: str) -> None:
        """Never answer a method, for one name or for ``EVERYTHING``."""
        self._hanging.add((method, name))

    def __enter__(self) -> Self:
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._server.stop(grace=None).wait()

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        policy = {"request_deserializer": GetIamPolicyRequest.FromString, "response_serializer": _serialize}
        services = {
            "GetService": grpc.unary_unary_rpc_method_handler(
                self._get_service,
                request_deserializer=run_v2.GetServiceRequest.deserialize,
                response_serializer=run_v2.Service.serialize,
            ),
            "GetIamPolicy": grpc.unary_unary_rpc_method_handler(self._get_service_policy, **policy),
        }
        projects = {"GetIamPolicy": grpc.unary_unary_rpc_method_handler(self._get_project_policy, **policy)}
        return (
            grpc.method_handlers_generic_handler("google.cloud.run.v2.Services", services),
            grpc.method_handlers_generic_handler("google.cloud.resourcemanager.v3.Projects", projects),
        )

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

    def _answer(self, method: str, name: str, context: grpc.ServicerContext, found: Callable[[], Any]) -> Any:
        with self._lock:
            self.calls[method, name] += 1
            asked = self.calls[method, name]
        hangs = not self._hanging.isdisjoint({(method, name), (method, EVERYTHING)})
        self._over.wait(None if hangs else self.delay)
        failure = self._failures.get((method, name)) or self._failures.get((method, EVERYTHING))
        if failure is not None and (failure.times is None or asked <= failure.times):
            context.abort(failure.code, failure.message)
        answer = found()
        if answer is None:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Resource '{name}' of kind 'SERVICE' does not exist.")
        return answer


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
