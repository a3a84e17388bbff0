"""dbt: what its artifacts say of the models, tests and sources of a project, and of its last run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from checks.facts.tasks import TaskState
from checks.reads import Read, Reads
from checks.source import Source


class DbtKind(StrEnum):
    """The kinds of nodes that are read; snapshots and seeds are models here: they make a table."""

    MODEL = "model"
    TEST = "test"
    UNIT_TEST = "unit-test"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class DbtNode:
    """A node with its last result.

    ``table`` (``dataset.table``) is what a model makes, a source is, a test is about; empty for none. ``after`` are the
    ids of the nodes that it is made of. ``state`` is None without a result. ``ended_at`` of a source is when dbt
    looked, ``newest_at`` its newest row then.
    """

    id: str
    name: str
    kind: DbtKind = DbtKind.MODEL
    table: str = ""
    after: tuple[str, ...] = ()
    state: TaskState | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    newest_at: datetime | None = None
    message: str = ""
    failures: int | None = None
    test: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DbtProject:
    """A project. ``ran_at`` is when its last run ended, None where it left no results."""

    name: str
    nodes: Sequence[DbtNode]
    ran_at: datetime | None = None


class DbtArtifacts(Protocol):
    """What dbt wrote beside its last run."""

    def project(self) -> DbtProject:
        """Read the project and its results."""


DBT: Source[DbtArtifacts] = Source("dbt", lambda limits: limits.repository, "dbt")


def read_dbt(reads: Reads) -> Read[DbtProject]:
    """Ask for the project."""
    return reads.ask(DBT, "artifacts", lambda port: port.project())
