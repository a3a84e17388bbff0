"""What a repair is: its key, its plan, what came of it. Frozen, and JSON wherever it is stored.

A plan is made and shown before anything is written; a run is what became of it. Both have one id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from checks.actions import RepairKey

PLAN_LIVES = timedelta(minutes=10)
"""A plan that is older is no longer applied: what it shows may not be so any more."""

UNDO_LIVES = timedelta(days=1)
"""A repair that is older is no longer undone; a new one is planned instead."""

RETURNS_WITHIN = timedelta(days=1)
"""A repair that is needed again within this time is undone by something, and that is said."""


class RepairRefusal(StrEnum):
    """Why a repair is not planned or not applied."""

    UNKNOWN_KEY = "unknown-key"
    """It is not the key of a repair."""
    NOT_ALLOWED = "not-allowed"
    """The pipeline file does not allow it."""
    VANISHED = "vanished"
    """The service or job does not exist (any more)."""
    NOT_POSSIBLE = "not-possible"
    """It cannot be done as things stand: no revision is ready, the policy is full, a literal would be lost."""
    CHANGED = "changed"
    """What the plan was made from has changed since."""
    ALTERED = "altered"
    """A record in the store is not what was shown, or not what this bot wrote."""
    TOO_OLD = "too-old"
    """The plan is older than ten minutes, or the repair older than a day where it is to be undone."""
    BUSY = "busy"
    """Somebody else is repairing the same thing right now."""
    USED = "used"
    """The plan was applied already: a button pressed twice."""
    CONFLICT = "conflict"
    """Others changed the same thing each time; nothing was written."""
    DENIED = "denied"
    """This account lacks a permission; ``advice`` says which, ``command`` is what an administrator runs."""
    UNREACHABLE = "unreachable"
    """The platform did not answer, or refused for a reason of its own; nothing is known to be written."""
    INTERRUPTED = "interrupted"
    """A process was killed before it began; nothing was written."""
    NOT_RECORDED = "not-recorded"
    """The record could not be written, so nothing was done."""


class RepairRefusedError(Exception):
    """A repair is not planned or applied. The text is one or two sentences for people, without secrets. ``by`` is the
    actor who did what the text says, and whom whoever shows it names."""

    def __init__(self, refusal: RepairRefusal, text: str, *, advice: str = "", command: str = "", by: str = "") -> None:
        super().__init__(text)
        self.refusal = refusal
        self.text = text
        self.advice = advice
        self.command = command
        self.by = by

    def __str__(self) -> str:
        return " ".join(filter(None, (self.text, self.advice)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One thing that a repair changes, in words that hold no secret; ``before`` is empty for what is added,
    ``after`` for what is removed."""

    subject: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """The same repair was made within a day before: something undoes it. Empty texts are not known."""

    repaired_at: datetime
    repaired_by: str
    revision: str = ""
    deployed_at: datetime | None = None
    deployed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPlan:
    """What a repair would do, from the state that was seen at ``created_at``.

    ``wanted`` is the state that it brings about, ``former`` the one that undoing it brings back (None: it cannot be
    undone); both JSON that only the kind of repair reads. No ``changes``: everything is as it should be.
    """

    id: str
    key: RepairKey
    actor: str
    created_at: datetime
    title: str
    changes: tuple[PlannedChange, ...]
    command: str
    """The same with gcloud, for people who rather do it themselves."""
    fingerprint: str
    wanted: Mapping[str, Any]
    former: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    recurrence: Recurrence | None = None
    undoes: str | None = None
    """The id of the run that this plan takes back."""
    members: tuple[str, ...] = ()
    """Whom a grant was narrowed to; empty for all whom the pipeline file allows."""

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.changes)

    @property
    def expires_at(self) -> datetime:
        return self.created_at + PLAN_LIVES


class RepairOutcome(StrEnum):
    """What became of a repair."""

    BEGUN = "begun"
    """It is under way, or whoever made it died: see ``RepairRun.unfinished``."""
    APPLIED = "applied"
    """Written, and read back as written; its effect is not verified yet."""
    ALREADY = "already"
    """Somebody else had done the same in the meantime; nothing was written."""
    FAILED = "failed"
    """Nothing was written, or what was written did not stay; ``detail`` says why."""
    VERIFIED = "verified"
    """The check passes again."""
    UNVERIFIED = "unverified"
    """The check still fails after seven minutes; ``detail`` says what it finds."""


SLACK_USER = "slack:"
"""Stands before the ID of a user of Slack in the records of repairs; the shell's actors have their own."""
SHELL = "shell"
"""Who repairs from a shell; a colon and the name of the account follow it, where that has one."""

NEVER_WRITTEN = "Its process ended before anything was written."
"""The detail of a run that somebody found begun and never made."""

LEASE = timedelta(minutes=3)
"""How long one repair may take to apply. A record without an end that is older belongs to a process that died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRun:
    """A plan that was confirmed, and what became of it. ``actor`` confirmed it."""

    plan: RepairPlan
    actor: str
    begun_at: datetime
    outcome: RepairOutcome = RepairOutcome.BEGUN
    ended_at: datetime | None = None
    verified_at: datetime | None = None
    """When verification came to an end, either way."""
    detail: str = ""
    undone_by: str | None = None
    """Who took it back."""
    recorded: bool = True
    """False: it is done, but the store did not take the record of its end."""

    @property
    def id(self) -> str:
        return self.plan.id

    @property
    def key(self) -> RepairKey:
        return self.plan.key

    @property
    def settled(self) -> bool:
        """Whether nothing is left to verify."""
        return self.outcome not in (RepairOutcome.BEGUN, RepairOutcome.APPLIED)

    def unfinished(self, now: datetime) -> bool:
        """Whether whoever made it died in the middle."""
        return self.outcome is RepairOutcome.BEGUN and now > self.begun_at + LEASE

    def undoable(self, now: datetime) -> bool:
        """Whether taking it back can be offered."""
        done = self.outcome in (RepairOutcome.APPLIED, RepairOutcome.VERIFIED, RepairOutcome.UNVERIFIED)
        recent = self.ended_at is not None and now <= self.ended_at + UNDO_LIVES
        return done and recent and self.plan.former is not None and self.undone_by is None and self.plan.undoes is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One look at the effect. ``next_at`` is when to look again, None when it is over (``run.settled``)."""

    run: RepairRun
    next_at: datetime | None = None
    attempts: int = 1
    seen: str = ""
    """What was found this time, a sentence."""
