"""The validation of a process that serves: the same one door, and every run through it is counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.request import Plan
from bot.validation import JobsBefore, Validation, no_jobs
from checks.model import CheckResult, Report
from checks.pipeline import Pipeline
from checks.reads import nothing
from checks.source import Ports


class RunMetrics(Protocol):
    """What is counted of runs."""

    def check_finished(self, result: CheckResult) -> None: ...

    def run_finished(self, report: Report) -> None: ...


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
    ) -> None:
        super().__init__(pipeline, ports, clock, give_way, jobs_before)
        self._metrics = metrics

    def run(self, planned: Plan, observe: Callable[[CheckResult], None] = lambda _: None) -> Report:
        """Validate as ``Validation.run`` does, and count."""

        def seen(result: CheckResult) -> None:
            self._metrics.check_finished(result)
            observe(result)

        report = super().run(planned, seen)
        self._metrics.run_finished(report)
        return report
