"""Stand-ins for Cloud Build, Cloud Monitoring, the repository and the audit: prepared answers, remembered questions.

An answer that is an exception is raised. What nobody prepared an answer for is an error of the test.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from checks.facts.logs import LoggedChange
from checks.ports.audit import AUDIT, AuditFinding, DeploymentAudit
from checks.ports.builds import CLOUD_BUILD, Build, Builds, BuildTrigger
from checks.ports.logs import LOGS, LoggedErrors, Logs
from checks.ports.repository import REPOSITORY, Commit, Repository
from checks.ports.requests import MONITORING, Requests, SubscriptionFigure
from checks.source import Ports, Source, SourceError
from tests import fakes

T = TypeVar("T")


def _answer(prepared: T | SourceError) -> T:
    if isinstance(prepared, SourceError):
        raise prepared
    return prepared


class FakeBuilds:
    """Cloud Build as two lists."""

    def __init__(
        self, triggers: Sequence[BuildTrigger] | SourceError = (), builds: Sequence[Build] | SourceError = ()
    ) -> None:
        self._triggers = triggers
        self._builds = builds
        self.asked: list[str] = []

    def triggers(self) -> Sequence[BuildTrigger]:
        self.asked.append("triggers")
        return _answer(self._triggers)

    def recent(self, since: datetime) -> Sequence[Build]:
        self.asked.append(f"builds {since.isoformat()}")
        found = [each for each in _answer(self._builds) if each.created_at >= since]
        return sorted(found, key=lambda each: each.created_at, reverse=True)


class FakeRequests:
    """Cloud Monitoring as dictionaries of counts; ``windows`` holds what was asked."""

    def __init__(
        self,
        counts: Mapping[str, int] | SourceError | None = None,
        figures: Mapping[SubscriptionFigure, Mapping[str, int]] | SourceError | None = None,
        pushes: Mapping[str, Mapping[str, int]] | None = None,
        answers: Mapping[str, Mapping[str, int]] | SourceError | None = None,
    ) -> None:
        self._counts: Mapping[str, int] | SourceError = counts if counts is not None else {}
        self._figures: Mapping[SubscriptionFigure, Mapping[str, int]] | SourceError = figures or {}
        self._pushes = pushes or {}
        self._answers: Mapping[str, Mapping[str, int]] | SourceError = answers or {}
        self.windows: list[tuple[datetime, datetime]] = []

    def counts(self, since: datetime, until: datetime) -> Mapping[str, int]:
        self.windows.append((since, until))
        return _answer(self._counts)

    def answers(self, since: datetime, until: datetime) -> Mapping[str, Mapping[str, int]]:
        self.windows.append((since, until))
        return _answer(self._answers)

    def subscriptions(self, figure: SubscriptionFigure, since: datetime, until: datetime) -> Mapping[str, int]:
        self.windows.append((since, until))
        return _answer(self._figures).get(figure, {})

    def pushes(self, since: datetime, until: datetime) -> Mapping[str, Mapping[str, int]]:
        self.windows.append((since, until))
        return self._pushes


class FakeLogs:
    """Cloud Logging as lines and changes; ``asked`` holds what was asked, and since when."""

    def __init__(self, logged: LoggedErrors | SourceError, changes: Sequence[LoggedChange] | SourceError = ()) -> None:
        self._logged = logged
        self._changes = changes
        self.asked: list[tuple[str, datetime]] = []

    def errors(self, services: Sequence[str], since: datetime, limit: int) -> LoggedErrors:
        self.asked.append((" ".join(services), since))
        logged = _answer(self._logged)
        lines = [each for each in logged.lines if each.service in services and each.at >= since]
        return LoggedErrors(lines=lines[:limit], began=logged.began)

    def changes(self, since: datetime, limit: int) -> Sequence[LoggedChange]:
        self.asked.append(("changes", since))
        return [each for each in _answer(self._changes) if each.at >= since][:limit]


class FakeRepository:
    """A branch as a list of commits, the newest first. ``missing`` are paths that it lacks.

    ``failures`` maps a question (``head``, ``since COMMIT``, ``after``, ``path PATH``) to what it raises.
    """

    def __init__(
        self,
        commits: Sequence[Commit],
        *,
        missing: Collection[str] = (),
        failures: Mapping[str, SourceError] | None = None,
    ) -> None:
        self.commits = list(commits)
        self._missing = missing
        self._failures = failures or {}
        self.asked: list[str] = []

    def head(self) -> Commit:
        self._note("head")
        return self.commits[0]

    def since(self, commit: str) -> Sequence[Commit] | None:
        self._note(f"since {commit}")
        place = next((number for number, each in enumerate(self.commits) if each.id.startswith(commit)), None)
        return self.commits[:place] if place is not None else None

    def after(self, instant: datetime) -> Sequence[Commit]:
        self.asked.append(f"after {instant.isoformat()}")
        self._fail("after")
        return [each for each in self.commits if each.at > instant]

    def exists(self, path: str) -> bool:
        self._note(f"path {path}")
        return path not in self._missing

    def _note(self, question: str) -> None:
        self.asked.append(question)
        self._fail(question)

    def _fail(self, question: str) -> None:
        if question in self._failures:
            raise self._failures[question]


class FakeAudit:
    """The deployment audit as a list of violations."""

    def __init__(self, violations: Sequence[AuditFinding] | SourceError = ()) -> None:
        self._violations = violations

    def violations(self) -> Sequence[AuditFinding]:
        return _answer(self._violations)


def ports(
    world: Ports | None = None,
    *,
    builds: Builds | None = None,
    requests: Requests | None = None,
    logs: Logs | None = None,
    repository: Repository | None = None,
    audit: DeploymentAudit | None = None,
) -> Ports:
    """Return ports with what surrounds the services; what is not given is not connected."""
    around: dict[Source[Any], Any] = {
        CLOUD_BUILD: builds,
        MONITORING: requests,
        LOGS: logs,
        REPOSITORY: repository,
        AUDIT: audit,
    }
    connected = {source: port for source, port in around.items() if port is not None}
    return Ports({**(world or fakes.ports()).connected, **connected})
