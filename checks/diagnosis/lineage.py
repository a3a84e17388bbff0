"""The graph of a pipeline, as its file declares it, and where in it a failure is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from checks.causes import Carries, Dependency, Graph
from checks.diagnosis.symptom import Symptom
from checks.effects import COLUMN_FAILURES
from checks.facts.control_plane import RequestsFacts
from checks.facts.orchestration import CalendarFacts, DataFacts, ProcessorFacts, UnfinishedFacts
from checks.facts.tasks import is_of_tasks
from checks.orchestration_spec import Transition
from checks.pipeline import Pipeline, Table
from checks.places import Place, PlaceKind
from checks.services_spec import RunJobSpec, ServiceSpec
from checks.sql_check_spec import SqlCheck
from checks.table_names import tables_in

WAITS = "wait"
"""A transition before it starts anything: it waits for the phase before it."""

WORK = "work"
"""A phase once it was started."""

ROWS = "rows"
"""What a phase has written."""

NO_START = frozenset({"not-triggered", "bypassed", "untracked", "no-record", "flag-not-set"})
"""The processors are in, and the transition did not say that it started the next phase."""

NO_WORK = frozenset({"triggered-without-effect", "data-missing", "data-present"})
"""What was started wrote nothing."""


VERSION = re.compile(r"_v\d+$")
"""The end of the name of a table that was made anew beside its former one."""

Written = Mapping[str, tuple[Place, ...]]
"""What each phase writes, by its id."""


def graph_of(pipeline: Pipeline, checks: Iterable[SqlCheck], found: Iterable[Dependency] = ()) -> Graph:
    """Return the graph of a pipeline: sources first, then phase by phase as the transitions lead. ``found`` are edges
    that the file does not know."""
    written = {phase.id: _written_by(pipeline, phase.id, tuple(checks)) for phase in pipeline.phases}
    through = (*_through_phases(pipeline, written), *_through_tables(pipeline))
    return Graph([*through, *_explained(pipeline, checks, written), *found])


def place_of(pipeline: Pipeline, checks: Mapping[str, SqlCheck], symptom: Symptom) -> Place | None:
    """Return where in the graph a failure is; None for what has no place in the flow of data."""
    finding = symptom.finding
    subject = symptom.place.name
    transition = next((each for each in pipeline.transitions if subject in (each.id, each.target)), None)
    if DataFacts in finding.facts.families() and transition is not None:
        return _of_verdict(transition, finding.code)
    spec = checks.get(symptom.check)
    if finding.code in COLUMN_FAILURES and symptom.place.kind is PlaceKind.TABLE:
        return _table(subject)
    if spec is not None:
        return judged(spec, finding.subject)
    if symptom.place.kind is PlaceKind.TABLE or is_of_tasks(finding.facts):
        return symptom.place
    if ProcessorFacts in finding.facts.families() and finding.phase is not None:
        # A processor is mostly named after the table that it writes.
        return _named(pipeline, checks.values(), subject) or Place(PlaceKind.PHASE, finding.phase, WORK)
    if CalendarFacts in finding.facts.families():
        read = tables_in(pipeline.conditions[subject].query) if subject in pipeline.conditions else ()
        return _table(read[-1]) if read else None
    if RequestsFacts in finding.facts.families():
        return _called(pipeline, subject)
    if UnfinishedFacts in finding.facts.families() and finding.phase is not None:
        return Place(PlaceKind.PHASE, finding.phase, WORK)
    if symptom.place.kind is PlaceKind.TRANSITION and transition is not None:
        return Place(PlaceKind.TRANSITION, transition.id)
    return None


def _called(pipeline: Pipeline, name: str) -> Place | None:
    """What a service does not do that nobody calls: an orchestrator starts no phase, any other does no work."""
    moved = next((each for each in pipeline.transitions if each.orchestrator == name), None)
    if moved is not None and not moved.monitoring_only:
        return Place(PlaceKind.TRANSITION, moved.id)
    phase = next((each.phase for each in pipeline.services if each.name == name), None)
    return Place(PlaceKind.PHASE, phase, WORK) if phase is not None else None


def _named(pipeline: Pipeline, checks: Iterable[SqlCheck], processor: str) -> Place | None:
    tables = (*pipeline.tables, *(each for spec in writers(pipeline) for each in spec.writes))
    judge = (each for check in checks for each in check.tables)
    found = (
        each for each in (*tables, *judge) if VERSION.sub("", each.rpartition(".")[2]) == VERSION.sub("", processor)
    )
    return next(map(_table, found), None)


def _of_verdict(transition: Transition, code: str) -> Place:
    if code in NO_WORK or transition.monitoring_only:
        return Place(PlaceKind.PHASE, transition.target, ROWS)
    return Place(PlaceKind.TRANSITION, transition.id, "" if code in NO_START else WAITS)


def service(name: str) -> Place:
    """Return the place of a service."""
    return Place(PlaceKind.SERVICE, name)


def maker(spec: ServiceSpec | RunJobSpec) -> Place:
    """Return the place of what writes tables."""
    return Place(PlaceKind.RUN_JOB, spec.name) if isinstance(spec, RunJobSpec) else service(spec.name)


def writers(pipeline: Pipeline) -> tuple[ServiceSpec | RunJobSpec, ...]:
    """Return what may write tables."""
    return (*pipeline.services, *pipeline.run_jobs)


def judged(check: SqlCheck, subject: str) -> Place:
    """Return what a finding of a check of the pipeline file is about; where it names no table, what the check asks."""
    table = check.judges(subject)
    return _table(table) if table is not None else Place(PlaceKind.DATA, check.id)


def _table(name: str) -> Place:
    return Place(PlaceKind.TABLE, name)


def _through_phases(pipeline: Pipeline, made: Written) -> Iterator[Dependency]:
    declared = {table for each in writers(pipeline) for table in each.writes}
    for phase in pipeline.phases:
        begins, work = Place(PlaceKind.PHASE, phase.id), Place(PlaceKind.PHASE, phase.id, WORK)
        rows = Place(PlaceKind.PHASE, phase.id, ROWS)
        yield Dependency(begins, work, Carries.DATA)
        yield from (Dependency(each, rows, Carries.DATA) for each in (begins, work))
        working = [spec for spec in writers(pipeline) if _works(pipeline, spec, phase.id)]
        for spec in working:
            yield Dependency(maker(spec), work)
            yield Dependency(maker(spec), rows)
        yield from (
            Dependency(_table(each), rows, Carries.DATA) for each in _inputs(pipeline, phase.rows, made[phase.id])
        )
        first = _before_rows(pipeline, phase.rows, made[phase.id])
        for written in made[phase.id]:
            yield Dependency(begins, written, Carries.DATA)
            # What the rows of the phase are made of goes before them; the rest comes with them.
            yield (
                Dependency(written, rows, Carries.DATA) if written in first else Dependency(rows, written, Carries.DATA)
            )
            if written.name not in declared:
                yield from (Dependency(maker(each), written) for each in working)
    for each in pipeline.transitions:
        waits = Place(PlaceKind.TRANSITION, each.id, WAITS)
        starts, begins = Place(PlaceKind.TRANSITION, each.id), Place(PlaceKind.PHASE, each.target)
        yield Dependency(Place(PlaceKind.PHASE, each.source, ROWS), waits)
        # What the next phase writes, too, is not there before it begins.
        later = frozenset(made.get(each.target, ()))
        awaited = (written for written in made.get(each.source, ()) if written not in later)
        yield from (Dependency(written, waits) for written in awaited)
        working = [spec for spec in writers(pipeline) if _works(pipeline, spec, each.source)]
        yield from (Dependency(maker(spec), waits) for spec in working)
        yield Dependency(waits, starts)
        starting = [service(each.orchestrator)] if each.orchestrator and not each.monitoring_only else []
        # Without an orchestrator, who did the work before starts the next phase.
        for place in starting or [maker(spec) for spec in working]:
            yield Dependency(place, waits)
            yield Dependency(place, starts)
        yield Dependency(starts, begins)


def _inputs(pipeline: Pipeline, query: str | None, written: Iterable[Place]) -> Sequence[str]:
    """Return what the tables that show the rows of a phase are made of, by their own word and by that of who writes
    them, as far as the phase does not write it."""
    shown = frozenset(tables_in(query or ""))
    reads = [each for name in sorted(shown) if name in pipeline.tables for each in pipeline.tables[name].reads]
    reads += [each for spec in writers(pipeline) if not shown.isdisjoint(spec.writes) for each in spec.reads]
    return [each for each in dict.fromkeys(reads) if _table(each) not in written]


def _before_rows(pipeline: Pipeline, query: str | None, written: Iterable[Place]) -> frozenset[Place]:
    """Return what a phase writes of which it makes those of its tables that show its rows."""
    shown = set(tables_in(query or ""))
    found, reads = shown, shown
    while reads:
        reads = {each for name in reads if name in pipeline.tables for each in pipeline.tables[name].reads} - found
        found = found | reads
    return frozenset(each for each in written if each.kind is PlaceKind.TABLE and each.name in found - shown)


def _works(pipeline: Pipeline, spec: ServiceSpec | RunJobSpec, phase: str) -> bool:
    return spec.phase == phase and all(spec.name != each.orchestrator for each in pipeline.transitions)


def _through_tables(pipeline: Pipeline) -> Iterator[Dependency]:
    for name, table in pipeline.tables.items():
        yield from (Dependency(_table(each), _table(name), Carries.DATA) for each in table.reads)
        # By what rows are counted for, a wrong number of it is a wrong number of them.
        counted = [pipeline.conditions[each] for each in _units(table) if each in pipeline.conditions]
        asked = {each for condition in counted for each in tables_in(condition.history or "")} - {name}
        yield from (Dependency(_table(each), _table(name), Carries.DATA) for each in sorted(asked))
    for spec in writers(pipeline):
        for written in spec.writes:
            yield Dependency(maker(spec), _table(written))
            read = [each for each in spec.reads if each != written]
            yield from (Dependency(_table(each), _table(written), Carries.DATA) for each in read)


def _units(table: Table) -> Iterator[str]:
    """Yield the conditions for whose units a table's rows are counted."""
    yield from (each.per for expect in table.expect for each in expect.volume if isinstance(each.per, str))


def _explained(pipeline: Pipeline, checks: Iterable[SqlCheck], made: Written) -> Iterator[Dependency]:
    """What the file says that a check explains. A table that a phase writes, or that is made of one that it writes,
    explains no phase before that one."""
    order = {phase.id: number for number, phase in enumerate(pipeline.phases)}
    written: dict[Place, int] = {}
    for number, each in enumerate(pipeline.phases):
        for place in made[each.id]:
            written.setdefault(place, number)
    readers: dict[str, list[str]] = {}
    for name, table in pipeline.tables.items():
        for read in table.reads:
            readers.setdefault(read, []).append(name)
    seen: set[str] = set()
    for place, number in sorted(written.items(), key=lambda each: -each[1]):
        for name in _made_of(place.name, readers, seen):
            written.setdefault(_table(name), number)
    for check in checks:
        places = [judged(check, check.subject)]
        if check.phase is None:
            places = [_table(name) for name in check.tables] or places
        for place in places:
            yield from (
                Dependency(place, Place(PlaceKind.PHASE, phase), Carries.DATA)
                for phase in check.explains
                if written.get(place, -1) < order.get(phase, len(order))
            )


def _made_of(table: str, readers: Mapping[str, Sequence[str]], seen: set[str]) -> Iterator[str]:
    """Yield the tables that are made of one, and of those, without those seen before; from now on they are."""
    found = [table]
    while found:
        found = [
            name for name in dict.fromkeys(made for each in found for made in readers.get(each, ())) if name not in seen
        ]
        seen.update(found)
        yield from found


def _written_by(pipeline: Pipeline, phase: str, checks: Iterable[SqlCheck]) -> tuple[Place, ...]:
    """What a phase writes: the tables of its services, what shows its rows, and what its checks judge."""
    written = [name for spec in writers(pipeline) if spec.phase == phase for name in spec.writes if "." in name]
    rows = [name for each in pipeline.phases if each.id == phase for name in tables_in(each.rows or "")]
    found = [judged(each, each.subject) for each in checks if each.phase == phase]
    return tuple(dict.fromkeys([*map(_table, [*written, *rows]), *found]))
