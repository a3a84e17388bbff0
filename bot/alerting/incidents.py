"""Incidents over time: what a report or a click makes of the alerts, and what Slack is to hear of it.

A decision, its deliveries and the report that led to it are one commit. When somebody else was faster, all of it
is decided again on what the store says then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from bot.alerting.alerts import Observation, Observed, Reason, Transition, decide, was_told
from bot.alerting.chronicle import record_of
from bot.alerting.clicks import Click, Clicked, ClickResult, acknowledged, released, snoozed, taken_over, unsnoozed
from bot.alerting.holds import current, planned
from bot.alerting.incident import MADE_UP, REPORT, members_of
from bot.alerting.observations import observe
from bot.alerting.pages import is_trigger, paged
from bot.alerting.recheck import RecheckResult, rechecked_of
from bot.alerting.run_view import oldest_seen
from bot.log_fields import extra, logged_with
from bot.request import Request
from bot.store.model import (
    BROADCAST,
    SLACK,
    Alert,
    AlertState,
    AuditEntry,
    Changes,
    ConflictError,
    Delivery,
    DeliveryKind,
    NotStoredError,
    SnoozeUntil,
    StateStore,
    StoredReport,
    StoreError,
)
from checks.model import Report, Severity
from checks.pipeline import Pipeline

ATTEMPTS = 8
"""How often a decision is taken again when somebody else was faster."""

AT_ONCE = 25
"""Alerts that one commit writes, each with its own deliveries. All alerts of a bad run at once would be more than the
10 MiB that Firestore takes in a request (https://firebase.google.com/docs/firestore/quotas)."""

REMEMBERED = timedelta(hours=24)
"""For how long at least a resolved alert may be taken up again, and a run that could not check counts."""


REPAIRED_BY = "repaired_by"
"""Whose repair resolved an alert, in its details: a Slack user ID."""

CALLING = ("released", "unsnoozed")
"""Clicks after which an alert calls again."""

NOBODY: Mapping[str, str] = MappingProxyType({})

_logger = logging.getLogger(__name__)

Decided = TypeVar("Decided")
Named = tuple[str, str]
"""The address of a message, and what it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """What a report changed: every transition that was stored, and the deliveries that wait for it."""

    transitions: tuple[Transition, ...] = ()
    deliveries: tuple[Delivery, ...] = ()

    def of(self, key: str) -> Transition | None:
        """Return what became of one alert, None when nothing did."""
        return next((each for each in self.transitions if each.alert is not None and each.alert.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """A report, the phases it was restricted to, whose repairs it looks after, and the sights that count."""

    report: Report
    phases: Collection[str]
    repairers: Mapping[str, str]
    seen: Collection[Observed]


class Composer(Protocol):
    """Writes the messages; each method returns what the store keeps of one, and is pure."""

    def parent(self, alert: Alert, now: datetime, digest: Named | None = None) -> dict[str, Any]:
        """The message that an alert's thread hangs on, in its present state, with a link to the ``digest``."""
        ...

    def reply(self, transition: Transition, now: datetime) -> dict[str, Any]:
        """What the thread hears of a transition."""
        ...

    def clicked(self, alert: Alert, action: str, actor: str) -> dict[str, Any]:
        """What the thread hears of a click."""
        ...

    def looked(
        self, alert: Alert, transition: Transition | None, actor: str, now: datetime, look: RecheckResult
    ) -> dict[str, Any]:
        """What the thread hears of a re-check."""
        ...

    def pointer(self, alert: Alert, mention: str = "") -> dict[str, Any]:
        """What another channel hears of an alert that has become its business; ``mention`` is whom it calls."""
        ...

    def past_store(self, alert: Alert, now: datetime) -> dict[str, Any]:
        """The parent while the store is down."""
        ...


class DigestDesk(Protocol):
    """The newest digest, which tells what the alerts are. Both methods raise StoreError."""

    def edit(self, moved: Iterable[Alert], now: datetime, *, after: Delivery | None = None) -> Delivery | None:
        """Return the edit that lets it tell them with those that have ``moved``; None where it does so already, unless
        it was written again since the edit ``after``."""
        ...

    def link(self, now: datetime) -> Named | None:
        """Return the address of it and what it is, None where there is none."""
        ...


class Incidents:
    """The alerts of one pipeline. Every method raises StoreError; all are safe from several threads and processes."""

    def __init__(
        self,
        store: StateStore,
        pipeline: Pipeline,
        composer: Composer,
        *,
        digest: DigestDesk | None = None,
        is_real: bool = True,
    ) -> None:
        if pipeline.notifications is None:
            message = f"the pipeline {pipeline.name!r} has no notifications"
            raise ValueError(message)
        self._store = store
        self._pipeline = pipeline
        self._notifications = pipeline.notifications
        self._composer = composer
        self._digest = digest
        self._marks: Mapping[str, Any] = {} if is_real else {MADE_UP: True}

    def process(
        self,
        report: Report,
        now: datetime,
        *,
        stored: StoredReport | None = None,
        phases: Collection[str] = (),
        repairers: Mapping[str, str] = NOBODY,
        seen: Collection[Observed] = tuple(Observed),
    ) -> Processed:
        """Decide about every alert that a report says something about, and commit what follows.

        ``stored`` is committed with it; ``phases`` are those that the run was restricted to, none for all.
        ``repairers`` are those whose repair the run looks after, by the key of the alert; of sights that are not
        among ``seen`` nothing follows.
        """
        made: list[Processed] = []
        with logged_with(pipeline=report.pipeline, run=report.run):
            run = _Weighed(report=report, phases=phases, repairers=repairers, seen=seen)
            self._decided(lambda: self._process(run, now, stored, made))
            self._settle(now, made[-1].deliveries if made else ())
        return Processed(
            transitions=tuple(each for some in made for each in some.transitions),
            deliveries=tuple(each for some in made for each in some.deliveries),
        )

    def cleared(self, report: Report, now: datetime) -> Processed:
        """Resolve what a report that somebody asked for shows to be well. It opens and repeats nothing: whoever asked
        reads the rest there, and a question is no run."""
        return self.process(report, now, seen=(Observed.CLEAR,))

    def without_store(self, report: Report, now: datetime) -> tuple[Delivery, ...]:
        """Return what is loud, as posts to send at once while the store cannot even be read: once a day."""
        posts = []
        held = planned(self._notifications, self._pipeline.zone, now) is not None
        for observation in observe(report, self._pipeline, ()):
            transition = decide(None, replace(observation, after_runs=1, held=held), now, self._notifications.alerts)
            if transition.speaks and transition.alert is not None:
                alert = transition.alert
                body = self._composer.past_store(alert, now)
                posts.append(
                    _delivery(
                        alert,
                        f"{alert.thread}:past-store:{now.astimezone(self._pipeline.zone).date()}",
                        DeliveryKind.POST,
                        body,
                        now,
                    )
                )
                posts += self._paged(None, alert, transition.reason, now, calls=True)[1]
        return tuple(posts)

    def acknowledge(self, click: Click) -> Clicked:
        """Let somebody take an alert: nobody is reminded of it any more."""
        return self._click(click, "acknowledged", lambda alert: acknowledged(alert, click.actor, click.now))

    def take_over(self, click: Click) -> Clicked:
        """Let somebody else have an alert that is acknowledged."""
        return self._click(click, "taken-over", lambda alert: taken_over(alert, click.actor, click.now))

    def release(self, click: Click) -> Clicked:
        """Let nobody have an alert any more: it calls and reminds again."""
        return self._click(click, "released", lambda alert: released(alert, click.now))

    def snooze(self, click: Click, *, until: datetime | None, ends_on: SnoozeUntil, reason: str) -> Clicked:
        """Let an alert sleep until a time, the next run or a change; without a time, until the latter."""
        return self._click(
            click,
            "snoozed",
            lambda alert: snoozed(alert, click.actor, click.now, until=until, ends_on=ends_on, reason=reason),
        )

    def unsnooze(self, click: Click) -> Clicked:
        """Wake an alert up."""
        return self._click(click, "unsnoozed", lambda alert: unsnoozed(alert, click.now))

    def recheck(self, key: str, now: datetime) -> Request:
        """Return what to validate so that an alert is really looked at, on the dates that runs still look at. Raises
        LookupError for no alert."""
        alert = self._store.alert(key)
        if alert is None:
            message = f"there is no alert {key!r}"
            raise LookupError(message)
        members = members_of(alert)
        dates = sorted(each.interval for each in members if each.interval is not None)
        oldest = oldest_seen(now, self._pipeline.timeline)
        dates = [each for each in dates if each >= oldest] or dates
        known = {check for check in dict.fromkeys(each.check for each in members) if check}
        return Request(
            interval=dates[0] if dates else "previous", checks=tuple(sorted(known)), trigger=f"recheck:{key}"
        )

    def rechecked(self, click: Click, report: Report) -> Processed:
        """Decide on what a re-check found, and tell the thread who looked and what came of it."""
        processed = self.process(report, click.now)
        alert = self._store.alert(click.key)
        if alert is None or not was_told(alert):
            return processed
        look = rechecked_of(alert, report)
        body = self._composer.looked(alert, processed.of(click.key), click.actor, click.now, look)
        answer = _delivery(alert, f"{alert.thread}:rechecked:{click.action_key}", DeliveryKind.REPLY, body, click.now)
        reply = replace(answer, order=answer.order + 1)
        entry = _audit(click, alert, "rechecked", alert.state.value)
        self._store.commit(Changes(deliveries=(reply,), audit=(entry,)))
        return replace(processed, deliveries=(*processed.deliveries, reply))

    def reported(self, click: Click, body: Mapping[str, Any]) -> Clicked:
        """Put the report of an alert into its thread; the message of one that is resolved links to it."""
        return self._decided(lambda: self._reported(click, body))

    def _reported(self, click: Click, body: Mapping[str, Any]) -> Clicked:
        alert = self._store.alert(click.key)
        if alert is None or not was_told(alert):
            return Clicked(result=ClickResult.GONE)
        key = f"{alert.thread}:report:{click.action_key}"
        if alert.details.get(REPORT) == key:
            return Clicked(result=ClickResult.ALREADY, alert=alert)
        answer = _delivery(alert, key, DeliveryKind.REPLY, body, click.now)
        reply = replace(answer, order=answer.order + 1)
        audit = (_audit(click, alert, "reported", ClickResult.DONE),)
        if alert.state is not AlertState.RESOLVED:
            self._store.commit(Changes(deliveries=(reply,), audit=audit))
            return Clicked(result=ClickResult.DONE, alert=alert)
        after = replace(alert, details={**alert.details, REPORT: key})
        stored = _as_stored(after)
        parent = self._composer.parent(stored, click.now, self._link(click.now))
        edit = _delivery(stored, f"{stored.thread}:v{stored.version}", DeliveryKind.UPDATE, parent, click.now)
        self._store.commit(Changes(alerts=(after,), deliveries=(reply, edit), audit=audit))
        return Clicked(result=ClickResult.DONE, alert=stored)

    def is_over(self, key: str) -> bool:
        """Whether an alert is resolved."""
        alert = self._store.alert(key)
        return alert is not None and alert.state is AlertState.RESOLVED

    def seen_in(self, key: str, report: Report) -> RecheckResult:
        """Return what a report shows of an alert; nothing of one that is not there."""
        alert = self._store.alert(key)
        return RecheckResult() if alert is None else rechecked_of(alert, report)

    def tell(self, key: str, name: str, body: Mapping[str, Any], now: datetime, *audit: AuditEntry) -> bool:
        """Say something in the thread of an alert, once for each ``name``; False when there is no thread."""
        alert = self._store.alert(key)
        if alert is None or not was_told(alert):
            return False
        reply = _delivery(alert, f"{alert.thread}:{name}", DeliveryKind.REPLY, body, now)
        self._store.commit(Changes(deliveries=(replace(reply, order=reply.order + 1),), audit=audit))
        return True

    def _process(
        self,
        run: _Weighed,
        now: datetime,
        stored: StoredReport | None,
        made: list[Processed],
    ) -> None:
        """Decide and commit; what was committed is added to ``made``, also when a later commit meets a conflict."""
        flap = timedelta(minutes=self._notifications.alerts.flap_minutes)
        recent = self._store.recent_alerts(self._pipeline.name, now - max(flap, REMEMBERED))
        known = sorted(recent, key=_as_it_is_taken_up)
        by_key = {each.key: each for each in known}
        transitions = []
        pages: dict[str, tuple[Delivery, ...]] = {}
        held = current(self._store, self._pipeline, now) is not None
        for observation in observe(run.report, self._pipeline, known, phases=run.phases):
            if observation.observed not in run.seen:
                continue
            alert = by_key.get(observation.key) or self._long_closed(observation)
            transition = decide(alert, replace(observation, held=held), now, self._notifications.alerts)
            if transition.writes and transition.alert is not None:
                after, events = self._paged(alert, transition.alert, transition.reason, now, calls=transition.mention)
                pages[after.key] = events
                after = replace(after, details={**after.details, **self._marks})
                transitions.append(_by_repair(replace(transition, alert=after), run.repairers))
        link = self._link(now) if transitions else None
        # A report without news is a commit of its own; that it cannot be stored makes nothing loud.
        for start in range(0, max(len(transitions), int(stored is not None)), AT_ONCE):
            some = tuple(transitions[start : start + AT_ONCE])
            deliveries = tuple(each for transition in some for each in self._deliveries(transition, now, link, pages))
            deliveries += self._digest_edit([each.alert for each in transitions[: start + AT_ONCE]], now)
            # The report comes last: who finds it knows that all alerts were brought up to date with it.
            reports = () if stored is None or start + AT_ONCE < len(transitions) else (stored,)
            alerts = tuple(each.alert for each in some if each.alert is not None)
            audit = tuple(found for each in some if (found := record_of(each, now)) is not None)
            try:
                self._store.commit(Changes(alerts=alerts, deliveries=deliveries, reports=reports, audit=audit))
            except StoreError as error:
                unstored = (
                    each
                    for transition in transitions[start:]
                    for each in self._deliveries(transition, now, link, pages)
                )
                raise NotStoredError(error, tuple(each for each in unstored if _is_loud(each))) from error
            for transition in some:
                _log(transition)
            made.append(Processed(transitions=some, deliveries=deliveries))

    def _long_closed(self, observation: Observation) -> Alert | None:
        """Return the record of an incident that is long over: its threads go on being numbered, its count does not."""
        if observation.failure is None:
            return None
        alert = self._store.alert(observation.key)
        return None if alert is None else replace(alert, unknown_runs=0)

    def _link(self, now: datetime) -> Named | None:
        return None if self._digest is None else self._digest.link(now)

    def _digest_edit(self, alerts: Iterable[Alert | None], now: datetime) -> tuple[Delivery, ...]:
        """Return the edit of the digest that goes with a commit of these alerts."""
        if self._digest is None:
            return ()
        edit = self._digest.edit([_as_stored(each) for each in alerts if each is not None], now)
        return () if edit is None else (edit,)

    def _settle(self, now: datetime, committed: Iterable[Delivery]) -> None:
        """Let the digest tell what several processes decided at once, of which each saw its own part. What is decided
        is stored by now, so a store that fails here leaves it to the next run."""
        if self._digest is None:
            return
        after = next((each for each in committed if each.key.startswith("digest:")), None)
        try:
            for _ in range(ATTEMPTS):
                edit = self._digest.edit((), now, after=after)
                if edit is None:
                    return
                self._store.commit(Changes(deliveries=(edit,)))
                after = edit
        except StoreError as error:
            _logger.warning("the digest does not tell yet what its alerts are: %s", error)

    def _paged(
        self, before: Alert | None, alert: Alert, reason: str, now: datetime, *, calls: bool
    ) -> tuple[Alert, tuple[Delivery, ...]]:
        return paged(before, alert, self._notifications.webhooks, now, reason=str(reason), calls=calls)

    def _deliveries(
        self, transition: Transition, now: datetime, link: Named | None, pages: Mapping[str, tuple[Delivery, ...]]
    ) -> tuple[Delivery, ...]:
        if transition.alert is None:
            return ()
        return (*self._messages(transition, now, link), *pages.get(transition.alert.key, ()))

    def _messages(self, transition: Transition, now: datetime, link: Named | None) -> tuple[Delivery, ...]:
        if transition.alert is None or not transition.speaks:
            return ()
        alert = _as_stored(transition.alert)
        parent = self._composer.parent(alert, now, link)
        urgent = transition.mention and alert.severity is Severity.P0
        if transition.reason is Reason.OPENED:
            return (_delivery(alert, alert.thread, DeliveryKind.POST, parent, now, urgent=urgent),)
        edit = _delivery(alert, f"{alert.thread}:v{alert.version}", DeliveryKind.UPDATE, parent, now, urgent=urgent)
        if transition.reason is Reason.COUNTED:
            return (edit,)
        reply = self._composer.reply(replace(transition, alert=alert), now)
        if transition.is_broadcast:
            reply = {**reply, BROADCAST: True}
        return (
            edit,
            _delivery(
                alert,
                f"{alert.thread}:{transition.reason}:{alert.version}",
                DeliveryKind.REPLY,
                reply,
                now,
                urgent=urgent,
            ),
            *self._pointer(transition, alert, now),
        )

    def _pointer(self, transition: Transition, alert: Alert, now: datetime) -> tuple[Delivery, ...]:
        """An alert that got graver may be the business of another channel: it hears of it, and the thread stays."""
        escalation = self._notifications.alerts.escalation
        if transition.reason is Reason.ESCALATED and escalation is not None:
            if escalation.channel is None:
                return ()
            key = f"{alert.thread}:escalated:{alert.version}"
            post = _delivery(
                alert, key, DeliveryKind.POST, self._composer.pointer(alert, escalation.mention or ""), now, urgent=True
            )
            return (replace(post, channel=escalation.channel),)
        channel = self._notifications.routes.channel(alert.severity, alert.phase)
        before = transition.before
        graver = before is not None and alert.severity < before.severity and transition.mention
        if not graver or channel == alert.channel:
            return ()
        key = f"{alert.thread}:pointer:{alert.version}"
        body = self._composer.pointer(alert)
        return (replace(_delivery(alert, key, DeliveryKind.POST, body, now, urgent=True), channel=channel),)

    def _click(self, click: Click, action: str, change: Callable[[Alert], Alert | None]) -> Clicked:
        clicked = self._decided(lambda: self._clicked(click, action, change))
        if clicked.result is ClickResult.DONE and (alert := clicked.alert) is not None:
            fields = extra(pipeline=alert.pipeline, incident=alert.thread, user=click.actor)
            _logger.info("alert %s: %s", action, alert.key, extra=fields)
            self._settle(click.now, ())
        return clicked

    def _clicked(self, click: Click, action: str, change: Callable[[Alert], Alert | None]) -> Clicked:
        alert = self._store.alert(click.key)
        if alert is None or not was_told(alert):
            return Clicked(result=ClickResult.GONE)
        if alert.state is AlertState.RESOLVED:
            return Clicked(result=ClickResult.STALE, alert=alert)
        after = change(alert)
        if after is None:
            return Clicked(result=ClickResult.ALREADY, alert=alert)
        if click.version is not None and click.version != alert.version:
            return Clicked(result=ClickResult.STALE, alert=alert)
        after, pages = self._paged(alert, after, action, click.now, calls=action in CALLING)
        stored = _as_stored(after)
        parent = self._composer.parent(stored, click.now, self._link(click.now))
        reply = self._composer.clicked(stored, action, click.actor)
        update_key, reply_key = f"{stored.thread}:v{stored.version}", f"{stored.thread}:{action}:{stored.version}"
        self._store.commit(
            Changes(
                alerts=(after,),
                deliveries=(
                    _delivery(stored, update_key, DeliveryKind.UPDATE, parent, click.now),
                    _delivery(stored, reply_key, DeliveryKind.REPLY, reply, click.now),
                    *pages,
                    *self._digest_edit([after], click.now),
                ),
                audit=(_audit(click, stored, action, ClickResult.DONE),),
            )
        )
        return Clicked(result=ClickResult.DONE, alert=stored)

    def _decided(self, attempt: Callable[[], Decided]) -> Decided:
        for _ in range(ATTEMPTS):
            try:
                return attempt()
            except ConflictError:
                continue
        message = f"an alert of {self._pipeline.name} changed {ATTEMPTS} times while it was decided; try again"
        raise StoreError(message)


def _log(transition: Transition) -> None:
    """Log what becomes of an alert in one line; one that is only counted, or not told yet, is no news."""
    alert = transition.alert
    if alert is not None and transition.speaks:
        fields = extra(incident=alert.thread, check=alert.check, code=alert.code, severity=alert.severity.name)
        _logger.info("alert %s: %s", transition.reason, alert.key, extra=fields)


def _is_loud(delivery: Delivery) -> bool:
    """Whether a delivery reaches people who do not look for it."""
    return delivery.kind is DeliveryKind.POST if delivery.sink == SLACK else is_trigger(delivery)


def _as_it_is_taken_up(alert: Alert) -> tuple[bool, float]:
    """Open alerts first, the oldest before all; of the others the one that was resolved last."""
    if alert.resolved_at is None:
        return False, alert.opened_at.timestamp()
    return True, -alert.resolved_at.timestamp()


def _by_repair(transition: Transition, repairers: Mapping[str, str]) -> Transition:
    """Remember whose repair it was that resolved an alert."""
    alert = transition.alert
    if alert is None or transition.reason is not Reason.RESOLVED or alert.key not in repairers:
        return transition
    details = {**alert.details, REPAIRED_BY: repairers[alert.key]}
    return replace(transition, alert=replace(alert, details=details))


def _as_stored(alert: Alert) -> Alert:
    """Return the alert as the commit leaves it: its buttons must know that version."""
    return replace(alert, version=alert.version + 1)


def _delivery(
    alert: Alert, key: str, kind: DeliveryKind, body: Mapping[str, Any], now: datetime, *, urgent: bool = False
) -> Delivery:
    is_post = kind is DeliveryKind.POST
    return Delivery(
        key=key,
        kind=kind,
        channel=alert.channel,
        body=body,
        created_at=now,
        target=None if is_post else alert.thread,
        urgent=urgent,
        order=3 * alert.version + (kind is DeliveryKind.REPLY),
    )


def _audit(click: Click, alert: Alert, action: str, outcome: str) -> AuditEntry:
    return AuditEntry(
        key=f"click:{click.action_key}:{action}",
        at=click.now,
        actor=click.actor,
        action=action,
        subject=alert.key,
        outcome=outcome,
        details={"state": alert.state.value, "title": alert.title, "reason": alert.reason},
    )
