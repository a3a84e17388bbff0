"""Where in a pipeline something is: what findings, alerts and causes are about, and what links lead to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PlaceKind(StrEnum):
    """The kinds of nodes of a pipeline."""

    SOURCE = "source"
    """What is asked: an API, a database, a repository."""
    TABLE = "table"
    """A table of the warehouse, or a collection of documents."""
    DATA = "data"
    """What a check of the pipeline file judges, as its subject names it: a table, a group of rows, a figure."""
    CONDITION = "condition"
    """A condition of the pipeline file: whether a date has something to do."""
    TASK = "task"
    """A processor; its facet is one run of it."""
    PHASE = "phase"
    TRANSITION = "transition"
    SERVICE = "service"
    PERMISSION = "permission"
    """That somebody can call a service, which is its name; its facet is the caller."""
    REVISION = "revision"
    """What a service, which is its name, runs; its facet is the revision."""
    BUILD = "build"
    """The build of a service, which is its name."""
    TOPIC = "topic"
    SUBSCRIPTION = "subscription"
    JOB = "job"
    RUN_JOB = "run-job"
    """A Cloud Run job."""
    COMMIT = "commit"
    FILE = "file"
    """A file of the repository."""


_OF_SERVICES = frozenset({PlaceKind.SERVICE, PlaceKind.PERMISSION, PlaceKind.REVISION, PlaceKind.BUILD})


@dataclass(frozen=True, slots=True)
class Place:
    """One node; ``facet`` names a part of it, empty for the whole."""

    kind: PlaceKind
    name: str
    facet: str = ""

    @property
    def service(self) -> str | None:
        """The service that it belongs to, None where that is none."""
        return self.name if self.kind in _OF_SERVICES else None

    def __str__(self) -> str:
        return ":".join(filter(None, (self.kind, self.name, self.facet)))
