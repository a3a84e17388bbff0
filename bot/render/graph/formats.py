"""A drawing as SVG, DOT and Mermaid. Names come from outside: each format escapes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from bot.render.graph.drawing import MARK_WORDS, Box, BoxMark, Drawing, described
from bot.render.graph.layout import HEIGHT, WIDTH, Point, laid_out
from bot.render.visible import one_line

STYLE = Path(__file__).with_name("graph.css")
LETTERS = 21
"""So many letters of a name fit into a box."""

LEGEND = 26.0
SIGNS: Mapping[BoxMark, str] = {
    BoxMark.CAUSE: '<path d="M10 1 19 10 10 19 1 10Z"/>',
    BoxMark.SUSPECT: '<path d="M10 2 19 18H1Z"/>',
    BoxMark.FAILED: '<path d="M4 1 10 7 16 1 19 4 13 10 19 16 16 19 10 13 4 19 1 16 7 10 1 4Z"/>',
    BoxMark.AFFECTED: '<path d="M1 6 5 2 10 8 15 2 19 6 10 17Z"/>',
    BoxMark.UNKNOWN: '<circle cx="10" cy="10" r="7"/>',
    BoxMark.NONE: "",
}
"""The shape of each mark, 20 by 20: a diamond, a triangle, a cross, an arrow head, a ring."""


def svg(drawing: Drawing, *, across: int = 6, styled: bool = True) -> str:
    """Draw a picture; ``styled`` brings the style with it, for a page that has none for it."""
    layout = laid_out([each.place for each in drawing.boxes], drawing.arrows, across)
    marks = [mark for mark in BoxMark if mark is not BoxMark.NONE and drawing.marked(mark)]
    width, height = max(layout.width, WIDTH + 32), layout.height + LEGEND * len(marks)
    says = escape(one_line(" ".join(described(drawing))))
    marked = {each.place: each.mark for each in drawing.boxes}
    parts = [
        *(_arrow(way, marked[a], marked[b]) for (a, b), way in layout.ways.items()),
        *(_box(each, layout.corners[each.place]) for each in drawing.boxes),
        *(_legend(mark, layout.height + LEGEND * at - 12) for at, mark in enumerate(marks)),
    ]
    style = f"<style>{STYLE.read_text(encoding='utf-8')}</style>" if styled else ""
    return (
        f'<svg class="graph" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" aria-label="{says}">{style}\n'
        f'<rect class="paper" width="100%" height="100%"/>\n{chr(10).join(parts)}\n</svg>\n'
    )


def dot(drawing: Drawing) -> str:
    """Write it for Graphviz."""
    ids = _ids(drawing)
    quoted = {each.place: '"' + _said(each).replace("\\", "\\\\").replace('"', '\\"') + '"' for each in drawing.boxes}
    colours = {
        BoxMark.CAUSE: "#b42318",
        BoxMark.SUSPECT: "#b54708",
        BoxMark.FAILED: "#d92d20",
        BoxMark.AFFECTED: "#d92d20",
    }
    lines = [
        f"  {ids[each.place]} [label={quoted[each.place]}"
        + (f', color="{colours[each.mark]}", penwidth=3' if each.mark in colours else "")
        + "];"
        for each in drawing.boxes
    ]
    arrows = [f"  {ids[a]} -> {ids[b]};" for a, b in drawing.arrows]
    return "\n".join(["digraph pipeline {", "  node [shape=box];", *lines, *arrows, "}", ""])


def mermaid(drawing: Drawing) -> str:
    """Write it for Mermaid, as GitHub and Notion draw it."""
    ids = _ids(drawing)
    boxes = [
        f'  {ids[each.place]}["{_entities(_said(each))}"]' + ("" if each.mark is BoxMark.NONE else f":::{each.mark}")
        for each in drawing.boxes
    ]
    arrows = [f"  {ids[a]} --> {ids[b]}" for a, b in drawing.arrows]
    classes = [
        "  classDef cause stroke:#b42318,stroke-width:4px",
        "  classDef suspect stroke:#b54708,stroke-width:3px,stroke-dasharray:6 3",
        "  classDef failed stroke:#d92d20,stroke-width:2px",
        "  classDef affected stroke:#d92d20,stroke-width:1px",
        "  classDef unknown stroke-dasharray:2 3",
    ]
    return "\n".join(["flowchart TD", *boxes, *arrows, *classes, ""])


def _ids(drawing: Drawing) -> Mapping[object, str]:
    return {each.place: f"n{at}" for at, each in enumerate(drawing.boxes)}


def _said(box: Box) -> str:
    mark = "" if box.mark is BoxMark.NONE else f" ({MARK_WORDS[box.mark]})"
    return one_line(box.name + mark)


def _entities(text: str) -> str:
    """Mermaid reads ``#35;`` as a letter by its number, and nothing else of what is between quotes."""
    return "".join(each if each.isalnum() or each in " .-_():→," else f"#{ord(each)};" for each in text)


def _box(box: Box, corner: Point) -> str:
    x, y = corner
    label = box.label if len(box.label) <= LETTERS else f"{box.label[: LETTERS - 1]}…"
    kind = box.place.kind.replace("-", " ")
    said = kind if box.mark is BoxMark.NONE else f"{kind} · {MARK_WORDS[box.mark]}"
    sign = f'<g class="sign" transform="matrix(.75 0 0 .75 {WIDTH - 24:g} 24)">{SIGNS[box.mark]}</g>'
    return (
        f'<g class="box {box.mark} {escape(box.place.kind)}" transform="matrix(1 0 0 1 {x:g} {y:g})">'
        f"<title>{escape(_said(box))}</title>"
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" rx="{_round(box)}"/>'
        f'<text x="10" y="18">{escape(one_line(label))}</text>'
        f'<text class="kind" x="10" y="34">{escape(said)}</text>'
        f"{sign if SIGNS[box.mark] else ''}</g>"
    )


def _round(box: Box) -> int:
    return {"phase": 20, "service": 12, "run-job": 12, "transition": 20}.get(box.place.kind, 2)


def _arrow(way: Sequence[Point], start: BoxMark, end: BoxMark) -> str:
    bad = "" if BoxMark.NONE in (start, end) else " bad"
    (x, y), *rest = way
    path = [f"M{x:g} {y:g}"]
    for a, b in rest:
        half = (y + b) / 2
        path.append(f"L{a:g} {b:g}" if x == a or y == b else f"C{x:g} {half:g} {a:g} {half:g} {a:g} {b:g}")
        x, y = a, b
    # An arrow that closes a cycle comes from the side.
    head = (
        f"M{x + 7:g} {y - 4:g}L{x:g} {y:g}L{x + 7:g} {y + 4:g}"
        if way[-2][1] == y
        else (f"M{x - 4:g} {y - 7:g}L{x:g} {y:g}L{x + 4:g} {y - 7:g}")
    )
    return f'<path class="arrow{bad}" d="{" ".join(path)} {head}"/>'


def _legend(mark: BoxMark, y: float) -> str:
    return (
        f'<g class="box {mark}" transform="matrix(1 0 0 1 16 {y:g})"><g class="sign">{SIGNS[mark]}</g>'
        f'<text x="28" y="15">{MARK_WORDS[mark]}</text></g>'
    )
