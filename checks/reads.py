"""Reads: every question of a run is asked once, at once, and within bounds.

A ``Read`` is started when it is asked for and waited for when its result is read, so a check that asks
for ten services and then reads them waits for the slowest, not for the sum. All checks of a run share
one ``ReadCache``: whoever asks second gets the first one's answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from checks.pools import BoundedPool
from checks.source import Ports, Problem, ReadRecord, Source, SourceError

P = TypeVar("P")
A = TypeVar("A")
T = TypeVar("T")


def nothing() -> None:
    """Nothing has to go first."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A question on its way, shared by everyone who asked it."""

    source: Source[Any]
    key: str
    depth: int
    answer: Future[Any]


class ReadCache:
    """The shared, single-flight memory of one run.

    ``limits`` say how many questions each source is asked at once. ``give_way`` is called before each question and
    returns when it may be asked.
    """

    def __init__(self, limits: object, give_way: Callable[[], object] = nothing) -> None:
        self._limits = limits
        self._give_way = give_way
        self._pools: dict[Source[Any], BoundedPool] = {}
        self._asked: dict[tuple[Source[Any], str], _Asked] = {}
        self._records: list[ReadRecord] = []
        self._closed = False
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def ask(self, source: Source[Any], key: str, depth: int, question: Callable[[], Any]) -> _Asked:
        """Start a question, or join the one that is already under way or answered."""
        with self._lock:
            known = self._asked.get((source, key))
            if known is not None:
                return known
            asked = self._asked[source, key] = _Asked(source, key, depth, Future())
            pool = self._pool_of(source)
        pool.submit(lambda: self._answer(asked, question))
        return asked

    def _pool_of(self, source: Source[Any]) -> BoundedPool:
        if source not in self._pools:
            self._pools[source] = BoundedPool(source.name, source.bound(self._limits))
            if self._closed:
                self._pools[source].close()
        return self._pools[source]

    def _answer(self, asked: _Asked, question: Callable[[], Any]) -> None:
        self._give_way()
        started, cpu = time.monotonic(), time.thread_time()
        answer: Any = None
        failure: BaseException | None = None
        try:
            answer = question()
        except BaseException as error:  # noqa: BLE001 - handed to whoever reads it
            failure = error
        record = ReadRecord(
            source=asked.source.name,
            key=asked.key,
            depth=asked.depth,
            started=started - self._began,
            duration=time.monotonic() - started,
            cpu=time.thread_time() - cpu,
            answered=failure is None,
        )
        with self._lock:
            self._records.append(record)
        if failure is None:
            asked.answer.set_result(answer)
        else:
            asked.answer.set_exception(failure)

    def answer(self, source: Source[Any], key: str) -> Any | None:
        """Return what a question was answered, None when it was not asked, or has no answer."""
        with self._lock:
            asked = self._asked.get((source, key))
        if asked is None or not asked.answer.done() or asked.answer.exception() is not None:
            return None
        return asked.answer.result()

    @property
    def records(self) -> tuple[ReadRecord, ...]:
        """What was asked and has come back so far, in the order of the answers."""
        with self._lock:
            return tuple(self._records)

    def close(self) -> None:
        """Ask nothing more; questions under way are abandoned to their own time-outs."""
        with self._lock:
            self._closed = True
            pools = list(self._pools.values())
        for pool in pools:
            pool.close()


class Read(Generic[T]):
    """An answer that is on its way."""

    __slots__ = ("_asked", "_pick", "_reads")

    def __init__(self, reads: Reads, asked: _Asked, pick: Callable[[Any], T]) -> None:
        self._reads = reads
        self._asked = asked
        self._pick = pick

    def result(self) -> T:
        """Wait for the answer. Raises SourceError, also when the check's time is over."""
        return self._pick(self._reads.wait(self._asked))


def _same(answer: Any) -> Any:
    return answer


class Reads:
    """What one check may ask, through the run's shared cache and until the check's deadline.

    ``planned`` is what the run will need of a source that gives many things in one request: paths of documents.
    ``has_asked`` is called whenever the check has asked all that it can, and waits.
    """

    def __init__(
        self,
        cache: ReadCache,
        ports: Ports,
        planned: frozenset[str],
        seconds: float,
        has_asked: Callable[[], object] = nothing,
    ) -> None:
        self._cache = cache
        self._ports = ports
        self.planned = planned
        self._has_asked = has_asked
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._depth = 0

    def connected(self, source: Source[Any]) -> bool:
        """Whether a source is connected at all; what is not, nobody has configured."""
        return source in self._ports

    def ask(self, source: Source[P], key: str, question: Callable[[P], A], pick: Callable[[A], T] = _same) -> Read[T]:
        """Ask a source. Questions with the same ``key`` are one; ``pick`` takes this one's part out of its answer."""
        return Read(self, self._cache.ask(source, key, self._depth + 1, lambda: question(self._ports[source])), pick)

    def wait(self, asked: _Asked) -> Any:
        """Wait for a question until the deadline. Raises SourceError."""
        self._has_asked()
        try:
            answer = asked.answer.result(timeout=max(0.0, self._deadline - time.monotonic()))
        except FutureTimeoutError:
            raise SourceError(
                asked.source,
                Problem.TIMED_OUT,
                f"no answer within {self._seconds:g} s",
                advice=f"Run the check again; if it stays slow, check the status of {asked.source}.",
                retryable=True,
            ) from None
        finally:
            self._depth = max(self._depth, asked.depth)
        return answer
