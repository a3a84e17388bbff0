"""What a pager hears of an alert: one event a transition, with a key that is the alert's thread's own. Pure.

A pager follows the state of the alert and not every word about it. It is triggered when somebody is called, hears that
the alert was acknowledged, and is resolved by whatever makes the alert silent: that it is resolved, told elsewhere,
snoozed, or milder than the pager wants to hear of. So a snooze that ends pages again, an alert that flaps pages no more
often than it calls somebody in Slack, and a pager that never heard of an alert does not hear of its end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.alerting.alerts import was_told
from bot.alerting.incident import members_of, total
from bot.store.model import Alert, AlertState, Delivery, DeliveryKind
from checks.model import Severity
from checks.notifications import Webhook

VERSION = 1
"""Of the events' form."""

LONGEST_TEXT, IMPACTS = 1_000, 5


class PageAction(StrEnum):
    """What an event asks of a pager."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


def wanted(alert: Alert, severities: Collection[Severity]) -> PageAction:
    """Return how the incident of a pager should stand."""
    if alert.state in (AlertState.RESOLVED, AlertState.SNOOZED) or alert.severity not in severities:
        return PageAction.RESOLVE
    return PageAction.ACKNOWLEDGE if alert.state is AlertState.ACKNOWLEDGED else PageAction.TRIGGER


def _wish(alert: Alert, webhook: Webhook) -> PageAction:
    """Return how the incident of a webhook should stand; one for what is escalated is called as long as it is so."""
    wish = wanted(alert, webhook.severities)
    if not webhook.escalated:
        return wish
    if alert.escalated_at is None:
        return PageAction.RESOLVE
    return PageAction.TRIGGER if wish is PageAction.ACKNOWLEDGE else wish


def due(heard: str | None, wish: PageAction, *, calls: bool, is_graver: bool) -> tuple[PageAction, ...]:
    """Return what a pager is to be told that was last told ``heard``; ``calls`` says whether somebody is called now."""
    is_open = heard in (PageAction.TRIGGER, PageAction.ACKNOWLEDGE)
    match wish:
        case PageAction.TRIGGER if calls and heard == PageAction.ACKNOWLEDGE:
            # A trigger alone would wake nobody: the pager takes it for acknowledged.
            return (PageAction.RESOLVE, PageAction.TRIGGER)
        case PageAction.TRIGGER if calls and (not is_open or is_graver):
            return (PageAction.TRIGGER,)
        case PageAction.ACKNOWLEDGE if heard == PageAction.TRIGGER:
            return (PageAction.ACKNOWLEDGE,)
        case PageAction.RESOLVE if is_open:
            return (PageAction.RESOLVE,)
        case _:
            return ()


def paged(
    before: Alert | None, alert: Alert, webhooks: Sequence[Webhook], now: datetime, *, reason: str, calls: bool
) -> tuple[Alert, tuple[Delivery, ...]]:
    """Return an alert that remembers what its pagers are told, and the deliveries that tell them."""
    if not was_told(alert):
        return alert, ()
    is_graver = before is not None and alert.severity < before.severity
    told: dict[str, str] = dict(alert.paged)
    deliveries: list[Delivery] = []
    for each in webhooks:
        actions = due(alert.paged.get(each.name), _wish(alert, each), calls=calls, is_graver=is_graver)
        for number, action in enumerate(actions):
            told[each.name] = action
            deliveries.append(_delivery(alert, each, event_of(alert, action, reason, now), number, now))
    return (replace(alert, paged=told), tuple(deliveries)) if deliveries else (alert, ())


def is_trigger(delivery: Delivery) -> bool:
    """Whether a delivery is an event that calls somebody."""
    return "event" in delivery.body and delivery.body["event"]["action"] == PageAction.TRIGGER


def event_of(alert: Alert, action: PageAction, reason: str, now: datetime) -> dict[str, Any]:
    """Return an event as JSON, neutral until the webhook's format says it in its own words."""
    details = alert.details
    remedy = details.get("action") or {}
    link = details.get("link")
    return {
        "version": VERSION,
        "action": action.value,
        "key": alert.thread,
        "reason": reason,
        "at": now.isoformat(timespec="seconds"),
        "pipeline": alert.pipeline,
        "alert": {
            "check": alert.check,
            "code": alert.code,
            "subject": alert.subject,
            "phase": alert.phase,
            "interval": alert.interval,
            "severity": alert.severity.name,
            "state": alert.state.value,
            "title": _short(alert.title),
            "what": _short(str(details.get("what") or alert.title)),
            "impacts": [_short(each) for each in (details.get("impacts") or ())[:IMPACTS]],
            "action": _short(str(remedy.get("text") or "")),
            "command": _short(str(remedy.get("command") or "")),
            "findings": total(members_of(alert)) + int(details.get("more") or 0),
            "opened_at": alert.opened_at.isoformat(timespec="seconds"),
            "owner": alert.owner,
            "link": link if isinstance(link, str) and len(link) <= LONGEST_TEXT else None,
        },
    }


def _delivery(alert: Alert, webhook: Webhook, event: Mapping[str, Any], number: int, now: datetime) -> Delivery:
    version = alert.version + 1
    return Delivery(
        key=f"page:{webhook.name}:{alert.thread}:v{version}:{event['action']}",
        kind=DeliveryKind.POST,
        sink=webhook.sink,
        channel=webhook.name,
        lane=alert.thread,
        body={"event": event},
        created_at=now,
        urgent=alert.severity is Severity.P0,
        order=2 * version + number,
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
