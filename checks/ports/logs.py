"""Cloud Logging: what services logged as errors, and who changed what (audit log)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from checks.facts.logs import LoggedChange
from checks.reads import Read, Reads
from checks.source import Source

MOST_LINES = 2_000
"""Entries that one question reads, of all services together: of those that log more, the newest."""

MOST_CHANGES = 1_000
"""Entries of the audit log that are read, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One entry that a service or job logged with the severity ERROR or above.

    ``text`` is untrusted: anybody who calls the service may have chosen it.
    """

    service: str
    at: datetime
    text: str
    revision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedErrors:
    """Lines, the newest first. ``began`` says of each service whose older lines were left out when the first line of
    the window was, None where that was not asked; of every other service all lines are here."""

    lines: Sequence[LogLine] = ()
    began: Mapping[str, datetime | None] = field(default_factory=dict)


class Logs(Protocol):
    """Cloud Logging."""

    def errors(self, services: Sequence[str], since: datetime, limit: int) -> LoggedErrors:
        """Fetch what services and jobs of these names have logged as errors since an instant; a question reads
        ``limit`` entries."""

    def changes(self, since: datetime, limit: int) -> Sequence[LoggedChange]:
        """Fetch the changes since an instant, the newest first, from the newest ``limit`` entries."""


LOGS: Source[Logs] = Source("Cloud Logging", lambda limits: limits.control_plane, "errors")


def read_errors(reads: Reads, services: Sequence[str], since: datetime) -> Read[LoggedErrors]:
    """Ask what services have logged as errors, all of them in one question."""
    key = f"errors {since.isoformat()} {' '.join(services)}"
    return reads.ask(LOGS, key, lambda port: port.errors(services, since, MOST_LINES))


def read_changes(reads: Reads, since: datetime) -> Read[Sequence[LoggedChange]]:
    """Ask who changed what."""
    return reads.ask(LOGS, f"changes {since.isoformat()}", lambda port: port.changes(since, MOST_CHANGES))
