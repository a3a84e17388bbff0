"""Cloud Run and the policies of services and project, through Google's clients over gRPC."""

from __future__ import annotations

import itertools
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.resourcemanager_v3.services.projects import ProjectsClient
from google.cloud.run_v2.services.revisions import RevisionsClient
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.run_v2.types import Condition, ListRevisionsRequest, ListServicesRequest, TrafficTargetAllocationType
from google.cloud.run_v2.types import Revision as RunRevision
from google.cloud.run_v2.types import Service as RunService
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest  # type: ignore[import-untyped]
from google.iam.v1.options_pb2 import GetPolicyOptions  # type: ignore[import-untyped]
from google.iam.v1.policy_pb2 import Policy as IamPolicy  # type: ignore[import-untyped]

from bot.gcp.errors import CLOUD_RUN_SOURCE, RESOURCE_MANAGER_SOURCE, short_retry, translated
from bot.gcp.paging import every
from bot.gcp.times import time_of
from checks.platform import Revision
from checks.ports import SECRET, Binding, Policy, Problem, Service, SourceError

FUNCTION_ANNOTATION = "cloudfunctions.googleapis.com/function-id"
FUNCTION_LABEL = "goog-drz-cloudfunctions-id"
"""Where a function of the second generation leaves its name; the label has it in small letters only."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PAGE_SIZE = 100
"""Services or revisions a page; Cloud Run states no limit and may give fewer."""

POLICY_VERSION = 3
"""Below 3 Google leaves conditional bindings out of the answer, or strips their conditions."""


class GoogleControlPlane:
    """Reads services of one region. ``request_seconds`` bounds a question, ``retry_seconds`` its repetition."""

    def __init__(
        self,
        services: ServicesClient,
        revisions: RevisionsClient,
        projects: ProjectsClient,
        *,
        project: str,
        region: str,
        request_seconds: float = 10.0,
        retry_seconds: float = 3.0,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._services = services
        self._revisions = revisions
        self._projects = projects
        self._project = project
        self._region = region
        self._page_size = page_size
        # A list of services takes no "-" for all locations.
        self._location = f"projects/{project}/locations/{region}"
        self._parent = f"{self._location}/services"
        # These calls have neither a time-out nor a retry unless they are given one.
        self._bounds: Mapping[str, Any] = {"timeout": request_seconds, "retry": short_retry(retry_seconds)}

    def service(self, name: str) -> Service | None:
        """Read a service; None when it does not exist. Raises SourceError."""
        with translated(CLOUD_RUN_SOURCE, self._project, f"the service {name!r}"):
            try:
                return service_of(self._services.get_service(name=f"{self._parent}/{name}", **self._bounds))
            except exceptions.NotFound:
                return None

    def services(self) -> Sequence[Service]:
        """Read every service of the region, ordered by name. Raises SourceError, also for a list with gaps."""
        request = ListServicesRequest(parent=self._location, page_size=self._page_size)
        found: list[Service] = []
        with translated(CLOUD_RUN_SOURCE, self._project, f"the list of services in {self._region}"):
            for page in every(self._services.list_services(request, **self._bounds).pages):
                _refuse_gaps(page.unreachable)
                found += map(service_of, page.services)
        return sorted(found, key=lambda each: each.name)

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        """Read the latest revisions of a service, the newest first; none of one that does not exist.

        Cloud Run lists the newest first, so that one page is enough. Raises SourceError.
        """
        request = ListRevisionsRequest(parent=f"{self._parent}/{service}", page_size=max(1, limit))
        with translated(CLOUD_RUN_SOURCE, self._project, f"the revisions of the service {service!r}"):
            try:
                (page,) = itertools.islice(self._revisions.list_revisions(request, **self._bounds).pages, 1)
            except exceptions.NotFound:
                return []
        found = [revision_of(each, service) for each in page.revisions]
        return sorted(found, key=lambda each: each.created_at, reverse=True)[:limit]

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
        self._revisions.transport.close()  # type: ignore[no-untyped-call]
        self._projects.transport.close()  # type: ignore[no-untyped-call]


def _policy_request(resource: str) -> GetIamPolicyRequest:
    return GetIamPolicyRequest(resource=resource, options=GetPolicyOptions(requested_policy_version=POLICY_VERSION))


def _refuse_gaps(unreachable: Sequence[str]) -> None:
    """Raise SourceError for a list that lacks what could not be reached: what is not in it may well exist."""
    if unreachable:
        raise SourceError(
            CLOUD_RUN_SOURCE.name,
            Problem.UNAVAILABLE,
            f"the list of services lacks {', '.join(map(_last_segment, unreachable))}, which cannot be reached",
            advice="Run it again; if it stays so, look at the status of Cloud Run.",
            retryable=True,
        )


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


def service_of(stated: RunService) -> Service:
    """Reduce a service to what the checks judge."""
    service = RunService.pb(stated)  # each field of the wrapper costs ten times as much
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
        environment=_environment_of(service.template.containers),
        labels=dict(service.labels),
        deployed_at=time_of(service, "update_time"),
        deployed_by=service.last_modifier or service.creator,
        invoker_check_disabled=service.invoker_iam_disabled,
        uri=service.uri,
        urls=tuple(dict.fromkeys(filter(None, (service.uri, *service.urls)))),
        audiences=tuple(service.custom_audiences),
        function=service.annotations.get(FUNCTION_ANNOTATION) or service.labels.get(FUNCTION_LABEL, ""),
    )


def revision_of(stated: RunRevision, service: str) -> Revision:
    """Reduce a revision of a service to what the checks judge."""
    revision = RunRevision.pb(stated)
    ready = {each.type_: each.state for each in revision.conditions}.get("Ready")
    return Revision(
        name=_last_segment(revision.name),
        service=service,
        created_at=time_of(revision, "create_time") or EPOCH,
        created_by=revision.creator,
        ready=ready == Condition.State.CONDITION_SUCCEEDED,
        image=_serving_first(revision.containers)[0].image if revision.containers else "",
        environment=_environment_of(revision.containers),
        labels=dict(revision.labels),
    )


def _reason_of(service: Any) -> str:
    """Return why a service is not ready: what it says itself, else the first condition that failed."""
    terminal = service.terminal_condition
    if terminal.state == Condition.State.CONDITION_SUCCEEDED:
        return ""
    failed = (each for each in service.conditions if each.state == Condition.State.CONDITION_FAILED)
    messages = (each.message for each in (terminal, *failed))
    return next((message for message in messages if message), "") or Condition.State(terminal.state).name


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


def _serving_first(containers: Iterable[Any]) -> list[Any]:
    """Return the containers, the one that serves requests (it has the port) first."""
    return sorted(containers, key=lambda each: not each.ports)


def _environment_of(containers: Iterable[Any]) -> dict[str, str]:
    """Return the variables of all containers; the one that serves requests has the last word."""
    environment: dict[str, str] = {}
    for container in reversed(_serving_first(containers)):
        for variable in container.env:
            secret = variable.HasField("value_source")
            environment[variable.name] = SECRET if secret else variable.value
    return environment


def _last_segment(name: str) -> str:
    return name.rpartition("/")[2]
