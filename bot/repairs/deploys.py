"""Which deploy undoes a repair: the first revision after it, who made it, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.repairs.model import Recurrence, RepairOutcome, RepairRun
from checks.actions import RepairKey
from checks.ports.services import Revision, Service
from checks.source import SourceError

LOOKED_AT = 10
"""Revisions that are looked through; more within a day are a deploy in a loop."""


class RevisionSource(Protocol):
    """What is asked of Cloud Run; ``checks.ports.ControlPlane`` answers it. Raises SourceError."""

    def revisions(self, service: str, limit: int) -> Sequence[Revision]: ...

    def service(self, name: str) -> Service | None: ...


def recurrence_of(key: RepairKey, runs: Iterable[RepairRun], deploys: RevisionSource | None) -> Recurrence | None:
    """Return what is known of who undoes a repair; None when it was not made lately. ``runs`` come newest first."""
    last = next((run for run in runs if run.key == key and _lasted(run)), None)
    if last is None or last.ended_at is None:
        return None
    recurrence = Recurrence(repaired_at=last.ended_at, repaired_by=last.actor)
    if deploys is None:
        return recurrence
    try:
        return _with_deploy(recurrence, key.target, last.ended_at, deploys)
    except SourceError:
        # The repair itself does not depend on it.
        return recurrence


def _lasted(run: RepairRun) -> bool:
    """Whether a run changed something that nobody took back on purpose."""
    done = run.outcome in (RepairOutcome.APPLIED, RepairOutcome.VERIFIED, RepairOutcome.UNVERIFIED)
    return done and run.undone_by is None and run.plan.undoes is None


def _with_deploy(recurrence: Recurrence, service: str, repaired_at: datetime, deploys: RevisionSource) -> Recurrence:
    later = [each for each in deploys.revisions(service, LOOKED_AT) if each.created_at > repaired_at]
    if later:
        first = min(later, key=lambda each: each.created_at)
        return replace(recurrence, revision=first.name, deployed_at=first.created_at, deployed_by=first.created_by)
    found = deploys.service(service)
    if found is None or found.deployed_at is None or found.deployed_at <= repaired_at:
        return recurrence
    return replace(
        recurrence,
        revision=found.latest_created_revision,
        deployed_at=found.deployed_at,
        deployed_by=found.deployed_by,
    )
