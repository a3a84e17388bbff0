"""Cloud Run and the policies of services and project, through Google's clients over gRPC."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.resourcemanager_v3.services.projects import ProjectsClient
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.run_v2.types import Condition, TrafficTargetAllocationType
from google.cloud.run_v2.types import Service as RunService
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest  # type: ignore[import-untyped]
from google.iam.v1.options_pb2 import GetPolicyOptions  # type: ignore[import-untyped]
from google.iam.v1.policy_pb2 import Policy as IamPolicy  # type: ignore[import-untyped]

from bot.gcp.errors import CLOUD_RUN_SOURCE, RESOURCE_MANAGER_SOURCE, short_retry, translated
from checks.ports import SECRET, Binding, Policy, Service

POLICY_VERSION = 3
"""Below 3 Google leaves conditional bindings out of the answer, or strips their conditions."""


class GoogleControlPlane:
    """Reads services of one region. ``request_seconds`` bounds a question, ``retry_seconds`` its repetition."""

    def __init__(
        self,
        services: ServicesClient,
        projects: ProjectsClient,
        *,
        project: str,
        region: str,
        request_seconds: float = 10.0,
        retry_seconds: float = 3.0,
    ) -> None:
        self._services = services
        self._projects = projects
        self._project = project
        self._parent = f"projects/{project}/locations/{region}/services"
        # These calls have neither a time-out nor a retry unless they are given one.
        self._bounds: Mapping[str, Any] = {"timeout": request_seconds, "retry": short_retry(retry_seconds)}

    def service(self, name: str) -> Service | None:
        """Read a service; None when it does not exist. Raises SourceError."""
        with translated(CLOUD_RUN_SOURCE, self._project, f"the service {name!r}"):
            try:
                return service_of(self._services.get_service(name=f"{self._parent}/{name}", **self._bounds))
            except exceptions.NotFound:
                return None

    def service_policy(self, name: str) -> Policy | None:
        """Read a service's own policy; None when the service does not exist. Raises SourceError."""
        request = _policy_request(f"{self._parent}/{name}")
        with translated(CLOUD_RUN_SOURCE, self._project, f"the policy of the service {name!r}"):
            try:
                return policy_of(self._services.get_iam_policy(request, **self._bounds))
            except exceptions.NotFound:
                return None

    def project_policy(self) -> Policy:
        """Read the project's policy. Raises SourceError."""
        request = _policy_request(f"projects/{self._project}")
        with translated(RESOURCE_MANAGER_SOURCE, self._project, f"the policy of the project {self._project!r}"):
            return policy_of(self._projects.get_iam_policy(request, **self._bounds))

    def close(self) -> None:
        """Close the connections."""
        self._services.transport.close()  # type: ignore[no-untyped-call]
        self._projects.transport.close()  # type: ignore[no-untyped-call]


def _policy_request(resource: str) -> GetIamPolicyRequest:
    return GetIamPolicyRequest(resource=resource, options=GetPolicyOptions(requested_policy_version=POLICY_VERSION))


def policy_of(policy: IamPolicy) -> Policy:
    """Reduce a policy to role, members and condition of each binding."""
    return Policy(
        bindings=tuple(
            Binding(each.role, frozenset(each.members), _condition_of(each) if each.HasField("condition") else "")
            for each in policy.bindings
        ),
        etag=b64encode(policy.etag).decode("ascii"),
    )


def _condition_of(binding: Any) -> str:
    """Return a condition's expression; one without any still is a condition."""
    return binding.condition.expression or binding.condition.title or "an empty condition"


def service_of(service: RunService) -> Service:
    """Reduce a service to what the checks judge."""
    latest_ready = _last_segment(service.latest_ready_revision)
    return Service(
        name=_last_segment(service.name),
        ready=service.terminal_condition.state == Condition.State.CONDITION_SUCCEEDED,
        reason=_reason_of(service),
        # A change that was accepted but not yet looked at is on its way, whatever the flag says.
        reconciling=service.reconciling or service.observed_generation != service.generation,
        latest_created_revision=_last_segment(service.latest_created_revision),
        latest_ready_revision=latest_ready,
        traffic=_traffic_of(service.traffic_statuses or service.traffic, latest_ready),
        # Both are promises, one set on the service and one on its revision: the greater one holds.
        minimum_instances=max(service.scaling.min_instance_count, service.template.scaling.min_instance_count),
        environment=_environment_of(service),
        labels=dict(service.labels),
        deployed_at=_plain_time(service.update_time),
        deployed_by=service.last_modifier or service.creator,
        invoker_check_disabled=service.invoker_iam_disabled,
        uri=service.uri,
    )


def _reason_of(service: RunService) -> str:
    """Return why a service is not ready: what it says itself, else the first condition that failed."""
    terminal = service.terminal_condition
    if terminal.state == Condition.State.CONDITION_SUCCEEDED:
        return ""
    failed = (each for each in service.conditions if each.state == Condition.State.CONDITION_FAILED)
    messages = (each.message for each in (terminal, *failed))
    return next((message for message in messages if message), "") or terminal.state.name


def _traffic_of(targets: Iterable[Any], latest_ready: str) -> dict[str, int]:
    """Return the percentage of each revision; a service that states none sends all to the latest ready one."""
    traffic: dict[str, int] = {}
    for target in targets:
        latest = target.type_ == TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
        revision = latest_ready if latest or not target.revision else _last_segment(target.revision)
        # A tag is a target of its own, mostly with no traffic.
        if target.percent:
            traffic[revision] = traffic.get(revision, 0) + target.percent
    return traffic or ({latest_ready: 100} if latest_ready else {})


def _environment_of(service: RunService) -> dict[str, str]:
    """Return the variables of all containers; the one that serves requests (it has the port) has the last word."""
    environment: dict[str, str] = {}
    for container in sorted(service.template.containers, key=lambda each: bool(each.ports)):
        for variable in container.env:
            secret = "value_source" in variable
            environment[variable.name] = SECRET if secret else variable.value
    return environment


def _plain_time(moment: Any) -> datetime | None:
    """Return a time as a plain datetime; Google's carries nanoseconds and cannot be written as JSON."""
    return None if moment is None else datetime.combine(moment.date(), moment.timetz())


def _last_segment(name: str) -> str:
    return name.rpartition("/")[2]
