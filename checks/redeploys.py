"""Which redeploy came between "it worked" and "it does not": the revisions of a service against an instant.

The check ``environment-change`` puts the latest revisions of every service into its evidence, and whoever looks
for a cause asks here which of them came after the last good trigger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.model import Evidence, Scalar
from checks.ports.services import Revision

LATEST_REVISIONS = 5
"""Revisions that are looked at: several deploys may have followed the one that broke something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeploy:
    """The first revision that is known to have come after an instant.

    ``certain`` is False when every revision that was looked at came after: there may have been earlier ones.
    ``later`` counts those that followed it.
    """

    revision: str
    at: datetime
    by: str = ""
    later: int = 0
    certain: bool = True


def evidence_of(revisions: Sequence[Revision]) -> dict[str, Scalar]:
    """Return revisions, the newest first, as evidence: ``revision_1`` with ``_at`` and ``_by``, ``revision_2``, …"""
    evidence: dict[str, Scalar] = {}
    for number, revision in enumerate(revisions[:LATEST_REVISIONS], start=1):
        evidence |= {
            f"revision_{number}": revision.name,
            f"revision_{number}_at": revision.created_at,
            f"revision_{number}_by": revision.created_by,
        }
    return evidence


def first_after(evidence: Evidence, instant: datetime) -> Redeploy | None:
    """Return the first revision in the evidence that came after an instant, None when none did."""
    found = list(_revisions(evidence))
    after = sorted((each for each in found if each.at > instant), key=lambda each: each.at)
    if not after:
        return None
    first = after[0]
    # A list that is shorter than what was asked for is all there is.
    complete = len(found) < LATEST_REVISIONS or len(after) < len(found)
    return Redeploy(revision=first.revision, at=first.at, by=first.by, later=len(after) - 1, certain=complete)


def _revisions(evidence: Mapping[str, Scalar]) -> Sequence[Redeploy]:
    found: list[Redeploy] = []
    for number in range(1, LATEST_REVISIONS + 1):
        name, at, by = (evidence.get(f"revision_{number}{part}") for part in ("", "_at", "_by"))
        if isinstance(name, str) and isinstance(at, datetime):
            found.append(Redeploy(revision=name, at=at, by=str(by or "")))
    return found
