"""How a sink may fail the outbox, and where a message stands that it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


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


class SinkCall(StrEnum):
    """What was asked of Slack."""

    POST = "post"
    EDIT = "edit"
    FIND = "find"


class PostError(Exception):
    """Slack did not do what was asked. The text is Slack's own code or the name of the failure."""

    def __init__(
        self,
        trouble: Trouble,
        detail: str,
        *,
        retry_after: timedelta = timedelta(0),
        channel: str = "",
        call: SinkCall = SinkCall.POST,
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
