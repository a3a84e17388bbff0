"""What may be asked for, and the intervals that it means."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Literal

from bot.dates import UnreadDateError, date_meant
from bot.nearest import either
from checks.intervals import Interval
from checks.pipeline import Pipeline
from checks.registry import Check

Depth = Literal["quick", "normal", "full"]


NEAREST = 3
"""Names that an answer to a wrong one offers: whoever wants all of them asks for the list."""


class RequestError(ValueError):
    """What was asked for does not exist or makes no sense; the message is one sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to validate.

    ``interval`` is ``previous`` (the newest that should be complete, with the current one beside it), ``current`` or
    ``today``, a date as people write it, or the name of an interval. ``checks`` and ``phases`` restrict the run; empty
    means all. ``quick`` runs only the checks marked so. ``trigger`` says who asked.
    """

    interval: str = "previous"
    checks: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    depth: Depth = "normal"
    trigger: str = "shell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a request comes to, worked out once: the instant that is judged, the intervals, the checks to run."""

    request: Request
    now: datetime
    selected: tuple[Check, ...]
    previous: Interval
    current: Interval

    @property
    def key(self) -> Hashable:
        """What makes two requests one: what runs, for which intervals."""
        checks = frozenset(check.id for check in self.selected)
        return self.previous, self.current, checks, frozenset(self.request.phases)


def intervals_of(text: str, pipeline: Pipeline, now: datetime) -> tuple[Interval, Interval]:
    """Return the previous and the current interval that a request means at an instant.

    The newest that should be complete goes with the current one, as in the morning; any other stands for both.
    Raises RequestError.
    """
    timeline = pipeline.timeline
    previous, current = timeline.around(now)
    latest = timeline.following(current)
    match text.lower():
        case "previous":
            found = previous
        case "current" | "today":
            found = current
        case _:
            found = _interval_meant(text, pipeline, now, latest)
    if found > latest:
        message = f"{found} is too far ahead: nothing can be judged later than {latest}."
        raise RequestError(message)
    return found, current if found == previous else found


def _interval_meant(text: str, pipeline: Pipeline, now: datetime, latest: Interval) -> Interval:
    """Return the interval of a name, or that of a date as people write it where intervals are days or longer."""
    timeline = pipeline.timeline
    try:
        return timeline.named(text)
    except ValueError as error:
        expected = str(error)
    if not timeline.cadence.has_dates:
        raise RequestError(f"'{text}' is no {pipeline.words.interval}: use {expected}, previous or current.") from None
    last = (latest.end - timedelta(seconds=1)).date()
    try:
        return timeline.on(date_meant(text, now.astimezone(timeline.zone).date(), last))
    except (UnreadDateError, OverflowError) as error:
        said = str(error) if timeline.cadence.kind == "daily" else f"{error} Or {expected.partition(',')[0]}."
        raise RequestError(said) from None


def day_meant(text: str, pipeline: Pipeline, now: datetime) -> date:
    """Return the date that somebody wrote, as it is where the pipeline is. Raises RequestError."""
    try:
        return date_meant(text, now.astimezone(pipeline.zone).date())
    except UnreadDateError as error:
        raise RequestError(str(error)) from None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a sentence with the nearest names, three at most: those that may be meant, else what comes closest."""
    names = sorted(known)
    if near := get_close_matches(name.lower(), names, n=NEAREST, cutoff=0.6):
        return f"Did you mean {either(near)}?"
    if len(names) <= NEAREST:
        return f"There are: {', '.join(names)}."
    closest = get_close_matches(name.lower(), names, n=NEAREST, cutoff=0.0)
    return f"The nearest of {len(names)} are {', '.join(closest)}."
