"""Resource Manager: the project's policy, which services inherit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from checks.reads import Read, Reads
from checks.source import Source


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


class Policies(Protocol):
    """Resource Manager."""

    def project_policy(self) -> Policy:
        """Read the project's policy."""


RESOURCE_MANAGER: Source[Policies] = Source("Resource Manager", lambda limits: limits.control_plane, "services")


def read_project_policy(reads: Reads) -> Read[Policy]:
    """Ask for the project's IAM policy."""
    return reads.ask(RESOURCE_MANAGER, "project policy", lambda port: port.project_policy())
