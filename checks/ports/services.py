"""Cloud Run: services, their revisions and policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from checks.ports.policies import Policy
from checks.reads import Read, Reads
from checks.source import Source

SECRET = "<secret>"  # noqa: S105 - the mark that replaces a secret, not one


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision of a service; ``environment`` as in ``Service``."""

    name: str
    service: str
    created_at: datetime
    created_by: str = ""
    ready: bool = True
    image: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)


class ControlPlane(Protocol):
    """Cloud Run."""

    def service(self, name: str) -> Service | None:
        """Read a service; None when it does not exist."""

    def services(self) -> Sequence[Service]:
        """Read every service of the region, ordered by name."""

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        """Read the latest revisions of a service, the newest first."""

    def service_policy(self, name: str) -> Policy | None:
        """Read a service's own policy; None when the service does not exist."""


CLOUD_RUN: Source[ControlPlane] = Source("Cloud Run", lambda limits: limits.control_plane, "services")


def read_services(reads: Reads) -> Read[Sequence[Service]]:
    """Ask for every service of the region."""
    return reads.ask(CLOUD_RUN, "services", lambda port: port.services())


def read_service(reads: Reads, name: str) -> Read[Service | None]:
    """Ask for a service: all of them come in one list, so that each costs no question of its own."""
    return reads.ask(
        CLOUD_RUN,
        "services",
        lambda port: port.services(),
        lambda answer: next((each for each in answer if each.name == name), None),
    )


def read_service_policy(reads: Reads, name: str) -> Read[Policy | None]:
    """Ask for a service's own IAM policy."""
    return reads.ask(CLOUD_RUN, f"policy {name}", lambda port: port.service_policy(name))


def read_revisions(reads: Reads, service: str, limit: int) -> Read[Sequence[Revision]]:
    """Ask for the latest revisions of a service, the newest first."""
    return reads.ask(CLOUD_RUN, f"revisions {service} {limit}", lambda port: port.revisions(service, limit))
