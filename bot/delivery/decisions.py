"""What follows from Slack's answers: pure decisions, each with a named reason.

A message that is refused changes its shape or its place until Slack takes it (``another``); what no shape or
place helps waits or is given up (``judge``). Each step is taken at most once in a place, and a message goes to
another place at most twice: every sequence of answers ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from bot.delivery.troubles import PostError, SinkCall, Trouble

PATIENCE = timedelta(hours=24)
"""A message that is refused for so long is given up, and the default channel is told."""

TRIES = 4
"""A refusal that nobody has told us of is waited for so often, together about 20 seconds; then it is taken as meant."""

UNSEARCHED_URGENT = timedelta(minutes=2)
UNSEARCHED = timedelta(minutes=10)
"""For so long a message that may be there already waits for a look at the channel, which Slack does not give."""
SEARCHES = 4
"""So often Slack must have refused the look, too: two refusals with hours between them are no refusal that lasts."""


class Form(IntEnum):
    """How much of a message is shown."""

    WHOLE = 0
    WORDS = 1
    """Its text without blocks."""
    SHORT = 2
    """The beginning of its text, without markup."""


class Adaptation(StrEnum):
    """Why a message is sent otherwise than it was meant."""

    UNMENTIONED = "unmentioned"
    WORDS = "words"
    SHORTENED = "shortened"
    THREAD_GONE = "thread-gone"
    TOP_LEVEL = "top-level"
    REROUTED = "rerouted"
    MAYBE_TWICE = "maybe-twice"


class DeliveryFate(StrEnum):
    """What becomes of a delivery that Slack did not take."""

    RATE_LIMITED = "rate-limited"
    NO_ANSWER = "no-answer"
    CANNOT_SEARCH = "cannot-search"
    APP_REFUSED = "app-refused"
    CHANNEL_REFUSED = "channel-refused"
    REFUSED = "refused"
    UNACCEPTABLE = "unacceptable"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Note:
    """A step, Slack's code for why, and the channel that it was in."""

    step: Adaptation
    detail: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One way of sending a message, and the steps that led to it."""

    channel: str
    thread_ts: str | None = None
    form: Form = Form.WHOLE
    mentions: bool = True
    notes: tuple[Note, ...] = ()

    def took(self, step: Adaptation) -> bool:
        return any(note.step is step for note in self.notes)

    def noting(self, step: Adaptation, detail: str) -> Attempt:
        return replace(self, notes=(*self.notes, Note(step, detail, self.channel)))


def another(attempt: Attempt, error: PostError, *, default: str | None, calls: bool, tried: int) -> Attempt | None:
    """Return how to send a refused message otherwise, at once; None when that would not help.

    ``calls`` says whether its text mentions anybody, ``tried`` how often it was tried before.
    """
    match error.trouble:
        case Trouble.CONTENT:
            return plainer(attempt, error)
        case Trouble.UNTHREADED | Trouble.GONE if attempt.thread_ts is not None:
            step = Adaptation.TOP_LEVEL if error.trouble is Trouble.UNTHREADED else Adaptation.THREAD_GONE
            return replace(attempt.noting(step, error.detail), thread_ts=None)
        case Trouble.BUSY | Trouble.UNAVAILABLE | Trouble.APP:
            return None
        case Trouble.REFUSED if tried < TRIES:
            return None
    if (silenced := unmentioned(attempt, error, calls=calls)) is not None:
        return silenced
    if default not in (None, attempt.channel):
        return detour(attempt, error.detail, default or "")
    return plainer(attempt, error) if error.trouble is Trouble.REFUSED else None


def detour(attempt: Attempt, detail: str, default: str) -> Attempt:
    """Return the attempt in the default channel, where a mention gets another chance."""
    notes = tuple(note for note in attempt.notes if note.step not in (Adaptation.UNMENTIONED, Adaptation.TOP_LEVEL))
    elsewhere = replace(attempt, notes=notes).noting(Adaptation.REROUTED, detail)
    return replace(elsewhere, channel=default, thread_ts=None, mentions=True)


def unmentioned(attempt: Attempt, error: PostError, *, calls: bool) -> Attempt | None:
    """Return the attempt without mentions, where these may be what is refused."""
    may_be_it = error.trouble in (Trouble.RESTRICTED, Trouble.ACCESS, Trouble.REFUSED)
    if not (calls and attempt.mentions and may_be_it):
        return None
    return replace(attempt.noting(Adaptation.UNMENTIONED, error.detail), mentions=False)


def plainer(attempt: Attempt, error: PostError) -> Attempt | None:
    """Return the attempt with less in it; None when there is nothing to leave out."""
    match attempt.form:
        case Form.WHOLE:
            return replace(attempt.noting(Adaptation.WORDS, error.detail), form=Form.WORDS)
        case Form.WORDS:
            return replace(attempt.noting(Adaptation.SHORTENED, error.detail), form=Form.SHORT, mentions=False)
        case Form.SHORT:
            return None


def is_lost(error: PostError, tried: int) -> bool:
    """Whether an edit that was refused will never reach its message, which is then posted again."""
    match error.trouble:
        case Trouble.GONE | Trouble.CHANNEL | Trouble.RESTRICTED | Trouble.UNTHREADED:
            return True
        case Trouble.ACCESS | Trouble.REFUSED:
            return tried >= TRIES
        case _:
            return False


def may_go_again(error: PostError, *, since: datetime, reads: int, again: bool, urgent: bool, now: datetime) -> bool:
    """Whether a message that may be there already is posted though Slack does not let us look for it.

    A refusal lasts, so that waiting does not help; where Slack is slow or busy, ``since`` is when it was so first, and
    ``reads`` how often since. ``again`` says that it was posted so before, at ``since``: then in any case not at once.
    """
    if error.trouble is Trouble.APP:
        return False
    if not again and error.trouble not in (Trouble.BUSY, Trouble.UNAVAILABLE):
        return True
    return reads >= SEARCHES and now - since >= (UNSEARCHED_URGENT if urgent else UNSEARCHED)


def judge(error: PostError, *, age: timedelta, failing: timedelta, elsewhere: bool, silent: bool) -> DeliveryFate:
    """Return what becomes of a message that Slack did not take in any shape.

    ``age`` is the message's, ``failing`` how long its channel has failed, ``elsewhere`` whether another channel has
    worked since, ``silent`` whether Slack has not answered the last message.
    """
    match error.trouble:
        case Trouble.APP:
            return DeliveryFate.APP_REFUSED
        case Trouble.CONTENT if error.call is not SinkCall.FIND:
            # What a search is refused for says nothing of the message.
            return DeliveryFate.UNACCEPTABLE
        case Trouble.BUSY | Trouble.UNAVAILABLE if elsewhere and failing >= PATIENCE:
            return DeliveryFate.GIVEN_UP
        case Trouble.BUSY:
            return DeliveryFate.RATE_LIMITED
        case Trouble.UNAVAILABLE:
            return DeliveryFate.CANNOT_SEARCH if error.call is SinkCall.FIND and not silent else DeliveryFate.NO_ANSWER
        case _ if age >= PATIENCE:
            return DeliveryFate.GIVEN_UP
        case Trouble.REFUSED | Trouble.GONE:
            return DeliveryFate.REFUSED
        case _:
            return DeliveryFate.CHANNEL_REFUSED if error.call is SinkCall.POST else DeliveryFate.REFUSED
