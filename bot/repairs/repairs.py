"""The one door of repairs: whoever repairs anything, from Slack or from the shell, comes through ``Repairs``."""

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
from bot.repairs import bounds, records
from bot.repairs.allowlist import AllowedPlatform
from bot.repairs.applying import Applying
from bot.repairs.deploys import Deploys, recurrence_of
from bot.repairs.effects import Effect, Seen, next_look, seen_in, seen_of
from bot.repairs.history import LOOK_BACK, History
from bot.repairs.kinds import remedy_of
from bot.repairs.model import (
    LEASE,
    NEVER_WRITTEN,
    RETURNS_WITHIN,
    UNDO_LIVES,
    Kind,
    Outcome,
    Plan,
    Refusal,
    RepairKey,
    RepairRefusedError,
    Run,
    Verification,
)
from bot.repairs.ports import Platform
from bot.repairs.refusals import plainly
from bot.repairs.remedies import Proposal, Remedy, Wanted
from bot.repairs.seals import Seal, Seals
from bot.store.model import AuditEntry, StateStore
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


class Repairs:
    """Plans, applies and verifies the repairs that a pipeline file allows. Safe from several threads.

    Every method raises RepairRefusedError and StoreError, and nothing else. ``deploys`` names the deploys that
    undo repairs; ``secret`` seals the records that repairs are taken back from; ``pause`` sleeps between two attempts
    at a write.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        platform: Platform,
        store: StateStore,
        validate: Validate,
        deploys: Deploys | None = None,
        *,
        secret: Secret | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self.pipeline = pipeline
        self._platform = AllowedPlatform(pipeline, platform)
        self._history = History(store, pipeline.name, Seals(secret))
        self._validate = validate
        self._deploys = deploys
        self._applying = Applying(self._history, pause)

    def offered(self, keys: str) -> tuple[RepairKey, ...]:
        """Return those of the keys, separated by blanks, that the pipeline file allows. Asks nobody."""
        return bounds.offered(self.pipeline, keys)

    def catalogue(self) -> tuple[RepairKey, ...]:
        """Return everything that may be repaired. Asks nobody."""
        return bounds.catalogue(self.pipeline)

    def plan(self, key: RepairKey | str, actor: str, now: datetime, members: Sequence[str] = ()) -> Plan:
        """Look, and work out what a repair would change; nothing is written but the record of the plan.

        ``members`` narrows a grant to some of those whom the pipeline file allows.
        """
        key = bounds.key_of(key) if isinstance(key, str) else key
        bounds.must_allow(self.pipeline, key)
        remedy = self._remedy(key, tuple(members))
        with plainly(key, remedy.permission):
            state = remedy.look(key.target)
            proposal = remedy.propose(key.target, state)
        plan = replace(_plan(key, proposal, actor, now, remedy.fingerprint(state)), members=tuple(members))
        runs = self._history.runs(now - RETURNS_WITHIN)
        if plan.needed and key.kind is not Kind.RUN_JOB:
            plan = replace(plan, recurrence=recurrence_of(key, runs, self._deploys))
        entries = self._reconciled(runs, key, remedy, state, now)
        # That there was nothing to do is nothing to keep: a deploy step looks with every deploy.
        self._history.add(*entries, *([records.planned(plan)] if plan.needed else []))
        return plan

    def plan_undo(self, run_id: str, actor: str, now: datetime) -> Plan:
        """Look, and work out how to take a repair back."""
        run, former = self._to_take_back(run_id, now)
        bounds.must_allow(self.pipeline, run.key)
        remedy = self._remedy(run.key)
        with plainly(run.key, remedy.permission):
            state = remedy.look(run.key.target)
            proposal = _taken_back(remedy, run.key, state, former)
        plan = replace(_plan(run.key, proposal, actor, now, remedy.fingerprint(state)), undoes=run.id)
        if self._history.seal(run_id, now) is Seal.UNKNOWN:
            plan = replace(plan, warnings=(*plan.warnings, UNSEALED))
        self._history.add(records.planned(plan))
        return plan

    def shown(self, plan_id: str, shown_as: str, alert: str, now: datetime) -> Plan | None:
        """Return a plan of the last hour as a form has shown it for an alert; None for one that is not known.

        ``shown_as`` is what the form carried (``records.shown_as``).
        """
        plan = self._history.plan(plan_id, now)
        if plan is not None and not hmac.compare_digest(records.shown_as(plan, alert).encode(), shown_as.encode()):
            raise RepairRefusedError(
                Refusal.ALTERED,
                "What the store keeps of this plan is not what was shown. Nothing was written.",
                advice="Open the repair again, and find out who writes to the store of this bot.",
            )
        return plan

    def apply(self, plan: Plan, actor: str, now: datetime) -> Run:
        """Make a repair that ``actor`` has confirmed: once, from the state that the plan saw, and read back."""
        bounds.must_allow(self.pipeline, plan.key)
        remedy = self._remedy(plan.key, plan.members)
        target = plan.key.target
        if plan.undoes is None:
            return self._applying.apply(plan, remedy, actor, now, lambda state: remedy.propose(target, state))
        run, former = self._to_take_back(plan.undoes, now)
        if run.key != plan.key:
            raise RepairRefusedError(Refusal.ALTERED, f"This plan does not take back the repair {run.id}.")
        return self._applying.apply(
            plan, remedy, actor, now, lambda state: _taken_back(remedy, plan.key, state, former)
        )

    def verify(self, run: Run, now: datetime) -> Verification:
        """Look once whether the repair has its effect, and say when to look again. Can go on in another process."""
        if run.settled or run.ended_at is None:
            return Verification(run=run, seen=run.detail)
        seen = self._look_at_effect(run)
        later = next_look(run.ended_at, now)
        if seen.effect is Effect.NOT_YET and later is not None:
            return Verification(run=run, next_at=later, seen=seen.words)
        outcome = Outcome.VERIFIED if seen.effect is Effect.THERE else Outcome.UNVERIFIED
        settled = replace(run, outcome=outcome, verified_at=now, detail=seen.words)
        self._history.add(records.verified(settled))
        return Verification(run=settled, seen=seen.words)

    def proved(self, run: Run, now: datetime) -> Run:
        """Write down that a repair needs no verification: whoever made it has read back what it wrote."""
        settled = replace(run, outcome=Outcome.VERIFIED, verified_at=now)
        self._history.add(records.verified(settled))
        return settled

    def waiting(self, now: datetime) -> tuple[Run, ...]:
        """Return the repairs whose effect is still to be verified, the oldest first."""
        runs = self._history.runs(now - LOOK_BACK)
        return tuple(each for each in reversed(runs) if each.outcome is Outcome.APPLIED)

    def reconcile(self, now: datetime) -> tuple[Run, ...]:
        """Find out what became of repairs whose process died in the middle, write it down, and return them.

        What cannot be looked at just now stays unfinished for the next time.
        """
        found = []
        for run in self._history.runs(now - LOOK_BACK):
            if run.unfinished(now):
                remedy = self._remedy(run.key)
                try:
                    holds = _is_there(remedy, remedy.look(run.key.target), run.plan.wanted)
                except RepairRefusedError as error:
                    found.append(replace(run, outcome=Outcome.FAILED, ended_at=now, detail=error.text))
                except SourceError as error:
                    _logger.warning("what became of %s could not be looked up: %s", run.key, error)
                else:
                    found.append(_reconciled(run, now, holds=holds))
        self._history.add(*map(records.ended, found))
        return tuple(found)

    def run(self, run_id: str, now: datetime) -> Run | None:
        """Return a repair of the last two days."""
        return self._history.run(run_id, now)

    def runs(self, since: datetime) -> tuple[Run, ...]:
        """Return the repairs that began since, the newest first."""
        return self._history.runs(since)

    def plan_all(
        self, keys: Iterable[RepairKey | str], actor: str, now: datetime
    ) -> tuple[Plan | RepairRefusedError, ...]:
        """Plan several repairs at once, each alone in its trouble."""
        return _at_once(lambda key: self.plan(key, actor, now), keys)

    def apply_all(self, plans: Iterable[Plan], actor: str, now: datetime) -> tuple[Run | RepairRefusedError, ...]:
        """Make several repairs at once, each alone in its trouble."""
        return _at_once(lambda plan: self.apply(plan, actor, now), plans)

    def verify_all(self, runs: Iterable[Run], now: datetime) -> tuple[Verification | RepairRefusedError, ...]:
        """Look at the effect of several repairs at once."""
        return _at_once(lambda run: self.verify(run, now), runs)

    def _to_take_back(self, run_id: str, now: datetime) -> tuple[Run, Wanted]:
        """Return a repair that can be taken back, with what was there before it."""
        run, seal = self._history.run(run_id, now), self._history.seal(run_id, now)
        if seal is Seal.BROKEN or (run is not None and seal is Seal.MISSING):
            raise RepairRefusedError(
                Refusal.ALTERED,
                "The record of this repair was changed since, or written by a process without this bot's token: what "
                "was there before is not certain, and nothing is taken back.",
                advice="Plan the repair that you want instead.",
            )
        if run is None or not run.undoable(now) or run.plan.former is None or now > run.begun_at + LEASE + UNDO_LIVES:
            raise RepairRefusedError(Refusal.NOT_POSSIBLE, _why_not_undoable(run, now))
        return run, run.plan.former

    def _remedy(self, key: RepairKey, members: tuple[str, ...] = ()) -> Remedy[Any]:
        return remedy_of(key, self.pipeline, self._platform, members)

    def _look_at_effect(self, run: Run) -> Seen:
        remedy = self._remedy(run.key)
        if remedy.checks and run.plan.undoes is None:
            return seen_in(self._validate(remedy.checks), remedy.checks, run.key.target)
        try:
            state = remedy.look(run.key.target)
        except (SourceError, RepairRefusedError) as error:
            return Seen(Effect.NOT_YET, f"It could not be looked at: {error}.")
        held = _is_there(remedy, state, run.plan.wanted)
        if run.key.kind is Kind.RUN_JOB:
            return seen_of(state, attempted=held)
        return Seen(Effect.THERE, "Everything is as it was before.") if held else Seen(Effect.NOT_YET, "Not yet.")

    def _reconciled(
        self, runs: Iterable[Run], key: RepairKey, remedy: Remedy[Any], state: Any, now: datetime
    ) -> list[AuditEntry]:
        return [
            records.ended(_reconciled(run, now, holds=_is_there(remedy, state, run.plan.wanted)))
            for run in runs
            if run.key == key and run.unfinished(now)
        ]


def _plan(key: RepairKey, proposal: Proposal, actor: str, now: datetime, fingerprint: str) -> Plan:
    return Plan(
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


def _taken_back(remedy: Remedy[Any], key: RepairKey, state: Any, former: Wanted) -> Proposal:
    try:
        return remedy.take_back(key.target, state, former)
    except _UNREADABLE as error:
        raise RepairRefusedError(
            Refusal.ALTERED, f"What was there before the repair of {key.target} cannot be read from its record."
        ) from error


def _is_there(remedy: Remedy[Any], state: Any, wanted: Wanted) -> bool:
    """Whether what a record says is so; what nobody can read in it is not."""
    try:
        return remedy.holds(state, wanted)
    except _UNREADABLE:
        return False


_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What a kind raises for a state in a record that it never wrote."""


def _reconciled(run: Run, now: datetime, *, holds: bool) -> Run:
    words = "What it was to bring about is there: it was written before its process ended." if holds else NEVER_WRITTEN
    return replace(run, outcome=Outcome.APPLIED if holds else Outcome.FAILED, ended_at=now, detail=words)


def _why_not_undoable(run: Run | None, now: datetime) -> str:
    if run is None:
        return "There is no such repair within the last two days."
    if run.undone_by is not None:
        return f"It was taken back already, by {run.undone_by}."
    if run.plan.undoes is not None:
        return f"This took a repair back; plan {run.key} again instead."
    if run.plan.former is None:
        return f"{run.plan.title}: that cannot be taken back."
    if run.outcome is Outcome.BEGUN and not run.unfinished(now):
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
