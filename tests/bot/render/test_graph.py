"""The picture of a graph: nothing over anything else, every arrow drawn, every format escapes what names say."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.definition.files import file_of
from bot.definition.pipeline_file import load_pipeline
from bot.render.graph.drawing import MARK_WORDS, Box, BoxMark, Drawing, described, direct, drawing_of, part_of
from bot.render.graph.formats import SIGNS, dot, mermaid, svg
from bot.render.graph.layout import HEIGHT, WIDTH, Layout, laid_out
from checks.catalog import checks_of
from checks.places import Place, PlaceKind

SVG = "{http://www.w3.org/2000/svg}"

Arrows = list[tuple[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Arrows]:
    count = draw(st.integers(0, 14))
    pairs = list(itertools.permutations(range(count), 2))
    return count, draw(st.lists(st.sampled_from(pairs), unique=True, max_size=40)) if pairs else []


def overlap(layout: Layout[int]) -> list[tuple[int, int]]:
    return [
        (a, b)
        for (a, (ax, ay)), (b, (bx, by)) in itertools.combinations(layout.corners.items(), 2)
        if abs(ax - bx) < WIDTH and abs(ay - by) < HEIGHT
    ]


@given(graphs(), st.integers(1, 6))
def test_no_two_boxes_overlap_and_every_arrow_joins_its_boxes(graph: tuple[int, Arrows], across: int) -> None:
    count, arrows = graph

    layout = laid_out(range(count), arrows, across)

    assert (set(layout.corners), set(layout.ways), overlap(layout)) == (set(range(count)), set(arrows), [])
    for (a, b), way in layout.ways.items():
        for node, (x, y) in ((a, way[0]), (b, way[-1])):
            left, top = layout.corners[node]
            assert left <= x <= left + WIDTH + 0.01
            assert top <= y <= top + HEIGHT + 0.01
        assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in way)
    assert layout == laid_out(range(count), arrows, across)


@given(graphs())
def test_an_arrow_passes_other_boxes_beside_them(graph: tuple[int, Arrows]) -> None:
    count, arrows = graph
    layout = laid_out(range(count), arrows)

    for (a, b), way in layout.ways.items():
        for (x, y), (left, top) in itertools.product(way[1:-1] if a < b else [], layout.corners.values()):
            assert not (left < x < left + WIDTH and top < y < top + HEIGHT)


@given(graphs(), st.integers(1, 3))
def test_no_row_has_more_boxes_than_asked_for(graph: tuple[int, Arrows], across: int) -> None:
    layout = laid_out(range(graph[0]), graph[1], across)

    rows = [y for _, y in layout.corners.values()]
    assert all(rows.count(y) <= across for y in rows)


@given(graphs())
def test_leaving_out_what_follows_leaves_every_way(graph: tuple[int, Arrows]) -> None:
    count, arrows = graph

    assert reached(count, direct(range(count), arrows)) == reached(count, arrows)


def reached(count: int, arrows: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    ways = set(arrows)
    for by, a, b in itertools.product(range(count), repeat=3):
        if (a, by) in ways and (by, b) in ways:
            ways.add((a, b))
    return ways


def drawn(*names: str, mark: BoxMark = BoxMark.NONE) -> Drawing:
    boxes = [Box(Place(PlaceKind.TABLE, name), name, name, mark) for name in names]
    arrows = [(a.place, b.place) for a, b in itertools.pairwise(boxes)]
    return Drawing("Shop", boxes, arrows, judged=True)


@given(
    st.lists(
        st.text(max_size=30) | st.sampled_from(['"]; x -> y;', "<script>", "a\n  b", "%%{init}%%", "\\"]),
        unique=True,
        min_size=1,
        max_size=3,
    )
)
def test_no_name_leaves_its_place_in_any_format(names: list[str]) -> None:
    drawing = drawn(*names)

    root = ET.fromstring(svg(drawing))

    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        "svg",
        "style",
        "rect",
        "path",
        "g",
        "title",
        "text",
    }
    assert len(dot(drawing).splitlines()) == 3 + len(names) + len(drawing.arrows)
    assert len(mermaid(drawing).splitlines()) == 6 + len(names) + len(drawing.arrows)
    assert all(line.count('"') in {0, 2} for line in mermaid(drawing).splitlines())


@pytest.mark.parametrize("mark", [each for each in BoxMark if each is not BoxMark.NONE])
def test_a_mark_is_told_by_shape_words_and_the_text_alternative(mark: BoxMark) -> None:
    drawing = drawn("a.b", mark=mark)

    picture = svg(drawing)

    assert SIGNS[mark] in picture
    assert f"table · {MARK_WORDS[mark]}" in picture
    assert any(MARK_WORDS[mark] in line.lower() and "a.b" in line for line in described(drawing))
    assert MARK_WORDS[mark] in mermaid(drawing)
    assert MARK_WORDS[mark] in dot(drawing)


def test_every_mark_has_a_shape_of_its_own() -> None:
    assert len(set(SIGNS.values())) == len(SIGNS) == len(BoxMark)


def test_a_part_has_what_is_marked_and_what_is_next_to_it() -> None:
    whole = drawn("a", "b", "c", "d", "e")
    marked = Drawing("Shop", [*whole.boxes[:3], *drawn("d", mark=BoxMark.FAILED).boxes, whole.boxes[4]], whole.arrows)

    part = part_of(marked)

    assert [each.name for each in part.boxes] == ["c", "d", "e"]
    assert len(part.arrows) == 2
    assert part_of(whole) is whole


def test_every_service_table_and_phase_of_a_pipeline_is_drawn() -> None:
    pipeline = load_pipeline(file_of(Path("nba")))
    stated = [each.spec for each in checks_of(pipeline) if each.spec is not None]

    places = {each.place for each in drawing_of(pipeline, stated).boxes}

    assert {each.id for each in pipeline.phases} <= {each.name for each in places if each.kind is PlaceKind.PHASE}
    assert {each.id for each in pipeline.transitions} <= {
        each.name for each in places if each.kind is PlaceKind.TRANSITION
    }
    assert {name for each in pipeline.services for name in each.writes} <= {each.name for each in places}


def test_a_large_pipeline_takes_not_much_longer_than_its_size() -> None:
    def seconds(count: int) -> float:
        arrows = [(at, at + step) for at in range(count) for step in (1 + at % 7, 3 + at % 31) if at + step < count]
        began = time.process_time()
        laid_out(range(count), arrows)
        return time.process_time() - began

    small = min(seconds(92) for _ in range(3))

    assert seconds(370) < 40 * max(small, 0.002)
