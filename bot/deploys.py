"""What was deployed lately, by whom and when: builds and revisions side by side. It shows, and judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from checks.model import Severity
from checks.ports.builds import Build, read_build_triggers, read_recent_builds
from checks.ports.services import Service, read_services
from checks.reads import Read, Reads
from checks.source import SourceError
from checks.unanswered import could_not_check

T = TypeVar("T")

DAYS = 7
"""How far back people look without saying anything else."""

MOST_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One build, or one change of a service. ``well`` is None while it is not over; ``at`` is aware."""

    at: datetime
    subject: str
    what: str
    by: str = ""
    commit: str = ""
    well: bool | None = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploys:
    """What was found, the newest first; ``unseen`` says in a sentence each what could not be checked."""

    since: datetime
    entries: tuple[Deployed, ...]
    unseen: tuple[str, ...] = ()


_RUNNING = frozenset({"PENDING", "QUEUED", "WORKING"})


def recent_deploys(reads: Reads, now: datetime, days: int = DAYS) -> Deploys:
    """Return what was built and deployed within so many days; everything is asked at once."""
    since = now - timedelta(days=days)
    running, triggers, built = read_services(reads), read_build_triggers(reads), read_recent_builds(reads, since)
    unseen: list[str] = []
    names = {trigger.id: trigger.name for trigger in _read(triggers, "build triggers", unseen)}
    entries = [
        *(_of_build(build, names) for build in _read(built, "builds", unseen)),
        *_of_services(_read(running, "services", unseen), since),
    ]
    return Deploys(
        since=since,
        entries=tuple(sorted(entries, key=lambda each: (each.at, each.subject), reverse=True)),
        unseen=tuple(unseen),
    )


def _read(look: Read[Sequence[T]], what: str, unseen: list[str]) -> Sequence[T]:
    try:
        return look.result()
    except SourceError as error:
        unseen.append(could_not_check(error, subject=what, severity=Severity.P3).summary)
        return ()


def _of_build(build: Build, names: dict[str, str]) -> Deployed:
    subject = names.get(build.trigger) or build.trigger or "a build started by hand"
    words = build.status.lower().replace("_", " ")
    return Deployed(
        at=build.created_at,
        subject=subject,
        what=f"build {words}{f': {build.detail}' if build.detail else ''}",
        by=build.by,
        commit=build.commit,
        well=None if build.status in _RUNNING else build.status == "SUCCESS",
    )


def _of_services(running: Sequence[Service], since: datetime) -> Iterator[Deployed]:
    for service in running:
        if service.deployed_at is not None and service.deployed_at >= since:
            yield Deployed(
                at=service.deployed_at,
                subject=service.name,
                what=f"revision {service.latest_created_revision}",
                by=service.deployed_by,
                commit=service.labels.get("commit-sha", "") or service.environment.get("BUILD_COMMIT", ""),
                well=None if service.reconciling else service.ready,
            )
