"""Whom an alert calls."""

from __future__ import annotations

import re

from bot.render.post import Mention, Text, text
from bot.repairs.words import OF_SLACK
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


def naming(words: str, alert: Alert) -> Text:
    """Return words of an alert, in which whoever made the change that is its cause is a mention if Slack knows them."""
    return naming_person(words, str((alert.details.get("evidence") or {}).get("changed_by") or ""))


def naming_person(words: str, by: str) -> Text:
    """Return words in which the person is a mention who is named as ``by``, if Slack knows them."""
    who = mention(by.removeprefix(OF_SLACK)) if by.startswith(OF_SLACK) else ()
    if not who:
        return (words,)
    first, *others = re.split(re.escape(by), words, flags=re.IGNORECASE)
    return text(first, *(span for each in others for span in (*who, each)))


def mention(member: str) -> Text:
    """Return the mention of a user or a user group by its ID; nothing for what is no ID."""
    return (Mention(member),) if _MEMBER.fullmatch(member) else ()
