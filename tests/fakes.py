"""Stand-ins for the ports, a tiny pipeline, and the way to run one check as the product runs it.

The fakes answer from plain dictionaries and remember what they were asked. An answer that is an
exception is raised. What nobody prepared an answer for is an error of the test, never an empty answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from checks.context import Context
from checks.intervals import Timeline
from checks.model import CheckResult, Interval
from checks.orchestration_spec import Phase
from checks.pipeline import Pipeline
from checks.ports.documents import FIRESTORE, Document, Documents
from checks.ports.messaging import PUBSUB, Subscription
from checks.ports.policies import RESOURCE_MANAGER, Policy
from checks.ports.scheduler import SCHEDULER, SchedulerJob
from checks.ports.services import CLOUD_RUN, Revision, Service
from checks.ports.warehouse import BIGQUERY, Query, Row, Warehouse
from checks.queries_spec import Condition
from checks.reads import ReadCache, Reads
from checks.registry import Check
from checks.runner import Run, run_checks
from checks.source import Ports, Problem, Source, SourceError

NEW_YORK = ZoneInfo("America/New_York")


def day(text: str, zone: ZoneInfo = NEW_YORK) -> Interval:
    """Return the interval of a daily pipeline, by default in New York: ``day("2026-02-10")``."""
    return Timeline(zone).named(text)


NIGHT = day("2026-02-10")
SLATE = day("2026-02-11")
MORNING = datetime(2026, 2, 11, 13, tzinfo=UTC)
"""08:00 in New York on the morning after the night."""

Answer = Sequence[Row] | SourceError | Callable[[Query], Any]


def down(source: Source[Any] | str = "BigQuery", problem: Problem = Problem.UNAVAILABLE) -> SourceError:
    """Return what a source raises that cannot be asked."""
    return SourceError(source, problem, "the source does not answer", retryable=True)


class FakeDocuments:
    """Firestore as a dictionary from ``collection/id`` to the document's data, or to an exception.

    ``failure`` is raised whatever is asked. ``requests`` and ``listings`` hold what was asked.
    """

    def __init__(self, documents: Mapping[str, Any] | None = None, *, failure: SourceError | None = None) -> None:
        self.documents = dict(documents or {})
        self.failure = failure
        self.requests: list[tuple[str, ...]] = []
        self.listings: list[tuple[str, int]] = []

    def get(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        self.requests.append(tuple(paths))
        self._refuse()
        return {path: self._document(path) if path in self.documents else None for path in paths}

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        self.listings.append((collection, limit))
        self._refuse()
        found = sorted(path for path in self.documents if path.rpartition("/")[0] == collection)
        return [self._document(path) for path in found[:limit]]

    def _refuse(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _document(self, path: str) -> Document:
        data = self.documents[path]
        if isinstance(data, SourceError):
            raise data
        return Document(path, data)


class FakeWarehouse:
    """BigQuery as a dictionary from a query's label, or from its label and ``@date``, to its rows.

    Or as a function of the query. Labels are those of the product: the id of a phase, of a condition,
    of a check. ``queries`` holds what was asked.
    """

    def __init__(
        self, answers: Mapping[str | tuple[str, Interval], Answer] | Callable[[Query], Any] | None = None
    ) -> None:
        self._answers = answers if answers is not None else {}
        self._lock = threading.Lock()
        self.queries: list[Query] = []
        self.tables: dict[str, Mapping[str, str] | Exception] = {}
        """The columns of tables, or the error of asking for them."""

    def query(self, query: Query) -> Sequence[Row]:
        with self._lock:
            self.queries.append(query)
        answer = self._answers if callable(self._answers) else self._prepared(self._answers, query)
        if callable(answer):
            answer = answer(query)
        if isinstance(answer, SourceError):
            raise answer
        rows: Sequence[Row] = answer
        return rows

    @staticmethod
    def _prepared(answers: Mapping[str | tuple[str, Interval], Answer], query: Query) -> Answer:
        if "date" in query.parameters:
            asked = (query.label, query.parameters["date"].value)
            for key, answer in answers.items():
                if isinstance(key, tuple) and (key[0], key[1].day) == asked:
                    return answer
        if query.label in answers:
            return answers[query.label]
        message = f"the test prepared no answer for the query labelled {query.label!r}"
        raise LookupError(message)

    def dry_run(self, query: Query) -> int:
        self.query(query)
        return 0

    def columns(self, table: str) -> Mapping[str, str]:
        found = self.tables[table]
        if isinstance(found, Exception):
            raise found
        return found


class FakeControlPlane:
    """Cloud Run and the project's policy as dictionaries by service name; an exception is raised.

    An exception among the services is raised by the list of all of them, too.
    """

    def __init__(
        self,
        services: Mapping[str, Service | SourceError] | None = None,
        policies: Mapping[str, Policy | SourceError] | None = None,
        project: Policy | SourceError | None = None,
    ) -> None:
        self._services = services or {}
        self._policies = policies or {}
        self._project = project if project is not None else Policy(())
        self.latest: dict[str, Sequence[Revision]] = {}
        self.asked: list[str] = []

    def service(self, name: str) -> Service | None:
        self.asked.append(f"service {name}")
        answer = self._services.get(name)
        if isinstance(answer, SourceError):
            raise answer
        return answer

    def services(self) -> Sequence[Service]:
        self.asked.append("services")
        for answer in self._services.values():
            if isinstance(answer, SourceError):
                raise answer
        return [self._services[name] for name in sorted(self._services)]  # type: ignore[misc]

    def revisions(self, service: str, limit: int) -> Sequence[Revision]:
        self.asked.append(f"revisions {service}")
        return self.latest.get(service, ())[:limit]

    def service_policy(self, name: str) -> Policy | None:
        self.asked.append(f"policy {name}")
        answer = self._policies.get(name)
        if isinstance(answer, SourceError):
            raise answer
        return answer

    def project_policy(self) -> Policy:
        self.asked.append("project policy")
        if isinstance(self._project, SourceError):
            raise self._project
        return self._project


class FakeMessaging:
    """Pub/Sub as two lists, either of which may be an exception; ``asked`` holds what was asked."""

    def __init__(
        self,
        subscriptions: Sequence[Subscription] | SourceError = (),
        topics: Sequence[str] | SourceError | None = None,
    ) -> None:
        self._subscriptions = subscriptions
        self._topics = topics
        self.asked: list[str] = []

    def subscriptions(self) -> Sequence[Subscription]:
        self.asked.append("subscriptions")
        if isinstance(self._subscriptions, SourceError):
            raise self._subscriptions
        return self._subscriptions

    def topics(self) -> Sequence[str]:
        """Return the topics, unless stated those that have a subscription."""
        self.asked.append("topics")
        if isinstance(self._topics, SourceError):
            raise self._topics
        if self._topics is not None:
            return self._topics
        known = () if isinstance(self._subscriptions, SourceError) else self._subscriptions
        return sorted({each.topic for each in known})


class FakeScheduler:
    """Cloud Scheduler as a list of jobs, or an exception; ``asked`` holds what was asked."""

    def __init__(self, jobs: Sequence[SchedulerJob] | SourceError = ()) -> None:
        self._jobs = jobs
        self.asked: list[str] = []

    def jobs(self) -> Sequence[SchedulerJob]:
        self.asked.append("jobs")
        if isinstance(self._jobs, SourceError):
            raise self._jobs
        return self._jobs


def ports(
    *,
    documents: Documents | None = None,
    warehouse: Warehouse | None = None,
    control_plane: FakeControlPlane | None = None,
    messaging: FakeMessaging | None = None,
    scheduler: FakeScheduler | None = None,
) -> Ports:
    """Return ports of which those not given are empty."""
    services = control_plane or FakeControlPlane()
    optional: dict[Source[Any], Any] = {PUBSUB: messaging, SCHEDULER: scheduler}
    return Ports(
        {
            FIRESTORE: documents or FakeDocuments(),
            BIGQUERY: warehouse or FakeWarehouse(),
            CLOUD_RUN: services,
            RESOURCE_MANAGER: services,
            **{source: port for source, port in optional.items() if port is not None},
        }
    )


def pipeline(**parts: Any) -> Pipeline:
    """Return a tiny pipeline: phases 1 to 6 that can show their rows, a condition ``games``, nothing else.

    ``parts`` replace or add whole keys of the pipeline file.
    """
    described: dict[str, Any] = {
        "name": "tiny",
        "title": "Tiny pipeline",
        "timezone": "America/New_York",
        "project": "example-project",
        "project_number": "123456789",
        "region": "us-west2",
        "invoker": "serviceAccount:invoker@example.com",
        "datasets": ("data",),
        "tables": {},
        "conditions": {
            "games": Condition(
                title="Games on the date",
                otherwise="no games",
                query="SELECT COUNT(*) AS number FROM {data}.games WHERE game_date = @date",
            )
        },
        "phases": tuple(
            Phase(id=f"phase{number}", title=f"Phase {number}", rows=_rows_of(number)) for number in range(1, 7)
        ),
        "transitions": (),
    }
    return Pipeline(**{**described, **parts})


def _rows_of(number: int) -> str:
    return (
        "SELECT COUNT(*) AS row_count, MIN(at) AS first_at, MAX(at) AS last_at "
        f"FROM {{data}}.phase{number} WHERE game_date = @date"
    )


def context(
    described: Pipeline | None = None,
    world: Ports | None = None,
    *,
    now: datetime = MORNING,
    previous: Interval = NIGHT,
    current: Interval | None = None,
    phases: frozenset[str] | None = None,
) -> Context:
    """Return what a check would be given; the current interval is the previous one unless stated."""
    described = described or pipeline()
    run = Run(pipeline=described, now=now, previous=previous, current=current or previous, phases=phases)
    cache = ReadCache(described.limits)
    reads = Reads(cache, world or ports(), run.planned_documents, described.limits.check_seconds)
    return Context(now=now, previous=run.previous, current=run.current, pipeline=described, reads=reads, phases=phases)


def run_check(
    check: Check,
    described: Pipeline | None = None,
    world: Ports | None = None,
    *,
    now: datetime = MORNING,
    previous: Interval = NIGHT,
    current: Interval | None = None,
    phases: frozenset[str] | None = None,
    jobs_before: Sequence[SchedulerJob] = (),
) -> CheckResult:
    """Run one check through the real runner at a fixed time; the current interval is the previous one unless stated."""
    described = described or pipeline()
    run = Run(
        pipeline=described,
        now=now,
        previous=previous,
        current=current or previous,
        phases=phases,
        jobs_before=tuple(jobs_before),
    )
    cache = ReadCache(described.limits)
    try:
        (result,) = run_checks([check], run, world or ports(), cache)
    finally:
        cache.close()
    return result
