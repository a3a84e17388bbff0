"""Commands in plain words: ``@Reveille status`` in a channel, ``status`` in a direct message."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App

from handlers.buttons import Body
from handlers.replies import PrivateReply
from handlers.services import Services
from handlers.workers import Job, Lane

_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>")

Command = Callable[[Ack, Body], None]


def register(app: App, services: Services, name: str, command: Command) -> None:
    """Register what hands the words of a message to the command of a name, the one that takes every other."""

    @app.event("app_mention")
    def mentioned(ack: Ack, event: Mapping[str, Any], body: Body) -> None:
        ack()
        _hand_over(services, name, command, event, body)

    @app.event("message")
    def written(ack: Ack, event: Mapping[str, Any], body: Body) -> None:
        ack()
        _hand_over(services, name, command, event, body)


def _is_direct(event: Mapping[str, Any]) -> bool:
    """Whether a message stands in the conversation of one person with the bot: Slack may tell of it in both ways."""
    return event.get("channel_type") == "im" or str(event.get("channel") or "").startswith("D")


def asked_in(event: Mapping[str, Any], body: Body, name: str) -> Body | None:
    """Return what a message asks for, as the command of a name would come; None for what asks nothing of us: neither
    what bots say, ourselves among them, nor what is edited or deleted, nor what is said to others."""
    user, kind = event.get("user"), event.get("type")
    if not isinstance(user, str) or event.get("bot_id") or event.get("subtype"):
        return None
    if kind not in ("app_mention", "message") or _is_direct(event) != (kind == "message"):
        return None
    asked = {
        "command": name,
        "text": words_of_message(str(event.get("text") or "")),
        "user_id": user,
        # Of somebody from another organisation the event names theirs; the body names the one of the app.
        "team_id": event.get("user_team") or event.get("team") or "",
        "event_id": body.get("event_id"),
    }
    if not _is_direct(event):
        asked |= {"channel_id": event.get("channel"), "message": {"thread_ts": event.get("thread_ts")}}
    return asked


def _hand_over(services: Services, name: str, command: Command, event: Mapping[str, Any], body: Body) -> None:
    """Answer what a person wrote."""
    asked = asked_in(event, body, name)
    if asked is None:
        return
    reply = PrivateReply.to(services.client, asked)

    def answered(text: str = "", **_: object) -> None:
        # A command may answer in its acknowledgement, and an event has none that anybody reads.
        if text:
            services.workers.submit(Lane.QUICK, Job(lambda: _said(reply, text)))

    command(answered, asked)  # type: ignore[arg-type]


def _said(reply: PrivateReply, text: str) -> None:
    reply.say(text)


def words_of_message(text: str) -> str:
    """Return the words of a message without the mentions in it, as somebody would type them behind a command."""
    return html.unescape(_MENTION.sub(" ", text)).strip()
