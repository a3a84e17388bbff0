"""What repairs have changed, for the causes: an undo takes away as a deploy does, and who asked for it is known."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from bot.repairs.allowlist import kind_of
from bot.repairs.journal import LOOK_BACK, RepairJournal
from bot.repairs.kinds import KINDS
from bot.repairs.model import RepairOutcome, RepairRefusedError, RepairRun
from bot.repairs.seals import Seals
from bot.repairs.words import named
from bot.store.model import StateStore, StoreError
from checks.facts.logs import LoggedChange

_WRITTEN = frozenset({RepairOutcome.APPLIED, RepairOutcome.VERIFIED, RepairOutcome.UNVERIFIED})

log = logging.getLogger(__name__)


def own_changes(store: StateStore, pipeline: str, now: datetime) -> tuple[LoggedChange, ...]:
    """Return what the repairs of the last days changed; nothing where the store is down."""
    try:
        runs = RepairJournal(store, pipeline, Seals(None)).runs(now - LOOK_BACK)
    except StoreError as error:
        log.warning("the repairs of the last days are not known: %s", error)
        return ()
    return tuple(change for run in runs for change in _changes(run))


def _changes(run: RepairRun) -> Iterator[LoggedChange]:
    if run.outcome not in _WRITTEN or run.ended_at is None:
        return
    try:
        found = kind_of(run.key, KINDS).changed(run.key.target, run.plan.wanted)
    except (RepairRefusedError, KeyError, TypeError) as error:
        log.warning("what the repair %s changed cannot be read: %s", run.id, error)
        return
    if found is not None:
        place, grants = found
        yield LoggedChange(place=place, at=run.ended_at, verb="changed", actor=named(run.actor), grants=grants)
