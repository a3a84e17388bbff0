"""A validation whose reports are known beforehand: what a run of faults finds is what its story says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.request import Plan
from bot.validation import Validation
from checks.model import CheckResult, Report
from tests.fakes import ports
from tests.faults.story import PIPELINE, Fact, report


class Foretold(Validation):
    """Finds the facts of an instant, and asks nobody."""

    def __init__(self, facts: Callable[[datetime], Mapping[str, Fact]], clock: Callable[[], datetime]) -> None:
        super().__init__(PIPELINE, ports(), clock)
        self._facts = facts

    def run(self, planned: Plan, observe: Callable[[CheckResult], None] = lambda _: None) -> Report:
        del observe
        return report(self._facts(planned.now), planned.now)
