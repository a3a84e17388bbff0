"""What surrounds the services, from a scenario: Pub/Sub, Cloud Scheduler, Cloud Build, Monitoring, the repository.

Each port asks for the world anew, because repairs can change it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.local.faults import Faults
from bot.local.surroundings import Surroundings
from checks.platform import AuditFinding, Build, BuildTrigger, Commit, SchedulerJob, Subscription
from checks.reads import AUDIT, CLOUD_BUILD, MONITORING, PUBSUB, REPOSITORY, SCHEDULER

SHORTEST_COMMIT = 7
"""Characters of an abbreviated commit that git takes for sure."""


class ScenarioMessaging:
    """The port ``Messaging``."""

    def __init__(self, world: Callable[[], Surroundings], faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def subscriptions(self) -> Sequence[Subscription]:
        """Return every subscription. Raises SourceError."""
        self._faults.raise_for(PUBSUB, lambda only: only == "subscriptions")
        return self._world().subscriptions

    def topics(self) -> Sequence[str]:
        """Return every topic. Raises SourceError."""
        self._faults.raise_for(PUBSUB, lambda only: only == "topics")
        return self._world().topics


class ScenarioScheduler:
    """The port ``Scheduler``."""

    def __init__(self, world: Callable[[], Surroundings], faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def jobs(self) -> Sequence[SchedulerJob]:
        """Return every job. Raises SourceError."""
        self._faults.raise_for(SCHEDULER)
        return self._world().jobs


class ScenarioBuilds:
    """The port ``Builds``."""

    def __init__(self, world: Callable[[], Surroundings], faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def triggers(self) -> Sequence[BuildTrigger]:
        """Return every trigger. Raises SourceError."""
        self._faults.raise_for(CLOUD_BUILD, lambda only: only == "triggers")
        return self._world().triggers

    def recent(self, since: datetime) -> Sequence[Build]:
        """Return the builds created since an instant, the newest first. Raises SourceError."""
        self._faults.raise_for(CLOUD_BUILD, lambda only: only == "builds")
        return tuple(each for each in self._world().builds if each.created_at >= since)


class ScenarioRequests:
    """The port ``Requests``. A scenario states one number a service, whatever the time asked about."""

    def __init__(self, world: Callable[[], Surroundings], faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def counts(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Return the number of requests by service. Raises SourceError."""
        del since, until
        self._faults.raise_for(MONITORING)
        return dict(self._world().requests)


class ScenarioRepository:
    """The port ``Repository``."""

    def __init__(self, world: Callable[[], Surroundings], faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def head(self) -> Commit:
        """Return the newest commit. Raises SourceError."""
        self._faults.raise_for(REPOSITORY, lambda only: only == "head")
        return self._world().commits[0]

    def since(self, commit: str) -> Sequence[Commit] | None:
        """Return the commits after one, None for one that is not known; at least its first seven characters."""
        self._faults.raise_for(REPOSITORY, lambda only: only == commit)
        commits = self._world().commits
        for number, each in enumerate(commits):
            if each.id == commit or (len(commit) >= SHORTEST_COMMIT and each.id.startswith(commit)):
                return commits[:number]
        return None

    def after(self, instant: datetime) -> Sequence[Commit]:
        """Return the commits made after an instant. Raises SourceError."""
        self._faults.raise_for(REPOSITORY)
        return tuple(each for each in self._world().commits if each.at > instant)

    def exists(self, path: str) -> bool:
        """Whether a folder or file exists. Raises SourceError."""
        self._faults.raise_for(REPOSITORY, lambda only: only == path)
        return path.strip("/") not in self._world().missing_paths


class ScenarioAudit:
    """The port ``DeploymentAudit``."""

    def __init__(self, world: Callable[[], Surroundings], faults: Faults) -> None:
        self._world = world
        self._faults = faults

    def violations(self) -> Sequence[AuditFinding]:
        """Return what the audit found. Raises SourceError."""
        self._faults.raise_for(AUDIT)
        return self._world().violations
