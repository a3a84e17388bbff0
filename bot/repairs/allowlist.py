"""The platform as repairs get it: whatever kind writes, in either direction, the pipeline file must allow the write.

Kinds of repairs never see the platform itself, so that none can forget to ask. What is written is compared with what
was read last: only the difference counts, and it must be one that a repair, or its undo, can have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.repairs import bounds
from bot.repairs.model import Kind, Refusal, RepairKey, RepairRefusedError
from bot.repairs.ports import (
    Configuration,
    ConflictError,
    GrantCondition,
    IamPolicy,
    Platform,
    TrafficTarget,
    Variable,
)
from bot.repairs.routing import ALL
from checks.control_plane.callers import grantable
from checks.control_plane.grants import INVOKER, member_of, spelled
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob

_Grant = tuple[str, str, GrantCondition | None]


class AllowedPlatform:
    """A Platform whose writes raise RepairRefusedError, too, for what the pipeline file does not allow."""

    def __init__(self, pipeline: Pipeline, platform: Platform) -> None:
        self._pipeline = pipeline
        self._platform = platform
        self._policies: dict[str, IamPolicy] = {}
        self._configurations: dict[str, Configuration] = {}

    def policy(self, service: str) -> IamPolicy | None:
        found = self._platform.policy(service)
        if found is not None:
            self._policies[service] = found
        return found

    def write_policy(self, service: str, policy: IamPolicy) -> None:
        """Write a policy that differs from the one last read in grants of the invoker role to allowed members."""
        bounds.must_allow(self._pipeline, RepairKey(Kind.GRANT_INVOKER, service))
        before = self._policies.get(service, IamPolicy())
        if before.etag != policy.etag:
            raise ConflictError(service)
        allowed = {spelled(member_of(each)) for each in grantable(self._pipeline, service)}
        for role, member, condition in _grants(before) ^ _grants(policy):
            if role != INVOKER or condition is not None or spelled(member) not in allowed:
                raise _not_allowed(f"to change {role} of {member} on {service}")
        if policy.audit_configs != before.audit_configs:
            raise _not_allowed(f"to change what is audited of {service}")
        self._platform.write_policy(service, policy)

    def configuration(self, service: str) -> Configuration | None:
        found = self._platform.configuration(service)
        if found is not None:
            self._configurations[service] = found
        return found

    def write_traffic(self, service: str, targets: Sequence[TrafficTarget], etag: str) -> None:
        """Share all traffic out among revisions of the service; no tag moves to another revision."""
        bounds.must_allow(self._pipeline, RepairKey(Kind.ROUTE_TO_LATEST, service))
        before = self._configurations.get(service, Configuration(name=service))
        if before.etag != etag:
            raise ConflictError(service)
        if any(each.percent < 0 for each in targets) or sum(each.percent for each in targets) != ALL:
            raise _not_allowed(f"shares of the traffic of {service} that are not {ALL} % together")
        if moved := _pinned(targets) - _pinned(before.targets):
            raise _not_allowed(f"to move the tag {min(moved)[0]} of {service}")
        self._platform.write_traffic(service, targets, etag)

    def write_variables(self, service: str, changes: Mapping[str, Variable | None], etag: str) -> None:
        """Set allowed variables from their own secret, or take them away again."""
        bounds.must_allow(self._pipeline, RepairKey(Kind.RESTORE_VARIABLES, service))
        secrets = bounds.secrets_of(self._pipeline, service)
        for name, variable in changes.items():
            if name not in secrets:
                raise _not_allowed(f"to change {name} of {service}")
            if variable is not None and variable not in (Variable(secret=secrets[name]), Variable()):
                raise _not_allowed(f"to set {name} of {service} to anything but the secret {secrets[name]}")
        self._platform.write_variables(service, changes, etag)

    def job(self, name: str) -> SchedulerJob | None:
        return self._platform.job(name)

    def run_job(self, name: str) -> None:
        bounds.must_allow(self._pipeline, RepairKey(Kind.RUN_JOB, name))
        self._platform.run_job(name)


def _grants(policy: IamPolicy) -> set[_Grant]:
    return {(each.role, member, each.condition) for each in policy.bindings for member in each.members}


def _pinned(targets: Iterable[TrafficTarget]) -> set[tuple[str, str]]:
    """Return the tags that name a revision, with it; those of the latest follow it wherever it is."""
    return {(each.tag, each.revision) for each in targets if each.tag and each.revision}


def _not_allowed(what: str) -> RepairRefusedError:
    return RepairRefusedError(
        Refusal.NOT_ALLOWED,
        f"The pipeline file does not allow {what}. Nothing was written.",
        advice="What may be repaired stands under 'repairs'.",
    )
