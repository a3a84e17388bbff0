"""What repairs read and write on Google Cloud: policies, services, scheduler jobs.

A write carries the etag that was read and is sent once: whether one without an answer has arrived is found out by
reading, never by writing again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from google.api_core import exceptions
from google.cloud import run_v2
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.scheduler_v1.services.cloud_scheduler import CloudSchedulerClient
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest, SetIamPolicyRequest  # type: ignore[import-untyped]
from google.iam.v1.options_pb2 import GetPolicyOptions  # type: ignore[import-untyped]

from bot.gcp.control_plane import POLICY_VERSION
from bot.gcp.errors import CLOUD_RUN_SOURCE, SCHEDULER_SOURCE, Source, short_retry, translated
from bot.gcp.repairs_messages import (
    configuration_of,
    policy_message,
    policy_of,
    serving_container,
    target_message,
    variable_message,
)
from bot.gcp.rules import rules_named
from bot.gcp.scheduler import job_of
from bot.repairs.ports import Configuration, ConflictError, IamPolicy, TrafficTarget, Variable
from checks.platform import SchedulerJob

RUN_WRITER = Source(
    CLOUD_RUN_SOURCE.name, CLOUD_RUN_SOURCE.api, "roles/run.admin, or a custom role of docs/repairs.md,"
)
JOB_RUNNER = Source(SCHEDULER_SOURCE.name, SCHEDULER_SOURCE.api, "roles/cloudscheduler.jobRunner")


class GoogleRepairPlatform:
    """Services and jobs of one region. ``request_seconds`` bounds a question, ``retry_seconds`` its repetition."""

    def __init__(
        self,
        services: ServicesClient,
        scheduler: CloudSchedulerClient,
        *,
        project: str,
        region: str,
        request_seconds: float = 10.0,
        retry_seconds: float = 3.0,
    ) -> None:
        self._services = services
        self._scheduler = scheduler
        self._project = project
        self._location = f"projects/{project}/locations/{region}"
        # These calls have neither a time-out nor a retry unless they are given one.
        self._reading: Mapping[str, Any] = {"timeout": request_seconds, "retry": short_retry(retry_seconds)}
        self._writing: Mapping[str, Any] = {"timeout": request_seconds, "retry": None}

    def policy(self, service: str) -> IamPolicy | None:
        """Read a service's own policy; None when there is no such service. Raises SourceError."""
        options = GetPolicyOptions(requested_policy_version=POLICY_VERSION)
        request = GetIamPolicyRequest(resource=self._service_name(service), options=options)
        subject = f"the policy of the service {service!r}"
        with translated(RUN_WRITER, self._project, subject), rules_named(subject):
            try:
                return policy_of(self._services.get_iam_policy(request, **self._reading))
            except exceptions.NotFound:
                return None

    def write_policy(self, service: str, policy: IamPolicy) -> None:
        """Write a policy. Raises ConflictError, SourceError."""
        request = SetIamPolicyRequest(resource=self._service_name(service), policy=policy_message(policy))
        with self._written(f"writing the policy of the service {service!r}"):
            self._services.set_iam_policy(request, **self._writing)

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
        with translated(JOB_RUNNER, self._project, subject), rules_named(subject):
            try:
                return job_of(self._scheduler.get_job(name=f"{self._location}/jobs/{name}", **self._reading))
            except exceptions.NotFound:
                return None

    def run_job(self, name: str) -> None:
        """Run a job now. Raises SourceError."""
        purpose = f"running the job {name!r}"
        with translated(JOB_RUNNER, self._project, purpose), rules_named(purpose):
            self._scheduler.run_job(name=f"{self._location}/jobs/{name}", **self._writing)

    def close(self) -> None:
        """Close the connections."""
        self._services.transport.close()  # type: ignore[no-untyped-call]
        self._scheduler.transport.close()  # type: ignore[no-untyped-call]

    def _service_name(self, service: str) -> str:
        return f"{self._location}/services/{service}"

    def _service(self, service: str) -> run_v2.Service | None:
        subject = f"the service {service!r}"
        with translated(RUN_WRITER, self._project, subject), rules_named(subject):
            try:
                return self._services.get_service(name=self._service_name(service), **self._reading)
            except exceptions.NotFound:
                return None

    def _as_read(self, service: str, etag: str) -> run_v2.Service:
        """Return the service with everything in it. Raises ConflictError when it is not as it was read."""
        found = self._service(service)
        if found is None or found.etag != etag:
            raise ConflictError(service)
        return found

    def _update(self, service: run_v2.Service, part: str, purpose: str) -> None:
        """Send the change. Whether its revision becomes ready shows later; nobody waits for it here."""
        request = run_v2.UpdateServiceRequest(service=service, update_mask={"paths": [part]})
        with self._written(purpose):
            self._services.update_service(request, **self._writing)

    @contextmanager
    def _written(self, purpose: str) -> Iterator[None]:
        with translated(RUN_WRITER, self._project, purpose), rules_named(purpose):
            try:
                yield
            except exceptions.Conflict as error:
                # gRPC's Aborted is one, too.
                raise ConflictError(purpose) from error
