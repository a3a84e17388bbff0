"""What the orchestration checks judge by, as it was gathered: the run, the rows of a phase, the phase log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from checks.intervals import Timeline
from checks.model import Interval
from checks.orchestration_spec import Run, Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """What the phase log holds about one transition: the rows of a date, and when there last was any."""

    rows: int = 0
    last_at: datetime | None = None
    last_ever_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayLog:
    """The phase log of a date, by transition."""

    transitions: Mapping[str, Logged] = field(default_factory=dict)

    def of(self, transition: Transition) -> Logged:
        return self.transitions.get(transition.id, Logged())

    @property
    def empty(self) -> bool:
        """Whether no transition at all has a row, so that a missing one proves nothing."""
        return not any(logged.rows for logged in self.transitions.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What a phase wrote for a date."""

    count: int
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRun:
    """The run that an interval is judged by: its name in the pipeline file, and when it opens and is due, in UTC."""

    name: str
    spec: Run
    opens: datetime
    due: datetime


def judged_run(runs: Mapping[str, Run], interval: Interval, timeline: Timeline, now: datetime) -> JudgedRun | None:
    """Return the newest run of an interval that has opened. Where none has, the first one on whose day we are: it is
    waited for. None where there is neither."""
    resolved = (
        JudgedRun(
            name=name,
            spec=run,
            opens=run.opens.of(interval, timeline).astimezone(UTC),
            due=run.due.of(interval, timeline).astimezone(UTC),
        )
        for name, run in runs.items()
    )
    ordered = sorted(resolved, key=lambda each: each.opens)
    opened = [each for each in ordered if each.opens <= now]
    if opened:
        return opened[-1]
    today = now.astimezone(timeline.zone).date()
    return next((each for each in ordered if each.opens.astimezone(timeline.zone).date() <= today), None)
