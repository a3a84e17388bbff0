"""Validations that people asked for: one run for all who ask for the same while it lasts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.request import Plan, Request
from bot.store.model import Changes, StateStore, StoredReport, StoreError
from checks.model import CheckResult, Report
from checks.pipeline import Pipeline
from checks.reads import Reads
from checks.registry import Check
from handlers.workers import Job, Lane, Workers

log = logging.getLogger(__name__)


class BusyError(Exception):
    """Too much waits already."""


class RestartingError(Exception):
    """The process stops before the work is done."""


class Validating(Protocol):
    """What handlers need of the validation of a pipeline."""

    @property
    def pipeline(self) -> Pipeline: ...

    @property
    def checks(self) -> Sequence[Check]: ...

    def plan(self, request: Request) -> Plan:
        """Return what a request would run now. Raises RequestError."""
        ...

    def run(self, planned: Plan, observe: Callable[[CheckResult], None]) -> Report:
        """Validate what was planned, and call ``observe`` with each result as it comes."""
        ...

    def reads(self, seconds: float | None = None) -> AbstractContextManager[Reads]:
        """Look around outside of a run, for what shows and judges nothing."""
        ...


class Watcher(Protocol):
    """Somebody who waits for a run. Exactly one of ``finished`` and ``failed`` is called, once."""

    def progressed(self, done: int, total: int, awaited: str) -> None:
        """A check came back; must return at once, since the run waits for it."""
        ...

    def finished(self, report: Report) -> None: ...

    def failed(self, error: Exception) -> None: ...


class Run:
    """One validation and everybody who waits for it."""

    def __init__(self, planned: Plan) -> None:
        self.plan = planned
        self.places: dict[str, str] = {}
        """Who asked first, by the channel that will show the result."""
        self._waiting = {check.id: check.title for check in planned.selected}
        self._total = len(planned.selected)
        self._watchers: list[Watcher] = []
        self._outcome: Report | Exception | None = None
        self._lock = threading.Lock()

    def add(self, watcher: Watcher) -> None:
        """Let somebody wait; what is over already is told at once."""
        with self._lock:
            if self._outcome is None:
                self._watchers.append(watcher)
                return
        _tell(watcher, self._outcome)

    def observe(self, result: CheckResult) -> None:
        with self._lock:
            self._waiting.pop(result.check, None)
            done, watchers = self._total - len(self._waiting), tuple(self._watchers)
            awaited = next(iter(self._waiting.values()), "")
        for watcher in watchers:
            watcher.progressed(done, self._total, awaited)

    def end(self, outcome: Report | Exception) -> None:
        """Tell everybody what came of it; only the first end counts."""
        with self._lock:
            if self._outcome is not None:
                return
            self._outcome = outcome
            watchers = tuple(self._watchers)
        for watcher in watchers:
            _tell(watcher, outcome)


def _tell(watcher: Watcher, outcome: Report | Exception) -> None:
    try:
        if isinstance(outcome, Report):
            watcher.finished(outcome)
        else:
            watcher.failed(outcome)
    except Exception:
        log.exception("the outcome of a run could not be told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A run, and who shows it in the same place already: a user's ID, or None."""

    run: Run
    shown_by: str | None


class Runs:
    """Starts validations, and joins identical ones. ``document`` writes a report for the store, ``ran`` hears of every
    one, for the metrics, and ``cleared`` of each whole one, for the alerts; it may raise StoreError."""

    def __init__(
        self,
        validation: Validating,
        store: StateStore,
        clock: Callable[[], datetime],
        workers: Workers,
        *,
        document: Callable[[Report], Mapping[str, Any]],
        ran: Callable[[Report], None] = lambda _: None,
        cleared: Callable[[Report], object] = lambda _: None,
    ) -> None:
        self._validation = validation
        self._store = store
        self._clock = clock
        self._workers = workers
        self._document = document
        self._ran = ran
        self._cleared = cleared
        self._running: dict[Hashable, Run] = {}
        self._lock = threading.Lock()

    def join(self, request: Request, place: str | None, user: str) -> Joined:
        """Join the run of an identical request, or start one. ``place`` is the channel that will show the
        result, None when nobody else sees it. Raises RequestError."""
        planned = self._validation.plan(request)
        with self._lock:
            run = self._running.get(planned.key)
            started = run is None
            if run is None:
                run = self._running[planned.key] = Run(planned)
            shown_by = None if place is None else run.places.get(place)
            if place is not None:
                run.places.setdefault(place, user)
        if started:
            self._start(run)
        return Joined(run=run, shown_by=shown_by)

    def _start(self, run: Run) -> None:
        def execute() -> None:
            try:
                outcome: Report | Exception = self._validation.run(run.plan, run.observe)
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
                outcome = error
            self._end(run, outcome)

        job = Job(execute, lambda: self._end(run, RestartingError()))
        if not self._workers.submit(Lane.LONG, job):
            self._end(run, BusyError())

    def _end(self, run: Run, outcome: Report | Exception) -> None:
        with self._lock:
            if self._running.get(run.plan.key) is run:
                del self._running[run.plan.key]
        # Those who wait hear of it first: nothing that breaks below may keep it from them.
        run.end(outcome)
        if isinstance(outcome, Report):
            self._ran(outcome)
            if not outcome.partial:
                self._keep(outcome)

    def _keep(self, report: Report) -> None:
        """Store a whole report, for the home page, and resolve what it shows to be well. Without a store the answer
        comes all the same."""
        stored = StoredReport(
            key=f"command:{report.pipeline}:{report.previous}:{self._clock().isoformat()}",
            pipeline=report.pipeline,
            job="command",
            previous=report.previous.name,
            at=report.now,
            verdict=report.verdict.value,
            document=self._document(report),
        )
        try:
            self._store.commit(Changes(reports=(stored,)))
            self._cleared(report)
        except StoreError:
            log.warning("a report could not be stored, or resolve alerts", exc_info=True)
