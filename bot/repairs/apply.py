"""Applying a plan: once, by one person, from the state that was confirmed, recorded before and after."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.repairs import records
from bot.repairs.journal import RepairJournal
from bot.repairs.kind import Proposal, RepairKind
from bot.repairs.model import LEASE, RepairOutcome, RepairPlan, RepairRefusal, RepairRefusedError, RepairRun
from bot.repairs.ports import WriteConflictError
from bot.repairs.refusals import refusal_of
from bot.store.model import AuditEntry, StoreError
from checks.source import UNANSWERED, SourceError

ATTEMPTS = 5
"""Times that something is read and written again while somebody else writes it, too."""

FIRST_PAUSE = 0.05
"""Seconds before the second attempt; each further one waits twice as long."""

NOT_READ_BACK = "Written; it could not be read back"
"""Begins the detail of a run whose write nobody has seen in place: it is applied, and not proved."""

_logger = logging.getLogger(__name__)


class Applier:
    """Applies plans; ``pause`` sleeps for so many seconds."""

    def __init__(self, journal: RepairJournal, pause: Callable[[float], object]) -> None:
        self._journal = journal
        self._pause = pause

    def apply(
        self, plan: RepairPlan, kind: RepairKind[Any], actor: str, now: datetime, propose: Callable[[Any], Proposal]
    ) -> RepairRun:
        """Apply a plan. Raises RepairRefusedError; the refusal stands in the audit.

        ``propose`` plans again from the state that is there: what it says is written, or nothing.
        """
        owner = f"{plan.id}:{secrets.token_hex(4)}"
        try:
            if not self._journal.acquire(plan.key, owner, now, now + LEASE):
                busy = RepairRefusedError(
                    RepairRefusal.BUSY,
                    f"Somebody is making this repair of {plan.key.target} right now. Check again shortly.",
                )
                self._remember(records.refused(plan, actor, now, busy.refusal, busy.text))
                raise busy
        except StoreError as error:
            raise _not_recorded(error) from error
        try:
            return self._alone(plan, kind, actor, now, propose)
        except RepairRefusedError as error:
            self._remember(records.refused(plan, actor, now, error.refusal, error.text))
            raise
        finally:
            self._release(plan, owner)

    def _alone(
        self, plan: RepairPlan, kind: RepairKind[Any], actor: str, now: datetime, propose: Callable[[Any], Proposal]
    ) -> RepairRun:
        began = time.monotonic()
        _must_be_young(plan, now)
        try:
            fresh = self._journal.first_time(plan, now)
        except StoreError as error:
            raise _not_recorded(error) from error
        if not fresh:
            raise RepairRefusedError(RepairRefusal.USED, "This plan was applied already; each is applied once.")
        state = self._look(plan, kind)
        run = RepairRun(plan=plan, actor=actor, begun_at=now)
        done = kind.holds(state, plan.wanted) and kind.fingerprint(state) != plan.fingerprint
        if not done and kind.fingerprint(state) != plan.fingerprint:
            raise _changed(plan)
        if not done and plan.needed:
            _must_be_the_same(plan, propose(state))
        try:
            self._journal.add(records.begun(plan, actor, now))
        except StoreError as error:
            raise _not_recorded(error) from error

        def ended(outcome: RepairOutcome, detail: str) -> RepairRun:
            at = now + timedelta(seconds=time.monotonic() - began)
            end = replace(run, outcome=outcome, ended_at=at, detail=detail)
            return replace(end, recorded=self._remember(records.ended(end)))

        if done or not plan.needed:
            return ended(
                RepairOutcome.ALREADY, "Somebody else had done it in the meantime." if done else "It was so already."
            )
        try:
            detail = self._written(plan, kind, state)
        except RepairRefusedError as error:
            ended(RepairOutcome.FAILED, error.text)
            raise
        return ended(
            RepairOutcome.ALREADY if detail is None else RepairOutcome.APPLIED, detail or "Somebody else did the same."
        )

    def _written(self, plan: RepairPlan, kind: RepairKind[Any], state: Any) -> str | None:
        """Write, read back, and return what there is to say; None when somebody else was faster."""
        for attempt in range(ATTEMPTS):
            try:
                kind.write(plan.key.target, state, plan.wanted)
            except WriteConflictError:
                self._pause(FIRST_PAUSE * 2**attempt)
                state = self._look(plan, kind)
                if kind.holds(state, plan.wanted):
                    return None
                if not kind.commutes and kind.fingerprint(state) != plan.fingerprint:
                    raise _changed(plan) from None
            except SourceError as error:
                return self._perhaps_written(plan, kind, error)
            else:
                return self._read_back(plan, kind)
        raise RepairRefusedError(
            RepairRefusal.CONFLICT,
            f"Others changed {plan.key.target} between reading and writing, {ATTEMPTS} times. Nothing was written.",
            advice="Find out what writes to it all the time, and try again.",
            command=plan.command,
        )

    def _perhaps_written(self, plan: RepairPlan, kind: RepairKind[Any], error: SourceError) -> str:
        """An answer that got lost does not tell whether the write arrived: what is there does."""
        refusal = refusal_of(error, plan.key.target, kind.permission, kind.thing, plan)
        if error.problem in UNANSWERED:
            try:
                if kind.holds(kind.read(plan.key.target), plan.wanted):
                    return "The answer got lost, but it is written."
            except (SourceError, RepairRefusedError):
                _logger.warning("whether %s was written could not be looked up", plan.key, exc_info=True)
                raise RepairRefusedError(
                    RepairRefusal.UNREACHABLE,
                    f"{refusal.text} Whether it was written is not known.",
                    advice="Plan it again: that looks first.",
                    command=plan.command,
                ) from error
        raise refusal from error

    def _read_back(self, plan: RepairPlan, kind: RepairKind[Any]) -> str:
        if not kind.immediate:
            return "Accepted."
        try:
            state = kind.read(plan.key.target)
        except SourceError as error:
            return f"{NOT_READ_BACK}: {error}."
        if kind.holds(state, plan.wanted):
            return "Written, and read back as written."
        raise RepairRefusedError(
            RepairRefusal.CONFLICT,
            f"{plan.key.target} was written, and what was written is gone when it is read back: something undoes it.",
            advice="Find out what writes to it all the time, and try again.",
            command=plan.command,
        )

    def _look(self, plan: RepairPlan, kind: RepairKind[Any]) -> Any:
        try:
            return kind.read(plan.key.target)
        except SourceError as error:
            raise refusal_of(error, plan.key.target, kind.permission, kind.thing, plan) from error

    def _remember(self, entry: AuditEntry) -> bool:
        """Write a record of what has happened; whether the store took it. What happened does not depend on it."""
        try:
            self._journal.add(entry)
        except StoreError:
            _logger.exception("the store did not take the record %s", entry.key)
            return False
        return True

    def _release(self, plan: RepairPlan, owner: str) -> None:
        try:
            self._journal.release(plan.key, owner)
        except StoreError:
            # It runs out by itself.
            _logger.warning("the lease of %s could not be given back", plan.key, exc_info=True)


def _must_be_young(plan: RepairPlan, now: datetime) -> None:
    if now > plan.expires_at:
        minutes = int((now - plan.created_at).total_seconds() // 60)
        raise RepairRefusedError(
            RepairRefusal.TOO_OLD,
            f"This plan is {minutes} minutes old, and after ten it is no longer applied.",
            advice="Plan it again.",
        )


def _must_be_the_same(plan: RepairPlan, again: Proposal) -> None:
    """From the same state the same plan comes, unless somebody changed the plan, or the pipeline file did."""
    if (plan.wanted, plan.former, plan.changes) != (again.wanted, again.former, again.changes):
        _logger.error("the plan %s of %s is not what is planned now from the same state", plan.id, plan.key)
        raise RepairRefusedError(
            RepairRefusal.ALTERED,
            f"This plan for {plan.key.target} is not what would be planned now: its record, or the pipeline file, was "
            "changed. Nothing was written.",
            advice="Plan it again and read the new difference.",
        )


def _changed(plan: RepairPlan) -> RepairRefusedError:
    return RepairRefusedError(
        RepairRefusal.CHANGED,
        f"{plan.key.target} has changed since the plan was made. Nothing was written.",
        advice="Plan it again and read the new difference.",
    )


def _not_recorded(error: StoreError) -> RepairRefusedError:
    return RepairRefusedError(
        RepairRefusal.NOT_RECORDED,
        f"Nothing was written, because it could not be written down first: {error}.",
        advice="Repair the store, or use the command of the plan.",
    )
