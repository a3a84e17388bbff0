"""Copies of Cloud Run services: read from the revision that runs, deployed under another name, opened to callers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions
from google.cloud import run_v2
from google.cloud.run_v2.services.revisions import RevisionsClient
from google.cloud.run_v2.services.services import ServicesClient
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest, SetIamPolicyRequest  # type: ignore[import-untyped]
from google.iam.v1.options_pb2 import GetPolicyOptions  # type: ignore[import-untyped]

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.clients import GoogleAccess
from bot.google_cloud.errors import Api
from bot.repairs.policy import PolicyFullError, ensured
from bot.repairs.ports import IamPolicy
from bot.sources.policies.live import POLICY_VERSION
from bot.sources.services.live import API, service_of
from bot.sources.services.messages import policy_message, policy_of
from bot.staging.ports import Copied, RunningService, WantedCopy
from bot.staging.prefix import LABEL
from checks.control_plane.grants import INVOKER
from checks.ports.services import SECRET
from checks.source import Problem, SourceError

DEPLOYER = Api(
    API.source,
    API.address,
    "roles/run.admin, and roles/iam.serviceAccountUser on the accounts of the services,",
)

DEPLOY_SECONDS = 300.0
"""How long Cloud Run may take until a copy serves, or is gone."""

ATTEMPTS = 5
"""Times that a policy is read and written again while somebody else writes it, too."""

_GOOGLES_LABEL = re.compile(r"goog-|.*googleapis\.com|.*knative\.dev|deployment-tool$|managed-by$|commit-sha$")
"""Labels that others manage. The commit is production's: a copy must not look like a deployment of it."""

_NOT_TAKEN = frozenset({"labels", "annotations", "scaling", "revision", "service_mesh"})


def connect(access: GoogleAccess) -> CloudRunStaging:
    endpoint = access.settings.run_endpoint
    return CloudRunStaging(
        access.client(ServicesClient, endpoint), access.client(RevisionsClient, endpoint), **access.place
    )


@dataclass(frozen=True, eq=False)
class CloudRunStaging(GoogleAdapter):
    """Services of one region."""

    services: ServicesClient
    revisions: RevisionsClient

    def running(self, name: str) -> RunningService | None:
        """Read what the revision with the traffic runs; None when there is no such service. Raises SourceError."""
        service = self._service(name)
        if service is None:
            return None
        traffic = service_of(service).traffic
        if not traffic:
            detail = f"the service {name!r}: no revision of it serves anything"
            raise SourceError(DEPLOYER.source, Problem.INVALID, detail, advice="Deploy the original first.")
        revision = max(traffic, key=lambda each: traffic[each])
        found = self._revision(name, revision)
        return RunningService(
            name=name,
            revision=revision,
            image=_image_of(found.containers),
            service_account=found.service_account,
            environment=_environment_of(found.containers),
        )

    def copied(self, name: str) -> Copied | None:
        service = self._service(name)
        return None if service is None else _copied(service)

    def copies(self) -> Sequence[Copied]:
        found: list[Copied] = []
        with self.mapped_errors(DEPLOYER, "the list of services"):
            for page in self.services.list_services(parent=self.location, **self.bounds).pages:
                if page.unreachable:
                    detail = f"the list of services: {', '.join(page.unreachable)} did not answer"
                    raise SourceError(DEPLOYER.source, Problem.UNAVAILABLE, detail, advice="Run it again.")
                found += [_copied(each) for each in page.services if LABEL in each.labels]
        return sorted(found, key=lambda each: each.name)

    def deploy(self, deployment: WantedCopy) -> Copied:
        origin = self._service(deployment.origin.name) or run_v2.Service()
        template = copied_template(self._revision(deployment.origin.name, deployment.origin.revision), deployment)
        wanted = run_v2.Service(
            template=template,
            labels={**_own_labels(origin.labels), **deployment.labels},
            ingress=origin.ingress,
            launch_stage=origin.launch_stage,
            binary_authorization=origin.binary_authorization,
        )
        existing = self._service(deployment.name)
        with self.mapped_errors(DEPLOYER, f"deploying {deployment.name!r}"):
            if existing is None:
                operation = self.services.create_service(
                    parent=self.location, service=wanted, service_id=deployment.name, timeout=self.request_seconds
                )
            else:
                wanted.name, wanted.etag = existing.name, existing.etag
                operation = self.services.update_service(service=wanted, timeout=self.request_seconds)
            return _copied(operation.result(timeout=DEPLOY_SECONDS))  # type: ignore[no-untyped-call]

    def delete(self, name: str) -> None:
        with self.mapped_errors(DEPLOYER, f"deleting the service {name!r}"):
            operation = self.services.delete_service(name=self._name(name), timeout=self.request_seconds)
            operation.result(timeout=DEPLOY_SECONDS)  # type: ignore[no-untyped-call]

    def grant(self, name: str, members: Sequence[str]) -> bool:
        """Add what is missing to the unconditional binding; the rest is written back as it was. Raises SourceError."""
        for attempt in range(1, ATTEMPTS + 1):
            with self.mapped_errors(DEPLOYER, f"the policy of the service {name!r}"):
                try:
                    return self._granted(name, members)
                except exceptions.Conflict:
                    if attempt == ATTEMPTS:
                        raise
        raise AssertionError

    def invokers(self, name: str) -> frozenset[str]:
        with self.mapped_errors(DEPLOYER, f"the policy of the service {name!r}"):
            policy = self._policy(name)
        plain = (each for each in policy.bindings if each.role == INVOKER and each.condition is None)
        return frozenset(member for binding in plain for member in binding.members)

    def _granted(self, name: str, members: Sequence[str]) -> bool:
        policy = self._policy(name)
        try:
            wanted = ensured(policy, INVOKER, members)
        except PolicyFullError as error:
            raise SourceError(
                DEPLOYER.source, Problem.INVALID, f"the policy of the service {name!r}: {error}"
            ) from error
        if wanted == policy:
            return False
        request = SetIamPolicyRequest(resource=self._name(name), policy=policy_message(wanted))
        self.services.set_iam_policy(request, timeout=self.request_seconds)
        return True

    def _policy(self, name: str) -> IamPolicy:
        options = GetPolicyOptions(requested_policy_version=POLICY_VERSION)
        request = GetIamPolicyRequest(resource=self._name(name), options=options)
        return policy_of(self.services.get_iam_policy(request, **self.bounds))

    def _service(self, name: str) -> run_v2.Service | None:
        with self.mapped_errors(DEPLOYER, f"the service {name!r}"):
            try:
                return self.services.get_service(name=self._name(name), **self.bounds)
            except exceptions.NotFound:
                return None

    def _revision(self, service: str, revision: str) -> run_v2.Revision:
        with self.mapped_errors(DEPLOYER, f"the revision {revision!r}"):
            return self.revisions.get_revision(name=f"{self._name(service)}/revisions/{revision}", **self.bounds)

    def _name(self, service: str) -> str:
        return f"{self.location}/services/{service}"


def copied_template(revision: run_v2.Revision, deployment: WantedCopy) -> run_v2.RevisionTemplate:
    """Return the template that runs what a revision runs, with the variables merged and no instance kept warm."""
    template = run_v2.RevisionTemplate()
    for field in run_v2.RevisionTemplate.meta.fields:
        if field in run_v2.Revision.meta.fields and field not in _NOT_TAKEN and field in revision:
            setattr(template, field, getattr(revision, field))
    template.scaling = run_v2.RevisionScaling(max_instance_count=revision.scaling.max_instance_count)
    for container in template.containers:
        kept = [each for each in container.env if each.name not in deployment.environment]
        merged = [run_v2.EnvVar(name=name, value=value) for name, value in deployment.environment.items()]
        container.env = [*kept, *merged]
        container.build_info = run_v2.BuildInfo()
    template.labels = dict(deployment.labels)
    return template


def _own_labels(labels: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if _GOOGLES_LABEL.match(key) is None}


def _copied(service: run_v2.Service) -> Copied:
    facts = service_of(service)
    return Copied(
        name=facts.name,
        labels=facts.labels,
        image=_image_of(service.template.containers),
        service_account=service.template.service_account,
        environment=_environment_of(service.template.containers),
        ready=facts.ready and not facts.reconciling,
        reason=facts.reason,
        uri=facts.uri,
    )


def _serving_last(containers: Sequence[Any]) -> list[Any]:
    """The container that serves requests has the port; without sidecars it is the only one."""
    return sorted(containers, key=lambda each: bool(each.ports))


def _image_of(containers: Sequence[Any]) -> str:
    return str(_serving_last(containers)[-1].image) if containers else ""


def _environment_of(containers: Sequence[Any]) -> dict[str, str]:
    environment: dict[str, str] = {}
    for container in _serving_last(containers):
        for variable in container.env:
            environment[variable.name] = SECRET if "value_source" in variable else variable.value
    return environment
