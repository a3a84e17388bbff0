"""Sources that do not answer, as a scenario states them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from bot.scenarios.scenario import Fault
from checks.source import Problem, Source, SourceError

_RETRYABLE = {Problem.UNAVAILABLE, Problem.UNREACHABLE, Problem.TIMED_OUT, Problem.THROTTLED}

_DETAILS = {
    Problem.UNAVAILABLE: "it does not answer",
    Problem.UNREACHABLE: "nothing came of connecting",
    Problem.TIMED_OUT: "no answer within 20 s",
    Problem.THROTTLED: "too many requests",
    Problem.DENIED: "the account cannot read this",
    Problem.UNAUTHENTICATED: "the credentials are not accepted",
    Problem.NOT_FOUND: "it does not exist",
    Problem.NOT_ENABLED: "the API is not enabled in this project",
    Problem.INVALID: "the question is not accepted",
}


class Faults:
    """Decides for every question whether its source fails. Safe to use from several threads."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._closed = threading.Event()

    def raise_for(self, source: Source[Any], concerns: Callable[[str], bool] = lambda _: False) -> None:
        """Raise SourceError if a fault covers the question; ``concerns`` tells whether an ``only`` means it.

        A source that hangs blocks until the ports are closed.
        """
        for fault in self._faults:
            if fault.source == source.name and (fault.only is None or concerns(fault.only)):
                self._fail(fault)

    def _fail(self, fault: Fault) -> None:
        if fault.problem == "hang":
            self._closed.wait()
            raise SourceError(fault.source, Problem.TIMED_OUT, "the source hung until the run was over", retryable=True)
        problem = Problem(fault.problem)
        raise SourceError(
            fault.source,
            problem,
            fault.detail or _DETAILS[problem],
            advice=fault.advice,
            retryable=problem in _RETRYABLE,
        )

    def close(self) -> None:
        """Let go of every question that hangs."""
        self._closed.set()
