"""What tasks lead to: the edges that findings about runs bring along, from dbt's manifest or the pipeline file."""

from __future__ import annotations

from collections.abc import Iterator

from checks.causes import Carries, Dependency
from checks.diagnosis.board import Board
from checks.diagnosis.lineage import ROWS, WORK
from checks.facts import known
from checks.facts.tasks import TasksFacts, TaskWork
from checks.places import Place, PlaceKind


def worked_by(board: Board) -> Iterator[Dependency]:
    """Yield what the tasks of a run follow, what they work from, and what they make."""
    works = dict.fromkeys(
        work
        for each in board.everything
        if (facts := known(each.finding.facts, TasksFacts)) is not None
        for work in facts.works
    )
    for each in works:
        yield from _edges(each)


def _edges(work: TaskWork) -> Iterator[Dependency]:
    task = Place(PlaceKind.TASK, work.task)
    yield from (Dependency(Place(PlaceKind.TASK, each), task, Carries.DATA) for each in work.after)
    yield from (Dependency(Place(PlaceKind.TABLE, each), task, Carries.DATA) for each in work.reads)
    for each in work.writes:
        made = Place(PlaceKind.TABLE, each)
        yield Dependency(task, made, Carries.DATA)
        yield from (Dependency(Place(PlaceKind.TABLE, of), made, Carries.DATA) for of in work.reads if of != each)
    if work.phase is not None:
        for facet in (WORK, ROWS):
            yield Dependency(task, Place(PlaceKind.PHASE, work.phase, facet))
