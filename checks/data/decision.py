"""What the rules of a check say of a row: the first that holds decides. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from checks.cells import in_words
from checks.facts import Scalar
from checks.intervals import interval_words
from checks.model import Outcome, Severity
from checks.ports.warehouse import Row
from checks.span import Interval
from checks.sql_check_spec import Rule, SqlCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a row is judged in. ``due`` is set when the check looks before it is due: then every failure
    is a note. ``names`` are those that templates may use beside the columns of the row."""

    interval: Interval
    zone: ZoneInfo
    year: int | None = None
    """This year, where it is known: dates of another are written with theirs."""
    due: datetime | None = None
    names: Mapping[str, Scalar] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those of the pipeline file, as rules name them: ``@fewest``."""

    @property
    def words(self) -> Mapping[str, Scalar]:
        """The names as sentences have them: the interval as people write it."""
        return {**self.names, "interval": interval_words(self.interval.name, self.year)}

    def capped(self, severity: Severity) -> Severity:
        """Return how loud a failure may be now."""
        return severity if self.due is None else Severity.P3


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the rules say of a row. ``lacking`` is the column without which ``rule`` cannot be judged."""

    outcome: Outcome
    code: str
    severity: Severity | None = None
    rule: Rule | None = None
    lacking: str | None = None


def decide(spec: SqlCheck, row: Row) -> Decision:
    """Return what the first rule that holds says.

    A rule with one comparison that does not hold is out, whatever its other columns are. One that could hold
    if only a value were there leaves the row undecided, and so does one that says so: as bad as the worst rule that is
    still open.
    """
    for index, rule in enumerate(spec.rules):
        lacking = _lacking(rule, row)
        if lacking is None:
            continue
        worst = min((each.severity for each in spec.rules[index:] if each.severity is not None), default=Severity.P3)
        if lacking:
            return Decision(outcome=Outcome.UNKNOWN, code="no-value", severity=worst, rule=rule, lacking=lacking[0])
        severity = worst if rule.outcome == "unknown" else rule.severity
        return Decision(outcome=Outcome(rule.outcome), code=rule.code, severity=severity, rule=rule)
    return Decision(outcome=Outcome.PASSED, code="as-expected")


def _lacking(rule: Rule, row: Row) -> list[str] | None:
    """Return the columns without which a rule cannot be judged: its own, or those that it compares them with. None
    where one of its comparisons does not hold."""
    lacking: list[str] = []
    for column, comparison in rule.condition.items():
        holds = comparison.test(row.get(column), row)
        if holds is False:
            return None
        if holds is None:
            compared = (each for each in comparison.operands.values() if row.get(each) is None)
            lacking.append(column if row.get(column) is None else next(compared, column))
    return lacking


def early(setting: Setting) -> str:
    """Say until when a check is not due that looks before it is."""
    return f" (Not due until {in_words(setting.due, setting.zone, setting.year)}.)" if setting.due is not None else ""
