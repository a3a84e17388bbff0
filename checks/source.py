"""A source of evidence: its name and bound, why it may give no answer, and what a run is connected to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

P = TypeVar("P")


class Problem(StrEnum):
    """Why a source gave no answer."""

    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    """Nothing came of connecting: no network, or something in between."""
    TIMED_OUT = "timed out"
    THROTTLED = "throttled"
    DENIED = "denied"
    UNAUTHENTICATED = "unauthenticated"
    NOT_FOUND = "not found"
    NOT_ENABLED = "not enabled"
    INVALID = "invalid"
    """The question itself is wrong: a missing column, a malformed query."""
    UNSUPPORTED = "not supported"
    """The embedded engine cannot ask it; the service that it stands for may."""


_SAID = {
    Problem.UNAVAILABLE: " is unavailable",
    Problem.UNREACHABLE: " cannot be reached",
    Problem.TIMED_OUT: " timed out",
    Problem.THROTTLED: " throttles the requests",
    Problem.DENIED: " denies access",
    Problem.UNAUTHENTICATED: " refuses the credentials",
    Problem.NOT_FOUND: "",
    Problem.NOT_ENABLED: "",
    Problem.INVALID: "",
    Problem.UNSUPPORTED: " cannot be asked this",
}
"""What a source does, behind its name; the detail of some problems says it by itself."""

UNANSWERED = frozenset({Problem.UNAVAILABLE, Problem.UNREACHABLE, Problem.TIMED_OUT})
"""Problems after which nobody knows whether a write arrived."""

NO_NETWORK = "Check the network of the machine that runs Reveille: its names (DNS), its proxy, its firewall."
"""What to do about a source that is unreachable."""


@dataclass(frozen=True, eq=False)
class Source(Generic[P]):
    """A source whose port is a ``P``.

    ``name`` is the word people read (``BigQuery``, ``Firestore`` ...), ``bound`` how many questions it is asked at
    once by the ``limits`` of a pipeline file, ``section`` the part of the pipeline file that connects it.
    """

    name: str
    bound: Callable[[Any], int]
    section: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecord:
    """One question that was really sent to a source.

    ``duration``, ``cpu`` and ``started`` (since the run began) are seconds. ``depth`` is 1 for a
    question that waits for nothing, 2 for one that needed the answer of such a one, and so on.
    """

    source: str
    key: str
    depth: int
    started: float
    duration: float
    cpu: float
    answered: bool


class SourceError(Exception):
    """A source could not answer.

    ``detail`` is one sentence without secrets, ``advice`` what to do about it. ``retryable`` says whether asking again
    may help.
    """

    def __init__(
        self, source: Source[Any] | str, problem: Problem, detail: str, *, advice: str = "", retryable: bool = False
    ) -> None:
        super().__init__(f"{source}{_SAID[problem]}: {detail}")
        self.source = str(source)
        self.problem = problem
        self.detail = detail
        self.advice = advice
        self.retryable = retryable

    @property
    def sentence(self) -> str:
        """What is the matter, and what to do about it."""
        return f"{str(self).rstrip('.')}. {self.advice}".rstrip()


class Ports:
    """What a run is connected to: the port of each source.

    Every method of a port is synchronous, safe to call from several threads, bounded by a time-out of its own, and
    raises ``SourceError`` and nothing else.
    """

    def __init__(self, connected: Mapping[Source[Any], Any]) -> None:
        self.connected = dict(connected)

    def __contains__(self, source: Source[Any]) -> bool:
        return source in self.connected

    def __getitem__(self, source: Source[P]) -> P:
        """Return the port of a source. Raises SourceError where it is not connected."""
        if source not in self.connected:
            raise SourceError(
                source,
                Problem.UNAVAILABLE,
                "it is not connected",
                advice=f"Add the section '{source.section}' to the pipeline file.",
            )
        return cast("P", self.connected[source])

    def close(self) -> None:
        """Close every connection; questions under way fail."""
        for port in self.connected.values():
            close = getattr(port, "close", None)
            if close is not None:
                close()
