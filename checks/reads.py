"""Looking: every question of a run is asked once, at once, and within bounds.

A ``Read`` is started when it is asked for and waited for when its result is read, so a check that asks
for ten services and then reads them waits for the slowest, not for the sum. All checks of a run share
one ``ReadCache``: whoever asks second gets the first one's answer.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from checks.model import ReadRecord
from checks.platform import AuditFinding, Build, BuildTrigger, Commit, Revision, SchedulerJob, Subscription
from checks.ports import Document, Policy, Ports, Problem, Query, Row, Service, SourceError

T = TypeVar("T")

FIRESTORE, BIGQUERY, CLOUD_RUN, RESOURCE_MANAGER = "Firestore", "BigQuery", "Cloud Run", "Resource Manager"
PUBSUB, SCHEDULER, CLOUD_BUILD, MONITORING = "Pub/Sub", "Cloud Scheduler", "Cloud Build", "Cloud Monitoring"
REPOSITORY, AUDIT = "the repository", "the deployment audit"

SERVICES = "services"
"""The question for all services of the region."""


def nothing() -> None:
    """Nothing has to go first."""


class BoundedPool:
    """Runs functions on at most ``bound`` daemon threads, started as they are needed.

    The standard library's executor joins its threads when the process exits, so one call that hangs
    would hang the process with it; these threads are abandoned instead.
    """

    def __init__(self, name: str, bound: int) -> None:
        self._name = name
        self._bound = bound
        self._waiting: deque[Callable[[], None]] = deque()
        self._threads = 0
        self._idle = 0
        self._closed = False
        self._changed = threading.Condition()

    def submit(self, work: Callable[[], None]) -> None:
        """Queue work; it must not raise."""
        with self._changed:
            self._waiting.append(work)
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif self._threads < self._bound:
                self._threads += 1
                threading.Thread(target=self._serve, name=f"{self._name}-{self._threads}", daemon=True).start()

    def close(self) -> None:
        """Drop what has not started and let the threads end."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._waiting and not self._closed:
                    self._changed.wait()
                self._idle -= 1
                if self._closed:
                    return
                work = self._waiting.popleft()
            work()


@dataclass(slots=True, eq=False)
class _Asked:
    """A question on its way, shared by everyone who asked it."""

    source: str
    key: str
    depth: int
    answer: Future[Any]


class ReadCache:
    """The shared, single-flight memory of one run.

    ``bounds`` maps a source to its concurrency. ``give_way`` is called before each question and returns when it may be
    asked.
    """

    def __init__(self, bounds: Mapping[str, int], give_way: Callable[[], object] = nothing) -> None:
        self._give_way = give_way
        self._pools = {source: BoundedPool(source, bound) for source, bound in bounds.items()}
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._records: list[ReadRecord] = []
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def ask(self, source: str, key: str, depth: int, question: Callable[[], Any]) -> _Asked:
        """Start a question, or join the one that is already under way or answered."""
        with self._lock:
            known = self._asked.get((source, key))
            if known is not None:
                return known
            asked = self._asked[source, key] = _Asked(source, key, depth, Future())
        self._pools[source].submit(lambda: self._answer(asked, question))
        return asked

    def _answer(self, asked: _Asked, question: Callable[[], Any]) -> None:
        self._give_way()
        started, cpu = time.monotonic(), time.thread_time()
        answer: Any = None
        failure: BaseException | None = None
        try:
            answer = question()
        except BaseException as error:  # noqa: BLE001 - handed to whoever reads the look
            failure = error
        record = ReadRecord(
            source=asked.source,
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

    def answer(self, source: str, key: str) -> Any | None:
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
        for pool in self._pools.values():
            pool.close()


class Read(Generic[T]):
    """An answer that is on its way."""

    __slots__ = ("_asked", "_looks", "_pick")

    def __init__(self, reads: Reads, asked: _Asked, pick: Callable[[Any], T]) -> None:
        self._looks = reads
        self._asked = asked
        self._pick = pick

    def result(self) -> T:
        """Wait for the answer. Raises SourceError, also when the check's time is over."""
        return self._pick(self._looks.wait(self._asked))


def _same(answer: Any) -> Any:
    return answer


def _connected(port: T | None, source: str) -> T:
    """Return a port, or raise SourceError where the composition has none."""
    if port is None:
        raise SourceError(source, Problem.UNAVAILABLE, "it is not connected", advice="Configure it, see the README.")
    return port


class Reads:
    """What one check may ask, through the run's shared cache and until the check's deadline.

    ``planned`` are the documents that the run will need; the first question for any of them fetches
    all of them in one request.
    """

    def __init__(self, cache: ReadCache, ports: Ports, planned: frozenset[str], seconds: float) -> None:
        self._cache = cache
        self._ports = ports
        self._planned = planned
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._depth = 0

    def connected(self, source: str) -> bool:
        """Whether a source around the services is connected at all; what is not, nobody has configured."""
        ports = {
            PUBSUB: self._ports.messaging,
            SCHEDULER: self._ports.scheduler,
            CLOUD_BUILD: self._ports.builds,
            MONITORING: self._ports.requests,
            REPOSITORY: self._ports.repository,
            AUDIT: self._ports.audit,
        }
        return ports.get(source, self._ports) is not None

    def document(self, path: str) -> Read[Document | None]:
        """Ask for a document."""
        wanted = tuple(sorted(self._planned)) if path in self._planned else (path,)
        return self._ask(
            FIRESTORE, " ".join(wanted), lambda: self._ports.documents.get(wanted), lambda answer: answer.get(path)
        )

    def collection(self, name: str, limit: int) -> Read[Sequence[Document]]:
        """Ask for at most ``limit`` documents of a collection."""
        return self._ask(FIRESTORE, f"{name}[:{limit}]", lambda: self._ports.documents.list(name, limit))

    def query(self, query: Query) -> Read[Sequence[Row]]:
        """Ask the warehouse."""
        return self._ask(BIGQUERY, query.key, lambda: self._ports.warehouse.query(query))

    def service(self, name: str) -> Read[Service | None]:
        """Ask for a Cloud Run service: all of them come in one list, so that each costs no question of its own."""
        return self._ask(
            CLOUD_RUN,
            SERVICES,
            self._ports.control_plane.services,
            lambda answer: next((each for each in answer if each.name == name), None),
        )

    def service_policy(self, name: str) -> Read[Policy | None]:
        """Ask for a service's own IAM policy."""
        return self._ask(CLOUD_RUN, f"policy {name}", lambda: self._ports.control_plane.service_policy(name))

    def project_policy(self) -> Read[Policy]:
        """Ask for the project's IAM policy."""
        return self._ask(RESOURCE_MANAGER, "project policy", self._ports.control_plane.project_policy)

    def services(self) -> Read[Sequence[Service]]:
        """Ask for every Cloud Run service of the region."""
        return self._ask(CLOUD_RUN, SERVICES, self._ports.control_plane.services)

    def revisions(self, service: str, limit: int) -> Read[Sequence[Revision]]:
        """Ask for the latest revisions of a service, the newest first."""
        return self._ask(
            CLOUD_RUN, f"revisions {service} {limit}", lambda: self._ports.control_plane.revisions(service, limit)
        )

    def subscriptions(self) -> Read[Sequence[Subscription]]:
        """Ask for every Pub/Sub subscription of the project."""
        return self._ask(PUBSUB, "subscriptions", lambda: _connected(self._ports.messaging, PUBSUB).subscriptions())

    def topics(self) -> Read[Sequence[str]]:
        """Ask for every Pub/Sub topic of the project."""
        return self._ask(PUBSUB, "topics", lambda: _connected(self._ports.messaging, PUBSUB).topics())

    def jobs(self) -> Read[Sequence[SchedulerJob]]:
        """Ask for every Cloud Scheduler job."""
        return self._ask(SCHEDULER, "jobs", lambda: _connected(self._ports.scheduler, SCHEDULER).jobs())

    def build_triggers(self) -> Read[Sequence[BuildTrigger]]:
        """Ask for every build trigger."""
        return self._ask(CLOUD_BUILD, "triggers", lambda: _connected(self._ports.builds, CLOUD_BUILD).triggers())

    def builds(self, since: datetime) -> Read[Sequence[Build]]:
        """Ask for the builds created since an instant, the newest first."""
        return self._ask(
            CLOUD_BUILD,
            f"builds {since.isoformat()}",
            lambda: _connected(self._ports.builds, CLOUD_BUILD).recent(since),
        )

    def request_counts(self, since: datetime, until: datetime) -> Read[Mapping[str, int]]:
        """Ask how many requests each service received."""
        return self._ask(
            MONITORING,
            f"requests {since.isoformat()} {until.isoformat()}",
            lambda: _connected(self._ports.requests, MONITORING).counts(since, until),
        )

    def head(self) -> Read[Commit]:
        """Ask for the newest commit of the deployed branch."""
        return self._ask(REPOSITORY, "head", lambda: _connected(self._ports.repository, REPOSITORY).head())

    def commits_since(self, commit: str) -> Read[Sequence[Commit] | None]:
        """Ask for the commits after one; None when the repository does not know it."""
        return self._ask(
            REPOSITORY, f"since {commit}", lambda: _connected(self._ports.repository, REPOSITORY).since(commit)
        )

    def commits_after(self, instant: datetime) -> Read[Sequence[Commit]]:
        """Ask for the commits made after an instant."""
        return self._ask(
            REPOSITORY,
            f"after {instant.isoformat()}",
            lambda: _connected(self._ports.repository, REPOSITORY).after(instant),
        )

    def path_exists(self, path: str) -> Read[bool]:
        """Ask whether a folder or file exists at the head of the repository."""
        return self._ask(
            REPOSITORY, f"path {path}", lambda: _connected(self._ports.repository, REPOSITORY).exists(path)
        )

    def audit(self) -> Read[Sequence[AuditFinding]]:
        """Ask for the violations that the deployment audit finds."""
        return self._ask(AUDIT, "audit", lambda: _connected(self._ports.audit, AUDIT).violations())

    def _ask(self, source: str, key: str, question: Callable[[], Any], pick: Callable[[Any], T] = _same) -> Read[T]:
        return Read(self, self._cache.ask(source, key, self._depth + 1, question), pick)

    def wait(self, asked: _Asked) -> Any:
        """Wait for a question until the deadline. Raises SourceError."""
        try:
            answer = asked.answer.result(timeout=max(0.0, self._deadline - time.monotonic()))
        except FutureTimeoutError:
            raise SourceError(
                asked.source,
                Problem.TIMED_OUT,
                f"no answer within {self._seconds:g} s",
                advice=f"Run the check again; if it stays slow, look at the status of {asked.source}.",
                retryable=True,
            ) from None
        finally:
            self._depth = max(self._depth, asked.depth)
        return answer
