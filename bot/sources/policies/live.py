"""Resource Manager through Google's client over gRPC: the project's policy."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from google.cloud.resourcemanager_v3.services.projects import ProjectsClient
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest  # type: ignore[import-untyped]
from google.iam.v1.options_pb2 import GetPolicyOptions  # type: ignore[import-untyped]
from google.iam.v1.policy_pb2 import Policy as IamPolicy  # type: ignore[import-untyped]

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.clients import REQUEST_SECONDS, GoogleAccess
from bot.google_cloud.errors import Api
from checks.ports.policies import RESOURCE_MANAGER, Binding, Policy

API = Api(RESOURCE_MANAGER, "cloudresourcemanager.googleapis.com", "roles/browser")

POLICY_VERSION = 3
"""Below 3 Google leaves conditional bindings out of the answer, or strips their conditions."""


def connect(access: GoogleAccess) -> GooglePolicies:
    client = access.client(ProjectsClient, access.settings.resource_manager_endpoint)
    return GooglePolicies(client, project=access.project, request_seconds=REQUEST_SECONDS)


@dataclass(frozen=True, eq=False)
class GooglePolicies(GoogleAdapter):
    """Reads the policy of one project."""

    projects: ProjectsClient

    def project_policy(self) -> Policy:
        request = policy_request(f"projects/{self.project}")
        with self.mapped_errors(API, f"the policy of the project {self.project!r}"):
            return policy_of(self.projects.get_iam_policy(request, **self.bounds))


def policy_request(resource: str) -> GetIamPolicyRequest:
    """Return the request for the policy of a service or a project, conditions included."""
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
