"""The records of the store and the protocol that both stores meet.

Records are frozen and versioned; times are aware and in UTC. One ``commit`` writes a decision and
everything that follows from it, or nothing: what is decided is never lost and never sent twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from checks.model import Severity


class AlertState(StrEnum):
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class SnoozeUntil(StrEnum):
    """What ends a snooze: a time alone, or a time and whatever changes first."""

    TIME = "time"
    CHANGE = "change"
    NEXT_RUN = "next-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One incident. ``key`` is stable across runs; ``generation`` counts its reopenings outside the flap
    window, each with a thread of its own. ``version`` is 0 for a record that is not stored yet and counts
    its writes; ``fingerprint`` is equal as long as there is nothing new to say."""

    key: str
    pipeline: str
    check: str
    code: str
    subject: str
    interval: str | None
    phase: str | None
    severity: Severity
    title: str
    state: AlertState
    opened_at: datetime
    changed_at: datetime
    notified_at: datetime
    channel: str
    fingerprint: str
    generation: int = 0
    resolved_at: datetime | None = None
    owner: str | None = None
    """Who acknowledged or snoozed it, a Slack user ID."""
    snoozed_until: datetime | None = None
    snooze_ends_on: SnoozeUntil = SnoozeUntil.TIME
    reason: str = ""
    owner_before: str | None = None
    """Who had acknowledged it when somebody snoozed it, and has it again when the snooze is ended by hand."""
    answered: Severity | None = None
    """The gravest severity that somebody was called for since it was last acknowledged or snoozed, or that this was
    done at: what is no graver calls nobody again. None in records of the first version stands for ``severity``."""
    waits_since: datetime | None = None
    """Since when nobody has it, where that is not since it was opened."""
    escalated_at: datetime | None = None
    """When it was taken to others because nobody reacted; None since somebody did."""
    counted_at: datetime | None = None
    """When its thread was last told that there are more or fewer of the same."""
    paged: Mapping[str, str] = field(default_factory=dict)
    """What each webhook was last told of it, by the webhook's name: a PageAction."""
    shown: str = ""
    """The fingerprint of what the message shows, where that is not what its thread was told last."""
    unknown_runs: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)
    """What the message shows: JSON."""
    version: int = 0

    @property
    def thread(self) -> str:
        """The key of the delivery that opened the thread."""
        return f"alert:{self.key}:{self.generation}"


SLACK = "slack"
"""The sink of every delivery that does not name another one, as no record of the first versions does."""

WEBHOOK = "webhook"

ANEW = ":anew"
"""What the key of a message adds to that of the deleted one in whose place it was posted."""

BROADCAST = "broadcast"
"""The mark in the body of a reply that shows in the channel as well as in its thread."""


class DeliveryKind(StrEnum):
    POST = "post"
    REPLY = "reply"
    UPDATE = "update"


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    SUPERSEDED = "superseded"
    """A later update of the same message made it needless."""
    DEAD = "dead"
    """Its sink refuses it for good; ``error`` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to a sink. ``key`` is unique for ever and travels with the message; ``channel`` is a place there.

    ``target`` is the key of the POST that a REPLY answers or an UPDATE edits; a POST has none. Deliveries of one
    ``lane``, which is the thread of an alert, go to a channel one after the other, and are pruned with that alert.
    ``order`` sorts both; ``urgent`` ones of P0 go first. ``lease_until`` is set while
    somebody is sending it.
    """

    key: str
    kind: DeliveryKind
    channel: str
    body: Mapping[str, Any]
    """JSON that the sink formats: a post (``bot.render.post``), of a reply with ``BROADCAST``, or an ``event``."""
    created_at: datetime
    sink: str = SLACK
    lane: str | None = None
    target: str | None = None
    urgent: bool = False
    order: int = 0
    state: DeliveryState = DeliveryState.PENDING
    not_before: datetime | None = None
    waits_since: datetime | None = None
    """When ``not_before`` was set: a clock that shows less was set back since, and what waits need not wait for it."""
    attempts: int = 0
    """How often somebody had it and it was not recorded as sent: while this is 0, nobody can have posted it."""
    lease_owner: str | None = None
    lease_until: datetime | None = None
    ts: str | None = None
    posted_channel: str | None = None
    sent_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """What whoever claims knows of the channels of its sink. Where nothing goes now, nothing is claimed: ``waiting``
    is for messages, ``edits_waiting`` for edits. What is for a ``failing`` channel goes last, and one at a time."""

    sink: str = SLACK
    waiting: frozenset[str] = frozenset()
    edits_waiting: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()


EVERY_CHANNEL_WORKS = Channels()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHead:
    """What is told of a report in a list of many; its document is read by its key."""

    key: str
    previous: str
    at: datetime
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """What is kept of a report. ``job`` is the digest, watch or command that asked; ``document`` is the
    report's JSON."""

    key: str
    pipeline: str
    job: str
    previous: str
    at: datetime
    verdict: str
    document: Mapping[str, Any]

    @property
    def head(self) -> ReportHead:
        return ReportHead(key=self.key, previous=self.previous, at=self.at, verdict=self.verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to what, and what came of it."""

    key: str
    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one commit writes together. An alert whose stored version is not its ``version`` conflicts, and so
    does one that is named twice; a delivery, report or audit entry whose key exists already is left as it is."""

    alerts: Sequence[Alert] = ()
    deliveries: Sequence[Delivery] = ()
    reports: Sequence[StoredReport] = ()
    audit: Sequence[AuditEntry] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """Who has a lease, and until when."""

    owner: str
    until: datetime


class StoreProblem(StrEnum):
    """Why the store does not work, in words that follow "the store": they name no file and no address."""

    FULL = "cannot be written: its disk is full"
    READ_ONLY = "cannot be written: its file system is read-only"
    FORBIDDEN = "cannot be written: the bot has no permission"
    QUOTA = "cannot be written: its quota is used up"
    LOCKED = "cannot be written: another process holds it locked"
    DAMAGED = "is damaged: restore it from a copy"
    NOT_OURS = "is no store of this program"
    GONE = "is gone: its file was removed or replaced"
    DISK = "cannot be written: its disk fails"
    OTHER = "does not answer"


PASSING = frozenset({StoreProblem.FULL, StoreProblem.READ_ONLY, StoreProblem.LOCKED, StoreProblem.DISK})
"""What befalls a store that worked before, and is no slip of whoever set it up."""


class StoreError(Exception):
    """The store cannot be reached or does not work; ``retryable`` says whether trying again may help."""

    def __init__(self, detail: str, *, retryable: bool = True, problem: StoreProblem = StoreProblem.OTHER) -> None:
        super().__init__(detail)
        self.retryable = retryable
        self.problem = problem


class NotStoredError(StoreError):
    """What was decided could not be stored. ``loud`` is what has to reach people all the same, under the keys that it
    gets once it can be stored."""

    def __init__(self, error: StoreError, loud: tuple[Delivery, ...]) -> None:
        super().__init__(str(error), retryable=error.retryable, problem=error.problem)
        self.loud = loud


class ConflictError(Exception):
    """Somebody else changed an alert since it was read: read again and decide again."""


class StateStore(Protocol):
    """Both stores meet this. Every method raises StoreError, and is safe from several threads and processes."""

    def commit(self, changes: Changes) -> None:
        """Write everything or nothing; stored alerts get ``version + 1``. Raises ConflictError."""
        ...

    def alert(self, key: str) -> Alert | None: ...

    def open_alerts(self, pipeline: str) -> Sequence[Alert]:
        """Every alert that is not resolved, oldest first."""
        ...

    def recent_alerts(self, pipeline: str, since: datetime) -> Sequence[Alert]:
        """Every alert that is open or was resolved since, newest change first."""
        ...

    def claim(
        self,
        owner: str,
        now: datetime,
        lease_until: datetime,
        limit: int,
        channels: Channels = EVERY_CHANNEL_WORKS,
    ) -> Sequence[Delivery]:
        """Lease pending deliveries that may go now (``not_before`` over, lease free or over, and what they
        target sent), best first: urgent before others, then each channel in its turn, then messages before
        edits, then the oldest. Per target they go in ``order``, never two at once, and what has to wait holds
        up those behind it. A channel that fails holds up no other: see ``Channels``.

        Taking over a lease that ran out counts an attempt. On the way an edit that a later edit of the same
        message follows becomes SUPERSEDED, and what targets a DEAD message becomes DEAD."""
        ...

    def record_sent(self, key: str, owner: str, *, ts: str, channel: str, now: datetime) -> bool:
        """Mark a delivery sent; False when the lease is no longer ours: when it was taken over, not when it ran
        out. Said twice of the same message it is True twice."""
        ...

    def hand_back(self, key: str, owner: str, *, now: datetime, not_before: datetime, error: str) -> bool:
        """Give a delivery back to be tried not before a time; counts an attempt."""
        ...

    def bury(self, key: str, owner: str, *, error: str) -> bool:
        """Give a delivery up for good."""
        ...

    def delivery(self, key: str) -> Delivery | None: ...

    def pending(self) -> Sequence[Delivery]:
        """Every delivery that waits, oldest first; for metrics and readiness."""
        ...

    def acquire(self, lease: str, owner: str, now: datetime, until: datetime) -> bool:
        """Take a lease that is free, over, or ours already."""
        ...

    def release(self, lease: str, owner: str) -> None: ...

    def lease(self, lease: str, now: datetime) -> Lease | None:
        """Return who has a lease; None when it is free or over."""
        ...

    def first_time(self, action_key: str, now: datetime) -> bool:
        """Remember a key; True for exactly one caller, for as long as the history is kept."""
        ...

    def report(self, key: str) -> StoredReport | None: ...

    def reports(
        self, pipeline: str, job: str | None, since: datetime, *, limit: int | None = None
    ) -> Sequence[StoredReport]:
        """Whole reports, newest first: a hundred kilobytes each, so at most ``limit``; None for all."""
        ...

    def report_heads(self, pipeline: str, job: str, since: datetime, limit: int) -> Sequence[ReportHead]:
        """What reports are about and said, newest first, without their documents."""
        ...

    def audit_entry(self, key: str) -> AuditEntry | None: ...

    def audit(self, since: datetime, limit: int) -> Sequence[AuditEntry]:
        """Newest first."""
        ...

    def prune(self, before: datetime) -> int:
        """Delete what ended before; return how many records. Open alerts and pending deliveries stay, and with
        them the messages that their threads hang from."""
        ...

    def ping(self) -> None:
        """Write a little, so that it is known whether the store takes what is decided. Bounded, and not repeated."""
        ...

    def close(self) -> None: ...
