"""Cloud Monitoring: how many requests each service received."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from checks.reads import Read, Reads
from checks.source import Source


class Requests(Protocol):
    """Cloud Monitoring."""

    def counts(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """Fetch how many requests each service received; a service without any may be absent."""


MONITORING: Source[Requests] = Source("Cloud Monitoring", lambda limits: limits.control_plane, "invocations")


def read_request_counts(reads: Reads, since: datetime, until: datetime) -> Read[Mapping[str, int]]:
    """Ask how many requests each service received."""
    key = f"requests {since.isoformat()} {until.isoformat()}"
    return reads.ask(MONITORING, key, lambda port: port.counts(since, until))
