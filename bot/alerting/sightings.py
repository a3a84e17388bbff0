"""What a report says about one finding that failed before: failing still, clear, or not really looked at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.alerting.alerts import Sight
from checks.model import CheckResult, Finding, FindingKey, Outcome, Report, badness

OUTCOMES = {
    Outcome.FAILED: Sight.FAILING,
    Outcome.UNKNOWN: Sight.BLIND,
    Outcome.PASSED: Sight.CLEAR,
    Outcome.WAITING: Sight.QUIET,
    Outcome.SKIPPED: Sight.QUIET,
}


@dataclass(frozen=True, kw_only=True)
class Sightings:
    """A report as it is asked about earlier failures. ``phases`` are those it was restricted to, none for all."""

    report: Report
    zone: ZoneInfo
    phases: Collection[str] = ()

    @property
    def oldest(self) -> date:
        """The oldest game date that the runs of these days look at."""
        return self.report.now.astimezone(self.zone).date() - timedelta(days=1)

    @property
    def is_current(self) -> bool:
        """Whether the report is about these days; an older date is looked up and opens nothing."""
        return self.report.night >= self.oldest

    def is_gone(self, key: FindingKey) -> bool:
        """Whether no run looks at the date of a finding any more."""
        return key.date is not None and key.date < self.oldest

    def result(self, check: str) -> CheckResult | None:
        """Return what a check found, None when it did not run."""
        return next((each for each in self.report.results if each.check == check), None)

    def sight(self, key: FindingKey, phase: str | None) -> Sight:
        """Say what the report saw of a finding that was there before.

        A finding that is no longer listed is clear only when its check looked at its date and phase, and could
        look at everything there.
        """
        result = self.result(key.check)
        if result is None:
            return Sight.UNSEEN
        same = [each for each in result.findings if each.subject == key.subject and each.date == key.date]
        if same:
            return OUTCOMES[min(same, key=_badness).outcome]
        if self.phases and phase is not None and phase not in self.phases:
            return Sight.UNSEEN
        nearby = [each for each in result.findings if key.date is None or each.date in (key.date, None)]
        if any(each.outcome is Outcome.UNKNOWN for each in nearby):
            return Sight.BLIND
        if not nearby or not any(each.date == key.date for each in nearby):
            return Sight.UNSEEN
        return Sight.QUIET if all(OUTCOMES[each.outcome] is Sight.QUIET for each in nearby) else Sight.CLEAR


def _badness(finding: Finding) -> int:
    return badness(finding.outcome, finding.severity)
