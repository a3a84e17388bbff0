"""The intervals before the one that is judged: what each had, and which of them it can be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from math import isfinite
from typing import Any

from checks.cells import exact
from checks.expansion import Expansion
from checks.expansion.query import history_days
from checks.expansion.rules import volume_name
from checks.expectations_spec import Learning, Volume
from checks.intervals import Timeline
from checks.pipeline import Pipeline
from checks.ports.warehouse import Answers, Row
from checks.source import Problem, SourceError
from checks.span import Interval

Group = tuple[str, ...]


class Past:
    """The rows of the part ``history`` of a query, and the answers to the queries that it needs beside."""

    def __init__(
        self, expansion: Expansion, pipeline: Pipeline, interval: Interval, rows: Sequence[Row], answers: Answers
    ) -> None:
        self._expansion = expansion
        self._pipeline = pipeline
        self._timeline = pipeline.timeline
        self._interval = interval
        self._history = [row for row in rows if row.get("part") == "history"]
        self._answers = answers

    @property
    def newest(self) -> datetime | None:
        """When the newest row of any interval was loaded; None where no row says when."""
        return max((at for row in self._history if isinstance(at := row.get("newest"), datetime)), default=None)

    @cached_property
    def periods(self) -> Sequence[tuple[Interval, Row]]:
        """The rows of the history with the interval of each."""
        return [
            (interval_of(row["period"], self._timeline), row)
            for row in self._history
            if isinstance(row.get("period"), date)
        ]

    def counts(self, by: Sequence[str]) -> Mapping[Interval, Mapping[Group, int]]:
        """Return how many rows each group of each interval has."""
        counts: dict[Interval, dict[Group, int]] = {}
        for interval, row in self.periods:
            group = tuple(exact(row.get(f"by_{column}")) for column in by)
            groups = counts.setdefault(interval, {})
            groups[group] = groups.get(group, 0) + int(number_of(row.get("row_count")) or 0)
        return counts

    def comparable(self, known: Iterable[Interval], learning: Learning) -> list[Interval]:
        """Return the intervals before the one that is judged that it can be compared with, the newest first."""
        alike = learning.alike or ("any" if self._pipeline.cadence.has_dates else "hour")
        mine = _ALIKE[alike](self._interval)
        earliest = self._interval.start - timedelta(days=history_days(self._pipeline, learning) + 1)
        return sorted(
            (
                each
                for each in known
                if earliest <= each.start < self._interval.start
                and _ALIKE[alike](each) == mine
                and not self.is_off(each)
            ),
            reverse=True,
        )

    def exposures(self, volume: Volume) -> Mapping[Interval, float] | None:
        """Return how much there was to have rows for, by interval; None where it is not counted."""
        if volume.per is None:
            return None
        return self._numbers(volume.per if isinstance(volume.per, str) else volume_name(volume))

    def _numbers(self, name: str) -> Mapping[Interval, float]:
        """Return the numbers of a query by interval. Raises SourceError where it gives none."""
        numbers: dict[Interval, float] = {}
        for row in self._answers[name]:
            period, number = row.get("period"), number_of(row.get("number"))
            if not isinstance(period, date) or number is None:
                raise SourceError(
                    "BigQuery",
                    Problem.INVALID,
                    f"the history of '{name}' gave a row without a period or a number",
                    advice="Correct its query in the pipeline file.",
                )
            interval = interval_of(period, self._timeline)
            numbers[interval] = numbers.get(interval, 0) + number
        return numbers

    @cached_property
    def _due(self) -> Mapping[Interval, float] | None:
        """How much there was to do in each interval, where the condition has a history."""
        when = self._expansion.spec.when
        return None if when is None or when not in self._answers else self._numbers(when)

    def is_off(self, interval: Interval) -> bool:
        """Whether an interval had nothing to do."""
        if not self._timeline.has_run(interval):
            return True
        # A history ends with the interval that is judged: of what comes after, it says nothing.
        is_told = interval.start <= self._interval.start
        return self._due is not None and is_told and self._due.get(interval, 0) <= 0


def interval_of(period: date, timeline: Timeline) -> Interval:
    """Return the interval in which a date or an instant lies."""
    return timeline.at(period) if isinstance(period, datetime) else timeline.on(period)


def age_of(loaded: datetime, now: datetime, timeline: Timeline, is_off: Callable[[Interval], bool]) -> timedelta:
    """Return how old something is, without the intervals in which nothing was to be done."""
    age = max(timedelta(), now - loaded)
    each = timeline.at(loaded)
    while each.start < now:
        if is_off(each):
            age -= min(each.end, now) - max(each.start, loaded)
        each = timeline.next(each)
    return max(timedelta(), age)


def number_of(value: Any) -> float | None:
    """Return a cell as a number; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    return float(value) if isfinite(value) else None


_ALIKE: Mapping[str, Callable[[Interval], int]] = {
    "any": lambda _: 0,
    "weekday": lambda interval: interval.day.weekday(),
    "hour": lambda interval: interval.start.hour,
}
