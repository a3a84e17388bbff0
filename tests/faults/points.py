"""Numbered places at which a process may die: before and after every call of a store or of Slack."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")

READS_OWN_MEMORY = frozenset({"close"})


class Killed(BaseException):
    """The process dies here; like KeyboardInterrupt, no error that anybody may handle.

    Whatever catches it has swallowed a real death, too.
    """


def raise_killed(place: str) -> None:
    """Die within a test's own process."""
    raise Killed(place)


class Points:
    """Counts the places that are passed, and dies at the one that is armed.

    Once dead it stays dead: a thread that goes on after its process was killed would do what no dead
    process can do.
    """

    def __init__(self, kill: Callable[[str], None] = raise_killed) -> None:
        self._kill = kill
        self._left: int | None = None
        self.passed: list[str] = []
        self.died_at: str | None = None

    def arm(self, after: int | None) -> None:
        """Die at the place passed after so many others, counted from now; never with None."""
        self._left = after
        self.died_at = None
        self.passed.clear()

    def __call__(self, place: str) -> None:
        if self.died_at is not None:
            self._kill(self.died_at)
        if self._left is None:
            return
        self.passed.append(place)
        if self._left == 0:
            self.died_at = place
            self._kill(place)
        self._left -= 1


class _Guarded:
    """Stands for an object, with a point before and after each of its calls."""

    def __init__(self, real: object, label: str, points: Points) -> None:
        self._real = real
        self._label = label
        self._points = points

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._real, name)
        if not callable(attribute) or name in READS_OWN_MEMORY:
            return attribute

        @functools.wraps(attribute)
        def call(*arguments: Any, **named: Any) -> Any:
            self._points(f"before {self._label}.{name}")
            answer = attribute(*arguments, **named)
            self._points(f"after {self._label}.{name}")
            return answer

        return call


def guarded(real: T, label: str, points: Points) -> T:
    """Return something that does what ``real`` does, and passes a point before and after each call."""
    return cast(T, _Guarded(real, label, points))
