"""What the store remembers of repairs, and what it is asked to remember. Every method raises StoreError."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.repairs import records
from bot.repairs.model import UNDO_LIVES, RepairPlan, RepairRun
from bot.repairs.seals import Seal, Seals
from bot.store.model import AuditEntry, Changes, StateStore
from checks.actions import RepairKey

AT_MOST = 5_000
"""Records that are read at once; two days of an eager team are some hundreds."""

LOOK_BACK = UNDO_LIVES * 2
"""How far back a run is looked for: an undo is offered for a day, and its run may have begun a while before."""

PIPELINE = "pipeline"
"""Whose repair it is, in the details of its records."""

_logger = logging.getLogger(__name__)


class RepairJournal:
    """The audit, read and written; ``pipeline`` keeps the leases and the records of two pipelines in one store apart.

    The records that a repair is taken back from are sealed.
    """

    def __init__(self, store: StateStore, pipeline: str, seals: Seals) -> None:
        self._store = store
        self._pipeline = pipeline
        self._seals = seals

    def add(self, *entries: AuditEntry) -> None:
        """Write records; one that is there already stays as it is."""
        if entries:
            ours = [replace(each, details={**each.details, PIPELINE: self._pipeline}) for each in entries]
            sealed = [self._seals.sealed(each) if each.action == records.BEGUN else each for each in ours]
            self._store.commit(Changes(audit=sealed))

    def seal(self, run_id: str, now: datetime) -> Seal:
        """Say whether the beginning of a run is what this bot wrote."""
        found = self._entry(run_id, records.BEGUN, now - LOOK_BACK)
        return Seal.MISSING if found is None else self._seals.judge(found)

    def entries(self, since: datetime) -> Sequence[AuditEntry]:
        """Return the records since an instant, the newest first."""
        return [each for each in self._store.audit(since, AT_MOST) if self._is_ours(each)]

    def runs(self, since: datetime) -> tuple[RepairRun, ...]:
        """Return the runs that began since, the newest first; none from a record that somebody changed."""
        return records.runs_of(each for each in self.entries(since) if not self._is_altered(each))

    def run(self, run_id: str, now: datetime) -> RepairRun | None:
        """Return a run of the last two days, None when there is no such run."""
        return next((each for each in self.runs(now - LOOK_BACK) if each.id == run_id), None)

    def plan(self, plan_id: str, now: datetime) -> RepairPlan | None:
        """Return a plan of the last hour, None when there is no such plan."""
        found = self._entry(plan_id, records.PLANNED, now - timedelta(hours=1))
        return None if found is None else records.plan_in([found], plan_id)

    def _entry(self, plan_id: str, action: str, since: datetime) -> AuditEntry | None:
        """Return the one record of a step: two days of records are not read for it."""
        found = self._store.audit_entry(records.key_of_step(plan_id, action))
        return found if found is not None and found.at >= since and self._is_ours(found) else None

    def _is_ours(self, entry: AuditEntry) -> bool:
        """Whether a record is of this pipeline; one of a former version says nothing of it, and is."""
        return entry.details.get(PIPELINE) in (None, self._pipeline)

    def acquire(self, key: RepairKey, owner: str, now: datetime, until: datetime) -> bool:
        """Take the lease of a repair: one at a time, whoever makes it."""
        return self._store.acquire(self._lease(key), owner, now, until)

    def release(self, key: RepairKey, owner: str) -> None:
        """Give the lease back."""
        self._store.release(self._lease(key), owner)

    def first_time(self, plan: RepairPlan, now: datetime) -> bool:
        """Use a plan up; True for exactly one caller."""
        return self._store.first_time(f"repair:{plan.id}", now)

    def _is_altered(self, entry: AuditEntry) -> bool:
        altered = entry.action == records.BEGUN and self._seals.judge(entry) is Seal.BROKEN
        if altered:
            _logger.error("somebody changed the record %s in the store; it is not used", entry.key)
        return altered

    def _lease(self, key: RepairKey) -> str:
        return f"repair:{self._pipeline}:{key}"
