"""A healthy world earlier on its day: what the timetable says had run by then is there, and what came later is not.

A deploy that came later is there as long before as it was: who breaks something by one breaks it at any hour. A row or
a document shows its last write. Where a run before that one was due by then, it had written it, and its time
is what is put there; where none was, it is not there yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.drill import columns
from bot.scenarios.world import World
from checks.intervals import Offset
from checks.orchestration_spec import Transition
from checks.pipeline import Pipeline
from checks.table_names import tables_in

Row = Mapping[str, Any]

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\S*")


def earlier(world: World, clock: datetime, pipeline: Pipeline) -> World:
    """Return the world as it was at an instant before its own."""
    if clock >= world.now:
        return world
    runs = _Runs(pipeline, clock)
    tables = {name: list(runs.rows(name, rows)) for name, rows in world.tables.items()}
    documents = {path: kept for path, data in world.documents.items() if (kept := runs.document(path, data))}
    return replace(_deployed(world, clock), tables=tables, documents=documents)


def _deployed(world: World, clock: datetime) -> World:
    def before(at: datetime) -> datetime:
        return at if at <= clock else clock - (world.now - at)

    services = {
        name: replace(each, deployed_at=before(each.deployed_at)) if each.deployed_at is not None else each
        for name, each in world.services.items()
    }
    revisions = {
        name: tuple(replace(each, created_at=before(each.created_at)) for each in found)
        for name, found in world.revisions.items()
    }
    return replace(world, services=services, revisions=revisions)


class _Runs:
    """What the runs of a pipeline had written at an instant."""

    def __init__(self, pipeline: Pipeline, clock: datetime) -> None:
        self._pipeline = pipeline
        self._clock = clock

    def rows(self, table: str, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Yield what there was of the rows of a table."""
        column = columns.date_column(self._pipeline.tables[table], list(rows))
        of_table = self._written(table)
        for row in rows:
            logged = [each for each in self._pipeline.transitions if each.id in row.values()]
            day = columns.day_of(row, column, self._pipeline.zone) if column is not None else ""
            kept = self._then(row, self._last(day, (*of_table, *_dues(logged))))
            if kept is not None:
                yield kept

    def document(self, path: str, data: Row) -> dict[str, Any] | None:
        """Return what there was of a document; None for nothing. One of no date was renewed the day before."""
        collection, _, name = path.rpartition("/")
        if not _DATE.fullmatch(name):
            return self._then(data, self._clock - timedelta(days=1))
        states = [each for each in self._pipeline.transitions if each.state == collection]
        return self._then(data, self._last(name, [due for each in states for due in self._done(each)]))

    def _written(self, table: str) -> tuple[Offset, ...]:
        """When the rows of a table are due: with the phase that writes it, and where somebody expects them."""
        expected = self._pipeline.tables[table].expect
        shown = {each.id for each in self._pipeline.phases if table in tables_in(each.rows or "")}
        phases = {each.phase for each in expected} or shown
        starts = [each for each in self._pipeline.transitions if each.target in phases]
        return (*_dues(starts), *(each.due for each in expected if each.due is not None))

    def _done(self, transition: Transition) -> Iterator[Offset]:
        """When a phase has done its work: when it was due to begin, where that is known, else when the next one is."""
        before = [each for each in self._pipeline.transitions if each.target == transition.source]
        for name, run in transition.runs.items():
            begun = [each.runs[name].due for each in before if name in each.runs]
            yield from begun or [run.due]

    def _last(self, day: str, dues: Iterable[Offset]) -> datetime | None:
        """Return the last instant so far at which something of a date was due."""
        if not _DATE.fullmatch(day):
            return None
        timeline = self._pipeline.timeline
        instants = (each.of(timeline.on(date.fromisoformat(day)), timeline) for each in dues)
        return max((each for each in instants if each <= self._clock), default=None)

    def _then(self, data: Row, before: datetime | None) -> dict[str, Any] | None:
        """Return what there was of a row or a document, with the time before; None for nothing."""
        if not any(_is_later(value, self._clock) for value in _leaves(data)):
            return dict(data)
        return None if before is None else {name: self._at(value, before) for name, value in data.items()}

    def _at(self, value: Any, before: datetime) -> Any:
        if isinstance(value, Mapping):
            return {name: self._at(each, before) for name, each in value.items()}
        if not _is_later(value, self._clock):
            return value
        return before if isinstance(value, datetime) else before.isoformat()


def _dues(transitions: Iterable[Transition]) -> tuple[Offset, ...]:
    return tuple(run.due for each in transitions for run in each.runs.values())


def _is_later(value: Any, clock: datetime) -> bool:
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        value = datetime.fromisoformat(value)
    return isinstance(value, datetime) and value > clock


def _leaves(data: Row) -> Iterable[Any]:
    for value in data.values():
        if isinstance(value, Mapping):
            yield from _leaves(value)
        else:
            yield value
