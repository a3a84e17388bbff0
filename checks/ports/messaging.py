"""Pub/Sub: who gets the messages of which topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from checks.reads import Read, Reads
from checks.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A Pub/Sub subscription. ``name`` and ``topic`` are short names, without the project.

    ``endpoint`` is the push address, empty for a pull subscription; ``account`` the e-mail of the OIDC token
    that the push carries, empty without one. ``trigger`` is the Eventarc trigger that owns it, empty for none,
    and ``trigger_region`` where that trigger is, empty for the pipeline's region. ``topic`` is
    ``_deleted-topic_`` when its topic is gone, and ``topic_project`` the project of a topic that is another's, empty
    for one of this project. One that is ``detached`` gets nothing of its topic any more; one with a ``filter`` gets
    what matches it.
    """

    name: str
    topic: str
    endpoint: str = ""
    account: str = ""
    audience: str = ""
    trigger: str = ""
    trigger_region: str = ""
    active: bool = True
    topic_project: str = ""
    detached: bool = False
    filter: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


class PubSub(Protocol):
    """Pub/Sub."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Fetch every subscription of the project, ordered by name."""

    def topics(self) -> Sequence[str]:
        """Fetch the short name of every topic of the project, ordered."""


PUBSUB: Source[PubSub] = Source("Pub/Sub", lambda limits: limits.control_plane, "messaging")


def read_subscriptions(reads: Reads) -> Read[Sequence[Subscription]]:
    """Ask for every subscription of the project."""
    return reads.ask(PUBSUB, "subscriptions", lambda port: port.subscriptions())


def read_topics(reads: Reads) -> Read[Sequence[str]]:
    """Ask for every topic of the project."""
    return reads.ask(PUBSUB, "topics", lambda port: port.topics())
