"""What becomes of an alert when a run has looked: one pure decision with a named reason.

An alert opens once and closes once for each incident. It speaks on a transition, on a reminder that is due and
never else; what is not due, does not apply or could not be checked neither opens nor resolves anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.store.model import Alert, AlertState, SnoozeUntil
from checks.model import Severity
from checks.notifications import AlertPolicy

COUNTS_APART = timedelta(hours=1)
"""The thread hears of a count that moves once in so long; the message shows every count."""

IN_A_ROW = "in_a_row"
"""Where the details of a record that only counts keep its counts."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a record that only counts runs was told."""


class Reason(StrEnum):
    """Why an alert became what it is."""

    OPENED = "opened"
    REOPENED = "reopened"
    WORSENED = "worsened"
    EASED = "eased"
    CHANGED = "changed"
    """As grave and as wide as before, and not the same."""
    REMINDED = "reminded"
    ESCALATED = "escalated"
    """Nobody reacted: others hear of it."""
    SNOOZE_ENDED = "snooze-ended"
    RESOLVED = "resolved"
    SUPERSEDED = "superseded"
    """Another incident tells it now, or its date is no longer looked at."""
    COUNTED = "counted"
    """A few more or fewer of the same, again: the message says so, and its thread is spared."""
    UNCHANGED = "unchanged"


class Observed(StrEnum):
    """What a run saw of an incident."""

    FAILING = "failing"
    CLEAR = "clear"
    QUIET = "quiet"
    """Not due, or it does not apply at present."""
    BLIND = "blind"
    """Could not check."""
    UNSEEN = "unseen"
    """Did not look."""
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFault:
    """What is wrong. ``extent`` counts the findings that it takes together; ``fingerprint`` is equal as long
    as there is nothing new to say; ``details`` is what the message shows, as JSON."""

    check: str
    code: str
    subject: str
    interval: str | None
    phase: str | None
    severity: Severity
    title: str
    channel: str
    fingerprint: str
    extent: int = 1
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one run says about one incident.

    ``failure`` is set exactly when it is failing. ``after_runs`` is how many runs in a row must say so before
    it opens; ``in_a_row`` is how many did, this one among them, by check. Runs less than ``apart`` from each other
    count as one. One that is ``folded`` into another incident
    counts, and opens only when it is so no more. While it is ``held``, in quiet hours and
    maintenance, nobody is called for less than a P0, and nothing less opens. ``remarks`` go into the details of an
    alert that closes.
    """

    key: str
    pipeline: str
    observed: Observed
    failure: AlertFault | None = None
    after_runs: int = 1
    in_a_row: Mapping[str, int] = field(default_factory=dict)
    apart: timedelta = timedelta(0)
    folded: bool = False
    held: bool = False
    remarks: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.observed is Observed.FAILING) != (self.failure is not None):
            message = f"observation {self.key!r}: {self.observed} and a failure do not go together"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A decision: the alert before and after it, and whether somebody is called.

    ``before`` is None for what was never stored, ``alert`` for what need not be.
    """

    reason: Reason
    before: Alert | None
    alert: Alert | None
    mention: bool = False

    @property
    def speaks(self) -> bool:
        """Whether Slack hears of it."""
        return self.reason is not Reason.UNCHANGED

    @property
    def is_broadcast(self) -> bool:
        """Whether its reply shows in the channel too: a P0 that is back, or has become one, and that nobody follows
        the thread of, must not wait there."""
        is_new = self.reason in (Reason.REOPENED, Reason.WORSENED)
        return is_new and self.mention and self.alert is not None and self.alert.severity is Severity.P0

    @property
    def writes(self) -> bool:
        """Whether there is anything to store."""
        return self.alert is not None and self.alert != self.before


def decide(alert: Alert | None, observation: Observation, now: datetime, policy: AlertPolicy) -> Transition:
    """Decide what becomes of an alert. ``now`` is aware; the same input always gives the same answer."""
    transition = _decided(alert, observation, now, policy)
    return _without_calling(transition) if observation.held else transition


def _without_calling(transition: Transition) -> Transition:
    """Return what is decided while it is held: a P0 calls; whatever else would is so again in the first run after."""
    before, after = transition.before, transition.alert
    if not transition.mention or before is None or after is None or after.severity is Severity.P0:
        return transition
    match transition.reason:
        case Reason.SNOOZE_ENDED | Reason.ESCALATED:
            return Transition(reason=Reason.UNCHANGED, before=before, alert=before)
        case Reason.REMINDED:
            seen = replace(after, notified_at=before.notified_at)
            return Transition(reason=Reason.UNCHANGED if seen == before else Reason.COUNTED, before=before, alert=seen)
    return replace(
        transition,
        alert=replace(after, notified_at=before.notified_at, answered=_answered(before)),
        mention=False,
    )


def _decided(alert: Alert | None, observation: Observation, now: datetime, policy: AlertPolicy) -> Transition:
    is_open = alert is not None and alert.state is not AlertState.RESOLVED
    if observation.failure is not None:
        if alert is None or not is_open:
            return _begin(alert, observation, observation.failure, now, policy)
        if observation.folded:
            # It is ready to open in the first run in which it is folded no more.
            closed = _close(Reason.SUPERSEDED, alert, observation, now)
            return replace(closed, alert=_with_count(closed.alert or alert, observation, observation.after_runs - 1))
        return _go_on(alert, observation.failure, now, policy)
    if alert is None or not is_open:
        return _still_closed(alert, observation)
    match observation.observed:
        case Observed.CLEAR:
            return _close(Reason.RESOLVED, alert, observation, now)
        case Observed.SUPERSEDED:
            return _close(Reason.SUPERSEDED, alert, observation, now)
        case Observed.QUIET:
            return Transition(reason=Reason.UNCHANGED, before=alert, alert=alert)
        case _:
            return _time_passes(alert, alert, now, policy)


def was_told(alert: Alert) -> bool:
    """Whether an alert ever had a thread; else the record only counts runs."""
    return alert.notified_at != NEVER


def snooze_holds(alert: Alert, now: datetime) -> bool:
    """Whether the time of a snooze, if it has any, is still to come."""
    return alert.snoozed_until is not None and now < alert.snoozed_until


def _begin(
    alert: Alert | None, observation: Observation, failure: AlertFault, now: datetime, policy: AlertPolicy
) -> Transition:
    if alert is not None and _was_just_counted(alert, observation, now):
        return Transition(reason=Reason.UNCHANGED, before=alert, alert=alert)
    runs = max(observation.in_a_row.values(), default=1)
    is_held = observation.held and failure.severity is not Severity.P0
    if runs < observation.after_runs or observation.folded or is_held:
        # What is folded or held is ready to open in the first run in which it is so no more.
        kept = min(runs, max(observation.after_runs - 1, 0))
        return Transition(
            reason=Reason.UNCHANGED, before=alert, alert=_counting(alert, observation, failure, now, kept)
        )
    if alert is not None and _goes_on_in_its_thread(alert, now, policy):
        return _reopen(alert, failure, now, policy)
    opened = replace(
        _new(observation, failure, now),
        generation=_next_generation(alert),
        version=0 if alert is None else alert.version,
        unknown_runs=runs if observation.after_runs > 1 else 0,
    )
    return Transition(reason=Reason.OPENED, before=alert, alert=opened, mention=True)


def _new(observation: Observation, failure: AlertFault, now: datetime) -> Alert:
    return Alert(
        key=observation.key,
        pipeline=observation.pipeline,
        check=failure.check,
        code=failure.code,
        subject=failure.subject,
        interval=failure.interval,
        phase=failure.phase,
        severity=failure.severity,
        title=failure.title,
        state=AlertState.FIRING,
        opened_at=now,
        changed_at=now,
        notified_at=now,
        channel=failure.channel,
        fingerprint=failure.fingerprint,
        answered=failure.severity,
        details=_details(failure),
    )


def _details(failure: AlertFault) -> Mapping[str, Any]:
    return {**failure.details, "extent": failure.extent}


def _counting(alert: Alert | None, observation: Observation, failure: AlertFault, now: datetime, runs: int) -> Alert:
    """Return the record that counts: closed when it was last seen, and told to nobody."""
    record = replace(
        _new(observation, failure, now),
        state=AlertState.RESOLVED,
        resolved_at=now,
        notified_at=NEVER,
        generation=_next_generation(alert),
        version=0 if alert is None else alert.version,
    )
    return _with_count(record, observation, runs)


def _with_count(alert: Alert, observation: Observation, runs: int) -> Alert:
    return replace(alert, unknown_runs=runs, details={**alert.details, IN_A_ROW: dict(observation.in_a_row)})


def _was_just_counted(alert: Alert, observation: Observation, now: datetime) -> bool:
    """Whether the last count is so near that this is the same moment: somebody who clicks is no series of runs, and of
    two instances one clock is ahead."""
    if not alert.unknown_runs or alert.resolved_at is None:
        return False
    return abs(now - alert.resolved_at) < observation.apart


def _next_generation(alert: Alert | None) -> int:
    """Return the generation of a new thread."""
    return 0 if alert is None else alert.generation + was_told(alert)


def _goes_on_in_its_thread(alert: Alert, now: datetime, policy: AlertPolicy) -> bool:
    """Whether it is back so soon that it is the same incident, or somebody wants to hear nothing of it yet."""
    if not was_told(alert) or alert.resolved_at is None:
        return False
    return snooze_holds(alert, now) or now - alert.resolved_at <= timedelta(minutes=policy.flap_minutes)


def _reopen(alert: Alert, failure: AlertFault, now: datetime, policy: AlertPolicy) -> Transition:
    """Open the old thread again. A P0 calls each time; whatever else flaps, no more often than a reminder would."""
    snoozed = snooze_holds(alert, now) and not _breaks_snooze(alert, failure)
    interval = _interval(failure.severity, policy)
    is_due = interval is not None and now - alert.notified_at >= interval
    calls = not snoozed and (failure.severity is Severity.P0 or is_due)
    reopened = replace(
        _as_seen(alert, failure),
        answered=alert.answered if snoozed else failure.severity,
        state=AlertState.SNOOZED if snoozed else AlertState.FIRING,
        resolved_at=None,
        changed_at=now,
        notified_at=now if calls else alert.notified_at,
        waits_since=now,
        escalated_at=None,
    )
    return Transition(
        reason=Reason.REOPENED, before=alert, alert=reopened if snoozed else awake(reopened), mention=calls
    )


def _go_on(alert: Alert, failure: AlertFault, now: datetime, policy: AlertPolicy) -> Transition:
    seen = _as_seen(alert, failure)
    if failure.severity < _answered(alert):
        return _worsened(alert, seen, failure, now)
    if alert.state is AlertState.SNOOZED and _snooze_is_over(alert, now, looked=True):
        return _snooze_ended(alert, seen, now)
    if failure.severity != alert.severity:
        reason = Reason.WORSENED if failure.severity < alert.severity else Reason.EASED
        return _moved(reason, alert, seen, now, policy)
    if failure.fingerprint == alert.fingerprint:
        # What its thread was told last holds again; the message may show something else meanwhile.
        return _counted(alert, seen, now, policy) if alert.shown else _time_passes(alert, seen, now, policy)
    if not _only_counts(alert, failure):
        return _moved(_direction(alert, failure), alert, seen, now, policy)
    if alert.counted_at is not None and alert.counted_at <= now < alert.counted_at + COUNTS_APART:
        return _counted(alert, seen, now, policy)
    return _moved(_direction(alert, failure), alert, replace(seen, counted_at=now), now, policy)


def _answered(alert: Alert) -> Severity:
    return alert.severity if alert.answered is None else alert.answered


def _only_counts(alert: Alert, failure: AlertFault) -> bool:
    """Whether it is the same fault of the same checks as before, with others or more of them."""
    return alert.code == failure.code and _kinds(alert.details) == _kinds(failure.details)


def _kinds(details: Mapping[str, Any]) -> frozenset[tuple[str, str, str]]:
    return frozenset((each["check"], each["code"], each["severity"]) for each in details.get("findings", ()))


def _counted(alert: Alert, seen: Alert, now: datetime, policy: AlertPolicy) -> Transition:
    """Let the message alone say how many there are; what the thread was told last stays what it is compared with."""
    shown = "" if seen.fingerprint == alert.fingerprint else seen.fingerprint
    counted = replace(seen, fingerprint=alert.fingerprint, shown=shown)
    if _reminder_is_due(alert, seen, now, policy):
        return Transition(reason=Reason.REMINDED, before=alert, alert=replace(counted, notified_at=now), mention=True)
    reason = Reason.UNCHANGED if counted == alert else Reason.COUNTED
    return Transition(reason=reason, before=alert, alert=counted)


def _as_seen(alert: Alert, failure: AlertFault) -> Alert:
    """Return the alert with what the run saw; key, thread and channel stay those it was opened with."""
    return replace(
        alert,
        check=failure.check,
        code=failure.code,
        subject=failure.subject,
        interval=failure.interval,
        phase=failure.phase,
        severity=failure.severity,
        title=failure.title,
        fingerprint=failure.fingerprint,
        shown="",
        details=_details(failure),
    )


def _direction(alert: Alert, failure: AlertFault) -> Reason:
    before = alert.details.get("extent", 1)
    if failure.extent == before:
        return Reason.CHANGED
    return Reason.WORSENED if failure.extent > before else Reason.EASED


def _worsened(alert: Alert, seen: Alert, failure: AlertFault, now: datetime) -> Transition:
    """What is graver than anything that somebody was called for calls, also after an acknowledgement, which was given
    for less. A snooze for a time stays one, unless it is a P0 now; its thread says what happened."""
    snoozed = (
        alert.state is AlertState.SNOOZED
        and alert.snooze_ends_on is SnoozeUntil.TIME
        and snooze_holds(alert, now)
        and not _breaks_snooze(alert, failure)
    )
    if snoozed:
        if failure.severity < alert.severity:
            return Transition(reason=Reason.WORSENED, before=alert, alert=replace(seen, changed_at=now))
        reason = Reason.UNCHANGED if failure.fingerprint == alert.fingerprint else Reason.COUNTED
        return Transition(reason=reason, before=alert, alert=seen)
    return Transition(reason=Reason.WORSENED, before=alert, alert=_firing(seen, now), mention=True)


def _breaks_snooze(alert: Alert, failure: AlertFault) -> bool:
    """Whether it is a P0 now, and the snooze was given for less."""
    return failure.severity is Severity.P0 and _answered(alert) is not Severity.P0


def _moved(reason: Reason, alert: Alert, seen: Alert, now: datetime, policy: AlertPolicy) -> Transition:
    """Say what is different. It calls nobody, unless a reminder is due anyway; a snooze until a change ends."""
    if alert.state is AlertState.SNOOZED and alert.snooze_ends_on is SnoozeUntil.CHANGE:
        return Transition(reason=reason, before=alert, alert=_firing(seen, now))
    calls = _reminder_is_due(alert, seen, now, policy)
    moved = replace(seen, changed_at=now, notified_at=now if calls else alert.notified_at)
    return Transition(reason=reason, before=alert, alert=moved, mention=calls)


def _snooze_is_over(alert: Alert, now: datetime, *, looked: bool) -> bool:
    if looked and alert.snooze_ends_on is SnoozeUntil.NEXT_RUN:
        return True
    return alert.snoozed_until is not None and now >= alert.snoozed_until


def _snooze_ended(alert: Alert, seen: Alert, now: datetime) -> Transition:
    return Transition(reason=Reason.SNOOZE_ENDED, before=alert, alert=_firing(seen, now), mention=True)


def _time_passes(alert: Alert, seen: Alert, now: datetime, policy: AlertPolicy) -> Transition:
    """End a snooze that is over, and remind of what nobody has acknowledged."""
    if alert.state is AlertState.SNOOZED and _snooze_is_over(alert, now, looked=False):
        return _snooze_ended(alert, seen, now)
    if _escalation_is_due(alert, seen, now, policy):
        told = replace(seen, escalated_at=now, notified_at=now)
        return Transition(reason=Reason.ESCALATED, before=alert, alert=told, mention=True)
    if _reminder_is_due(alert, seen, now, policy):
        return Transition(reason=Reason.REMINDED, before=alert, alert=replace(seen, notified_at=now), mention=True)
    return Transition(reason=Reason.UNCHANGED, before=alert, alert=alert)


def _escalation_is_due(alert: Alert, seen: Alert, now: datetime, policy: AlertPolicy) -> bool:
    """Whether nobody reacted for so long that others must hear of it: nobody acknowledged it since it fired, or its
    owner did nothing since a reminder. What was escalated is so until somebody reacts."""
    minutes = None if policy.escalation is None else policy.escalation.after_minutes.get(seen.severity)
    if minutes is None or alert.escalated_at is not None:
        return False
    match alert.state:
        case AlertState.FIRING:
            since = alert.waits_since or alert.opened_at
        case AlertState.ACKNOWLEDGED if alert.notified_at > alert.changed_at:
            since = alert.notified_at
        case _:
            return False
    return now - since >= timedelta(minutes=minutes)


def _reminder_is_due(alert: Alert, seen: Alert, now: datetime, policy: AlertPolicy) -> bool:
    """Whether nobody has taken it, or whoever has it said nothing, for so long that somebody must be called again."""
    match alert.state:
        case AlertState.FIRING:
            interval = _interval(seen.severity, policy)
        case AlertState.ACKNOWLEDGED:
            minutes = policy.remind_owner_minutes.get(seen.severity)
            interval = None if minutes is None else timedelta(minutes=minutes)
        case _:
            return False
    return interval is not None and now - alert.notified_at >= interval


def _interval(severity: Severity, policy: AlertPolicy) -> timedelta | None:
    minutes = policy.remind_minutes.get(severity)
    return None if minutes is None else timedelta(minutes=minutes)


def _firing(alert: Alert, now: datetime) -> Alert:
    return replace(
        awake(alert),
        state=AlertState.FIRING,
        changed_at=now,
        notified_at=now,
        answered=alert.severity,
        waits_since=now,
        escalated_at=None,
    )


def awake(alert: Alert) -> Alert:
    """Return an alert that nobody has, and that no snooze holds."""
    return replace(alert, owner=None, owner_before=None, snoozed_until=None, snooze_ends_on=SnoozeUntil.TIME, reason="")


def _still_closed(alert: Alert | None, observation: Observation) -> Transition:
    """Nothing is open: only a count of runs in a row may end, or be that of fewer checks."""
    after = alert
    if alert is not None and alert.unknown_runs:
        runs = min(max(observation.in_a_row.values(), default=0), alert.unknown_runs)
        after = _with_count(alert, observation, runs) if runs else replace(alert, unknown_runs=0)
    return Transition(reason=Reason.UNCHANGED, before=alert, alert=after)


def _close(reason: Reason, alert: Alert, observation: Observation, now: datetime) -> Transition:
    """Close an alert. A snooze for a time is kept, because it may be back before that; any other has ended."""
    stays_quiet = alert.state is AlertState.SNOOZED and alert.snooze_ends_on is SnoozeUntil.TIME
    closed = replace(
        alert,
        state=AlertState.RESOLVED,
        resolved_at=now,
        changed_at=now,
        snoozed_until=alert.snoozed_until if stays_quiet else None,
        unknown_runs=0,
        details={**alert.details, **observation.remarks},
    )
    return Transition(reason=reason, before=alert, alert=closed)
