"""How far a service is behind the repository: pure, and each result has a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from checks.control_plane.touched import Touched, touched
from checks.control_plane_spec import Deployment
from checks.model import Severity
from checks.ports.repository import Commit
from checks.ports.services import Revision, Service
from checks.services_spec import ServiceSpec

LABEL, VARIABLE = "commit-sha", "BUILD_COMMIT"

_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}")
"""Shorter ones are words such as "dead" or "beef", or too short to be one commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedCommit:
    """Which commit runs, and how that is known; without one, ``at`` is the time of the deploy."""

    commit: str = ""
    at: datetime | None = None
    basis: Literal["label", "variable", "time", "nothing"]


def stated_commits(of: Service | Revision) -> Iterator[tuple[Literal["label", "variable"], str]]:
    """Yield the commits that a service or revision says that it was built from, the most certain first."""
    label, variable = of.labels.get(LABEL, "").strip(), of.environment.get(VARIABLE, "").strip()
    if _COMMIT.fullmatch(label):
        yield "label", label.lower()
    if _COMMIT.fullmatch(variable):
        yield "variable", variable.lower()


def deployed(service: Service) -> DeployedCommit:
    """Return what a service says of the commit that it was built from."""
    for basis, commit in stated_commits(service):
        return DeployedCommit(commit=commit, at=service.deployed_at, basis=basis)
    return DeployedCommit(at=service.deployed_at, basis="time" if service.deployed_at is not None else "nothing")


def distance(behind: Touched, bounds: Deployment) -> tuple[str, Severity | None]:
    """Return the code for how far behind a service is, and how loud that is."""
    count = len(behind.code)
    if count >= bounds.block:
        return "behind", Severity.P0
    if count >= bounds.act:
        return "behind", Severity.P1
    if count >= bounds.watch:
        return "behind", Severity.P2
    if count:
        return "tolerated", None
    return ("documentation-behind", Severity.P3) if behind.documentation else ("up-to-date", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSeen:
    """What was looked at for one service. ``commits`` None means that the repository does not know the commit."""

    state: DeployedCommit
    head: Commit
    commits: Sequence[Commit] | None
    missing: tuple[str, ...] = ()


def verdict(seen: DriftSeen, spec: ServiceSpec, bounds: Deployment) -> tuple[str, Severity | None, Touched]:
    """Return the code for one service, how loud it is, and the commits that it lacks."""
    behind = touched(seen.commits or (), spec.source, bounds.documentation)
    code, severity = distance(behind, bounds)
    if severity is not None and severity < Severity.P2:
        return code, severity, behind
    # Whatever else is known is less than this: a part of the source, or all of it, cannot be compared.
    if seen.missing:
        return "source-missing", Severity.P2, behind
    if seen.state.basis == "nothing":
        return "commit-unstated", Severity.P2, behind
    if seen.commits is None:
        return "commit-unknown", Severity.P2, behind
    return code, severity, behind
