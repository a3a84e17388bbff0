"""What happened to one incident, in order, from its record and the audit: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.alerting.alerts import Reason, Transition
from bot.alerting.incident import broken_since
from bot.repairs.model import RepairOutcome, RepairRun
from bot.repairs.records import runs_of
from bot.store.model import Alert, AlertState, AuditEntry, StateStore

AUDIT_AT_MOST = 5_000
"""Records that a report is written from; where there are more, it says that it lacks the oldest."""

REVEILLE = "reveille"
"""Who decided what nobody clicked."""

TRANSITION = "alert-"
"""What the action of a record of a transition begins with; its reason follows."""

OF_REPAIR = ("repair", "undo")
"""The actions of the records that lead from an alert to the runs of its repairs."""


class Happening(StrEnum):
    """What can happen to an incident, in the order in which it is told of one instant."""

    BROKEN = "broken"
    FOUND = "found"
    BACK = "back"
    WORSENED = "worsened"
    EASED = "eased"
    CHANGED = "changed"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    TAKEN_OVER = "taken-over"
    RELEASED = "released"
    SNOOZED = "snoozed"
    UNSNOOZED = "unsnoozed"
    SNOOZE_ENDED = "snooze-ended"
    RECHECKED = "rechecked"
    REPAIR_ASKED = "repair-asked"
    REPAIR_CONFIRMED = "repair-confirmed"
    REPAIR_WRITTEN = "repair-written"
    REPAIR_NEEDLESS = "repair-needless"
    REPAIR_FAILED = "repair-failed"
    REPAIR_VERIFIED = "repair-verified"
    REPAIR_WITHOUT_EFFECT = "repair-without-effect"
    RESOLVED = "resolved"
    MOVED = "moved"


_OF_REASON = {
    Reason.OPENED: Happening.FOUND,
    Reason.REOPENED: Happening.BACK,
    Reason.WORSENED: Happening.WORSENED,
    Reason.EASED: Happening.EASED,
    Reason.CHANGED: Happening.CHANGED,
    Reason.ESCALATED: Happening.ESCALATED,
    Reason.SNOOZE_ENDED: Happening.SNOOZE_ENDED,
    Reason.RESOLVED: Happening.RESOLVED,
    Reason.SUPERSEDED: Happening.MOVED,
    Reason.REMINDED: None,
    Reason.COUNTED: None,
    Reason.UNCHANGED: None,
}
"""What a transition is told as; what says nothing new is not told."""

_OF_ACTION = {f"{TRANSITION}{reason}": what for reason, what in _OF_REASON.items()}

_CLICKS = {
    each.value: each
    for each in (
        Happening.ACKNOWLEDGED,
        Happening.TAKEN_OVER,
        Happening.RELEASED,
        Happening.SNOOZED,
        Happening.UNSNOOZED,
        Happening.RECHECKED,
    )
}

_OF_OUTCOME = {
    RepairOutcome.BEGUN: None,
    RepairOutcome.APPLIED: Happening.REPAIR_WRITTEN,
    RepairOutcome.ALREADY: Happening.REPAIR_NEEDLESS,
    RepairOutcome.FAILED: Happening.REPAIR_FAILED,
    RepairOutcome.VERIFIED: Happening.REPAIR_VERIFIED,
    RepairOutcome.UNVERIFIED: Happening.REPAIR_WITHOUT_EFFECT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. ``actor`` is a Slack user ID, who used a shell, or ``REVEILLE``; ``detail`` is in words
    that others may have written."""

    at: datetime
    what: Happening
    actor: str = REVEILLE
    detail: str = ""

    @property
    def is_somebodys(self) -> bool:
        return self.actor not in ("", REVEILLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """An incident and what happened to it, the oldest first, since its thread was opened; ``now`` is when it is told.

    ``is_whole`` is False where the audit keeps more than was read, or no longer all of it.
    """

    alert: Alert
    events: tuple[Event, ...]
    now: datetime
    is_whole: bool = True

    @property
    def is_over(self) -> bool:
        return self.alert.state is AlertState.RESOLVED

    @property
    def began(self) -> datetime:
        """When the fault began, as far as that is known; else when it was first seen."""
        return broken_since(self.alert) or self.alert.opened_at

    @property
    def ended(self) -> datetime:
        return (self.alert.resolved_at or self.alert.changed_at) if self.is_over else self.now

    @property
    def unnoticed(self) -> timedelta | None:
        """For how long nobody could know of it; None where its beginning is not known."""
        began = broken_since(self.alert)
        return None if began is None else self.alert.opened_at - began

    def after(self, *kinds: Happening) -> timedelta | None:
        """Return how long after it was first seen one of these happened for the first time."""
        at = next((each.at for each in self.events if each.what in kinds), None)
        return None if at is None else at - self.alert.opened_at

    def actors(self, *kinds: Happening) -> tuple[str, ...]:
        """Return the people who did one of these, each once."""
        return tuple(dict.fromkeys(each.actor for each in self.events if each.what in kinds and each.is_somebodys))


def record_of(transition: Transition, now: datetime) -> AuditEntry | None:
    """Return the record of a transition, of the alert as it is stored then; None of one that nobody tells."""
    alert, before = transition.alert, transition.before
    if alert is None or _OF_REASON[transition.reason] is None:
        return None
    moved = before is not None and before.severity is not alert.severity
    return AuditEntry(
        key=f"{TRANSITION}{transition.reason}:{alert.thread}:{alert.version}",
        at=now,
        actor=REVEILLE,
        action=f"{TRANSITION}{transition.reason}",
        subject=alert.key,
        outcome=alert.state.value,
        details={
            "title": alert.title,
            "severity": alert.severity.name,
            **({"before": before.severity.name} if moved and before is not None else {}),
        },
    )


def is_transition(entry: AuditEntry) -> bool:
    """Whether a record says what Reveille decided, and not what somebody did."""
    return entry.action.startswith(TRANSITION) and entry.actor == REVEILLE


def chronicle_in(store: StateStore, alert: Alert, now: datetime) -> Chronicle:
    """Read what happened to an alert. Raises StoreError."""
    return chronicle_of(alert, store.audit(alert.opened_at, AUDIT_AT_MOST), now)


def chronicle_of(alert: Alert, entries: Sequence[AuditEntry], now: datetime) -> Chronicle:
    """Return what records say of an alert; ``entries`` are all since it was opened, the newest first."""
    ours = [each for each in entries if each.subject == alert.key and each.at >= alert.opened_at]
    events = [found for each in ours if (found := _event(each)) is not None]
    told = {(each.what, each.at) for each in events}
    events += (each for each in _of_record(alert) if (each.what, each.at) not in told)
    events += _together(_of_repairs(ours, entries))
    order = list(Happening)
    return Chronicle(
        alert=alert,
        events=tuple(sorted(events, key=lambda each: (each.at, order.index(each.what)))),
        now=now,
        is_whole=len(entries) < AUDIT_AT_MOST and any(each.action == f"{TRANSITION}{Reason.OPENED}" for each in ours),
    )


def _of_record(alert: Alert) -> Iterator[Event]:
    """What the alert itself knows, also where its audit is older than this product's records of transitions."""
    if (began := broken_since(alert)) is not None:
        yield Event(at=began, what=Happening.BROKEN)
    yield Event(at=alert.opened_at, what=Happening.FOUND)
    if alert.state is AlertState.RESOLVED and alert.resolved_at is not None:
        is_moved = bool(alert.details.get("closing") in ("superseded", "gone"))
        yield Event(at=alert.resolved_at, what=Happening.MOVED if is_moved else Happening.RESOLVED)


def _event(entry: AuditEntry) -> Event | None:
    if is_transition(entry):
        what = _OF_ACTION.get(entry.action)
        severity, before = entry.details.get("severity", ""), entry.details.get("before")
        detail = f"{before} → {severity}" if before else str(severity) if what is Happening.FOUND else ""
        return None if what is None else Event(at=entry.at, what=what, detail=detail)
    if entry.action in _CLICKS and entry.key.startswith("click:"):
        what, reason = _CLICKS[entry.action], str(entry.details.get("reason") or "")
        return Event(at=entry.at, what=what, actor=entry.actor, detail=reason if what is Happening.SNOOZED else "")
    return None


def _of_repairs(ours: Sequence[AuditEntry], entries: Sequence[AuditEntry]) -> Iterator[Event]:
    runs = {str(each.details.get("run")) for each in ours if each.action in OF_REPAIR}
    for run in runs_of(entries) if runs else ():
        if run.id in runs:
            yield from _of_run(run)


def _together(events: Iterable[Event]) -> Iterator[Event]:
    """Tell what happened to several repairs within one minute as one: they are confirmed together."""
    found: dict[tuple[datetime, Happening, str], list[Event]] = {}
    for each in events:
        found.setdefault((each.at.replace(second=0, microsecond=0), each.what, each.actor), []).append(each)
    for same in found.values():
        details = "; ".join(sorted({each.detail for each in same if each.detail}))
        yield replace(min(same, key=lambda each: each.at), detail=details)


def _of_run(run: RepairRun) -> Iterator[Event]:
    title, asker = run.plan.title, run.plan.actor
    yield Event(at=run.plan.created_at, what=Happening.REPAIR_ASKED, actor=asker, detail=title)
    yield Event(at=run.begun_at, what=Happening.REPAIR_CONFIRMED, actor=run.actor, detail=title)
    outcome = RepairOutcome.APPLIED if run.verified_at is not None else run.outcome
    if run.ended_at is not None and (what := _OF_OUTCOME[outcome]) is not None:
        yield Event(at=run.ended_at, what=what, detail=run.detail if what is Happening.REPAIR_FAILED else title)
    if run.verified_at is not None and (what := _OF_OUTCOME[run.outcome]) is not None:
        yield Event(
            at=run.verified_at, what=what, detail=title if what is Happening.REPAIR_VERIFIED else run.detail or title
        )
