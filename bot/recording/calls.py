"""Every question that the ports are asked, kept with its answer: the ports themselves do not know."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from checks.source import Ports, Problem, Source, SourceError


@dataclass(slots=True, eq=False)
class Call:
    """A question to a port. ``error`` says why it has no answer; nothing has come back yet where it says so."""

    source: Source[Any]
    method: str
    arguments: tuple[Any, ...]
    answer: Any = None
    error: SourceError | None = None


class CallLog:
    """The questions of a run, in their order. Safe to use from several threads."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def of(self, source: Source[Any]) -> tuple[Call, ...]:
        """Return what a source was asked."""
        with self._lock:
            return tuple(each for each in self._calls if each.source is source)

    def ask(self, source: Source[Any], method: str, question: Callable[..., Any], *arguments: Any) -> Any:
        """Ask, and keep what comes of it. Raises what the port raises."""
        waiting = SourceError(source, Problem.TIMED_OUT, "no answer until the run was over", retryable=True)
        call = Call(source, method, arguments, error=waiting)
        with self._lock:
            self._calls.append(call)
        try:
            answer = question(*arguments)
        except SourceError as error:
            call.error = error
            raise
        call.answer, call.error = answer, None
        return answer


class RecordingPort:
    """A port that passes every question on and keeps it, whatever the questions of this port are."""

    def __init__(self, source: Source[Any], port: Any, log: CallLog) -> None:
        self._source = source
        self._port = port
        self._log = log

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or name == "close":
            return found
        return lambda *arguments: self._log.ask(self._source, name, found, *arguments)


def recording(ports: Ports, log: CallLog) -> Ports:
    """Return ports that keep in the log what they are asked."""
    return Ports({source: RecordingPort(source, port, log) for source, port in ports.connected.items()})


@dataclass(frozen=True, slots=True)
class Calls:
    """What one source was asked in a run."""

    all: tuple[Call, ...]

    def answered(self, method: str) -> Iterator[tuple[tuple[Any, ...], Any]]:
        """Yield the arguments and the answer of each question of a kind that has one."""
        for call in self.all:
            if call.method == method and call.error is None:
                yield call.arguments, call.answer
