"""Running checks: all at once, each within its time, none able to take the others down."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property, partial

from checks.context import Context, all_hidden, document_path
from checks.facts import Crashed
from checks.folding import Folding, names_of
from checks.model import CheckResult, Finding, Interval, Outcome
from checks.pipeline import Limits, Pipeline
from checks.pools import BoundedPool
from checks.ports.scheduler import SchedulerJob
from checks.reads import ReadCache, Reads
from checks.registry import Check
from checks.source import Ports, SourceError
from checks.tolerated_spec import Suppression
from checks.unanswered import could_not_check

log = logging.getLogger(__name__)

CHECKS_AT_ONCE = 256
"""Checks mostly wait for their looks, so this bounds memory and not speed."""

PATIENCE = 0.5
"""Seconds that a check gets after its looks have timed out, to say what it knows."""

MOMENT = 0.05
"""Seconds by which a check may be late before it is called late."""

HEAD_START = 0.02
"""Seconds, at most, by which the checks of several rounds begin before the others."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run is about. ``now`` is aware; ``phases`` None means all."""

    pipeline: Pipeline
    now: datetime
    previous: Interval
    current: Interval
    phases: frozenset[str] | None = None
    hidden: Callable[[str], str] = all_hidden
    """Takes the secrets out of a text; without it no text of the platform is shown."""
    jobs_before: tuple[SchedulerJob, ...] = ()
    """The scheduler jobs that an earlier run saw enabled."""

    @cached_property
    def planned_documents(self) -> frozenset[str]:
        """The completion documents of every interval, which travel in one request."""
        return frozenset(
            document_path(transition, interval)
            for transition in self.pipeline.transitions
            if transition.state is not None and not transition.monitoring_only
            for interval in {self.previous, self.current}
        )


@dataclass(slots=True, eq=False)
class _Running:
    """A check on its way; ``folding`` takes its findings under ``lock`` until ``closed``."""

    check: Check
    folding: Folding
    suppressions: Sequence[Suppression]
    today: date
    has_asked: Callable[[], object]
    lock: threading.Lock = field(default_factory=threading.Lock)
    closed: bool = False
    began: float = 0.0
    cpu: float = 0.0

    def add(self, finding: Finding) -> bool:
        """Keep a finding; False when the runner no longer waits for this check."""
        with self.lock:
            if not self.closed:
                # A suppression is about one subject, so it comes before many are told as one.
                self.folding.add(suppressed(self.check.id, self.check.placed(finding), self.suppressions, self.today))
            return not self.closed


class HeadStart:
    """Lets the checks that need several rounds ask their first questions before the others begin.

    Else these go out behind two hundred others, and the run waits for them once more in each round.
    """

    def __init__(self, checks: Iterable[Check]) -> None:
        self._ahead = {check.id for check in checks if check.rounds > 1}
        self._lock = threading.Lock()
        self._over = threading.Event()

    def has_asked(self, check: str) -> None:
        """Note that a check has asked, or has ended."""
        with self._lock:
            self._ahead.discard(check)
            if not self._ahead:
                self._over.set()

    def await_turn(self, check: Check) -> None:
        """Return when a check may begin."""
        if self._ahead and check.rounds == 1:
            self._over.wait(HEAD_START)
            self._over.set()


def run_checks(checks: Sequence[Check], run: Run, ports: Ports, cache: ReadCache) -> Iterator[CheckResult]:
    """Run every check and yield each result as it is complete.

    A crash, a time-out or a SourceError becomes an UNKNOWN finding; findings already yielded stay. The
    iteration ends, at the latest, when the run's time is over, whatever a check or a source does.
    """
    limits = run.pipeline.limits
    run_began = time.monotonic()
    deadline = run_began + limits.run_seconds
    pool = BoundedPool("check", CHECKS_AT_ONCE)
    finished: queue.SimpleQueue[_Running] = queue.SimpleQueue()
    names = names_of(run.pipeline)
    today = run.now.astimezone(run.pipeline.zone).date()
    suppressions: dict[str, list[Suppression]] = {}
    for each in run.pipeline.suppressions:
        suppressions.setdefault(each.check, []).append(each)
    pending: dict[_Running, None] = {}
    head_start = HeadStart(checks)
    for check in longest_first(checks):
        folding = Folding(check.id, names | subjects_of(check))
        has_asked = partial(head_start.has_asked, check.id)
        running = _Running(check, folding, suppressions.get(check.id, ()), today, has_asked)
        pending[running] = None
        head_start.await_turn(check)
        pool.submit(partial(_execute, running, run, ports, cache, deadline, finished))
    look_again = time.monotonic()
    try:
        while pending:
            try:
                done = finished.get(timeout=max(0.0, look_again - time.monotonic()))
            except queue.Empty:
                now = time.monotonic()
                for late in [running for running in pending if _expiry(running, deadline, limits) <= now]:
                    del pending[late]
                    yield _expire(late, run, run_began)
                look_again = _next_look(pending, deadline, limits)
            else:
                if done in pending:
                    del pending[done]
                    yield _result(done, run, run_began)
    finally:
        pool.close()


def longest_first(checks: Iterable[Check]) -> Sequence[Check]:
    """Return checks in the order in which they begin: a run waits longest for those with the most rounds."""
    return sorted(checks, key=lambda each: -each.rounds)


def subjects_of(check: Check) -> frozenset[str]:
    """Return what the pipeline file says that a check must have a row about."""
    spec = check.spec
    return frozenset(spec.subjects.names) if spec is not None and spec.subjects is not None else frozenset()


def _next_look(pending: Iterable[_Running], deadline: float, limits: Limits) -> float:
    """Return when the next check may be late. All are looked through for it, so that is not done for each result, and
    not again before a moment is over.

    A check that has not begun may begin, and so expire, before the run does: look again by then.
    """
    now = time.monotonic()
    latest = now + limits.check_seconds + PATIENCE
    return max(now + MOMENT, min([latest, *(_expiry(running, deadline, limits) for running in pending)]))


def _expiry(running: _Running, deadline: float, limits: Limits) -> float:
    own = running.began + limits.check_seconds if running.began else deadline
    return min(own, deadline) + PATIENCE


def _execute(
    running: _Running, run: Run, ports: Ports, cache: ReadCache, deadline: float, finished: queue.SimpleQueue[_Running]
) -> None:
    running.began, cpu = time.monotonic(), time.thread_time()
    check = running.check
    seconds = max(0.0, min(run.pipeline.limits.check_seconds, deadline - running.began))
    context = Context(
        now=run.now,
        previous=run.previous,
        current=run.current,
        pipeline=run.pipeline,
        reads=Reads(cache, ports, run.planned_documents, seconds, running.has_asked),
        phases=run.phases,
        hidden=run.hidden,
        jobs_before=run.jobs_before,
    )
    try:
        for finding in check.run(context):
            if not running.add(finding):
                return
    except SourceError as error:
        running.add(could_not_check(error, subject=check.id, severity=check.worst, phase=check.phase))
    except Exception as error:
        log.exception("check %s crashed", check.id)
        running.add(_crashed(check, error))
    running.cpu = time.thread_time() - cpu
    running.has_asked()
    finished.put(running)


def _crashed(check: Check, error: Exception) -> Finding:
    return Finding(
        outcome=Outcome.UNKNOWN,
        code="crashed",
        subject=check.id,
        summary=f"The check broke ({type(error).__name__}); a programmer must fix it. The log has the details.",
        severity=check.worst,
        phase=check.phase,
        facts=Crashed(error=type(error).__name__),
    )


def _expire(running: _Running, run: Run, run_began: float) -> CheckResult:
    check = running.check
    limits = run.pipeline.limits
    began = "did not start" if not running.began else "did not end"
    running.add(
        Finding(
            outcome=Outcome.UNKNOWN,
            code="timed-out",
            subject=check.id,
            summary=(
                f"The check {began} in time ({limits.check_seconds:g} s a check, {limits.run_seconds:g} s a run). "
                "Run it again."
            ),
            severity=check.worst,
            phase=check.phase,
        )
    )
    return _result(running, run, run_began)


def _result(running: _Running, run: Run, run_began: float) -> CheckResult:
    check = running.check
    with running.lock:
        if not running.folding:
            running.folding.add(
                Finding(
                    outcome=Outcome.UNKNOWN,
                    code="no-evidence",
                    subject=check.id,
                    summary="The check found nothing to judge, which proves nothing.",
                    severity=check.worst,
                    phase=check.phase,
                )
            )
        running.closed = True
        findings = running.folding.findings()
    ended = time.monotonic()
    began = running.began or ended
    return CheckResult(
        check=check.id,
        title=check.title,
        phase=check.phase,
        findings=findings,
        started_at=run.now + timedelta(seconds=began - run_began),
        duration=ended - began,
        cpu=running.cpu,
    )


def suppressed(check_id: str, finding: Finding, suppressions: Sequence[Suppression], today: date) -> Finding:
    """Return the finding, or what a suppression that still applies makes of a failure: skipped, and saying so."""
    if finding.outcome is not Outcome.FAILED:
        return finding
    for each in suppressions:
        if (
            each.check == check_id
            and today <= each.until
            and each.code in (None, finding.code)
            and fnmatchcase(finding.subject, each.subject)
        ):
            return replace(
                finding,
                outcome=Outcome.SKIPPED,
                severity=None,
                code="suppressed",
                summary=f"{finding.summary} Suppressed until {each.until.day} {each.until:%b %Y}: {each.reason}",
                former=finding.code,
                read=True,
            )
    return finding
