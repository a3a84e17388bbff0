"""What repairs read and write on Google Cloud: policies, services, scheduler jobs.

A write carries the etag that was read and is sent once: whether one without an answer has arrived is found out by
reading, never by writing again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions
from google.cloud import run_v2
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.scheduler_v1.services.cloud_scheduler import CloudSchedulerClient
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest, SetIamPolicyRequest  # type: ignore[import-untyped]
from google.iam.v1.options_pb2 import GetPolicyOptions  # type: ignore[import-untyped]

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.clients import GoogleAccess, anonymous, client_of
from bot.google_cloud.errors import Api
from bot.repairs.ports import Configuration, IamPolicy, TrafficTarget, Variable, WriteConflictError
from bot.sources.policies.live import POLICY_VERSION
from bot.sources.scheduler.live import API as SCHEDULER_API
from bot.sources.scheduler.live import job_of
from bot.sources.services.live import API
from bot.sources.services.messages import (
    configuration_of,
    policy_message,
    policy_of,
    serving_container,
    target_message,
    variable_message,
)
from bot.sources.services.rules import rules_named
from checks.ports.scheduler import SchedulerJob

RUN_WRITER = Api(API.source, API.address, "roles/run.admin, or a custom role of docs/repairs.md,")
JOB_RUNNER = Api(SCHEDULER_API.source, SCHEDULER_API.address, "roles/cloudscheduler.jobRunner")


def connect(access: GoogleAccess) -> GoogleRepairPlatform:
    settings, kind = access.settings, CloudSchedulerClient
    # Where the pipeline file has no jobs, none is run, and no credentials are needed for them.
    with_jobs = access.pipeline.scheduler is not None
    return GoogleRepairPlatform(
        access.client(ServicesClient, settings.run_endpoint),
        access.client(kind, settings.scheduler_endpoint)
        if with_jobs
        else client_of(kind, settings.scheduler_endpoint, anonymous()),
        **access.place,
    )


@dataclass(frozen=True, eq=False)
class GoogleRepairPlatform(GoogleAdapter):
    """Services and jobs of one region."""

    services: ServicesClient
    scheduler: CloudSchedulerClient

    @property
    def _once(self) -> Mapping[str, Any]:
        """The arguments of a write, which is never repeated."""
        return {"timeout": self.request_seconds, "retry": None}

    def policy(self, service: str) -> IamPolicy | None:
        """Read a service's own policy; None when there is no such service. Raises SourceError."""
        options = GetPolicyOptions(requested_policy_version=POLICY_VERSION)
        request = GetIamPolicyRequest(resource=self._service_name(service), options=options)
        subject = f"the policy of the service {service!r}"
        with self.mapped_errors(RUN_WRITER, subject), rules_named(subject):
            try:
                return policy_of(self.services.get_iam_policy(request, **self.bounds))
            except exceptions.NotFound:
                return None

    def write_policy(self, service: str, policy: IamPolicy) -> None:
        """Write a policy. Raises ConflictError, SourceError."""
        request = SetIamPolicyRequest(resource=self._service_name(service), policy=policy_message(policy))
        with self._written(f"writing the policy of the service {service!r}"):
            self.services.set_iam_policy(request, **self._once)

    def configuration(self, service: str) -> Configuration | None:
        """Read a service; None when there is none. Raises SourceError."""
        found = self._service(service)
        return None if found is None else configuration_of(found)

    def write_traffic(self, service: str, targets: Sequence[TrafficTarget], etag: str) -> None:
        """Send traffic elsewhere. Raises ConflictError, SourceError."""
        found = self._as_read(service, etag)
        found.traffic = [target_message(each) for each in targets]
        self._update(found, "traffic", f"sending the traffic of {service!r} elsewhere")

    def write_variables(self, service: str, changes: Mapping[str, Variable | None], etag: str) -> None:
        """Set or remove variables of the container that serves. Raises ConflictError, SourceError."""
        found = self._as_read(service, etag)
        container = serving_container(found)
        kept = [each for each in container.env if each.name not in changes]
        places = {each.name: place for place, each in enumerate(container.env)}
        changed = [variable_message(name, each) for name, each in changes.items() if each is not None]
        # A variable keeps its place, since one can refer to those before it.
        container.env = sorted([*kept, *changed], key=lambda each: places.get(each.name, len(places)))
        # A revision that was named by hand cannot be made a second time.
        found.template.revision = ""
        self._update(found, "template", f"setting variables of {service!r}")

    def job(self, name: str) -> SchedulerJob | None:
        """Read a job; None when there is none. Raises SourceError."""
        subject = f"the job {name!r}"
        with self.mapped_errors(JOB_RUNNER, subject), rules_named(subject):
            try:
                return job_of(self.scheduler.get_job(name=f"{self.location}/jobs/{name}", **self.bounds))
            except exceptions.NotFound:
                return None

    def run_job(self, name: str) -> None:
        purpose = f"running the job {name!r}"
        with self.mapped_errors(JOB_RUNNER, purpose), rules_named(purpose):
            self.scheduler.run_job(name=f"{self.location}/jobs/{name}", **self._once)

    def _service_name(self, service: str) -> str:
        return f"{self.location}/services/{service}"

    def _service(self, service: str) -> run_v2.Service | None:
        subject = f"the service {service!r}"
        with self.mapped_errors(RUN_WRITER, subject), rules_named(subject):
            try:
                return self.services.get_service(name=self._service_name(service), **self.bounds)
            except exceptions.NotFound:
                return None

    def _as_read(self, service: str, etag: str) -> run_v2.Service:
        """Return the service with everything in it. Raises ConflictError when it is not as it was read."""
        found = self._service(service)
        if found is None or found.etag != etag:
            raise WriteConflictError(service)
        return found

    def _update(self, service: run_v2.Service, part: str, purpose: str) -> None:
        """Send the change. Whether its revision becomes ready shows later; nobody waits for it here."""
        request = run_v2.UpdateServiceRequest(service=service, update_mask={"paths": [part]})
        with self._written(purpose):
            self.services.update_service(request, **self._once)

    @contextmanager
    def _written(self, purpose: str) -> Iterator[None]:
        with self.mapped_errors(RUN_WRITER, purpose), rules_named(purpose):
            try:
                yield
            except exceptions.Conflict as error:
                # gRPC's Aborted is one, too.
                raise WriteConflictError(purpose) from error
