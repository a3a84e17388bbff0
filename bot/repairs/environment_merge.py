"""Merging environment variables into a service: the rest stays, a secret is never written in clear."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.repairs.environment import Merge, MergeRefusedError, merge, spec_of
from bot.repairs.kind import configuration_of
from bot.repairs.model import RepairRefusal, RepairRefusedError
from bot.repairs.ports import Configuration, Platform, Variable, WriteConflictError
from bot.repairs.refusals import plainly, refusal_of
from bot.store.model import AuditEntry, Changes, StateStore, StoreError
from checks.pipeline import Pipeline
from checks.source import UNANSWERED, SourceError

ATTEMPTS = 5
PERMISSION = "run.services.update, and iam.serviceAccounts.actAs on the account of the service"
MERGE = "env-merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What was merged; ``recorded`` says whether the store took the record of its end."""

    change: Merge
    recorded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentMerge:
    """``now`` returns the instant for records; ``pause`` sleeps for so many seconds."""

    pipeline: Pipeline
    platform: Platform
    store: StateStore
    now: Callable[[], datetime]
    pause: Callable[[float], object] = time.sleep

    def look(self, service: str) -> Configuration:
        """Read a service that the pipeline file names. Raises RepairRefusedError."""
        # Also right before each write: whatever the caller forgot, a service of somebody else is not touched.
        if spec_of(self.pipeline, service) is None:
            raise RepairRefusedError(
                RepairRefusal.NOT_ALLOWED,
                f"The pipeline file names no service {service!r}.",
                advice="Add it under 'services'.",
            )
        with plainly(service, PERMISSION):
            return configuration_of(self.pipeline, self.platform, service)

    def write(
        self,
        service: str,
        wanted: Mapping[str, Variable],
        actor: str,
        *,
        replace_secret: bool,
        not_secret: frozenset[str],
    ) -> Merged:
        """Merge, and read back. Raises RepairRefusedError, MergeRefusedError."""
        try:
            record = self._begun(service, wanted, actor)
        except StoreError as error:
            raise RepairRefusedError(
                RepairRefusal.NOT_RECORDED,
                f"Nothing was written, because it could not be written down first: {error}.",
                advice="Repair the store.",
            ) from error
        try:
            change = self._attempted(service, wanted, replace_secret=replace_secret, not_secret=not_secret)
        except (RepairRefusedError, MergeRefusedError):
            self._ended(record, "failed")
            raise
        recorded = self._ended(record, "written" if change.needed else "already")
        return Merged(change=change, recorded=recorded)

    def _attempted(
        self, service: str, wanted: Mapping[str, Variable], *, replace_secret: bool, not_secret: frozenset[str]
    ) -> Merge:
        for attempt in range(ATTEMPTS):
            state = self.look(service)
            change = merge(state.variables, wanted, replace_secret=replace_secret, not_secret=not_secret)
            if not change.needed:
                return change
            changes = {name: wanted[name] for name in (*change.added, *change.changed)}
            try:
                self.platform.write_variables(service, changes, state.etag)
            except WriteConflictError:
                self.pause(0.05 * 2**attempt)
                continue
            except SourceError as error:
                if not self._arrived(service, wanted, error):
                    # Not chained: Google repeats values in its refusals, and a log would show them.
                    raise _without_values(refusal_of(error, service, PERMISSION), wanted) from None
            self._must_read_back(service, state, wanted)
            return change
        raise RepairRefusedError(
            RepairRefusal.CONFLICT,
            f"Others changed {service} between reading and writing, {ATTEMPTS} times. Nothing was written.",
            advice="Let the other deploy end, and run it again.",
        )

    def _arrived(self, service: str, wanted: Mapping[str, Variable], error: SourceError) -> bool:
        """Whether a write whose answer got lost is there."""
        if error.problem not in UNANSWERED:
            return False
        there = self.look(service).variables
        return all(there.get(name) == each for name, each in wanted.items())

    def _must_read_back(self, service: str, before: Configuration, wanted: Mapping[str, Variable]) -> None:
        try:
            after = self.look(service).variables
        except RepairRefusedError as error:
            raise RepairRefusedError(
                error.refusal,
                f"{service} was written, and could not be read back.",
                advice=f"Check with 'reveille env diff {service}', and run it again.",
            ) from error
        wrong = [name for name, each in wanted.items() if after.get(name) != each]
        lost = [name for name in before.variables if name not in after]
        if wrong or lost:
            raise RepairRefusedError(
                RepairRefusal.CONFLICT,
                f"{service} was written, and reads back without {', '.join([*wrong, *lost])}: something else wrote "
                "it at the same time.",
                advice="Run it again.",
            )

    def _begun(self, service: str, wanted: Mapping[str, Variable], actor: str) -> AuditEntry:
        """Write down who is about to set what; names and secrets' names, never a value."""
        words = {name: f"secret {each.secret}" if each.secret else "a value" for name, each in sorted(wanted.items())}
        entry = AuditEntry(
            key=f"{MERGE}:{secrets.token_hex(8)}:begun",
            at=self.now(),
            actor=actor,
            action=f"{MERGE}-begun",
            subject=service,
            outcome="begun",
            details={"variables": words},
        )
        self.store.commit(Changes(audit=(entry,)))
        return entry

    def _ended(self, begun: AuditEntry, outcome: str) -> bool:
        """Write down what came of it; whether the store took it. What happened does not depend on it."""
        entry = replace(
            begun,
            key=begun.key.removesuffix(":begun") + ":ended",
            at=self.now(),
            action=f"{MERGE}-ended",
            outcome=outcome,
        )
        try:
            self.store.commit(Changes(audit=(entry,)))
        except StoreError:
            return False
        return True


def _without_values(error: RepairRefusedError, wanted: Mapping[str, Variable]) -> RepairRefusedError:
    """Return a refusal whose text does not repeat what was to be set."""
    text = error.text
    for value in sorted({each.value for each in wanted.values() if each.value.strip()}, key=len, reverse=True):
        text = text.replace(value, "…")
    return RepairRefusedError(error.refusal, text, advice=error.advice, command=error.command)
