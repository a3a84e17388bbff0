"""Repairs of a scenario's world: what is written is there for every later look of the same process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.repairs.ports import (
    Configuration,
    GrantCondition,
    IamPolicy,
    RoleBinding,
    TrafficTarget,
    Variable,
    WriteConflictError,
)
from bot.scenarios.faults import Faults
from checks.pipeline import Pipeline
from checks.ports.policies import Binding, Policy
from checks.ports.scheduler import SCHEDULER, SchedulerJob
from checks.ports.services import CLOUD_RUN, SECRET, Revision, Service
from checks.source import Problem, SourceError


class RunnableScheduler:
    """The port ``Scheduler`` of a scenario, whose jobs can be run."""

    def __init__(self, jobs: Callable[[], Sequence[SchedulerJob]], faults: Faults) -> None:
        self._jobs = jobs
        self._faults = faults
        self._ran: dict[str, SchedulerJob] = {}

    def jobs(self) -> Sequence[SchedulerJob]:
        self._faults.raise_for(SCHEDULER)
        return [self._ran.get(each.name, each) for each in self._jobs()]

    def run(self, name: str, now: datetime) -> None:
        """Let a job run, and end well."""
        for each in self.jobs():
            if each.name == name:
                self._ran[name] = replace(each, last_attempt=now, status=0, message="")

    def has_run(self, name: str) -> bool:
        """Whether a job was run in this process."""
        return name in self._ran

    @property
    def ran(self) -> frozenset[str]:
        """The jobs that were run in this process."""
        return frozenset(self._ran)

    def carry_on(self, before: RunnableScheduler, changed: Collection[str]) -> None:
        """Take over what was run before, but for jobs that the world has ``changed`` since."""
        self._ran |= {name: job for name, job in before._ran.items() if name not in changed}


@dataclass(kw_only=True)
class ScenarioPlatform:
    """The platform of repairs on the mappings that the port ``ControlPlane`` reads; every write makes a new etag."""

    pipeline: Pipeline
    services: MutableMapping[str, Service]
    policies: MutableMapping[str, Policy]
    revisions: MutableMapping[str, Sequence[Revision]]
    scheduler: RunnableScheduler
    faults: Faults
    now: datetime
    _writes: dict[str, int] = field(default_factory=dict)
    _secrets: dict[tuple[str, str], str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def policy(self, service: str) -> IamPolicy | None:
        """Read a service's own policy; None when there is no such service. Raises SourceError."""
        self.faults.raise_for(CLOUD_RUN, lambda only: only == service)
        if service not in self.services:
            return None
        return replace(_iam_policy(self.policies.get(service, Policy(()))), etag=self._etag(service).encode())

    def write_policy(self, service: str, policy: IamPolicy) -> None:
        """Write a policy. Raises ConflictError, SourceError."""
        self._write(service, policy.etag.decode())
        self.policies[service] = _judged(policy)

    def configuration(self, service: str) -> Configuration | None:
        """Read a service; None when there is none. Raises SourceError."""
        self.faults.raise_for(CLOUD_RUN, lambda only: only == service)
        found = self.services.get(service)
        if found is None:
            return None
        return Configuration(
            name=service,
            etag=self._etag(service),
            targets=tuple(
                # What serves everything and is the latest follows the latest: nobody would pin it.
                TrafficTarget(revision="" if _follows(found, name) else name, percent=percent)
                for name, percent in found.traffic.items()
            ),
            latest_created=found.latest_created_revision,
            latest_ready=found.latest_ready_revision,
            reconciling=found.reconciling,
            variables={name: self._variable(service, name, each) for name, each in found.environment.items()},
        )

    def write_traffic(self, service: str, targets: Sequence[TrafficTarget], etag: str) -> None:
        """Send traffic elsewhere. Raises ConflictError, SourceError."""
        found = self._write(service, etag)
        traffic = {each.revision or found.latest_ready_revision: each.percent for each in targets if each.percent}
        self.services[service] = replace(found, traffic=traffic)

    def write_variables(self, service: str, changes: Mapping[str, Variable | None], etag: str) -> None:
        """Set or remove variables: a new revision, which is ready at once. Raises ConflictError, SourceError."""
        found = self._write(service, etag)
        environment = {name: each for name, each in found.environment.items() if changes.get(name, "") is not None}
        environment |= {name: SECRET if each.secret else each.value for name, each in changes.items() if each}
        self._secrets |= {(service, name): each.secret for name, each in changes.items() if each and each.secret}
        name = _next(found.latest_created_revision)
        follows = _follows(found, found.latest_ready_revision)
        self.services[service] = replace(
            found,
            environment=environment,
            latest_created_revision=name,
            latest_ready_revision=name,
            traffic={name: 100} if follows else found.traffic,
            deployed_at=self.now,
        )
        revision = Revision(
            name=name, service=service, created_at=self.now, environment=environment, labels=found.labels
        )
        self.revisions[service] = [revision, *self.revisions.get(service, ())]

    def job(self, name: str) -> SchedulerJob | None:
        """Read a job; None when there is none. Raises SourceError."""
        return next((each for each in self.scheduler.jobs() if each.name == name), None)

    def run_job(self, name: str) -> None:
        self.faults.raise_for(SCHEDULER)
        self.scheduler.run(name, self.now)

    @property
    def repaired(self) -> frozenset[str]:
        """The services that were written, and the jobs that were run."""
        return frozenset({*self._writes, *self.scheduler.ran})

    def carry_on(self, before: ScenarioPlatform, changed: Collection[str]) -> None:
        """Take over what was written on a platform before, but for services that the world has ``changed`` since."""
        for service in before._writes.keys() - set(changed) & before.services.keys() & self.services.keys():
            self.services[service] = before.services[service]
            self.policies[service] = before.policies.get(service, Policy(()))
            self.revisions[service] = before.revisions.get(service, ())
            self._writes[service] = before._writes[service]
        self._secrets |= before._secrets
        self.scheduler.carry_on(before.scheduler, changed)

    def _etag(self, service: str) -> str:
        return f"scenario-{self._writes.get(service, 0)}"

    def _write(self, service: str, etag: str) -> Service:
        self.faults.raise_for(CLOUD_RUN, lambda only: only == service)
        with self._lock:
            if service not in self.services:
                raise SourceError(CLOUD_RUN, Problem.NOT_FOUND, f"the service {service!r}: it does not exist")
            if etag != self._etag(service):
                raise WriteConflictError(service)
            self._writes[service] = self._writes.get(service, 0) + 1
        return self.services[service]

    def _variable(self, service: str, name: str, value: str) -> Variable:
        if value != SECRET:
            return Variable(value=value)
        if (service, name) in self._secrets:
            return Variable(secret=self._secrets[service, name])
        spec = next((each for each in self.pipeline.services if each.name == service), None)
        secret, _, version = (spec.secrets if spec is not None else {}).get(name, name.lower()).partition(":")
        return Variable(secret=f"{secret}:{version or 'latest'}")


def _follows(service: Service, revision: str) -> bool:
    return revision == service.latest_ready_revision and service.traffic.get(revision, 0) >= 100  # noqa: PLR2004 - percent


def _next(revision: str) -> str:
    """Return a name for the revision after one."""
    parts = revision.rsplit("-", 2)
    if len(parts) == 3 and parts[1].isdigit():  # noqa: PLR2004 - service, number, letters
        return f"{parts[0]}-{int(parts[1]) + 1:05d}-{parts[2]}"
    return f"{revision}-repaired"


def _iam_policy(policy: Policy) -> IamPolicy:
    return IamPolicy(
        bindings=tuple(
            RoleBinding(
                role=each.role,
                members=tuple(sorted(each.members)),
                condition=GrantCondition(expression=each.condition) if each.condition else None,
            )
            for each in policy.bindings
        )
    )


def _judged(policy: IamPolicy) -> Policy:
    return Policy(
        tuple(
            Binding(each.role, frozenset(each.members), each.condition.expression if each.condition else "")
            for each in policy.bindings
        ),
        etag=policy.etag.decode(),
    )
