"""What the outbox asks of Slack, and how Slack may fail it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol


class Trouble(StrEnum):
    """What a failure means for the message at hand. ``slack_errors`` has the codes of each, in four groups."""

    CHANNEL = "channel"
    """This channel takes nothing from us: archived, deleted, or the bot is no member."""
    ACCESS = "access"
    """The bot lacks a permission: here alone, or everywhere. What another channel answers tells which."""
    RESTRICTED = "restricted"
    """Somebody set that such messages are not allowed: in this channel, or with this mention."""
    UNTHREADED = "unthreaded"
    """The channel takes messages, but no answers in threads."""
    GONE = "gone"
    """The message or the thread does not exist any more, or may not be touched."""

    APP = "app"
    """Slack refuses the bot itself: every message in every channel meets this."""

    CONTENT = "content"
    """Slack does not take these blocks or this text, and never will."""

    BUSY = "busy"
    """Nothing was done; not again before ``retry_after``."""
    UNAVAILABLE = "unavailable"
    """No answer, or none to rely on: it may have been done."""
    REFUSED = "refused"
    """Nothing was done, and whether that lasts is not known: also every code that nobody has told us of."""


class Call(StrEnum):
    """What was asked of Slack."""

    POST = "post"
    EDIT = "edit"
    LOOK = "look"


class PostError(Exception):
    """Slack did not do what was asked. The text is Slack's own code or the name of the failure."""

    def __init__(
        self,
        trouble: Trouble,
        detail: str,
        *,
        retry_after: timedelta = timedelta(0),
        channel: str = "",
        call: Call = Call.POST,
    ) -> None:
        super().__init__(detail)
        self.trouble = trouble
        self.detail = detail
        self.retry_after = retry_after
        self.channel = channel
        self.call = call


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands. ``thread_ts`` is None at the top level of a channel."""

    channel: str
    ts: str
    thread_ts: str | None = None


class Poster(Protocol):
    """Every method raises PostError and is tried once: who calls decides about another time."""

    def post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        """Post a message that carries a key. Posted elsewhere than in ``thread_ts``, its thread is gone."""
        ...

    def update(self, channel: str, ts: str, body: Mapping[str, Any], key: str) -> Posted:
        """Replace what a message says; ``key`` is the one that it carries."""
        ...

    def find(self, channel: str, key: str, since: datetime, thread_ts: str | None) -> Posted | None:
        """Return the message that carries a key, posted since; in a thread that is gone, look in the channel."""
        ...
