"""The opposite of a drill: healthy days, on which every alarm is a false one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.drill.days import Day, days_of
from bot.drill.run import Ground
from checks.model import Outcome, Report, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarm:
    """A finding above P3 on a healthy day."""

    scenario: str
    now: datetime
    sort: str
    severity: str
    check: str
    code: str
    subject: str
    summary: str


def days_among(grounds: Sequence[Ground], count: int, seed: int) -> tuple[tuple[Ground, Day], ...]:
    """Return so many days, spread evenly over the worlds."""
    found: list[tuple[Ground, Day]] = []
    for number, ground in enumerate(grounds):
        share = (count - len(found)) // (len(grounds) - number)
        found += [(ground, day) for day in days_of(ground.healthy, share, seed + number)]
    return tuple(found)


def false_alarms(
    days: Sequence[tuple[Ground, Day]], observe: Callable[[int], None] = lambda _: None
) -> tuple[FalseAlarm, ...]:
    """Validate every day and return what alarms; ``observe`` gets the number of each before it is looked at."""
    found: list[FalseAlarm] = []
    for number, (ground, day) in enumerate(days, 1):
        observe(number)
        report = ground.validated(day.change)
        found += alarms_of(report, ground.scenario.file.name, day.sort)
    return tuple(found)


def alarms_of(report: Report, scenario: str, sort: str) -> tuple[FalseAlarm, ...]:
    """Return what alarms in a report: what failed or could not be checked, above P3."""
    return tuple(
        FalseAlarm(
            scenario=scenario,
            now=report.now,
            sort=sort,
            severity=finding.severity.name,
            check=result.check,
            code=finding.code,
            subject=finding.subject,
            summary=finding.summary,
        )
        for result, finding in report.findings()
        if finding.outcome in (Outcome.FAILED, Outcome.UNKNOWN)
        and finding.severity is not None
        and finding.severity is not Severity.P3
    )
