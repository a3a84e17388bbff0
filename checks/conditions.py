"""Whether a date has anything to check, and whether a day off is to be believed.

A condition asks a calendar. A calendar that is empty, or that answers with nothing, gives no answer: that is never a
day off. And a calendar that says "no games" while data of the date lie there contradicts itself: the date is judged as
if it were no day off, and what fails on it is no louder than the doubt, since nobody knows what is expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, Protocol

from checks.model import Finding, Interval, Severity
from checks.pipeline import Pipeline
from checks.ports.documents import read_document
from checks.ports.warehouse import Query, Row, read_rows
from checks.queries_spec import Doubt
from checks.reads import Reads
from checks.source import Problem, SourceError


class Asking(Protocol):
    """What a condition is asked with: the context of a check."""

    @property
    def pipeline(self) -> Pipeline: ...

    @property
    def reads(self) -> Reads: ...

    def query(self, sql: str, label: str, interval: Interval) -> Query:
        """Bind a statement of the pipeline file for an interval."""
        ...

    def rows(self, sql: str, label: str, interval: Interval) -> Sequence[Row]:
        """Wait for the rows of a statement. Raises SourceError."""
        ...


DOUBTED = Severity.P1
"""How loud a doubted day off is, and the most that a failure on it can be."""


CALENDAR = "calendar"
"""A column that a condition's query may give: how many entries the calendar has around the date."""


class Standing(Enum):
    """What a condition comes to on a date."""

    HOLDS = "holds"
    DAY_OFF = "day-off"
    DOUBTED = "day-off-doubted"

    @property
    def applies(self) -> bool:
        """Whether the date is to be judged."""
        return self is not Standing.DAY_OFF

    def tempered(self, finding: Finding) -> Finding:
        """Return the finding, on a doubted date no louder than the doubt."""
        loud = finding.severity is not None and finding.severity < DOUBTED
        return replace(finding, severity=DOUBTED) if loud and self is Standing.DOUBTED else finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A condition on a date. ``number`` is its query's; ``traces`` say what of the date exists on a day off."""

    standing: Standing
    number: int | float
    traces: tuple[str, ...] = ()


def decide(number: float, *, traces: bool, empty: bool = False) -> Standing | None:
    """Return what a condition comes to, None when nothing tells. Data of the date speak where the calendar is empty."""
    if number > 0:
        return Standing.HOLDS
    if traces:
        return Standing.DOUBTED
    return None if empty else Standing.DAY_OFF


def number_of(rows: Sequence[Row], column: str = "number") -> int | float | None:
    """Return the count that a query gives in its one row, None when that is no answer: no row, several, NULL, NaN,
    infinite, negative, or no number at all."""
    value: Any = rows[0].get(column) if len(rows) == 1 else None
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or value < 0:
        return None
    return value


def answer(context: Asking, name: str, interval: Interval) -> Answer:
    """Return what a condition comes to on a date. Raises SourceError, also when nothing gives an answer."""
    spec = context.pipeline.conditions[name]
    rows = context.rows(spec.query, name, interval)
    number = number_of(rows)
    entries = number_of(rows, CALENDAR) if rows and CALENDAR in rows[0] else 1
    if number is None or entries is None:
        raise _unanswered(f"the condition '{name}' gave no answer: one row with a count in 'number' is expected")
    traces: tuple[str, ...] = ()
    if not number and spec.doubt is not None:
        traces = _traces(context, name, spec.doubt, interval)
    standing = decide(number, traces=bool(traces), empty=not entries)
    if standing is None:
        raise _unanswered(f"the calendar that the condition '{name}' reads is empty")
    return Answer(standing=standing, number=number, traces=traces)


def standing(context: Asking, condition: str | None, interval: Interval) -> Standing:
    """Return what a condition of the pipeline file comes to for an interval; no condition always holds.

    Raises SourceError, also when the condition has no answer.
    """
    if not context.pipeline.timeline.has_run(interval):
        return Standing.DAY_OFF
    return Standing.HOLDS if condition is None else answer(context, condition, interval).standing


def _unanswered(what: str) -> SourceError:
    advice = "Check whether the table that it reads is filled, and correct its query in the pipeline file."
    return SourceError("BigQuery", Problem.INVALID, what, advice=advice)


def _traces(context: Asking, name: str, doubt: Doubt, interval: Interval) -> tuple[str, ...]:
    """Return what of a date exists although there should be nothing. What cannot be read matters only where nothing
    else shows anything. Raises SourceError."""
    documents = {place: read_document(context.reads, f"{place}/{interval.name}") for place in doubt.documents}
    for label, sql in (("doubt", doubt.query), ("unless", doubt.unless)):
        if sql is not None:
            read_rows(context.reads, context.query(sql, f"{name}-{label}", interval))
    found: list[str] = []
    failures: list[SourceError] = []
    for place, document in documents.items():
        try:
            found += [f"a document in {place}"] if document.result() is not None else []
        except SourceError as error:
            failures.append(error)
    if doubt.query is not None:
        try:
            found += _rows(name, context.rows(doubt.query, f"{name}-doubt", interval))
        except SourceError as error:
            failures.append(error)
    if found and doubt.unless is not None and number_of(context.rows(doubt.unless, f"{name}-unless", interval)):
        return ()
    if failures and not found:
        raise failures[0]
    return tuple(found)


def _rows(name: str, rows: Sequence[Row]) -> Iterator[str]:
    number = number_of(rows)
    if number is None:
        raise _unanswered(f"the doubt of the condition '{name}' gave no count in the column 'number'")
    if number:
        yield f"{number:,} {'row' if number == 1 else 'rows'} of data"
