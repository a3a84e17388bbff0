"""The words of a webhook: a neutral event as JSON of our own, or as PagerDuty's Events API v2 takes it. Pure.

PagerDuty's fields and limits: https://developer.pagerduty.com/docs/send-alert-event
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from bot.delivery.decisions import Attempt, Form
from bot.delivery.poster import Body
from bot.delivery.troubles import PostError, Trouble
from bot.render.post import Post
from bot.render.words import clean
from bot.store.model import WEBHOOK, Delivery
from checks.amounts import cut_text
from checks.notifications import WebhookFormat

Event = Mapping[str, Any]

SUMMARY, DEDUP_KEY = 1_024, 255
"""Characters that PagerDuty takes of a summary and of a key. Of an event it takes 512 KB; ours are far shorter."""

PAGERDUTY_SEVERITIES = {"P0": "critical", "P1": "error", "P2": "warning", "P3": "info"}


def formatted(event: Event, form: WebhookFormat, *, key: str, secret: str | None) -> Mapping[str, Any]:
    """Return what is sent. ``key`` is that of the delivery: an event that comes twice has it twice."""
    if form == "pagerduty":
        return pagerduty(event, secret or "")
    return {"id": key, **event}


def pagerduty(event: Event, routing_key: str) -> Mapping[str, Any]:
    """Return an event of PagerDuty; only a trigger has a payload."""
    frame = {"routing_key": routing_key, "event_action": event["action"], "dedup_key": dedup_key(str(event["key"]))}
    alert = event["alert"]
    if event["action"] != "trigger":
        return frame
    details = {name: alert[name] for name in ("what", "impacts", "action", "command", "findings") if alert.get(name)}
    payload = {
        "summary": cut_text(f"{alert['severity']}: {alert['title']}", SUMMARY),
        "source": event["pipeline"],
        "severity": PAGERDUTY_SEVERITIES[alert["severity"]],
        "timestamp": event["at"],
        "component": alert["subject"],
        "class": alert["code"],
        **({"group": alert["phase"]} if alert.get("phase") else {}),
        "custom_details": {
            **details,
            "check": alert["check"],
            "interval": alert["interval"],
            "reason": event["reason"],
        },
    }
    links = [{"href": alert["link"], "text": "Where to look"}] if alert.get("link") else []
    return {**frame, "payload": payload, "client": "Reveille", **({"links": links} if links else {})}


def dedup_key(key: str) -> str:
    """Return a key that PagerDuty takes, different for different ones."""
    return key if len(key) <= DEDUP_KEY else f"{key[:200]}~{sha256(key.encode()).hexdigest()[:40]}"


class WebhookWording:
    """The words of the outbox for a webhook. ``undelivered`` is read in Slack, where people are."""

    sink = WEBHOOK

    def shown(self, body: Body, attempt: Attempt, parent: str = "") -> Body:
        """Return an event with less in it, where more was refused."""
        del parent
        if attempt.form is Form.WHOLE:
            return body
        event = body["event"]
        alert = {**event["alert"], "impacts": [], "action": "", "command": "", "link": None}
        if attempt.form is Form.SHORT:
            alert |= {"what": "", "title": cut_text(alert["title"], 100), "subject": cut_text(alert["subject"], 100)}
        return {"event": {**event, "alert": alert}}

    def calls_somebody(self, body: Body) -> bool:
        del body
        return False

    def title(self, body: Body) -> str:
        return str(body["event"]["alert"]["title"])

    def remedy(self, code: str) -> str:
        if code in ("HTTP 401", "HTTP 403"):
            return "Check the variable that its key_variable names."
        if code == "redirect":
            return "Give its url_variable the address that it leads to: redirects are not followed."
        return "Check the variable that its url_variable names, and the other side."

    def undelivered(self, delivery: Delivery, error: str) -> Body:
        event = delivery.body["event"]
        what = f"{event['action']} of {event['alert']['severity']} {event['alert']['title']}"
        said = f"The webhook {clean(delivery.channel)} did not take an event ({clean(error)}): {clean(what)}. "
        return Post((f"{said}{self.remedy(error)}",)).document

    def refusal(self, error: PostError) -> Body:
        passing = error.trouble in (Trouble.BUSY, Trouble.UNAVAILABLE)
        fix = "It is tried again." if passing else self.remedy(error.detail)
        return Post(
            (f"The webhook {clean(error.channel)} does not take events ({clean(error.detail)}). {fix}",)
        ).document
