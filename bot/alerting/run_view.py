"""What a report says about one finding that failed before: failing still, clear, or not really looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.alerting.alerts import Observed
from checks.intervals import Timeline
from checks.model import CheckResult, Finding, FindingKey, Outcome, Report, badness

OUTCOMES = {
    Outcome.FAILED: Observed.FAILING,
    Outcome.UNKNOWN: Observed.BLIND,
    Outcome.PASSED: Observed.CLEAR,
    Outcome.WAITING: Observed.QUIET,
    Outcome.SKIPPED: Observed.QUIET,
}


def oldest_seen(now: datetime, timeline: Timeline) -> str:
    """Return the name of the oldest interval that runs at an instant judge."""
    return timeline.around(now)[0].name


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A report as it is asked about earlier failures. ``phases`` are those it was restricted to, none for all."""

    report: Report
    timeline: Timeline
    phases: Collection[str] = ()

    @cached_property
    def oldest(self) -> str:
        """The name of the oldest interval that the runs of these days judge."""
        return oldest_seen(self.report.now, self.timeline)

    @property
    def is_current(self) -> bool:
        """Whether the report is about these days; an older interval is looked up and opens nothing."""
        return self.report.previous.name >= self.oldest

    def is_gone(self, key: FindingKey) -> bool:
        """Whether no run judges the interval of a finding any more."""
        return key.interval is not None and key.interval < self.oldest

    def result(self, check: str) -> CheckResult | None:
        """Return what a check found, None when it did not run."""
        return self._results.get(check)

    @cached_property
    def _results(self) -> Mapping[str, CheckResult]:
        return {each.check: each for each in self.report.results}

    @cached_property
    def _by_key(self) -> Mapping[FindingKey, list[Finding]]:
        found: dict[FindingKey, list[Finding]] = {}
        for result, finding in self.report.findings():
            found.setdefault(finding.key(result.check), []).append(finding)
        return found

    @cached_property
    def _by_date(self) -> Mapping[tuple[str, str | None], list[Finding]]:
        found: dict[tuple[str, str | None], list[Finding]] = {}
        for result, finding in self.report.findings():
            found.setdefault((result.check, finding.key(result.check).interval), []).append(finding)
        return found

    @cached_property
    def _blind_subjects(self) -> Mapping[str, frozenset[str]]:
        return {
            result.check: frozenset(each.subject for each in result.findings if each.outcome is Outcome.UNKNOWN)
            for result in self.report.results
        }

    def could_look(self, check: str, subject: str) -> bool:
        """Whether a check has looked at what it could not check before, whatever it found, on whichever date."""
        result = self.result(check)
        if result is None or any(each.count > 1 and each.outcome is Outcome.UNKNOWN for each in result.findings):
            return False
        return self._blind_subjects[check].isdisjoint((subject, check))

    def observed(self, key: FindingKey, phase: str | None) -> Observed:
        """Say what the report saw of a finding that was there before.

        A finding that is no longer listed is clear only when its check looked at its date and phase, and could
        look at everything there.
        """
        result = self.result(key.check)
        if result is None:
            return Observed.UNSEEN
        same = self._by_key.get(key, ())
        if same:
            return OUTCOMES[min(same, key=_badness).outcome]
        if self.phases and phase is not None and phase not in self.phases:
            return Observed.UNSEEN
        of_the_date = self._by_date.get((key.check, key.interval), [])
        undated = self._by_date.get((key.check, None), [])
        nearby = result.findings if key.interval is None else [*of_the_date, *undated]
        if any(each.count > 1 and each.outcome is Outcome.FAILED for each in of_the_date):
            # It may be one of those that are only counted.
            return Observed.FAILING
        if any(each.outcome is Outcome.UNKNOWN for each in nearby):
            return Observed.BLIND
        if not of_the_date:
            return Observed.UNSEEN
        return Observed.QUIET if all(OUTCOMES[each.outcome] is Observed.QUIET for each in nearby) else Observed.CLEAR


def _badness(finding: Finding) -> int:
    return badness(finding.outcome, finding.severity)
