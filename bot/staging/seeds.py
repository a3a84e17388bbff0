"""Seeding: one date of each table, always through the date filter, never more than so many rows.

A table that has the date already is left alone, so that a seeding which a quota stopped goes on where it stopped.
What was copied is written down as a label of the table.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

from bot.staging.datasets import must_fit
from bot.staging.ports import Copy, Dataset, StagingTables, StoredTable
from bot.staging.prefix import LABEL, Prefix, StagingError
from bot.staging.steps import StagingStep, StepMark, Tell, at_once
from checks.pipeline import Pipeline
from checks.source import Problem, SourceError
from checks.staging_spec import Seed

PAUSES = (2.0, 8.0)
"""Seconds between attempts while BigQuery says that it is too much at once; then the table is left for the next run."""

MARK = "reveille-seed-"
"""Begins the label that says how many rows of which date were copied, and with which limit."""

_COLUMN = re.compile(r"[A-Za-z_]\w{0,299}", re.ASCII)
_MARKED = re.compile(r"(?P<rows>\d+)_(?P<limit>\d+)")

DAY_TYPES = ("DATE", "TIMESTAMP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeding:
    """What one seeding is about. ``again`` copies also what is there already; ``pause`` takes seconds."""

    pipeline: Pipeline
    prefix: Prefix
    day: date
    limit: int
    again: bool = False
    dry_run: bool = False
    pause: Callable[[float], object] = time.sleep


def seed(tables: StagingTables, seeds: Sequence[Seed], seeding: Seeding, tell: Tell) -> list[StagingStep]:
    """Copy one date of every table, all at once; an error of one does not keep the others from their end."""
    return at_once(seeds, lambda each: _one(tables, each, seeding), lambda each: each.table, tell)


def _one(tables: StagingTables, each: Seed, seeding: Seeding) -> StagingStep:
    began = time.monotonic()
    copy, source, staged = _prepare(tables, each, seeding)
    if staged is not None and not seeding.prefix.labelled(staged.labels):
        raise StagingError(f"{staged.id} does not carry the label {LABEL}={seeding.prefix.label}; it is left alone")
    there = seeded(staged.labels, seeding.day) if staged is not None else None
    if there is not None and there.limit == seeding.limit and not seeding.again:
        return StagingStep(mark=StepMark.SAME, subject=each.table, detail=f"there already, {in_rows(there.rows)}")
    if seeding.dry_run:
        size = _bytes(tables.measure(copy))
        return StagingStep(
            mark=StepMark.WOULD, subject=each.table, detail=f"would be copied to {copy.target}, reading {size}"
        )
    rows = _patiently(lambda: _copy(tables, source, copy, seeding), seeding.pause)
    cut = ", cut at the limit" if rows >= seeding.limit else ""
    seconds = time.monotonic() - began
    return StagingStep(
        mark=StepMark.DONE, subject=each.table, detail=f"{in_rows(rows)} → {copy.target} in {seconds:.1f} s{cut}"
    )


def _prepare(tables: StagingTables, each: Seed, seeding: Seeding) -> tuple[Copy, StoredTable, StoredTable | None]:
    dataset = each.table.partition(".")[0]
    original = _original_of(tables, dataset, seeding.prefix)
    source = tables.table(each.table)
    if source is None:
        raise StagingError(f"there is no table {each.table}; check 'seed' of staging in the pipeline file")
    if not source.columns:
        # A view whose columns BigQuery has not worked out yet names none.
        source = replace(source, columns=seeding.pipeline.tables[each.table].columns)
    copy = planned_copy(each, source, original.location, seeding)
    return copy, source, tables.table(copy.target)


def _original_of(tables: StagingTables, name: str, prefix: Prefix) -> Dataset:
    """Return the original dataset, once it is certain that its copy is ours and in the same location."""
    original, staged = tables.dataset(name), tables.dataset(prefix.of(name))
    if original is None:
        raise StagingError(f"there is no dataset {name!r}")
    if staged is None:
        raise StagingError(f"there is no dataset {prefix.of(name)!r} yet; run 'reveille staging setup' first")
    try:
        must_fit(prefix, staged, original)
    except StagingError as error:
        raise StagingError(f"the dataset {staged.name} {error}") from None
    return original


def planned_copy(each: Seed, source: StoredTable, location: str, seeding: Seeding) -> Copy:
    """Decide what is copied. Raises StagingError for a table that cannot be copied by date."""
    declared = seeding.pipeline.tables[each.table]
    columns = source.columns
    if missing := [column for column in declared.columns if column not in columns]:
        raise StagingError(f"{each.table} has no column {missing[0]!r}, which the pipeline file names")
    if strange := [column for column in columns if _COLUMN.fullmatch(column) is None]:
        raise StagingError(f"{each.table} has a column {strange[0]!r}, whose name cannot be part of a statement")
    column = each.date or declared.partition or source.partition
    if column is None:
        raise StagingError(
            f"{each.table} has no date partition, so that one date of it cannot be told; name the column that holds"
            " the date as 'date' of this table under 'seed' in the pipeline file"
        )
    kind = columns.get(column)
    if kind not in DAY_TYPES:
        raise StagingError(f"{each.table} has no column {column!r} of the type DATE or TIMESTAMP to tell the date by")
    since, until = _bounds(seeding.day, seeding.pipeline.zone) if kind == "TIMESTAMP" else (None, None)
    return Copy(
        source=each.table,
        target=seeding.prefix.of(each.table),
        column=column,
        day=seeding.day,
        since=since,
        until=until,
        columns=tuple(columns),
        limit=seeding.limit,
        location=location,
    )


def _bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the local day as two instants; on the days of a clock change it has 23 or 25 hours."""
    begins, ends = (datetime.combine(each, clock_time(), zone) for each in (day, day + timedelta(days=1)))
    return begins.astimezone(UTC), ends.astimezone(UTC)


def _copy(tables: StagingTables, source: StoredTable, copy: Copy, seeding: Seeding) -> int:
    tables.create_like(source, copy.target, {LABEL: seeding.prefix.label})
    rows = tables.replace(copy)
    # The label is written last: what is interrupted before it is copied again, and that gives the same rows.
    tables.label_table(copy.target, {mark_key(seeding.day): f"{rows}_{seeding.limit}"})
    return rows


def _patiently(copy: Callable[[], int], pause: Callable[[float], object]) -> int:
    for seconds in PAUSES:
        try:
            return copy()
        except SourceError as error:
            if error.problem is not Problem.THROTTLED:
                raise
            pause(seconds)
    return copy()


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was copied of one date."""

    rows: int
    limit: int


def mark_key(day: date) -> str:
    """Return the label that stands for a date."""
    return f"{MARK}{day:%Y%m%d}"


def seeded(labels: Mapping[str, str], day: date) -> Seeded | None:
    """Return what a table has of a date, by its labels; None when nothing was written down."""
    match = _MARKED.fullmatch(labels.get(mark_key(day), ""))
    return None if match is None else Seeded(int(match["rows"]), int(match["limit"]))


def seeded_days(labels: Mapping[str, str]) -> dict[str, int]:
    """Return the rows that were copied, by date as ``YYYY-MM-DD``."""
    found: dict[str, int] = {}
    for key, value in sorted(labels.items()):
        day, match = key.removeprefix(MARK), _MARKED.fullmatch(value)
        if key != day and match is not None:
            found[f"{day[:4]}-{day[4:6]}-{day[6:]}"] = int(match["rows"])
    return found


def in_rows(number: int) -> str:
    """Return a number of rows in words."""
    return "1 row" if number == 1 else f"{number:,} rows"


def _bytes(number: int) -> str:
    return f"{number / 1024**2:,.1f} MB"
