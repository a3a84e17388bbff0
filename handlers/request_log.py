"""One line of the log for each thing that people ask of the bot: a command, a button, a form."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt import App, BoltResponse

from bot.log_fields import extra

log = logging.getLogger(__name__)

Body = Mapping[str, Any]


def register(app: App) -> None:
    """Log every request before anybody answers it. The words of a command are not logged: people write anything."""

    def logged(body: Body, next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 - Bolt gives it by this name
        if what := asked_in(body):
            log.info("asked: %s", what, extra=extra(user=_user(body)))
        return next()

    app.middleware(logged)


def asked_in(body: Body) -> str:
    """Return the command, the button or the form of a request; nothing for an event that nobody asks with."""
    if "command" in body:
        return str(body["command"])
    if body.get("type") == "view_submission":
        return f"form {(body.get('view') or {}).get('callback_id', '')}"
    actions: Sequence[Body] = body.get("actions") or ({},)
    named = actions[0].get("action_id") or body.get("callback_id")
    if named:
        return f"button {named}"
    return "mention" if (body.get("event") or {}).get("type") == "app_mention" else ""


def _user(body: Body) -> str:
    return str(body.get("user_id") or (body.get("user") or {}).get("id") or (body.get("event") or {}).get("user") or "")
