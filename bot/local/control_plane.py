"""Cloud Run and IAM from a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.local.faults import Faults
from checks.platform import Revision
from checks.ports import Policy, Service
from checks.reads import CLOUD_RUN, RESOURCE_MANAGER


class ScenarioControlPlane:
    """The port ``ControlPlane`` on mappings by service name."""

    def __init__(
        self,
        services: Mapping[str, Service],
        policies: Mapping[str, Policy],
        project: Policy,
        faults: Faults,
        revisions: Mapping[str, Sequence[Revision]] | None = None,
    ) -> None:
        self._services = services
        self._policies = policies
        self._project = project
        self._faults = faults
        self._revisions = revisions or {}

    def service(self, name: str) -> Service | None:
        """Return a service, None where there is none. Raises SourceError."""
        self._faults.raise_for(CLOUD_RUN, lambda only: only == name)
        return self._services.get(name)

    def services(self) -> Sequence[Service]:
        """Return every service; a fault of one service leaves the list of all alone. Raises SourceError."""
        self._faults.raise_for(CLOUD_RUN)
        return [self._services[name] for name in sorted(self._services)]

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        """Return the latest revisions of a service, the newest first. Raises SourceError."""
        self._faults.raise_for(CLOUD_RUN, lambda only: only == service)
        return self._revisions.get(service, ())[:limit]

    def service_policy(self, name: str) -> Policy | None:
        """Return a service's own policy, None where there is no such service. Raises SourceError."""
        self._faults.raise_for(CLOUD_RUN, lambda only: only == name)
        return self._policies.get(name, Policy(())) if name in self._services else None

    def project_policy(self) -> Policy:
        """Return the project's policy. Raises SourceError."""
        self._faults.raise_for(RESOURCE_MANAGER)
        return self._project
