"""Cloud Build: build triggers, and what they last built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from checks.reads import Read, Reads
from checks.source import Source


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

    def recent(self, since: datetime) -> Sequence[Build]:
        """Fetch the builds created since an instant, the newest first."""


CLOUD_BUILD: Source[Builds] = Source("Cloud Build", lambda limits: limits.control_plane, "deployment")


def read_build_triggers(reads: Reads) -> Read[Sequence[BuildTrigger]]:
    """Ask for every build trigger."""
    return reads.ask(CLOUD_BUILD, "triggers", lambda port: port.triggers())


def read_recent_builds(reads: Reads, since: datetime) -> Read[Sequence[Build]]:
    """Ask for the builds created since an instant, the newest first."""
    return reads.ask(CLOUD_BUILD, f"builds {since.isoformat()}", lambda port: port.recent(since))
