"""Running checks: all at once, each within its time, none able to take the others down."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial

from checks.context import Context, could_not_look, document_path
from checks.looks import (
    AUDIT,
    BIGQUERY,
    CLOUD_BUILD,
    CLOUD_RUN,
    FIRESTORE,
    MONITORING,
    PUBSUB,
    REPOSITORY,
    RESOURCE_MANAGER,
    SCHEDULER,
    BoundedPool,
    LookCache,
    Looks,
)
from checks.model import CheckResult, Finding, Outcome
from checks.pipeline import Excuse, Limits, Pipeline
from checks.ports import Ports, SourceError
from checks.registry import Check

log = logging.getLogger(__name__)

CHECKS_AT_ONCE = 256
"""Checks mostly wait for their looks, so this bounds memory and not speed."""

PATIENCE = 0.5
"""Seconds that a check gets after its looks have timed out, to say what it knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run is about. ``now`` is aware; ``phases`` None means all."""

    pipeline: Pipeline
    now: datetime
    night: date
    slate: date
    phases: frozenset[str] | None = None

    @property
    def planned_documents(self) -> frozenset[str]:
        """The completion documents of every date, which travel in one request."""
        return frozenset(
            document_path(transition, game_date)
            for transition in self.pipeline.transitions
            if transition.state is not None and not transition.monitoring_only
            for game_date in {self.night, self.slate}
        )


def bounds(limits: Limits) -> Mapping[str, int]:
    """How many questions each source is asked at once."""
    return {
        FIRESTORE: limits.firestore,
        BIGQUERY: limits.bigquery,
        CLOUD_RUN: limits.control_plane,
        RESOURCE_MANAGER: limits.control_plane,
        **dict.fromkeys((PUBSUB, SCHEDULER, CLOUD_BUILD, MONITORING), limits.control_plane),
        REPOSITORY: limits.repository,
        AUDIT: 1,
    }


@dataclass(slots=True, eq=False)
class _Running:
    """A check on its way; ``findings`` grows under ``lock`` until ``closed``."""

    check: Check
    findings: list[Finding] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closed: bool = False
    began: float = 0.0
    cpu: float = 0.0

    def add(self, finding: Finding) -> bool:
        """Keep a finding; False when the runner no longer waits for this check."""
        with self.lock:
            if not self.closed:
                self.findings.append(finding)
            return not self.closed


def run_checks(checks: Sequence[Check], run: Run, ports: Ports, cache: LookCache) -> Iterator[CheckResult]:
    """Run every check and yield each result as it is complete.

    A crash, a time-out or a SourceError becomes an UNKNOWN finding; findings already yielded stay. The
    iteration ends, at the latest, when the run's time is over, whatever a check or a source does.
    """
    limits = run.pipeline.limits
    run_began = time.monotonic()
    deadline = run_began + limits.run_seconds
    pool = BoundedPool("check", CHECKS_AT_ONCE)
    finished: queue.SimpleQueue[_Running] = queue.SimpleQueue()
    pending = {_Running(check) for check in checks}
    for running in tuple(pending):
        pool.submit(partial(_execute, running, run, ports, cache, deadline, finished))
    try:
        while pending:
            next_expiry = min(_expiry(running, deadline, limits) for running in pending)
            # A check that has not begun may begin, and so expire, before the run does: look again by then.
            timeout = min(next_expiry - time.monotonic(), limits.check_seconds + PATIENCE)
            try:
                done = finished.get(timeout=max(0.0, timeout))
            except queue.Empty:
                now = time.monotonic()
                for late in [running for running in pending if _expiry(running, deadline, limits) <= now]:
                    pending.remove(late)
                    yield _expire(late, run, run_began)
            else:
                if done in pending:
                    pending.remove(done)
                    yield _result(done, run, run_began)
    finally:
        pool.close()


def _expiry(running: _Running, deadline: float, limits: Limits) -> float:
    own = running.began + limits.check_seconds if running.began else deadline
    return min(own, deadline) + PATIENCE


def _execute(
    running: _Running, run: Run, ports: Ports, cache: LookCache, deadline: float, finished: queue.SimpleQueue[_Running]
) -> None:
    running.began, cpu = time.monotonic(), time.thread_time()
    check = running.check
    seconds = max(0.0, min(run.pipeline.limits.check_seconds, deadline - running.began))
    context = Context(
        now=run.now,
        night=run.night,
        slate=run.slate,
        pipeline=run.pipeline,
        looks=Looks(cache, ports, run.planned_documents, seconds),
        phases=run.phases,
    )
    try:
        for finding in check.run(context):
            if not running.add(finding):
                return
    except SourceError as error:
        running.add(could_not_look(error, subject=check.id, severity=check.worst, phase=check.phase))
    except Exception as error:
        log.exception("check %s crashed", check.id)
        running.add(_crashed(check, error))
    running.cpu = time.thread_time() - cpu
    finished.put(running)


def _crashed(check: Check, error: Exception) -> Finding:
    return Finding(
        outcome=Outcome.UNKNOWN,
        code="crashed",
        subject=check.id,
        summary=f"The check broke ({type(error).__name__}); a programmer must mend it. The log has the details.",
        severity=check.worst,
        phase=check.phase,
        evidence={"error": type(error).__name__},
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
    with running.lock:
        running.closed = True
        findings = tuple(running.findings)
    check = running.check
    if not findings:
        findings = (
            Finding(
                outcome=Outcome.UNKNOWN,
                code="no-evidence",
                subject=check.id,
                summary="The check found nothing to judge, which proves nothing.",
                severity=check.worst,
                phase=check.phase,
            ),
        )
    today = run.now.astimezone(run.pipeline.zone).date()
    ended = time.monotonic()
    began = running.began or ended
    return CheckResult(
        check=check.id,
        title=check.title,
        phase=check.phase,
        findings=tuple(excuse(check.id, finding, run.pipeline.excuses, today) for finding in findings),
        started_at=run.now + timedelta(seconds=began - run_began),
        duration=ended - began,
        cpu=running.cpu,
    )


def excuse(check_id: str, finding: Finding, excuses: Sequence[Excuse], today: date) -> Finding:
    """Return the finding, or what an excuse that still holds makes of a failure: skipped, and saying so."""
    if finding.outcome is not Outcome.FAILED:
        return finding
    for each in excuses:
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
                code="excused",
                summary=f"{finding.summary} Excused until {each.until.day} {each.until:%b %Y}: {each.reason}",
                evidence={**finding.evidence, "excused_code": finding.code},
            )
    return finding
