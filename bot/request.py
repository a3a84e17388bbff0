"""What may be asked for, and the intervals that it means."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from checks.intervals import Interval
from checks.pipeline import Pipeline
from checks.registry import Check

Depth = Literal["quick", "normal", "full"]


class RequestError(ValueError):
    """What was asked for does not exist or makes no sense; the message is one sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to validate.

    ``interval`` is ``previous`` (the newest that should be complete, with the current one beside it), ``current`` or
    ``today``, ``yesterday``, or the name of an interval. ``checks`` and ``phases`` restrict the run; empty means all.
    ``quick`` runs only the checks marked so. ``trigger`` says who asked.
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
    try:
        match text:
            case "previous":
                found = previous
            case "current" | "today":
                found = current
            case "yesterday" if timeline.cadence.has_dates:
                found = timeline.on(now.astimezone(timeline.zone).date() - timedelta(days=1))
            case _:
                found = timeline.named(text)
    except ValueError as error:
        words = "today or yesterday" if timeline.cadence.kind == "daily" else "previous or current"
        message = f"'{text}' is no {pipeline.words.interval}: use {error}, {words}."
        raise RequestError(message) from None
    latest = timeline.following(current)
    if found > latest:
        message = f"{found} is too far ahead: nothing can be judged later than {latest}."
        raise RequestError(message)
    return found, current if found == previous else found
