"""What checks would have said of intervals in the past: limits tried out before anybody is alarmed by them.

Each interval is judged as a validation would have judged it, as long after its end as now is after the newest. What the
tables hold is what they hold today: rows that came late, or were repaired, are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.request import Plan, Request, RequestError
from bot.validation import Validation
from checks.expansion.data_checks import expected_checks
from checks.model import Finding, Interval, Outcome, Severity

MOST_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A check on past intervals. ``judged``, ``skipped`` and ``unknown`` count them; ``alarms`` are what failed above
    P3, each with its interval."""

    check: str
    judged: int = 0
    skipped: int = 0
    unknown: int = 0
    alarms: tuple[tuple[Interval, Finding], ...] = ()

    @property
    def alarmed(self) -> tuple[str, ...]:
        """The names of the intervals with an alarm, earliest first."""
        return tuple(dict.fromkeys(interval.name for interval, _ in self.alarms))

    def after(self, interval: Interval, findings: tuple[Finding, ...]) -> Trial:
        """Return the trial with one more interval."""
        alarms = [each for each in findings if each.outcome is Outcome.FAILED and each.severity is not Severity.P3]
        is_unknown = any(each.outcome is Outcome.UNKNOWN for each in findings)
        is_judged = any(each.outcome in (Outcome.PASSED, Outcome.FAILED) for each in findings)
        return replace(
            self,
            judged=self.judged + (is_judged and not is_unknown),
            unknown=self.unknown + is_unknown,
            skipped=self.skipped + (not is_judged and not is_unknown),
            alarms=(*self.alarms, *((interval, each) for each in alarms)),
        )


def tried_checks(validation: Validation, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the checks that are tried: those that are named, else all expectations. Raises RequestError."""
    known = {check.id: check for check in validation.checks}
    for name in names:
        if name in known and not known[name].is_data:
            message = f"'{name}' checks the platform as it is now; only checks on data can be tried on the past."
            raise RequestError(message)
    found = names or tuple(each.id for each in expected_checks(validation.pipeline))
    if not found:
        message = "This pipeline expects nothing of its tables ('expect'); name the checks to try."
        raise RequestError(message)
    return found


def past_intervals(validation: Validation, days: int) -> tuple[Interval, ...]:
    """Return the intervals with a run of so many days, up to the newest that should be complete, earliest first."""
    timeline = validation.pipeline.timeline
    newest, _ = timeline.around(validation.now)
    found = []
    each = newest
    while each.start > newest.start - timedelta(days=days):
        found.append(each)
        each = timeline.previous(each)
    return tuple(reversed(found))


def backtest(
    validation: Validation, names: tuple[str, ...], days: int, observe: Callable[[Interval], None] = lambda _: None
) -> tuple[Trial, ...]:
    """Try checks on every interval of so many days, and call ``observe`` before each. Raises RequestError."""
    checks = tried_checks(validation, names)
    trials = {name: Trial(check=name) for name in checks}
    for planned in _plans(validation, checks, past_intervals(validation, days)):
        observe(planned.previous)
        for result in validation.run(planned).results:
            trials[result.check] = trials[result.check].after(planned.previous, result.findings)
    return tuple(trials.values())


def _plans(validation: Validation, checks: tuple[str, ...], intervals: tuple[Interval, ...]) -> Iterator[Plan]:
    lag = validation.now - intervals[-1].end
    asked = Request(checks=checks, trigger="backtest")
    planned = validation.plan(asked)
    for each in intervals:
        yield replace(planned, previous=each, current=each, now=min(validation.now, each.end + lag))
