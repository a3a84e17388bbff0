"""Cloud Run and IAM from a scenario."""

from __future__ import annotations

from collections.abc import Mapping

from bot.local.faults import Faults
from checks.looks import CLOUD_RUN, RESOURCE_MANAGER
from checks.ports import Policy, Service


class ScenarioControlPlane:
    """The port ``ControlPlane`` on mappings by service name."""

    def __init__(
        self, services: Mapping[str, Service], policies: Mapping[str, Policy], project: Policy, faults: Faults
    ) -> None:
        self._services = services
        self._policies = policies
        self._project = project
        self._faults = faults

    def service(self, name: str) -> Service | None:
        """Return a service, None where there is none. Raises SourceError."""
        self._faults.raise_for(CLOUD_RUN, lambda only: only == name)
        return self._services.get(name)

    def service_policy(self, name: str) -> Policy | None:
        """Return a service's own policy, None where there is no such service. Raises SourceError."""
        self._faults.raise_for(CLOUD_RUN, lambda only: only == name)
        return self._policies.get(name, Policy(())) if name in self._services else None

    def project_policy(self) -> Policy:
        """Return the project's policy. Raises SourceError."""
        self._faults.raise_for(RESOURCE_MANAGER)
        return self._project
