"""Whether a request was here before: Slack sends events again, and a caught signature works for five minutes."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from bot.store.model import StoreError
from handlers.services import Services

log = logging.getLogger(__name__)


def once(services: Services, body: Mapping[str, Any], run: Callable[[], None]) -> Callable[[], None]:
    """Return what does the work of a request, and nothing when the same request comes again.

    The store remembers, so that instances agree; not before the work begins, because a request is acknowledged without
    waiting for the store. Without the store the work is done: what must not happen twice has a key of its own.
    """

    def run_once() -> None:
        try:
            new = services.store.first_time(request_key(body), services.clock())
        except StoreError:
            log.warning("a replay cannot be noticed: the store does not answer", exc_info=True)
            new = True
        if new:
            run()
        else:
            log.info("a request came again, and was not answered again")

    return run_once


def untold(trigger_id: str) -> str:
    """Return what tells a trigger_id from all others and is no secret: the id itself opens views in Slack."""
    return hashlib.sha256(trigger_id.encode()).hexdigest()[:32] if trigger_id else ""


def request_key(body: Mapping[str, Any]) -> str:
    """Return what is the same when Slack's request comes again, and else never.

    Events have an id. Every trigger is made for one request. What has neither is known by all that it says.
    """
    if event := body.get("event_id"):
        return f"event:{event}"
    if trigger := body.get("trigger_id"):
        return f"request:{untold(str(trigger))}"
    return f"request:{hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()}"
