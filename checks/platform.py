"""What checks may ask of the platform around the services: who calls them, what was built, what the repository holds.

The same promises as in ``checks.ports``: synchronous, safe to call from several threads, bounded by a
time-out of its own, and nothing but ``SourceError`` is raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A Pub/Sub subscription. ``name`` and ``topic`` are short names, without the project.

    ``endpoint`` is the push address, empty for a pull subscription; ``account`` the e-mail of the OIDC token
    that the push carries, empty without one. ``trigger`` is the Eventarc trigger that owns it, empty for none,
    and ``trigger_region`` where that trigger is, empty for the pipeline's region. ``topic`` is
    ``_deleted-topic_`` when its topic is gone, and ``topic_project`` the project of a topic that is another's, empty
    for one of this project. One that is ``detached`` gets nothing of its topic any more; one with a ``filter`` gets
    what matches it.
    """

    name: str
    topic: str
    endpoint: str = ""
    account: str = ""
    audience: str = ""
    trigger: str = ""
    trigger_region: str = ""
    active: bool = True
    topic_project: str = ""
    detached: bool = False
    filter: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


class Messaging(Protocol):
    """Pub/Sub."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Fetch every subscription of the project, ordered by name."""
        ...

    def topics(self) -> Sequence[str]:
        """Fetch the short name of every topic of the project, ordered."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerJob:
    """A Cloud Scheduler job. ``name`` is its short name.

    ``url`` is the address of an HTTP job, ``topic`` the short name of the topic of a Pub/Sub job; both are empty
    for other targets. ``account`` is the e-mail of its OIDC token, ``audience`` that token's audience.
    ``status`` is the gRPC code of the last attempt, 0 for success, None when it has not been attempted. ``fault`` is
    empty unless Cloud Scheduler itself stopped the job: ``DISABLED`` after an error, ``UPDATE_FAILED`` after a change
    that failed; such a job is not ``enabled``, and nobody paused it.
    """

    name: str
    enabled: bool
    fault: str = ""
    schedule: str
    zone: str = "UTC"
    url: str = ""
    topic: str = ""
    account: str = ""
    audience: str = ""
    last_attempt: datetime | None = None
    status: int | None = None
    message: str = ""
    updated_at: datetime | None = None

    @property
    def paused(self) -> bool:
        """Whether somebody has paused it."""
        return not self.enabled and not self.fault


class Scheduler(Protocol):
    """Cloud Scheduler."""

    def jobs(self) -> Sequence[SchedulerJob]:
        """Fetch every job of the region, ordered by name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildTrigger:
    """A Cloud Build trigger. ``branch`` is a regular expression, as Cloud Build takes it; ``location`` is the region
    that it lives in, or "global"."""

    id: str
    name: str
    disabled: bool = False
    repository: str = ""
    branch: str = ""
    included: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    location: str = "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A build. ``trigger`` is the id of its trigger, empty where a person started it; ``status`` is Cloud Build's."""

    id: str
    trigger: str = ""
    status: str
    commit: str = ""
    created_at: datetime
    finished_at: datetime | None = None
    detail: str = ""
    log_url: str = ""
    by: str = ""


class Builds(Protocol):
    """Cloud Build."""

    def triggers(self) -> Sequence[BuildTrigger]:
        """Fetch every trigger of the region and the global ones, ordered by name."""
        ...

    def recent(self, since: datetime) -> Sequence[Build]:
        """Fetch the builds created since an instant, the newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision of a service; ``environment`` as in ``checks.ports.Service``."""

    name: str
    service: str
    created_at: datetime
    created_by: str = ""
    ready: bool = True
    image: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)


class Requests(Protocol):
    """Cloud Monitoring."""

    def counts(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Fetch how many requests each service received; a service without any may be absent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit; ``files`` are the paths that it changed, all of them or none when they are not known."""

    id: str
    at: datetime
    author: str = ""
    subject: str = ""
    files: tuple[str, ...] = ()


class Repository(Protocol):
    """The repository that services are deployed from: a local clone, or GitHub."""

    def head(self) -> Commit:
        """Return the newest commit of the deployed branch."""
        ...

    def since(self, commit: str) -> Sequence[Commit] | None:
        """Return the commits after one, the newest first; None when the repository does not know it."""
        ...

    def after(self, instant: datetime) -> Sequence[Commit]:
        """Return the commits made after an instant, the newest first."""
        ...

    def exists(self, path: str) -> bool:
        """Whether a folder or file exists at the head."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """A violation of a rule of the deployment audit; ``line`` and ``column`` count from one."""

    rule: str
    path: str
    line: int
    column: int
    message: str
    fix: str
    severity: str


class DeploymentAudit(Protocol):
    """The static audit of the repository's deploy scripts."""

    def violations(self) -> Sequence[AuditFinding]:
        """Audit the repository as it is now."""
        ...
