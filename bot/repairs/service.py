"""The one door of repairs: whoever repairs anything, from Slack or from the shell, comes through ``RepairService``."""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.redaction.shown import Secret
from bot.repairs import allowlist, records
from bot.repairs.allowlist import AllowedPlatform, Kinds
from bot.repairs.apply import Applier
from bot.repairs.deploys import RevisionSource, recurrence_of
from bot.repairs.effects import Effect, EffectSeen, next_look, seen_in
from bot.repairs.journal import LOOK_BACK, RepairJournal
from bot.repairs.kind import Proposal, RepairKind, Wanted
from bot.repairs.kinds import KINDS
from bot.repairs.model import (
    LEASE,
    NEVER_WRITTEN,
    RETURNS_WITHIN,
    UNDO_LIVES,
    RepairOutcome,
    RepairPlan,
    RepairRefusal,
    RepairRefusedError,
    RepairRun,
    Verification,
)
from bot.repairs.ports import Platform
from bot.repairs.refusals import plainly
from bot.repairs.seals import Seal, Seals
from bot.store.model import AuditEntry, StateStore
from checks.actions import RepairKey
from checks.model import Report
from checks.pipeline import Pipeline
from checks.source import SourceError

T = TypeVar("T")
R = TypeVar("R")

_logger = logging.getLogger(__name__)

UNSEALED = (
    "What was there before comes from the store alone, and nothing here can tell whether somebody changed it since:"
    " compare the difference."
)
"""The warning where no secret is known that records are sealed with."""

AT_ONCE = 8
"""Repairs of one incident that are made at once."""

Validate = Callable[[Sequence[str]], Report]
"""Runs some checks, by their ids."""


class RepairService:
    """Plans, applies and verifies the repairs that a pipeline file allows. Safe from several threads.

    Every method raises RepairRefusedError and StoreError, and nothing else. ``deploys`` names the deploys that
    undo repairs; ``secret`` seals the records that repairs are undone from; ``pause`` sleeps between two attempts
    at a write; ``kinds`` are the kinds of repairs that it makes.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        platform: Platform,
        store: StateStore,
        validate: Validate,
        deploys: RevisionSource | None = None,
        *,
        secret: Secret | None = None,
        pause: Callable[[float], object] = time.sleep,
        kinds: Kinds = KINDS,
    ) -> None:
        self.pipeline = pipeline
        self._kinds = kinds
        self._platform = AllowedPlatform(pipeline, platform, kinds)
        self._journal = RepairJournal(store, pipeline.name, Seals(secret))
        self._validate = validate
        self._deploys = deploys
        self._applier = Applier(self._journal, pause)

    def offered(self, keys: str) -> tuple[RepairKey, ...]:
        """Return those of the keys, separated by blanks, that the pipeline file allows. Asks nobody."""
        return allowlist.offered(self.pipeline, keys, self._kinds)

    def catalogue(self) -> tuple[RepairKey, ...]:
        """Return everything that may be repaired. Asks nobody."""
        return allowlist.catalogue(self.pipeline, self._kinds)

    def plan(self, key: RepairKey | str, actor: str, now: datetime, members: Sequence[str] = ()) -> RepairPlan:
        """Look, and work out what a repair would change; nothing is written but the record of the plan.

        ``members`` narrows a grant to some of those whom the pipeline file allows.
        """
        key = allowlist.key_of(key, self._kinds) if isinstance(key, str) else key
        allowlist.must_allow(self.pipeline, key, self._kinds)
        kind = self._kind(key, tuple(members))
        with plainly(key.target, kind.permission, kind.thing):
            state = kind.read(key.target)
            proposal = kind.plan(key.target, state)
        plan = replace(_plan(key, proposal, actor, now, kind.fingerprint(state)), members=tuple(members))
        runs = self._journal.runs(now - RETURNS_WITHIN)
        if plan.needed and kind.lasts:
            plan = replace(plan, recurrence=recurrence_of(key, runs, self._deploys))
        entries = self._reconciled(runs, key, kind, state, now)
        # That there was nothing to do is nothing to keep: a deploy step looks with every deploy.
        self._journal.add(*entries, *([records.planned(plan)] if plan.needed else []))
        return plan

    def plan_undo(self, run_id: str, actor: str, now: datetime) -> RepairPlan:
        """Look, and work out how to take a repair back."""
        run, former = self._to_take_back(run_id, now)
        allowlist.must_allow(self.pipeline, run.key, self._kinds)
        kind = self._kind(run.key)
        with plainly(run.key.target, kind.permission, kind.thing):
            state = kind.read(run.key.target)
            proposal = _taken_back(kind, run.key, state, former)
        plan = replace(_plan(run.key, proposal, actor, now, kind.fingerprint(state)), undoes=run.id)
        if self._journal.seal(run_id, now) is Seal.UNKNOWN:
            plan = replace(plan, warnings=(*plan.warnings, UNSEALED))
        self._journal.add(records.planned(plan))
        return plan

    def shown(self, plan_id: str, shown_as: str, alert: str, now: datetime) -> RepairPlan | None:
        """Return a plan of the last hour as a form has shown it for an alert; None for one that is not known.

        ``shown_as`` is what the form carried (``records.shown_as``).
        """
        plan = self._journal.plan(plan_id, now)
        if plan is not None and not hmac.compare_digest(records.shown_as(plan, alert).encode(), shown_as.encode()):
            raise RepairRefusedError(
                RepairRefusal.ALTERED,
                "What the store keeps of this plan is not what was shown. Nothing was written.",
                advice="Open the repair again, and find out who writes to the store of this bot.",
            )
        return plan

    def apply(self, plan: RepairPlan, actor: str, now: datetime) -> RepairRun:
        """Make a repair that ``actor`` has confirmed: once, from the state that the plan saw, and read back."""
        allowlist.must_allow(self.pipeline, plan.key, self._kinds)
        kind = self._kind(plan.key, plan.members)
        target = plan.key.target
        if plan.undoes is None:
            return self._applier.apply(plan, kind, actor, now, lambda state: kind.plan(target, state))
        run, former = self._to_take_back(plan.undoes, now)
        if run.key != plan.key:
            raise RepairRefusedError(RepairRefusal.ALTERED, f"This plan does not take back the repair {run.id}.")
        return self._applier.apply(plan, kind, actor, now, lambda state: _taken_back(kind, plan.key, state, former))

    def verify(self, run: RepairRun, now: datetime) -> Verification:
        """Look once whether the repair has its effect, and say when to look again. Can go on in another process."""
        if run.settled or run.ended_at is None:
            return Verification(run=run, seen=run.detail)
        seen = self._look_at_effect(run)
        later = next_look(run.ended_at, now)
        if seen.effect is Effect.NOT_YET and later is not None:
            return Verification(run=run, next_at=later, seen=seen.words)
        outcome = RepairOutcome.VERIFIED if seen.effect is Effect.THERE else RepairOutcome.UNVERIFIED
        settled = replace(run, outcome=outcome, verified_at=now, detail=seen.words)
        self._journal.add(records.verified(settled))
        return Verification(run=settled, seen=seen.words)

    def proved(self, run: RepairRun, now: datetime) -> RepairRun:
        """Write down that a repair needs no verification: whoever made it has read back what it wrote."""
        settled = replace(run, outcome=RepairOutcome.VERIFIED, verified_at=now)
        self._journal.add(records.verified(settled))
        return settled

    def waiting(self, now: datetime) -> tuple[RepairRun, ...]:
        """Return the repairs whose effect is still to be verified, the oldest first."""
        runs = self._journal.runs(now - LOOK_BACK)
        return tuple(each for each in reversed(runs) if each.outcome is RepairOutcome.APPLIED)

    def reconcile(self, now: datetime) -> tuple[RepairRun, ...]:
        """Find out what became of repairs whose process died in the middle, write it down, and return them.

        What cannot be checked just now stays unfinished for the next time.
        """
        found = []
        for run in self._journal.runs(now - LOOK_BACK):
            if run.unfinished(now):
                kind = self._kind(run.key)
                try:
                    holds = _is_there(kind, kind.read(run.key.target), run.plan.wanted)
                except RepairRefusedError as error:
                    found.append(replace(run, outcome=RepairOutcome.FAILED, ended_at=now, detail=error.text))
                except SourceError as error:
                    _logger.warning("what became of %s could not be looked up: %s", run.key, error)
                else:
                    found.append(_reconciled(run, now, holds=holds))
        self._journal.add(*map(records.ended, found))
        return tuple(found)

    def run(self, run_id: str, now: datetime) -> RepairRun | None:
        """Return a repair of the last two days."""
        return self._journal.run(run_id, now)

    def runs(self, since: datetime) -> tuple[RepairRun, ...]:
        """Return the repairs that began since, the newest first."""
        return self._journal.runs(since)

    def plan_all(
        self, keys: Iterable[RepairKey | str], actor: str, now: datetime
    ) -> tuple[RepairPlan | RepairRefusedError, ...]:
        """Plan several repairs at once, each alone in its trouble."""
        return _at_once(lambda key: self.plan(key, actor, now), keys)

    def apply_all(
        self, plans: Iterable[RepairPlan], actor: str, now: datetime
    ) -> tuple[RepairRun | RepairRefusedError, ...]:
        """Make several repairs at once, each alone in its trouble."""
        return _at_once(lambda plan: self.apply(plan, actor, now), plans)

    def verify_all(self, runs: Iterable[RepairRun], now: datetime) -> tuple[Verification | RepairRefusedError, ...]:
        """Look at the effect of several repairs at once."""
        return _at_once(lambda run: self.verify(run, now), runs)

    def _to_take_back(self, run_id: str, now: datetime) -> tuple[RepairRun, Wanted]:
        """Return a repair that can be taken back, with what was there before it."""
        run, seal = self._journal.run(run_id, now), self._journal.seal(run_id, now)
        if seal is Seal.BROKEN or (run is not None and seal is Seal.MISSING):
            raise RepairRefusedError(
                RepairRefusal.ALTERED,
                "The record of this repair was changed since, or written by a process without this bot's token: what "
                "was there before is not certain, and nothing is taken back.",
                advice="Plan the repair that you want instead.",
            )
        if run is None or not run.undoable(now) or run.plan.former is None or now > run.begun_at + LEASE + UNDO_LIVES:
            by = run.undone_by if run is not None else None
            raise RepairRefusedError(RepairRefusal.NOT_POSSIBLE, _why_not_undoable(run, now), by=by or "")
        return run, run.plan.former

    def _kind(self, key: RepairKey, members: tuple[str, ...] = ()) -> RepairKind[Any]:
        return allowlist.kind_of(key, self._kinds)(self.pipeline, self._platform, members)

    def _look_at_effect(self, run: RepairRun) -> EffectSeen:
        kind = self._kind(run.key)
        if kind.checks and run.plan.undoes is None:
            return seen_in(self._validate(kind.checks), kind.checks, run.key.target)
        try:
            state = kind.read(run.key.target)
        except (SourceError, RepairRefusedError) as error:
            return EffectSeen(Effect.NOT_YET, f"It could not be checked: {error}.")
        held = _is_there(kind, state, run.plan.wanted)
        return kind.verify(state, held=held)

    def _reconciled(
        self, runs: Iterable[RepairRun], key: RepairKey, kind: RepairKind[Any], state: Any, now: datetime
    ) -> list[AuditEntry]:
        return [
            records.ended(_reconciled(run, now, holds=_is_there(kind, state, run.plan.wanted)))
            for run in runs
            if run.key == key and run.unfinished(now)
        ]


def _plan(key: RepairKey, proposal: Proposal, actor: str, now: datetime, fingerprint: str) -> RepairPlan:
    return RepairPlan(
        id=secrets.token_hex(8),
        key=key,
        actor=actor,
        created_at=now,
        title=proposal.title,
        changes=proposal.changes,
        command=proposal.command,
        fingerprint=fingerprint,
        wanted=proposal.wanted,
        former=proposal.former,
        warnings=proposal.warnings,
    )


def _taken_back(kind: RepairKind[Any], key: RepairKey, state: Any, former: Wanted) -> Proposal:
    try:
        return kind.undo(key.target, state, former)
    except _UNREADABLE as error:
        raise RepairRefusedError(
            RepairRefusal.ALTERED, f"What was there before the repair of {key.target} cannot be read from its record."
        ) from error


def _is_there(kind: RepairKind[Any], state: Any, wanted: Wanted) -> bool:
    """Whether what a record says is so; what nobody can read in it is not."""
    try:
        return kind.holds(state, wanted)
    except _UNREADABLE:
        return False


_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What a kind raises for a state in a record that it never wrote."""


def _reconciled(run: RepairRun, now: datetime, *, holds: bool) -> RepairRun:
    words = "What it was to bring about is there: it was written before its process ended." if holds else NEVER_WRITTEN
    return replace(run, outcome=RepairOutcome.APPLIED if holds else RepairOutcome.FAILED, ended_at=now, detail=words)


def _why_not_undoable(run: RepairRun | None, now: datetime) -> str:
    if run is None:
        return "There is no such repair within the last two days."
    if run.undone_by is not None:
        return "It was taken back already."
    if run.plan.undoes is not None:
        return f"This took a repair back; plan {run.key} again instead."
    if run.plan.former is None:
        return f"{run.plan.title}: that cannot be taken back."
    if run.outcome is RepairOutcome.BEGUN and not run.unfinished(now):
        return "It is still under way."
    if run.ended_at is not None and run.ended_at < now - timedelta(days=1):
        return "It is older than a day: what it changed may be relied on by now."
    return "Nothing of it was written, so there is nothing to take back."


def _at_once(work: Callable[[T], R], items: Iterable[T]) -> tuple[R | RepairRefusedError, ...]:
    def alone(item: T) -> R | RepairRefusedError:
        try:
            return work(item)
        except RepairRefusedError as error:
            return error

    chosen = list(items)
    with ThreadPoolExecutor(max_workers=max(1, min(AT_ONCE, len(chosen)))) as pool:
        return tuple(pool.map(alone, chosen))
