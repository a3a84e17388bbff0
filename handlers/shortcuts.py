"""The message shortcut "Re-check": slash commands do not exist inside threads, shortcuts do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from slack_bolt import Ack, App
from slack_bolt.response import BoltResponse

from handlers.buttons import Body, Pressed
from handlers.clicks import action_key
from handlers.parents import parent_of
from handlers.rechecks import recheck
from handlers.replies import PrivateReply
from handlers.requests import Taken, change
from handlers.services import Services

RECHECK = "recheck"

REMEMBERED = timedelta(days=14)
"""Threads of alerts that were resolved earlier are not found by their message."""

NO_ALERT = (
    "This message belongs to no alert of the last two weeks. Use Re-check on an alert, or on any message under it."
)


def register(app: App, every: Sequence[Services]) -> None:
    """Register the shortcut: whose alert it is used on, only the store knows."""
    services = every[0]

    @app.shortcut(RECHECK)
    def again(ack: Ack, body: Body) -> BoltResponse | None:
        reply = PrivateReply.to(services.client, body)
        return change(services, ack, body, "Re-check", lambda taken: _recheck(every, body, reply, taken), reply)


def _recheck(every: Sequence[Services], body: Body, reply: PrivateReply, taken: Taken) -> None:
    channel, message = str((body.get("channel") or {}).get("id") or ""), body.get("message") or {}
    for services in every:
        target = alert_at(services, channel, str(message.get("thread_ts") or message.get("ts") or ""))
        if target is not None:
            recheck(services, target, reply, action_key(body, "recheck"), taken)
            return
    reply.say(NO_ALERT)
    taken.done()


def alert_at(services: Services, channel: str, thread: str) -> Pressed | None:
    """Return the alert whose own message begins a thread.

    Where that message stands was recorded when it was posted. Nothing that a message says of itself is believed,
    neither its buttons nor its author: a shortcut can be used on anybody's message.
    """
    name, since = services.validation.pipeline.name, services.clock() - REMEMBERED
    for alert in services.store.recent_alerts(name, since):
        parent = parent_of(services.store, alert)
        if parent is not None and (parent.posted_channel or parent.channel, parent.ts) == (channel, thread):
            return Pressed(key=alert.key, version=None)
    return None
