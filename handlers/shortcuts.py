"""The message shortcut "Re-check": slash commands do not exist inside threads, shortcuts do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App

from handlers.clicks import Body, Pressed, action_key, parent_of, pressed, submit
from handlers.rechecks import recheck
from handlers.replies import PrivateReply
from handlers.services import Services

RECHECK = "recheck"

REMEMBERED = timedelta(days=14)
"""Threads of alerts that were resolved earlier are not found by their message."""

NO_ALERT = (
    "This message belongs to no alert of the last two weeks. Use Re-check on an alert, or on any message under it."
)


def register(app: App, services: Services) -> None:
    """Register the shortcut."""

    @app.shortcut(RECHECK)
    def again(ack: Ack, body: Body) -> None:
        ack()
        reply = PrivateReply.to(services.client, body)
        submit(services, lambda: _recheck(services, body, reply), reply)


def _recheck(services: Services, body: Body, reply: PrivateReply) -> None:
    target = alert_of(services, body.get("message") or {})
    if target is None:
        reply.say(NO_ALERT)
    else:
        recheck(services, target, reply, action_key(body, "recheck"))


def alert_of(services: Services, message: Mapping[str, Any]) -> Pressed | None:
    """Return the alert that a message is about: by its buttons, else by the thread that it stands in."""
    for value in _button_values(message):
        if (target := pressed(value)) is not None:
            return target
    thread = message.get("thread_ts") or message.get("ts")
    name, since = services.validation.pipeline.name, services.clock() - REMEMBERED
    for alert in services.store.recent_alerts(name, since):
        parent = parent_of(services, alert)
        if parent is not None and parent.ts == thread:
            return Pressed(key=alert.key, version=None)
    return None


def _button_values(message: Mapping[str, Any]) -> Iterator[object]:
    for block in message.get("blocks") or ():
        for element in block.get("elements") or ():
            if isinstance(element, Mapping) and str(element.get("action_id", "")).startswith("alert:"):
                yield element.get("value")
