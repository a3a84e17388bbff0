"""What staging asks the world, and what it gets. ``bot.sources`` answers; every method raises SourceError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset. ``expiry_days`` is after how long its new tables are deleted, None for never."""

    name: str
    location: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    expiry_days: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTable:
    """A table or a view. ``rows`` does not count what still waits in the streaming buffer, ``buffered`` does."""

    dataset: str
    name: str
    view: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    """The type by column; what is repeated or nested stands as BigQuery names it."""
    partition: str | None = None
    rows: int = 0
    buffered: int = 0
    modified: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.dataset}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One date of a table, on its way to staging. Tables are ``dataset.table``.

    ``since`` and ``until`` bound the day where the column is a TIMESTAMP, and are None where it is a DATE.
    ``columns`` are those of the source, in its order.
    """

    source: str
    target: str
    column: str
    day: date
    since: datetime | None = None
    until: datetime | None = None
    columns: Sequence[str]
    limit: int
    location: str


class StagingTables(Protocol):
    """BigQuery."""

    def datasets(self) -> Mapping[str, Mapping[str, str]]:
        """Read every dataset of the project: its labels by its name."""

    def dataset(self, name: str) -> Dataset | None: ...

    def create_dataset(self, dataset: Dataset) -> None:
        """Create it; one that exists already is an error."""

    def delete_dataset(self, name: str) -> None:
        """Delete an empty dataset; one that is not empty, or not there, is an error."""

    def tables(self, dataset: str) -> Sequence[str]:
        """List tables and views as ``dataset.table``, ordered."""

    def table(self, table_id: str) -> StoredTable | None: ...

    def create_like(self, source: StoredTable, target: str, labels: Mapping[str, str]) -> None:
        """Create an empty table with the columns, partition and clustering of another; leave one that exists."""

    def measure(self, copy: Copy) -> int:
        """Return the bytes that a copy would read, without reading them."""

    def replace(self, copy: Copy) -> int:
        """Make the rows of a date in the target those of the source, all or none; return how many there are."""

    def label_table(self, table_id: str, labels: Mapping[str, str]) -> None:
        """Add labels; the others stay."""

    def delete_table(self, table_id: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """What a service of production runs: the revision with the traffic. Secrets stand as ``SECRET``."""

    name: str
    revision: str
    image: str
    service_account: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A service that is staging's copy, or somebody else's of that name. ``origin`` is the revision it copies."""

    name: str
    labels: Mapping[str, str]
    image: str = ""
    service_account: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: bool = False
    reason: str = ""
    uri: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCopy:
    """A copy as it shall be: the revision it comes from, and what differs from it."""

    origin: RunningService
    name: str
    environment: Mapping[str, str]
    """The variables that are merged into those of the revision."""
    labels: Mapping[str, str]


class StagingServices(Protocol):
    """Cloud Run."""

    def running(self, name: str) -> RunningService | None:
        """Read what a service runs; None when there is no such service."""

    def copied(self, name: str) -> Copied | None: ...

    def copies(self) -> Sequence[Copied]:
        """Read every service that carries our label, with whatever prefix."""

    def deploy(self, deployment: WantedCopy) -> Copied:
        """Create the copy, or make the one that exists equal to it; return it as it then is."""

    def delete(self, name: str) -> None: ...

    def grant(self, name: str, members: Sequence[str]) -> bool:
        """Let members invoke a service; False when they all could already. Nothing else of the policy changes."""

    def invokers(self, name: str) -> frozenset[str]:
        """Read who can invoke a service by its own policy, without any condition."""


class StagingTopics(Protocol):
    """Pub/Sub."""

    def labels(self, name: str) -> Mapping[str, str] | None:
        """Read the labels of a topic; None when there is no such topic."""

    def labelled(self) -> Mapping[str, Mapping[str, str]]:
        """Read every topic that carries our label, with whatever prefix: its labels by its name."""

    def create(self, name: str, labels: Mapping[str, str]) -> None: ...

    def delete(self, name: str) -> None: ...


class StagingCollections(Protocol):
    """Firestore, as it is: no prefix is added."""

    def documents(self, collection: str) -> Mapping[str, datetime]:
        """Read when each document of a collection was last written, by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingPorts:
    """Everything that staging may ask."""

    tables: StagingTables
    services: StagingServices
    topics: StagingTopics
    collections: StagingCollections
