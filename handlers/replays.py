"""Whether a request was here before: Slack sends events again, and a caught signature works for five minutes."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.store.model import StateStore, StoreError

log = logging.getLogger(__name__)

UNTOLD = "untold_trigger"
"""Where a click that was kept has what tells its trigger from others; Slack's payloads have no such part."""


def once(
    store: StateStore, clock: Callable[[], datetime], body: Mapping[str, Any], run: Callable[[], None]
) -> Callable[[], None]:
    """Return what does the work of a request, and nothing when the same request comes again.

    The store remembers, so that instances agree; not before the work begins, because a request is acknowledged without
    waiting for the store. Without the store the work is done: what must not happen twice has a key of its own. What was
    kept was begun at most, by a process that is no more.
    """

    def run_once() -> None:
        try:
            new = is_kept(body) or store.first_time(request_key(body), clock())
        except StoreError:
            log.warning("a replay cannot be noticed: the store does not answer", exc_info=True)
            new = True
        if new:
            run()
        else:
            log.info("a request came again, and was not answered again")

    return run_once


def trigger_of(body: Mapping[str, Any]) -> str:
    """Return what tells the trigger of a request from all others, empty where there is none."""
    return str(body.get(UNTOLD) or untold(str(body.get("trigger_id") or "")))


ORIGIN = (
    *("type", "callback_id", "user", "team", "channel", "actions"),
    *("user_id", "team_id", "channel_id", "command"),
)
"""Who did what where: of a click, and of a command. The words of a command are in its title."""


def essence(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return as much of a click as its effect needs. Neither the trigger, which opens views, nor the address to answer
    to is kept: both are secrets, and too old when they are wanted."""
    message, view = body.get("message") or {}, body.get("view") or {}
    parts = {name: body[name] for name in ORIGIN if name in body}
    return {
        **parts,
        UNTOLD: trigger_of(body),
        "message": {name: message[name] for name in ("ts", "thread_ts") if name in message},
        "view": {
            name: view[name] for name in ("id", "type", "callback_id", "private_metadata", "state") if name in view
        },
    }


def is_kept(body: Mapping[str, Any]) -> bool:
    """Whether a request comes from the store, and not from Slack."""
    return UNTOLD in body


def untold(trigger_id: str) -> str:
    """Return what tells a trigger_id from all others and is no secret: the id itself opens views in Slack."""
    return hashlib.sha256(trigger_id.encode()).hexdigest()[:32] if trigger_id else ""


def request_key(body: Mapping[str, Any]) -> str:
    """Return what is the same when Slack's request comes again, and else never.

    Events have an id. Every trigger is made for one request. What has neither is known by all that it says.
    """
    if event := body.get("event_id"):
        return f"event:{event}"
    if trigger := trigger_of(body):
        return f"request:{trigger}"
    return f"request:{hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()}"
