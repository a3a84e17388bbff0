"""The validation of a process that serves: the same one door, and every run through it is counted."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from bot.log_fields import extra, logged_with
from bot.request import Plan
from bot.validation import JobsBefore, OwnChanges, Validation, no_changes, no_jobs
from checks.model import CheckResult, Report
from checks.pipeline import Pipeline
from checks.reads import nothing
from checks.source import Ports

_logger = logging.getLogger(__name__)


class RunMetrics(Protocol):
    """What is counted of runs."""

    def check_finished(self, result: CheckResult) -> None: ...

    def run_finished(self, report: Report) -> None: ...


class RunTraces(Protocol):
    """What is traced of runs."""

    def run_finished(self, report: Report, ended: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Traced:
    """Counts runs, and traces them."""

    metrics: RunMetrics
    traces: RunTraces
    clock: Callable[[], datetime]

    def check_finished(self, result: CheckResult) -> None:
        self.metrics.check_finished(result)

    def run_finished(self, report: Report) -> None:
        self.metrics.run_finished(report)
        self.traces.run_finished(report, self.clock())


class MeasuredValidation(Validation):
    """Counts what each run came to, whoever asked for it."""

    def __init__(
        self,
        pipeline: Pipeline,
        ports: Ports,
        clock: Callable[[], datetime],
        metrics: RunMetrics,
        give_way: Callable[[], object] = nothing,
        jobs_before: JobsBefore = no_jobs,
        *,
        own_changes: OwnChanges = no_changes,
    ) -> None:
        super().__init__(pipeline, ports, clock, give_way, jobs_before, own_changes=own_changes)
        self._metrics = metrics

    def run(self, planned: Plan, observe: Callable[[CheckResult], None] = lambda _: None) -> Report:
        """Validate as ``Validation.run`` does, count, and log it in one line."""
        run = secrets.token_hex(4)

        def seen(result: CheckResult) -> None:
            self._metrics.check_finished(result)
            observe(result)

        with logged_with(pipeline=self.pipeline.name, run=run):
            report = replace(super().run(planned, seen), run=run)
            self._metrics.run_finished(report)
            _logger.info(
                "validated %s: %s in %.1f s",
                report.previous.name,
                report.verdict,
                report.duration,
                extra=extra(trigger=report.trigger, verdict=report.verdict.value, seconds=round(report.duration, 3)),
            )
        return report
