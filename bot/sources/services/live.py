"""Cloud Run through Google's clients over gRPC: services, their revisions and policies."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.api_core import exceptions
from google.cloud.run_v2.services.revisions import RevisionsClient
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.run_v2.types import Condition, ListRevisionsRequest, ListServicesRequest, TrafficTargetAllocationType
from google.cloud.run_v2.types import Revision as RunRevision
from google.cloud.run_v2.types import Service as RunService

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.answers import every, short_name, time_of
from bot.google_cloud.clients import GoogleAccess
from bot.google_cloud.errors import Api
from bot.sources.policies.live import policy_of, policy_request
from checks.ports.policies import Policy
from checks.ports.services import CLOUD_RUN, SECRET, Revision, Service
from checks.source import Problem, SourceError

API = Api(CLOUD_RUN, "run.googleapis.com", "roles/run.viewer")

FUNCTION_ANNOTATION = "cloudfunctions.googleapis.com/function-id"
FUNCTION_LABEL = "goog-drz-cloudfunctions-id"
"""Where a function of the second generation leaves its name; the label has it in small letters only."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PAGE_SIZE = 100
"""Services or revisions a page; Cloud Run states no limit and may give fewer."""


def connect(access: GoogleAccess) -> GoogleControlPlane:
    endpoint = access.settings.run_endpoint
    return GoogleControlPlane(
        access.client(ServicesClient, endpoint), access.client(RevisionsClient, endpoint), **access.place
    )


@dataclass(frozen=True, eq=False)
class GoogleControlPlane(GoogleAdapter):
    """Reads services of one region."""

    services_client: ServicesClient
    revisions_client: RevisionsClient
    page_size: int = field(default=PAGE_SIZE, kw_only=True)

    @property
    def _parent(self) -> str:
        return f"{self.location}/services"

    def service(self, name: str) -> Service | None:
        """Read a service; None when it does not exist. Raises SourceError."""
        with self.mapped_errors(API, f"the service {name!r}"):
            try:
                return service_of(self.services_client.get_service(name=f"{self._parent}/{name}", **self.bounds))
            except exceptions.NotFound:
                return None

    def services(self) -> Sequence[Service]:
        """Read every service of the region, ordered by name. Raises SourceError, also for a list with gaps."""
        request = ListServicesRequest(parent=self.location, page_size=self.page_size)
        found: list[Service] = []
        with self.mapped_errors(API, f"the list of services in {self.region}"):
            for page in every(self.services_client.list_services(request, **self.bounds).pages):
                _refuse_gaps(page.unreachable)
                found += map(service_of, page.services)
        return sorted(found, key=lambda each: each.name)

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        """Read the latest revisions of a service, the newest first; none of one that does not exist.

        Cloud Run lists the newest first, so that one page is enough. Raises SourceError.
        """
        request = ListRevisionsRequest(parent=f"{self._parent}/{service}", page_size=max(1, limit))
        with self.mapped_errors(API, f"the revisions of the service {service!r}"):
            try:
                (page,) = itertools.islice(self.revisions_client.list_revisions(request, **self.bounds).pages, 1)
            except exceptions.NotFound:
                return []
        found = [revision_of(each, service) for each in page.revisions]
        return sorted(found, key=lambda each: each.created_at, reverse=True)[:limit]

    def service_policy(self, name: str) -> Policy | None:
        """Read a service's own policy; None when the service does not exist. Raises SourceError."""
        request = policy_request(f"{self._parent}/{name}")
        with self.mapped_errors(API, f"the policy of the service {name!r}"):
            try:
                return policy_of(self.services_client.get_iam_policy(request, **self.bounds))
            except exceptions.NotFound:
                return None


def _refuse_gaps(unreachable: Sequence[str]) -> None:
    """Raise SourceError for a list that lacks what could not be reached: what is not in it may well exist."""
    if unreachable:
        raise SourceError(
            CLOUD_RUN,
            Problem.UNAVAILABLE,
            f"the list of services lacks {', '.join(map(short_name, unreachable))}, which cannot be reached",
            advice="Run it again; if it stays so, check the status of Cloud Run.",
            retryable=True,
        )


def service_of(stated: RunService) -> Service:
    """Reduce a service to what the checks judge."""
    service = RunService.pb(stated)  # each field of the wrapper costs ten times as much
    latest_ready = short_name(service.latest_ready_revision)
    return Service(
        name=short_name(service.name),
        ready=service.terminal_condition.state == Condition.State.CONDITION_SUCCEEDED,
        reason=_reason_of(service),
        # A change that was accepted but not yet looked at is on its way, whatever the flag says.
        reconciling=service.reconciling or service.observed_generation != service.generation,
        latest_created_revision=short_name(service.latest_created_revision),
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
        name=short_name(revision.name),
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
        revision = latest_ready if latest or not target.revision else short_name(target.revision)
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
