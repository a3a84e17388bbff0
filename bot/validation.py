"""The one door: whoever wants a report (shell, command, timer, button) comes through ``Validation.run``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from bot.nearest import closest
from bot.redaction.shown import shown_log
from bot.request import Plan, Request, RequestError, intervals_of
from checks.catalog import checks_of
from checks.control_plane.missed_jobs import missed_jobs
from checks.diagnosis import diagnose
from checks.facts.logs import LoggedChange
from checks.log_evidence import with_logs
from checks.model import CheckResult, Report
from checks.pipeline import Pipeline
from checks.ports.scheduler import SCHEDULER, SchedulerJob
from checks.ports.services import CLOUD_RUN
from checks.reads import ReadCache, Reads, nothing
from checks.registry import Check
from checks.runner import Run, run_checks
from checks.source import Ports
from checks.suggestions import inventory_of, verified_causes, verified_results

JobsBefore = Callable[[datetime], Iterable[SchedulerJob]]
"""Returns the scheduler jobs that a run before an instant saw enabled."""


def no_jobs(_: datetime) -> Iterable[SchedulerJob]:
    """Nobody remembers any."""
    return ()


OwnChanges = Callable[[datetime], Iterable[LoggedChange]]
"""Returns what Reveille itself changed in the days before an instant."""


def no_changes(_: datetime) -> Iterable[LoggedChange]:
    """Nobody remembers any."""
    return ()


def suggest(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence for a name that does not exist, with the nearest ones that do."""
    hint = closest(name, known)
    return f"There is no {kind} '{name}'; {hint[:1].lower()}{hint[1:]}"


def select(checks: Sequence[Check], request: Request, phases: Iterable[str]) -> tuple[Check, ...]:
    """Return the checks that a request asks for.

    Raises RequestError for a name that does not exist, and when nothing is left to run.
    """
    ids = {check.id for check in checks}
    known_phases = set(phases)
    for name in request.checks:
        if name not in ids:
            raise RequestError(suggest("check", name, ids))
    for name in request.phases:
        if name not in known_phases:
            raise RequestError(suggest("phase", name, known_phases))
    selected = tuple(
        check
        for check in checks
        if (not request.checks or check.id in request.checks)
        and (not request.phases or check.phase is None or check.phase in request.phases)
        and (request.depth != "quick" or check.quick)
    )
    if not selected:
        message = "No check meets all of these conditions; leave out --quick, or a check or phase."
        raise RequestError(message)
    return selected


def plan(pipeline: Pipeline, checks: Sequence[Check], request: Request, now: datetime) -> Plan:
    """Work out what a request means at an instant, before anything is connected. Raises RequestError."""
    previous, current = intervals_of(request.interval, pipeline, now)
    selected = select(checks, request, (phase.id for phase in pipeline.phases))
    return Plan(request=request, now=now, selected=selected, previous=previous, current=current)


class Validation:
    """Runs validations of one pipeline.

    ``clock`` returns the current instant, aware. ``give_way`` is called before each look and returns when it may begin.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        ports: Ports,
        clock: Callable[[], datetime],
        give_way: Callable[[], object] = nothing,
        jobs_before: JobsBefore = no_jobs,
        *,
        own_changes: OwnChanges = no_changes,
    ) -> None:
        self.pipeline = pipeline
        self.checks = checks_of(pipeline)
        self._ports = ports
        self._clock = clock
        self._give_way = give_way
        self.jobs_before = jobs_before
        self.own_changes = own_changes

    @property
    def now(self) -> datetime:
        """The instant that a run would judge, aware."""
        return self._clock()

    @contextmanager
    def reads(self, seconds: float | None = None) -> Iterator[Reads]:
        """Look around outside of a run, for what shows and judges nothing; each question is asked once.

        ``seconds`` is how long answers are waited for, at most as long as a check waits.
        """
        cache = ReadCache(self.pipeline.limits, self._give_way)
        longest = float(self.pipeline.limits.check_seconds)
        try:
            yield Reads(cache, self._ports, frozenset(), longest if seconds is None else min(seconds, longest))
        finally:
            cache.close()

    @property
    def ports(self) -> Ports:
        """What the checks ask."""
        return self._ports

    def plan(self, request: Request) -> Plan:
        """Return what a request would run now. Raises RequestError."""
        return plan(self.pipeline, self.checks, request, self._clock())

    def run(self, planned: Plan, observe: Callable[[CheckResult], None] = lambda _: None) -> Report:
        """Validate what was planned, and call ``observe`` with each result as it comes.

        A source that fails never raises: it becomes UNKNOWN findings.
        """
        before = tuple(self.jobs_before(planned.now))
        run = Run(
            pipeline=self.pipeline,
            now=planned.now,
            previous=planned.previous,
            current=planned.current,
            phases=frozenset(planned.request.phases) or None,
            hidden=shown_log,
            jobs_before=before,
        )
        began = time.monotonic()
        cache = ReadCache(self.pipeline.limits, self._give_way)
        found: dict[str, CheckResult] = {}
        try:
            for result in run_checks(planned.selected, run, self._ports, cache):
                found[result.check] = result
                observe(result)
        finally:
            cache.close()
        inventory = inventory_of(cache)
        jobs = cache.answer(SCHEDULER, "jobs")
        services = cache.answer(CLOUD_RUN, "services") if CLOUD_RUN in self._ports else ()
        raw = (found[check.id] for check in planned.selected if check.id in found)
        results = verified_results(raw, inventory)
        year = planned.now.astimezone(self.pipeline.zone).year
        causes = diagnose(self.pipeline, self.checks, results, year, own=tuple(self.own_changes(planned.now)))
        return Report(
            pipeline=self.pipeline.name,
            title=self.pipeline.title,
            previous=planned.previous,
            current=planned.current,
            now=planned.now,
            trigger=planned.request.trigger,
            partial=len(planned.selected) < len(self.checks),
            results=results,
            causes=verified_causes(with_logs(self.pipeline, causes, results), inventory),
            reads=cache.records,
            duration=time.monotonic() - began,
            jobs=tuple(each for each in jobs or () if each.enabled),
            missed_jobs=missed_jobs(self.pipeline, before, jobs, services),
        )
