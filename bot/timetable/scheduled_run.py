"""Validations by the timetable, which nobody asked for, and the incidents that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.render.json import report_document
from bot.render.reading import Reading
from bot.request import Plan, Request
from bot.store.model import Delivery, NotStoredError, StoredReport, StoreError
from bot.timetable.jobs_before import kept
from checks.model import Report
from checks.pipeline import Pipeline
from checks.registry import Check


class Validator(Protocol):
    """Validates one pipeline."""

    @property
    def pipeline(self) -> Pipeline: ...

    @property
    def checks(self) -> Sequence[Check]: ...

    def plan(self, request: Request) -> Plan:
        """Return what a request would run now. Raises RequestError."""
        ...

    def run(self, planned: Plan) -> Report: ...


class IncidentDesk(Protocol):
    """Turns a report into alerts and what is said of them."""

    def process(self, report: Report, now: datetime, *, stored: StoredReport | None = None) -> object:
        """Decide, and keep what was decided together with ``stored``. Raises StoreError."""
        ...

    def without_store(self, report: Report, now: datetime) -> Sequence[Delivery]:
        """Return what has to reach people although nothing can be stored."""
        ...


class PastStore:
    """Says things while the store is down: each once in this process, in other processes once more."""

    def __init__(self, send: Callable[[Delivery], object] | None) -> None:
        self._send = send
        self._said: set[str] = set()

    def say(self, deliveries: Iterable[Delivery]) -> None:
        for each in deliveries:
            if self._send is not None and each.key not in self._said:
                self._send(each)
                self._said.add(each.key)

    def is_over(self) -> None:
        """Hear that the store works: the next time that it does not is another matter."""
        self._said.clear()


class ScheduledRun:
    """Validates for the timetable, and lets incidents follow."""

    def __init__(
        self, validation: Validator, incidents: IncidentDesk, clock: Callable[[], datetime], past_store: PastStore
    ) -> None:
        self._validation = validation
        self._incidents = incidents
        self._clock = clock
        self._past_store = past_store

    def look(self, request: Request) -> Report:
        """Validate. Raises RequestError."""
        return self._validation.run(self._validation.plan(request))

    def follow(self, report: Report, stored: StoredReport | None = None) -> None:
        """Let incidents follow. With the store down what is loud goes straight to Slack, and StoreError is raised."""
        now = self._clock()
        try:
            self._incidents.process(report, now, stored=stored)
        except NotStoredError as error:
            self._past_store.say(error.loud)
            raise
        except StoreError:
            self._past_store.say(self._incidents.without_store(report, now))
            raise
        self._past_store.is_over()

    def reading(self, report: Report) -> Reading:
        return Reading(report=report, pipeline=self._validation.pipeline, checks=self._validation.checks)

    def record(self, report: Report, key: str, job: str) -> StoredReport:
        """Return the whole report for the store."""
        return _record(
            report, key, job, {**report_document(self.reading(report)), "jobs": kept(report.jobs, report.missed_jobs)}
        )

    def short_record(self, report: Report, key: str, job: str) -> StoredReport:
        """Return the report without its findings: a hundred watches a day are kept for their verdicts."""
        document = report_document(self.reading(report))
        return _record(
            report, key, job, {name: value for name, value in document.items() if name not in ("results", "sources")}
        )


def _record(report: Report, key: str, job: str, document: Mapping[str, Any]) -> StoredReport:
    return StoredReport(
        key=key,
        pipeline=report.pipeline,
        job=job,
        previous=report.previous.name,
        at=report.now,
        verdict=report.verdict.value,
        document=document,
    )
