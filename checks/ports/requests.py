"""Cloud Monitoring: how requests and messages fared. What it has no figure of is absent, which is not zero."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from checks.reads import Read, Reads
from checks.source import Source

Counts = Mapping[str, int]
Classes = Mapping[str, Counts]
"""By name, then by the class of the answer."""

VISIBLE_AFTER = timedelta(minutes=4)
"""When the slowest metric of Pub/Sub can be read. Source: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-pubsub"""

NOW = timedelta(minutes=10)
"""What counts as the present of a value that is sampled each minute."""


class SubscriptionFigure(StrEnum):
    """What is measured of a subscription; the values are the names of Pub/Sub's metrics."""

    OLDEST = "oldest_unacked_message_age"
    """Seconds, the greatest of the time asked about."""
    UNDELIVERED = "num_undelivered_messages"
    """Messages, the most of the time asked about."""
    DEAD_LETTERS = "dead_letter_message_count"
    """Messages that were given up in the time asked about."""


class Requests(Protocol):
    """Cloud Monitoring."""

    def counts(self, since: datetime, until: datetime) -> Counts:
        """Fetch how many requests each service received; a service without any may be absent."""

    def answers(self, since: datetime, until: datetime) -> Classes:
        """Fetch how many requests each service answered how: ``2xx``, ``5xx`` ..."""

    def subscriptions(self, figure: SubscriptionFigure, since: datetime, until: datetime) -> Counts:
        """Fetch one figure of every subscription of the project that has it."""

    def pushes(self, since: datetime, until: datetime) -> Classes:
        """Fetch how many pushes of each subscription were answered how: ``ack``, ``remote_server_4xx`` ..."""


MONITORING: Source[Requests] = Source("Cloud Monitoring", lambda limits: limits.control_plane, "invocations")


def read_request_counts(reads: Reads, since: datetime, until: datetime) -> Read[Counts]:
    """Ask how many requests each service received."""
    key = f"requests {since.isoformat()} {until.isoformat()}"
    return reads.ask(MONITORING, key, lambda port: port.counts(since, until))


def read_subscription_figure(
    reads: Reads, figure: SubscriptionFigure, since: datetime, until: datetime
) -> Read[Counts]:
    """Ask for one figure of every subscription."""
    key = f"{figure} {since.isoformat()} {until.isoformat()}"
    return reads.ask(MONITORING, key, lambda port: port.subscriptions(figure, since, until))


def read_pushes(reads: Reads, since: datetime, until: datetime) -> Read[Classes]:
    """Ask how the pushes of every subscription were answered."""
    key = f"pushes {since.isoformat()} {until.isoformat()}"
    return reads.ask(MONITORING, key, lambda port: port.pushes(since, until))


def read_answers(reads: Reads, since: datetime, until: datetime) -> Read[Classes]:
    """Ask how every service answered its requests."""
    key = f"answers {since.isoformat()} {until.isoformat()}"
    return reads.ask(MONITORING, key, lambda port: port.answers(since, until))
