"""The last intervals by phase, as shapes: each state has a shape of its own, so that nobody needs the colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.render.alert_title import cut
from bot.render.message import Mark
from bot.render.phase_marks import mark_words, phase_mark
from bot.render.webpage.diagram import Diagram, Legend
from bot.render.webpage.markup import Markup, element, joined_markup
from bot.render.webpage.shapes import shape
from bot.render.words import interval_title, number, shortened
from checks.pipeline import Pipeline

COLUMNS = 14
"""Intervals of the strip: two weeks of a daily pipeline."""

FEWEST_COLUMNS = 2
"""One interval is on the board already."""

LABEL, COLUMN, ROW, HEAD = 100, 17, 18, 16
LABEL_TEXT = 16
NAMED_AT_MOST = 4

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Strip:
    """A row for each phase, a column for each interval, the oldest first; None where no report says anything."""

    intervals: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Mark | None]]]


def strip_of(documents: Sequence[Document], pipeline: Pipeline) -> Strip | None:
    """Return the strip of reports, the newest first: of several about one interval the first counts, and an interval
    without any has a column, too. None where there are too few."""
    newest: dict[str, Document] = {}
    for each in documents:
        newest.setdefault(str(each.get("previous")), each)
    names = _columns(sorted(newest), pipeline)
    if len(names) < FEWEST_COLUMNS:
        return None
    rows = [
        (phase.title, [phase_mark(newest[name], phase.id, name) if name in newest else None for name in names])
        for phase in pipeline.phases
    ]
    rows = [(title, marks) for title, marks in rows if any(marks)]
    return Strip(names, rows) if rows else None


def _columns(known: Sequence[str], pipeline: Pipeline) -> list[str]:
    """Return the intervals from the oldest known to the newest; those that nobody digests each have no gaps."""
    if not known or pipeline.digest_timeline != pipeline.timeline:
        return list(known[-COLUMNS:])
    try:
        at = pipeline.timeline.named(known[-1])
    except ValueError:
        return list(known[-COLUMNS:])
    names = [at.name]
    while len(names) < COLUMNS and names[0] > known[0]:
        at = pipeline.timeline.previous(at)
        names.insert(0, at.name)
    return names


def strip_figure(strip: Strip, today: date) -> Diagram:
    """Return the strip as a picture."""
    titles = [interval_title(name, today) for name in strip.intervals]
    return Diagram(
        title="The last days by phase",
        width=LABEL + COLUMN * len(titles),
        height=HEAD + ROW * len(strip.rows) + 4,
        inside=joined_markup(
            *(_head(column, name) for column, name in enumerate(strip.intervals)),
            *(_row(row, title, marks, titles) for row, (title, marks) in enumerate(strip.rows)),
        ),
        caption=f"{titles[0]} to {titles[-1]}.",
        words=strip_words(strip, today),
        legend=_legend(strip),
    )


def strip_words(strip: Strip, today: date) -> list[str]:
    """Return a sentence for each phase: what was not OK, and when."""
    return [f"{title}: {_in_words(marks, strip.intervals, today)}." for title, marks in strip.rows]


def _in_words(marks: Sequence[Mark | None], intervals: Sequence[str], today: date) -> str:
    found: dict[Mark, list[str]] = {}
    for mark, name in zip(marks, intervals, strict=True):
        if mark is not None:
            found.setdefault(mark, []).append(interval_title(name, today))
    told = [
        f"{mark_words(mark)} on {shortened(found[mark], NAMED_AT_MOST)}"
        for mark in Mark
        if mark in found and mark is not Mark.PASSED
    ]
    passed = [f"OK on {number(len(found[Mark.PASSED]), 'of them', 'of them')}"] if Mark.PASSED in found else []
    return "; ".join([*told, *passed])


def _head(column: int, name: str) -> Markup:
    return element("text", name[-2:], x=_centre(column), y=HEAD - 5, text_anchor="middle", class_="small")


def _centre(column: int) -> float:
    return LABEL + COLUMN * (column + 0.5)


def _row(row: int, title: str, marks: Sequence[Mark | None], titles: Sequence[str]) -> Markup:
    middle = HEAD + ROW * (row + 0.5)
    shapes = (
        element("g", element("title", _cell_words(title, day, mark)), shape(mark, _centre(column), middle))
        for column, (mark, day) in enumerate(zip(marks, titles, strict=True))
    )
    return joined_markup(element("text", cut(title, LABEL_TEXT), x=0, y=middle + 4), *shapes)


def _cell_words(title: str, day: str, mark: Mark | None) -> str:
    return f"{title}, {day}: {'nothing is known' if mark is None else mark_words(mark)}"


def _legend(strip: Strip) -> Legend:
    used = {mark for _, marks in strip.rows for mark in marks}
    states = [(shape(mark, 0, 0), mark_words(mark)) for mark in Mark if mark in used]
    return [*states, *([(shape(None, 0, 0), "nothing is known")] if None in used else [])]
