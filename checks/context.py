"""What a check is given: one instant, the intervals, the pipeline, and its reads.

No check reads the clock or the environment; everything that decides about its findings is here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from checks.changed_columns import explained
from checks.intervals import Offset
from checks.model import Finding, Interval, Outcome
from checks.orchestration_spec import Phase, Transition
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob
from checks.ports.warehouse import Parameter, Query, Row, read_rows
from checks.reads import Reads
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError

_PARAMETER = re.compile(r"@([a-z][a-z0-9_]*)")


INTERVAL_PARAMETERS = ("date", "interval_end", "interval_start", "now")
"""What every statement may name beside the pipeline's own parameters."""


def all_hidden(_: str) -> str:
    """Return what is shown of a text where nobody knows what in it is secret."""
    return "***"


def document_path(transition: Transition, interval: Interval) -> str:
    """Return the path of a transition's completion document, without any prefix."""
    return f"{transition.state}/{interval.name}"


def query_of(pipeline: Pipeline, sql: str, label: str, *, interval: Interval, now: datetime) -> Query:
    """Bind the parameters that a statement names: those of the interval, ``@now``, and the pipeline's own.

    Raises KeyError for a name that the pipeline does not declare; the loader has made sure of that.
    """
    return Query(sql, {name: _parameter(pipeline, name, interval, now) for name in parameters_in(sql)}, label)


def _parameter(pipeline: Pipeline, name: str, interval: Interval, now: datetime) -> Parameter:
    declared = pipeline.parameters.get(name)
    if declared is not None:
        return Parameter(declared.type, declared.value)
    if name == "date":
        return Parameter("DATE", interval.day)
    instant = {"interval_start": interval.start, "interval_end": interval.end, "now": now}[name]
    return Parameter("TIMESTAMP", instant if name == "now" else instant.astimezone(UTC))


@lru_cache(maxsize=1024)  # every validation asks the same statements
def parameters_in(sql: str) -> tuple[str, ...]:
    """Return the names of the parameters in a statement, sorted, each once."""
    return tuple(sorted(set(_PARAMETER.findall(sql))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything that a check may know.

    ``now`` is aware and the same for the whole run. ``previous`` is the newest interval that should be
    complete, ``current`` the one being prepared. ``phases`` restricts the run to some phases; None means all.
    """

    now: datetime
    previous: Interval
    current: Interval
    pipeline: Pipeline
    reads: Reads
    phases: frozenset[str] | None = None
    hidden: Callable[[str], str] = all_hidden
    """Returns a text of the platform without its secrets."""
    jobs_before: tuple[SchedulerJob, ...] = ()
    """The scheduler jobs that were enabled in an earlier run, by name; none where nobody knows."""

    @property
    def today(self) -> date:
        """The local date of ``now`` in the pipeline's zone."""
        return self.now.astimezone(self.pipeline.zone).date()

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The intervals of the run, each once, earliest first."""
        return tuple(sorted({self.previous, self.current}))

    def in_scope(self, phase: str | None) -> bool:
        """Whether the run looks at a phase; what belongs to no phase is always in scope."""
        return self.phases is None or phase is None or phase in self.phases

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """The transitions into the phases in scope."""
        return tuple(each for each in self.pipeline.transitions if self.in_scope(each.target))

    @property
    def services(self) -> tuple[ServiceSpec, ...]:
        """The services of the phases in scope."""
        return tuple(each for each in self.pipeline.services if self.in_scope(each.phase))

    def query(self, sql: str, label: str, interval: Interval) -> Query:
        """Bind a statement of the pipeline file for an interval."""
        return query_of(self.pipeline, sql, label, interval=interval, now=self.now)

    def rows(self, sql: str, label: str, interval: Interval) -> Sequence[Row]:
        """Wait for the rows of a statement. Raises SourceError, ChangedColumnsError where a table lacks a column."""
        try:
            return read_rows(self.reads, self.query(sql, label, interval)).result()
        except SourceError as error:
            raise explained(error, f"The query '{label}'", self.pipeline.tables, self.reads, (sql,)) from error

    def at(self, offset: Offset, interval: Interval) -> datetime:
        """Return the instant that an offset means for an interval, in UTC."""
        return offset.of(interval, self.pipeline.timeline).astimezone(UTC)

    def why_off(self, condition: str | None, interval: Interval) -> str:
        """Say why an interval has nothing to run for, in words that a sentence ends with."""
        if condition is None or not self.pipeline.timeline.has_run(interval):
            return self.pipeline.calendar.why_not(interval.day)
        return self.pipeline.conditions[condition].otherwise

    def phase_rows(self, phase: Phase, interval: Interval) -> Row | None:
        """Return the row that shows what a phase wrote (``row_count``, ``first_at``, ``last_at``), None for
        a phase that cannot show it. Raises SourceError."""
        if phase.rows is None:
            return None
        rows = self.rows(phase.rows, phase.id, interval)
        if len(rows) != 1:
            raise SourceError(
                "BigQuery",
                Problem.INVALID,
                f"the rows of phase {phase.id!r} gave {len(rows)} rows where one is expected",
                advice="Correct its query in the pipeline file.",
            )
        return rows[0]


def not_configured(subject: str, what: str, *, configure: str) -> Finding:
    """Say that a check has nothing to look at: what is missing, and what to add, both in words that a sentence ends.

    It is skipped and was not looked at, so it never turns a report green.
    """
    return Finding(
        outcome=Outcome.SKIPPED,
        code="not-configured",
        subject=subject,
        summary=f"{what}; to have it checked, {configure}.",
    )
