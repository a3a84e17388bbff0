"""The static audit of the repository's deploy scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from checks.reads import Read, Reads
from checks.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """A violation of a rule of the deployment audit; ``line`` and ``column`` count from one."""

    rule: str
    path: str
    line: int
    column: int
    message: str
    fix: str
    severity: str


class DeploymentAudit(Protocol):
    """The static audit of the repository's deploy scripts."""

    def violations(self) -> Sequence[AuditFinding]:
        """Audit the repository as it is now."""


AUDIT: Source[DeploymentAudit] = Source("the deployment audit", lambda _: 1, "deployment")


def read_violations(reads: Reads) -> Read[Sequence[AuditFinding]]:
    """Ask for the violations that the audit finds."""
    return reads.ask(AUDIT, "audit", lambda port: port.violations())
