"""Where boxes stand and how arrows run: rows from top to bottom, no two boxes over each other, the same every time.

Sugiyama's steps: a row for each box below all that it depends on, a narrow channel where an arrow passes a row, an
order in each row with few crossings, places near what is above and below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

WIDTH, HEIGHT = 184.0, 44.0
"""Of a box, in pixels."""

GAP, BETWEEN_ROWS, CHANNEL, MARGIN = 16.0, 40.0, 6.0, 16.0
SWEEPS = 6

Node = TypeVar("Node", bound=Hashable)
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout(Generic[Node]):
    """``corners`` are the upper left ones of the boxes; ``ways`` are the points through which each arrow runs."""

    corners: Mapping[Node, Point]
    ways: Mapping[tuple[Node, Node], Sequence[Point]]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Cell(Generic[Node]):
    """One thing in a row: a box, or the channel of the arrows that leave a box for rows further down."""

    node: Node
    row: int
    box: bool

    @property
    def width(self) -> float:
        return WIDTH if self.box else CHANNEL


def laid_out(order: Sequence[Node], arrows: Sequence[tuple[Node, Node]], across: int = 6) -> Layout[Node]:
    """Lay a graph out with at most ``across`` boxes in a row. Arrows against the order run along the right side."""
    number = {node: at for at, node in enumerate(order)}
    down = [each for each in arrows if number[each[0]] < number[each[1]]]
    row_of = _rows(order, down, across)
    rows, links = _cells(order, down, row_of)
    _uncross(rows, links)
    left = _spread(rows, links)
    corners = {
        cell.node: (left[cell], MARGIN + cell.row * (HEIGHT + BETWEEN_ROWS)) for row in rows for cell in row if cell.box
    }
    right = max((left[cell] + cell.width for row in rows for cell in row), default=0.0) + MARGIN
    ways: dict[tuple[Node, Node], Sequence[Point]] = {each: _way(each, row_of, corners, left) for each in down}
    against = [each for each in arrows if each not in ways]
    for at, each in enumerate(against):
        ways[each] = _around(corners[each[0]], corners[each[1]], right + GAP * at)
    return Layout(corners, ways, right + GAP * len(against), MARGIN + len(rows) * (HEIGHT + BETWEEN_ROWS))


def _rows(order: Sequence[Node], down: Sequence[tuple[Node, Node]], across: int) -> Mapping[Node, int]:
    """Give each box the first row below all that it depends on in which there is room. What depends on nothing stands
    as near above its first arrow's end as there is room."""
    before: dict[Node, list[Node]] = {}
    after: dict[Node, list[Node]] = {}
    for a, b in down:
        before.setdefault(b, []).append(a)
        after.setdefault(a, []).append(b)
    taken: Counter[int] = Counter()
    found: dict[Node, int] = {}

    def put(node: Node, row: int, step: int) -> None:
        while taken[row] >= across:
            row += step
        taken[row] += 1
        found[node] = row

    for node in order:
        if node in before or node not in after:
            put(node, max((found[each] + 1 for each in before.get(node, ()) if each in found), default=0), 1)
    for node in order:
        if node not in found:
            put(node, min(found[each] for each in after[node]) - 1, -1)
    first = min(found.values(), default=0)
    return {node: found[node] - first for node in order}


Links = dict[_Cell[Node], list[_Cell[Node]]]


def _cells(
    order: Sequence[Node], down: Sequence[tuple[Node, Node]], row_of: Mapping[Node, int]
) -> tuple[list[list[_Cell[Node]]], tuple[Links[Node], Links[Node]]]:
    """Return the cells of each row, and what each is linked with above and below."""
    rows: list[list[_Cell[Node]]] = [[] for _ in range(max(row_of.values(), default=-1) + 1)]
    above: Links[Node] = {}
    below: Links[Node] = {}
    lowest = dict(row_of)
    for node in order:
        rows[row_of[node]].append(_Cell(node, row_of[node], box=True))
    for a, b in down:
        for row in range(lowest[a] + 1, row_of[b]):
            rows[row].append(_Cell(a, row, box=False))
            _link(above, below, _cell(a, row - 1, row_of), _Cell(a, row, box=False))
            lowest[a] = row
        _link(above, below, _cell(a, row_of[b] - 1, row_of), _cell(b, row_of[b], row_of))
    return rows, (above, below)


def _cell(node: Node, row: int, row_of: Mapping[Node, int]) -> _Cell[Node]:
    return _Cell(node, row, box=row == row_of[node])


def _link(above: Links[Node], below: Links[Node], upper: _Cell[Node], lower: _Cell[Node]) -> None:
    above.setdefault(lower, []).append(upper)
    below.setdefault(upper, []).append(lower)


def _uncross(rows: list[list[_Cell[Node]]], links: tuple[Links[Node], Links[Node]]) -> None:
    """Sort each row by where what it is linked with stands, downwards and upwards in turn."""
    at = {cell: float(place) for row in rows for place, cell in enumerate(row)}
    for sweep in range(SWEEPS):
        near = links[sweep % 2]
        for row in rows if sweep % 2 == 0 else reversed(rows):
            row.sort(key=lambda cell, near=near: _mean([at[each] for each in near.get(cell, ())], at[cell]))  # type: ignore[misc]
            at.update((cell, float(place)) for place, cell in enumerate(row))


def _spread(rows: Sequence[Sequence[_Cell[Node]]], links: tuple[Links[Node], Links[Node]]) -> dict[_Cell[Node], float]:
    """Return the left edge of each cell: near what it is linked with, in the order of its row, with gaps between."""
    middle: dict[_Cell[Node], float] = {}
    for row in rows:
        _settle(row, dict.fromkeys(row, 0.0), middle)
    for sweep in range(SWEEPS):
        near = links[sweep % 2]
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wished = {cell: _mean([middle[each] for each in near.get(cell, ())], middle[cell]) for cell in row}
            _settle(row, wished, middle)
    least = min((middle[cell] - cell.width / 2 for row in rows for cell in row), default=0.0)
    return {cell: middle[cell] - cell.width / 2 - least + MARGIN for row in rows for cell in row}


def _settle(row: Sequence[_Cell[Node]], wished: Mapping[_Cell[Node], float], middle: dict[_Cell[Node], float]) -> None:
    """Put a row as near to its wishes as its order and the gaps allow: cells that press on each other go together."""
    blocks: list[tuple[float, int]] = []
    offsets: list[float] = []
    width = 0.0
    for at, cell in enumerate(row):
        width += (row[at - 1].width + cell.width) / 2 + GAP if at else 0.0
        offsets.append(width)
        blocks.append((wished[cell] - width, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (first, many), (second, more) = blocks[-2:]
            blocks[-2:] = [((first * many + second * more) / (many + more), many + more)]
    starts = [start for start, count in blocks for _ in range(count)]
    middle.update((cell, start + offset) for cell, start, offset in zip(row, starts, offsets, strict=True))


def _way(
    arrow: tuple[Node, Node],
    row_of: Mapping[Node, int],
    corners: Mapping[Node, Point],
    left: Mapping[_Cell[Node], float],
) -> Sequence[Point]:
    start, end = arrow
    points = [(corners[start][0] + WIDTH / 2, corners[start][1] + HEIGHT)]
    for row in range(row_of[start] + 1, row_of[end]):
        x = left[_Cell(start, row, box=False)] + CHANNEL / 2
        top = MARGIN + row * (HEIGHT + BETWEEN_ROWS)
        points += [(x, top), (x, top + HEIGHT)]
    return [*points, (corners[end][0] + WIDTH / 2, corners[end][1])]


def _around(start: Point, end: Point, x: float) -> Sequence[Point]:
    upper, lower = start[1] + HEIGHT / 2, end[1] + HEIGHT / 2
    return [(start[0] + WIDTH, upper), (x, upper), (x, lower), (end[0] + WIDTH, lower)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
