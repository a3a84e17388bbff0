"""What a picture of a graph shows: a box for each place, an arrow to what depends on it, a mark for its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.render.graph.layout import Node
from bot.render.words import number
from checks.causes import Dependency, Graph
from checks.causes.graph import MAKING
from checks.diagnosis.lineage import graph_of, place_of
from checks.diagnosis.symptom import Symptom
from checks.model import Cause, FindingKey, Outcome, Report
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.sql_check_spec import SqlCheck

Arrow = tuple[Place, Place]


class BoxMark(StrEnum):
    """How a place is, the gravest first."""

    CAUSE = "cause"
    SUSPECT = "suspect"
    FAILED = "failed"
    AFFECTED = "affected"
    UNKNOWN = "unknown"
    NONE = "none"


GRAVITY = list(BoxMark)

MARK_WORDS: Mapping[BoxMark, str] = {
    BoxMark.CAUSE: "cause",
    BoxMark.SUSPECT: "suspect",
    BoxMark.FAILED: "failed",
    BoxMark.AFFECTED: "affected",
    BoxMark.UNKNOWN: "could not be checked",
    BoxMark.NONE: "nothing found",
}


@dataclass(frozen=True, slots=True)
class Box:
    """``label`` is short, ``name`` says all."""

    place: Place
    label: str
    name: str
    mark: BoxMark = BoxMark.NONE


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes, each after those that it depends on as far as there is no cycle, and the arrows between them."""

    title: str
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]
    judged: bool = False
    """Whether the marks say what a run found."""

    def marked(self, mark: BoxMark) -> Sequence[Box]:
        return [each for each in self.boxes if each.mark is mark]


def drawing_of(pipeline: Pipeline, checks: Iterable[SqlCheck], marks: Mapping[Place, BoxMark] | None = None) -> Drawing:
    """Return the picture of a pipeline. What follows from other arrows has none of its own."""
    whole = graph_of(pipeline, tuple(checks))
    pairs = {(box_of(each.before), box_of(each.after)) for place in whole.order for each in whole.before(place)}
    order = {place: at for at, place in enumerate(dict.fromkeys(map(box_of, whole.order)))}
    # A phase writes what its rows are made of: of the two directions, the picture shows that it writes.
    kept = [(a, b) for a, b in pairs if a != b and ((b, a) not in pairs or order[a] < order[b])]
    kept.sort(key=lambda pair: (order[pair[0]], order[pair[1]]))
    places = Graph(Dependency(a, b) for a, b in kept).order
    found = marks or {}
    # What fails outside of the flow of data, such as a scheduler job, has a box without arrows.
    drawn = dict.fromkeys((*places, *order, *found))
    boxes = [_box(pipeline, each, found.get(each, BoxMark.NONE)) for each in drawn]
    return Drawing(pipeline.title, boxes, direct(places, kept), judged=marks is not None)


def box_of(place: Place) -> Place:
    """Return the place whose box stands for a place: the service for its permissions, the phase for its parts."""
    return Place(PlaceKind.SERVICE, place.service) if place.service is not None else replace(place, facet="")


def direct(order: Sequence[Node], arrows: Sequence[tuple[Node, Node]]) -> Sequence[tuple[Node, Node]]:
    """Leave out each arrow that a longer way says, too. What closes a cycle stays."""
    at = {place: row for row, place in enumerate(order)}
    after: dict[Node, list[Node]] = {place: [] for place in order}
    for a, b in arrows:
        if at[a] < at[b]:
            after[a].append(b)
    reached: dict[Node, int] = {}
    needless: set[tuple[Node, Node]] = set()
    for place in reversed(order):
        seen = 0
        for each in sorted(after[place], key=at.__getitem__):
            if seen >> at[each] & 1:
                needless.add((place, each))
            seen |= reached[each] | 1 << at[each]
        reached[place] = seen
    return [each for each in arrows if each not in needless]


def marks_of(pipeline: Pipeline, checks: Iterable[SqlCheck], report: Report) -> Mapping[Place, BoxMark]:
    """Return how the places are by what a run found."""
    known = {each.id: each for each in checks}
    found: dict[Place, BoxMark] = {}
    explained = {key for cause in report.causes if cause.found for key in cause.explains}
    for result, finding in report.findings():
        symptom = Symptom(result.check, finding)
        failed = finding.outcome is Outcome.FAILED and symptom.grave
        told = failed or finding.outcome is Outcome.UNKNOWN
        place = (place_of(pipeline, known, symptom) or finding.place) if told else None
        if place is not None:
            because = BoxMark.AFFECTED if finding.key(result.check) in explained else BoxMark.FAILED
            worse(found, box_of(place), because if failed else BoxMark.UNKNOWN)
    own = {finding.key(result.check): finding.place for result, finding in report.findings()}
    for cause in report.causes:
        for place in _places(cause, own):
            worse(found, box_of(place), BoxMark.CAUSE if cause.found else BoxMark.SUSPECT)
    return found


def _places(cause: Cause, own: Mapping[FindingKey, Place | None]) -> Iterator[Place]:
    """Yield where a cause is: its place, and where else the same is wrong with what makes something."""
    if cause.place is not None:
        yield cause.place
        more = (place for key in cause.explains if (place := own.get(key)) is not None)
        yield from (each for each in more if each.kind is cause.place.kind and each.kind in MAKING)


def part_of(drawing: Drawing, around: Iterable[Place] = ()) -> Drawing:
    """Return some places, else what is marked, and what is next to it; all of it where nothing is marked."""
    near = set(around) or {each.place for each in drawing.boxes if each.mark is not BoxMark.NONE}
    if not near:
        return drawing
    near |= {place for pair in drawing.arrows if near.intersection(pair) for place in pair}
    return replace(
        drawing,
        boxes=[each for each in drawing.boxes if each.place in near],
        arrows=[each for each in drawing.arrows if near.issuperset(each)],
    )


def called(drawing: Drawing, name: str) -> Sequence[Place]:
    """Return the places that have a name, as the picture shows it or as the pipeline file has it."""
    return [each.place for each in drawing.boxes if name in {each.name, each.label, each.place.name, str(each.place)}]


def is_marked(drawing: Drawing) -> bool:
    """Whether anything is wrong in it."""
    return any(each.mark is not BoxMark.NONE for each in drawing.boxes)


def described(drawing: Drawing) -> Sequence[str]:
    """Say in sentences what the picture shows."""
    lines = [f"{drawing.title}: {number(len(drawing.boxes), 'place')}, {number(len(drawing.arrows), 'arrow')}."]
    for mark in BoxMark:
        names = [each.name for each in drawing.marked(mark)]
        if names and mark is not BoxMark.NONE:
            lines.append(f"{MARK_WORDS[mark].capitalize()}: {', '.join(names)}.")
    if drawing.judged and len(lines) == 1:
        lines.append("Nothing is found to be wrong.")
    return lines


def worse(found: dict[Place, BoxMark], place: Place, mark: BoxMark) -> None:
    """Give a place a mark, unless it has a graver one."""
    found[place] = min(found.get(place, mark), mark, key=GRAVITY.index)


def _box(pipeline: Pipeline, place: Place, mark: BoxMark) -> Box:
    titles = {each.id: each.title for each in pipeline.phases} if place.kind is PlaceKind.PHASE else {}
    label = titles.get(place.name, place.name)
    short = label.rpartition(".")[2] if place.kind is PlaceKind.TABLE else label
    return Box(place, short, f"{place.kind.replace('-', ' ')} {label}", mark)
