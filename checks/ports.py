"""What checks may ask the world. Adapters in ``bot.gcp`` and ``bot.local`` answer.

Every port method is synchronous, safe to call from several threads, bounded by a time-out of its
own, and raises ``SourceError`` and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from checks.platform import Builds, DeploymentAudit, Messaging, Repository, Requests, Revision, Scheduler

Row = Mapping[str, Any]


class Problem(StrEnum):
    """Why a source gave no answer."""

    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    """Nothing came of connecting: no network, or something in between."""
    TIMED_OUT = "timed out"
    THROTTLED = "throttled"
    DENIED = "denied"
    UNAUTHENTICATED = "unauthenticated"
    NOT_FOUND = "not found"
    NOT_ENABLED = "not enabled"
    INVALID = "invalid"
    """The question itself is wrong: a missing column, a malformed query."""
    UNSUPPORTED = "not supported"
    """The embedded engine cannot ask it; the service that it stands for may."""


UNANSWERED = frozenset({Problem.UNAVAILABLE, Problem.UNREACHABLE, Problem.TIMED_OUT})
"""Problems after which nobody knows whether a write arrived."""

NO_NETWORK = "Look at the network of the machine that runs Reveille: its names (DNS), its proxy, its firewall."
"""What to do about a source that is unreachable."""


class SourceError(Exception):
    """A source could not answer.

    ``source`` is the word people read (``BigQuery``, ``Firestore`` ...), ``detail`` one sentence
    without secrets, ``advice`` what to do about it. ``retryable`` says whether asking again may help.
    """

    def __init__(
        self, source: str, problem: Problem, detail: str, *, advice: str = "", retryable: bool = False
    ) -> None:
        super().__init__(f"{source} {problem}: {detail}")
        self.source = source
        self.problem = problem
        self.detail = detail
        self.advice = advice
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class Document:
    """A Firestore document. Times are aware datetimes, references are their paths."""

    path: str
    data: Mapping[str, Any]


class Documents(Protocol):
    """Firestore. Paths are ``collection/id`` without any prefix; the adapter adds its own."""

    def get(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        """Fetch all paths in one request; a document that does not exist is None."""
        ...

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        """Fetch at most ``limit`` documents of a collection, ordered by id."""
        ...


TYPE_NAMES = ("STRING", "INT64", "FLOAT64", "BOOL", "DATE", "TIMESTAMP", "ARRAY<STRING>")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named query parameter; ``type`` is one of ``TYPE_NAMES``."""

    type: str
    value: str | int | float | bool | date | datetime | tuple[str, ...]


_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Query:
    """GoogleSQL with named parameters; ``{dataset}`` stands for a dataset, prefix not included."""

    sql: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    label: str = "query"
    """The check or purpose, for job labels and error messages."""

    def text(self, dataset_prefix: str = "") -> str:
        """The statement with every ``{dataset}`` replaced by its prefixed name."""
        return _PLACEHOLDER.sub(lambda match: f"{dataset_prefix}{match[1]}", self.sql)

    @property
    def datasets(self) -> frozenset[str]:
        """Every dataset that the statement names."""
        return frozenset(_PLACEHOLDER.findall(self.sql))

    @property
    def key(self) -> str:
        """Equal for queries that must give the same answer."""
        return repr((self.sql, sorted(self.parameters.items())))


class Warehouse(Protocol):
    """BigQuery."""

    def query(self, query: Query) -> Sequence[Row]:
        """Run a query. Column values are of the types that ``checks.cells`` lists."""
        ...

    def dry_run(self, query: Query) -> int:
        """Analyse a query without running it; return the bytes that it would read."""
        ...

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table, ``dataset.table`` without prefix, with their types as GoogleSQL names them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A Cloud Run service, reduced to what the checks judge.

    ``traffic`` maps a revision name to its percentage; the latest ready revision stands under its own
    name also where the traffic target says "latest". ``environment`` maps a variable to its literal
    value, or to ``SECRET`` where it comes from Secret Manager. ``deployed_at`` is the last update. ``uri`` is its
    main address, ``urls`` all of them; ``audiences`` are those that it accepts in a token beside its addresses;
    ``function`` is the name of the Cloud Function that it belongs to.
    """

    name: str
    ready: bool
    reason: str = ""
    reconciling: bool = False
    latest_created_revision: str
    latest_ready_revision: str
    traffic: Mapping[str, int]
    minimum_instances: int = 0
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    deployed_at: datetime | None = None
    deployed_by: str = ""
    invoker_check_disabled: bool = False
    uri: str = ""
    urls: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    function: str = ""


SECRET = "<secret>"  # noqa: S105 - the mark that replaces a secret, not one


@dataclass(frozen=True, slots=True)
class Binding:
    """One role and its members; ``condition`` is the CEL expression, empty when there is none."""

    role: str
    members: frozenset[str]
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """An IAM policy, read with version 3."""

    bindings: tuple[Binding, ...]
    etag: str = ""


class ControlPlane(Protocol):
    """Cloud Run and the project's policy."""

    def service(self, name: str) -> Service | None:
        """Read a service; None when it does not exist."""
        ...

    def services(self) -> Sequence[Service]:
        """Read every service of the region, ordered by name."""
        ...

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        """Read the latest revisions of a service, the newest first."""
        ...

    def service_policy(self, name: str) -> Policy | None:
        """Read a service's own policy; None when the service does not exist."""
        ...

    def project_policy(self) -> Policy:
        """Read the project's policy, which services inherit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything that a run may ask. What is None is not connected, and asking it raises SourceError."""

    documents: Documents
    warehouse: Warehouse
    control_plane: ControlPlane
    messaging: Messaging | None = None
    scheduler: Scheduler | None = None
    builds: Builds | None = None
    requests: Requests | None = None
    repository: Repository | None = None
    audit: DeploymentAudit | None = None
