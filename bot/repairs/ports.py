"""What repairs ask of the platform, and what they write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from checks.ports.scheduler import SchedulerJob


class WriteConflictError(Exception):
    """Somebody else wrote the same thing since it was read; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCondition:
    """Under which circumstances a binding holds; ``expression`` is CEL."""

    expression: str = ""
    title: str = ""
    description: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleBinding:
    """One role and its members, in the order in which the platform states them."""

    role: str
    members: tuple[str, ...]
    condition: GrantCondition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IamPolicy:
    """A policy with all that it holds, so that it can be written back as it was. ``audit_configs`` is opaque."""

    bindings: tuple[RoleBinding, ...] = ()
    etag: bytes = b""
    audit_configs: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable: a literal ``value``, or ``secret`` as ``name:version``. The value never prints."""

    value: str = field(default="", repr=False)
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficTarget:
    """Where a share of the traffic goes. ``revision`` is empty for the latest ready one; ``tag`` is an address of
    its own, which a target can have without any share."""

    revision: str = ""
    percent: int = 0
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A Cloud Run service, as far as repairs change it. ``variables`` are those of the container that serves."""

    name: str
    etag: str = ""
    targets: tuple[TrafficTarget, ...] = ()
    latest_created: str = ""
    latest_ready: str = ""
    reconciling: bool = False
    variables: Mapping[str, Variable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicyWrite:
    """A policy of a service, and the one that was read last."""

    target: str
    before: IamPolicy
    policy: IamPolicy


@dataclass(frozen=True, slots=True)
class TrafficWrite:
    """Where the traffic of a service is sent, and the service as it was read last."""

    target: str
    before: Configuration
    targets: tuple[TrafficTarget, ...]


@dataclass(frozen=True, slots=True)
class VariablesWrite:
    """Variables of a service; None removes one."""

    target: str
    changes: Mapping[str, Variable | None]


@dataclass(frozen=True, slots=True)
class JobRunWrite:
    """A job that is run now."""

    target: str


Write = PolicyWrite | TrafficWrite | VariablesWrite | JobRunWrite


class Platform(Protocol):
    """Cloud Run, its policies and Cloud Scheduler. Every method raises SourceError; writes raise ConflictError.

    RepairRefusedError is raised for what a rule of the organization forbids, which no permission changes.
    """

    def policy(self, service: str) -> IamPolicy | None:
        """Read a service's own policy with all conditions; None when there is no such service."""

    def write_policy(self, service: str, policy: IamPolicy) -> None:
        """Write a policy whose etag is the one that was read."""

    def configuration(self, service: str) -> Configuration | None:
        """Read a service; None when there is none."""

    def write_traffic(self, service: str, targets: Sequence[TrafficTarget], etag: str) -> None:
        """Send traffic elsewhere; everything else stays."""

    def write_variables(self, service: str, changes: Mapping[str, Variable | None], etag: str) -> None:
        """Set variables, None removes one; every other variable, and everything else, stays. Makes a revision."""

    def job(self, name: str) -> SchedulerJob | None:
        """Read a job; None when there is none."""

    def run_job(self, name: str) -> None:
        """Run a job now, whatever its schedule says."""
