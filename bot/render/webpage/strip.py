"""The last intervals by phase, as shapes: each state has a shape of its own, so that nobody needs the colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.render.alert_title import cut
from bot.render.message import Mark
from bot.render.phase_marks import mark_words, phase_mark
from bot.render.webpage.markup import NOTHING, Markup, element, joined_markup
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


def strip_figure(strip: Strip, today: date) -> Markup:
    """Return the strip as a picture, its legend, and the same in words."""
    titles = [interval_title(name, today) for name in strip.intervals]
    height = HEAD + ROW * len(strip.rows) + 4
    picture = element(
        "svg",
        *(_head(column, name) for column, name in enumerate(strip.intervals)),
        *(_row(row, title, marks, titles) for row, (title, marks) in enumerate(strip.rows)),
        viewBox=f"0 0 {LABEL + COLUMN * len(titles)} {height}",
        role="img",
        aria_label=f"Phases from {titles[0]} to {titles[-1]}. {' '.join(strip_words(strip, today))}",
    )
    lines = [element("li", each) for each in strip_words(strip, today)]
    words = element("details", element("summary", "The same in words"), element("ul", *lines))
    return element("figure", picture, element("figcaption", f"{titles[0]} to {titles[-1]}. ", _legend(strip)), words)


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


OUTLINES: Mapping[Mark, tuple[str, str, str]] = {
    Mark.P0: ("M-6-6H6V6H-6Z", "M-3-3L3 3M3-3L-3 3", ""),
    Mark.P1: ("M0-6.5L6.5 5.5H-6.5Z", "M0-2.5V1.2M0 3.6V3.7", ""),
    Mark.P2: ("M0-6.5L6.5 0L0 6.5L-6.5 0Z", "", ""),
    Mark.P3: ("M0-5L5 0L0 5L-5 0Z", "", " open"),
    Mark.UNKNOWN: ("M-5.5-5.5H5.5V5.5H-5.5Z", "", " open"),
    Mark.WAITING: ("M-4.5 0A4.5 4.5 0 1 1 4.5 0A4.5 4.5 0 1 1-4.5 0Z", "", " open"),
    Mark.SKIPPED: ("M-4 0H4", "", " open"),
    Mark.PASSED: ("M-4.5 0A4.5 4.5 0 1 1 4.5 0A4.5 4.5 0 1 1-4.5 0Z", "", ""),
    Mark.DIFFERS: ("M-5-2H5M-5 2H5", "", " open"),
}
"""Of each state its outline around 0 0, what is drawn in it, and whether it is empty."""

DOT = "M-.7 0A.7.7 0 1 1 .7 0A.7.7 0 1 1-.7 0Z"


def shape(mark: Mark | None, x: float, y: float) -> Markup:
    """Return the shape of a state around a point; a dot where nothing is known."""
    outline, sign, kind = (DOT, "", "") if mark is None else OUTLINES[mark]
    return element(
        "g",
        element("path", d=outline, class_=f"shape{kind}"),
        element("path", d=sign, class_="sign") if sign else NOTHING,
        class_="none" if mark is None else mark.value.lower(),
        transform=f"translate({x:g} {y:g})",
    )


def icon(mark: Mark | None) -> Markup:
    """Return the shape of a state to stand in a line; the word beside it says the same."""
    style = "display:inline-block;width:1em;height:1em;margin:0 .35em 0 0;vertical-align:-.12em"
    return element("svg", shape(mark, 0, 0), viewBox="-8 -8 16 16", aria_hidden="true", style=style)


def _legend(strip: Strip) -> Markup:
    used = {mark for _, marks in strip.rows for mark in marks}
    states = [mark for mark in Mark if mark in used]
    names = [(icon(mark), f"{mark_words(mark)}  ") for mark in states]
    unknown = [(icon(None), "nothing is known")] if None in used else []
    return joined_markup(*(element("span", each, words, " ") for each, words in [*names, *unknown]))
