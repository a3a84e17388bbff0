"""What a check says of a source that gave no answer, or whose answer is that a table lacks a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from checks.actions import Action
from checks.amounts import SENTENCE, cut_text
from checks.changed_columns import ChangedColumnsError
from checks.column_types import ColumnDifference
from checks.facts import Facts, Unasked, Unread, Values
from checks.model import Finding, Interval, Outcome, Severity
from checks.places import Place, PlaceKind
from checks.source import SourceError

COLUMN_CODES: Mapping[str, str] = {
    "no-value": "A column that it needs is NULL, missing or of another type.",
    "column-lost": "A table has lost a column that a query reads.",
    "column-retyped": "A column that a query reads has another type than the pipeline file declares.",
}
"""What may be said of any query of the pipeline file."""

COULD_NOT = "Could not check: "


@dataclass(frozen=True, slots=True)
class Reader:
    """What needs the rows of a query: its subject, how bad the truth could be, and what its failures say besides."""

    subject: str
    severity: Severity
    phase: str | None = None
    interval: Interval | None = None
    link: str | None = None
    ending: str = ""


def failures(error: ChangedColumnsError, reader: Reader) -> Iterator[Finding]:
    """Yield a failure for each column that a table has lost or changed."""
    for table, columns in error.changed.items():
        yield from (_failure(error.asker, reader, table, each) for each in columns)


def _failure(asker: str, reader: Reader, table: str, each: ColumnDifference) -> Finding:
    return Finding(
        outcome=Outcome.FAILED,
        code=f"column-{each.state}",
        subject=f"{table}.{each.column}",
        summary=each.sentence(table) + reader.ending,
        severity=reader.severity,
        phase=reader.phase,
        interval=reader.interval,
        place=Place(PlaceKind.TABLE, table, each.column),
        facts=Values(values={"column": each.column, "declared": each.declared, "actual": each.real or "none"}),
        impact=f"{asker}, and whatever else reads {each.column} of {table}, fails.",
        action=Action(
            text=f"Check what writes {table} and give it {each.column} back as {each.declared}; where the change "
            "is meant, change the pipeline file."
        ),
        link=reader.link,
        read=True,
    )


def not_asked(error: ChangedColumnsError, reader: Reader, about: Facts | None = None) -> Finding:
    """Say what follows for the reader itself: the source answered, so it is none that could not be read; what it
    said stays there, for it may have refused the query for something else, too."""
    names = tuple(f"{table}.{each.column}" for table, columns in error.changed.items() for each in columns)
    columns = ", ".join(names)
    return Finding(
        outcome=Outcome.UNKNOWN,
        code="no-value",
        subject=reader.subject,
        summary=f"The query cannot run without {columns} as declared, so what else it would find is not known. "
        f"{error.source} says: {cut_text(error.detail, SENTENCE).rstrip('.')}.",
        severity=reader.severity,
        phase=reader.phase,
        interval=reader.interval,
        facts=Unasked(about=about, tables=tuple(error.changed), columns=names),
        action=Action(text=f"Give the table {columns} back first; the check then runs again by itself."),
        link=reader.link,
    )


def could_not_check(
    error: SourceError,
    *,
    subject: str,
    severity: Severity,
    phase: str | None = None,
    interval: Interval | None = None,
    place: Place | None = None,
    about: Facts | None = None,
) -> Finding:
    """Return the finding for a source that gave no answer; ``severity`` is how bad the truth could be. ``about`` are
    the facts that are known without it."""
    if isinstance(error, ChangedColumnsError):
        return not_asked(error, Reader(subject, severity, phase, interval), about)
    said = cut_text(error.sentence, SENTENCE)
    return Finding(
        outcome=Outcome.UNKNOWN,
        code="source-unavailable",
        subject=subject,
        summary=f"{COULD_NOT}{said}",
        severity=severity,
        phase=phase,
        interval=interval,
        place=place,
        facts=Unread(
            source=error.source, problem=str(error.problem), retryable=error.retryable, said=said, about=about
        ),
    )


def after(words: str, finding: Finding) -> Finding:
    """Return the finding for a source that gave no answer with words before it: what depends on the source."""
    facts = finding.facts
    facts = replace(facts, said="") if isinstance(facts, Unread) else facts
    return replace(finding, summary=f"{words} {finding.summary.removeprefix(COULD_NOT)}", facts=facts)


def attempt(
    judge: Callable[[], Iterable[Finding]],
    *,
    subject: str,
    severity: Severity,
    phase: str | None = None,
    interval: Interval | None = None,
    whole: bool = False,
) -> Iterator[Finding]:
    """Yield what ``judge`` finds about one subject; a source that fails costs this subject alone. ``whole`` says that
    it stands for all that the check looks at."""
    try:
        yield from judge()
    except SourceError as error:
        if isinstance(error, ChangedColumnsError):
            # That nothing came is not known: what is lost is as bad as the truth could be, and stops nobody.
            yield from failures(error, Reader(subject, max(severity, Severity.P1), phase, interval))
        place = Place(PlaceKind.SOURCE, error.source) if whole else None
        yield could_not_check(error, subject=subject, severity=severity, phase=phase, interval=interval, place=place)
