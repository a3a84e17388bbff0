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
from bot.repairs.history import History
from bot.repairs.model import LEASE, Outcome, Plan, Refusal, RepairRefusedError, Run
from bot.repairs.ports import ConflictError
from bot.repairs.refusals import refusal_of
from bot.repairs.remedies import Proposal, Remedy
from bot.store.model import AuditEntry, StoreError
from checks.source import UNANSWERED, SourceError

ATTEMPTS = 5
"""Times that something is read and written anew while somebody else writes it, too."""

FIRST_PAUSE = 0.05
"""Seconds before the second attempt; each further one waits twice as long."""

NOT_READ_BACK = "Written; it could not be read back"
"""Begins the detail of a run whose write nobody has seen in place: it is applied, and not proved."""

_logger = logging.getLogger(__name__)


class Applying:
    """Applies plans; ``pause`` sleeps for so many seconds."""

    def __init__(self, history: History, pause: Callable[[float], object]) -> None:
        self._history = history
        self._pause = pause

    def apply(
        self, plan: Plan, remedy: Remedy[Any], actor: str, now: datetime, propose: Callable[[Any], Proposal]
    ) -> Run:
        """Apply a plan. Raises RepairRefusedError; the refusal stands in the audit.

        ``propose`` plans again from the state that is there: what it says is written, or nothing.
        """
        owner = f"{plan.id}:{secrets.token_hex(4)}"
        try:
            if not self._history.acquire(plan.key, owner, now, now + LEASE):
                busy = RepairRefusedError(
                    Refusal.BUSY, f"Somebody is making this repair of {plan.key.target} right now. Look again shortly."
                )
                self._remember(records.refused(plan, actor, now, busy.refusal, busy.text))
                raise busy
        except StoreError as error:
            raise _not_recorded(error) from error
        try:
            return self._alone(plan, remedy, actor, now, propose)
        except RepairRefusedError as error:
            self._remember(records.refused(plan, actor, now, error.refusal, error.text))
            raise
        finally:
            self._release(plan, owner)

    def _alone(
        self, plan: Plan, remedy: Remedy[Any], actor: str, now: datetime, propose: Callable[[Any], Proposal]
    ) -> Run:
        began = time.monotonic()
        _must_be_young(plan, now)
        try:
            fresh = self._history.first_time(plan, now)
        except StoreError as error:
            raise _not_recorded(error) from error
        if not fresh:
            raise RepairRefusedError(Refusal.USED, "This plan was applied already; each is applied once.")
        state = self._look(plan, remedy)
        run = Run(plan=plan, actor=actor, begun_at=now)
        done = remedy.holds(state, plan.wanted) and remedy.fingerprint(state) != plan.fingerprint
        if not done and remedy.fingerprint(state) != plan.fingerprint:
            raise _changed(plan)
        if not done and plan.needed:
            _must_be_the_same(plan, propose(state))
        try:
            self._history.add(records.begun(plan, actor, now))
        except StoreError as error:
            raise _not_recorded(error) from error

        def ended(outcome: Outcome, detail: str) -> Run:
            at = now + timedelta(seconds=time.monotonic() - began)
            end = replace(run, outcome=outcome, ended_at=at, detail=detail)
            return replace(end, recorded=self._remember(records.ended(end)))

        if done or not plan.needed:
            return ended(
                Outcome.ALREADY, "Somebody else had done it in the meantime." if done else "It was so already."
            )
        try:
            detail = self._written(plan, remedy, state)
        except RepairRefusedError as error:
            ended(Outcome.FAILED, error.text)
            raise
        return ended(Outcome.ALREADY if detail is None else Outcome.APPLIED, detail or "Somebody else did the same.")

    def _written(self, plan: Plan, remedy: Remedy[Any], state: Any) -> str | None:
        """Write, read back, and return what there is to say; None when somebody else was faster."""
        for attempt in range(ATTEMPTS):
            try:
                remedy.write(plan.key.target, state, plan.wanted)
            except ConflictError:
                self._pause(FIRST_PAUSE * 2**attempt)
                state = self._look(plan, remedy)
                if remedy.holds(state, plan.wanted):
                    return None
                if not remedy.commutes and remedy.fingerprint(state) != plan.fingerprint:
                    raise _changed(plan) from None
            except SourceError as error:
                return self._perhaps_written(plan, remedy, error)
            else:
                return self._read_back(plan, remedy)
        raise RepairRefusedError(
            Refusal.CONFLICT,
            f"Others changed {plan.key.target} between reading and writing, {ATTEMPTS} times. Nothing was written.",
            advice="Find out what writes to it all the time, and try again.",
            command=plan.command,
        )

    def _perhaps_written(self, plan: Plan, remedy: Remedy[Any], error: SourceError) -> str:
        """An answer that got lost does not tell whether the write arrived: what is there does."""
        refusal = refusal_of(error, plan.key, remedy.permission, plan)
        if error.problem in UNANSWERED:
            try:
                if remedy.holds(remedy.look(plan.key.target), plan.wanted):
                    return "The answer got lost, but it is written."
            except (SourceError, RepairRefusedError):
                _logger.warning("whether %s was written could not be looked up", plan.key, exc_info=True)
                raise RepairRefusedError(
                    Refusal.UNREACHABLE,
                    f"{refusal.text} Whether it was written is not known.",
                    advice="Plan it again: that looks first.",
                    command=plan.command,
                ) from error
        raise refusal from error

    def _read_back(self, plan: Plan, remedy: Remedy[Any]) -> str:
        if not remedy.immediate:
            return "Accepted."
        try:
            state = remedy.look(plan.key.target)
        except SourceError as error:
            return f"{NOT_READ_BACK}: {error}."
        if remedy.holds(state, plan.wanted):
            return "Written, and read back as written."
        raise RepairRefusedError(
            Refusal.CONFLICT,
            f"{plan.key.target} was written, and what was written is gone when it is read back: something undoes it.",
            advice="Find out what writes to it all the time, and try again.",
            command=plan.command,
        )

    def _look(self, plan: Plan, remedy: Remedy[Any]) -> Any:
        try:
            return remedy.look(plan.key.target)
        except SourceError as error:
            raise refusal_of(error, plan.key, remedy.permission, plan) from error

    def _remember(self, entry: AuditEntry) -> bool:
        """Write a record of what has happened; whether the store took it. What happened does not depend on it."""
        try:
            self._history.add(entry)
        except StoreError:
            _logger.exception("the store did not take the record %s", entry.key)
            return False
        return True

    def _release(self, plan: Plan, owner: str) -> None:
        try:
            self._history.release(plan.key, owner)
        except StoreError:
            # It runs out by itself.
            _logger.warning("the lease of %s could not be given back", plan.key, exc_info=True)


def _must_be_young(plan: Plan, now: datetime) -> None:
    if now > plan.expires_at:
        minutes = int((now - plan.created_at).total_seconds() // 60)
        raise RepairRefusedError(
            Refusal.TOO_OLD,
            f"This plan is {minutes} minutes old, and after ten it is no longer applied.",
            advice="Plan it again.",
        )


def _must_be_the_same(plan: Plan, again: Proposal) -> None:
    """From the same state the same plan comes, unless somebody changed the plan, or the pipeline file did."""
    if (plan.wanted, plan.former, plan.changes) != (again.wanted, again.former, again.changes):
        _logger.error("the plan %s of %s is not what is planned now from the same state", plan.id, plan.key)
        raise RepairRefusedError(
            Refusal.ALTERED,
            f"This plan for {plan.key.target} is not what would be planned now: its record, or the pipeline file, was "
            "changed. Nothing was written.",
            advice="Plan it again and look at the new difference.",
        )


def _changed(plan: Plan) -> RepairRefusedError:
    return RepairRefusedError(
        Refusal.CHANGED,
        f"{plan.key.target} has changed since the plan was made. Nothing was written.",
        advice="Plan it again and look at the new difference.",
    )


def _not_recorded(error: StoreError) -> RepairRefusedError:
    return RepairRefusedError(
        Refusal.NOT_RECORDED,
        f"Nothing was written, because it could not be written down first: {error}.",
        advice="Repair the store, or use the command of the plan.",
    )
