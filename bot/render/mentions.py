"""Whom an alert calls."""

from __future__ import annotations

import re

from bot.render.post import Mention, Text
from bot.store.model import Alert, AlertState
from checks.pipeline import Pipeline

_MEMBER = re.compile(r"[UWS][A-Z0-9]+")


def mention_of(alert: Alert, pipeline: Pipeline) -> Text:
    """Return the mention of whoever an alert that nobody has taken calls; else an empty text.

    A mention in a new message notifies; the same mention in an edit does not.
    """
    if alert.state is not AlertState.FIRING or pipeline.notifications is None:
        return ()
    return mention(pipeline.notifications.mentions.get(alert.severity, ""))


def mention(member: str) -> Text:
    """Return the mention of a user or a user group by its ID; nothing for what is no ID."""
    return (Mention(member),) if _MEMBER.fullmatch(member) else ()
