"""The board: how far each phase is for each interval, in a word or a figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.render.alert_title import cut
from bot.render.message import Cell, Mark, Table, mark_of
from bot.render.post import Paragraph, Strong
from bot.render.reading import Found, Reading
from bot.render.slack_text import EMOJI
from bot.render.words import clean
from checks.facts import known
from checks.facts.orchestration import DataFacts, LogFacts
from checks.model import Interval

CELL_TEXT = 28
"""Characters of a cell: a column stays narrow."""

FINE = "OK"
NOT_DUE = "not due"
NOTHING = "-"
BARE = {FINE, NOT_DUE, NOTHING}
"""Cells that say no more than their mark."""


def board(reading: Reading) -> Iterator[Table]:
    """Yield the table of phases, nothing where no finding belongs to one."""
    rows = tuple(
        (Cell(text=phase.title), *(_state(reading, phase.id, phase.makes, each) for each in reading.intervals))
        for phase in reading.pipeline.phases
    )
    rows = tuple(row for row in rows if any(cell.mark for cell in row[1:]))
    if rows:
        yield Table(columns=("Phase", *(column(reading, each) for each in reading.intervals)), rows=rows)


def board_lines(reading: Reading) -> Iterator[Paragraph]:
    """Yield the board as lines that a phone breaks and does not cut off: a mark for each interval, the phase, and what
    the marks do not say."""
    for table in board(reading):
        _, *intervals = table.columns
        yield Paragraph((Strong((clean(" · ".join(intervals)),)),), apart=True)
        for phase, *states in table.rows:
            marks = " ".join(EMOJI[each.mark or Mark.SKIPPED] for each in states)
            yield Paragraph((f"{marks}  ", Strong((clean(phase.text),)), f" {_told(intervals, states)}".rstrip()))


def _told(intervals: Sequence[str], states: Sequence[Cell]) -> str:
    """Return the words of a row: those of the first interval as they are, those of the next behind its name."""
    named = zip(("", *intervals[1:]), states, strict=True)
    told = (f"{name} {clean(each.text)}".lstrip() for name, each in named if each.text not in BARE)
    return " · ".join(told)


def column(reading: Reading, interval: Interval) -> str:
    """Return an interval as a column names it: its date, and for the one of now the pipeline's word."""
    word = reading.word(interval) if interval == reading.report.current else ""
    return word or reading.title(interval)


def _state(reading: Reading, phase: str, makes: str, interval: Interval) -> Cell:
    found = reading.by_place.get((phase, interval), ())
    if not found:
        return Cell(text=NOTHING)
    worst = min(found, key=lambda each: (each.badness, not reading.is_data(each.check)))
    mark = mark_of(worst.finding)
    match mark:
        case Mark.PASSED:
            return Cell(text=figure(found, makes) or FINE, mark=mark)
        case Mark.WAITING:
            return Cell(text=_due(reading, found) or NOT_DUE, mark=mark)
        case Mark.SKIPPED:
            return Cell(text=NOTHING)
        case Mark.UNKNOWN:
            return Cell(text="not known", mark=mark)
        case _:
            return Cell(text=cut(worst.finding.code.replace("-", " "), CELL_TEXT), mark=mark)


def figure(found: Sequence[Found], makes: str) -> str:
    """Return how much a phase made, where that is known."""
    facts = (known(each.finding.facts, DataFacts) for each in found)
    rows = next((each.effect_rows for each in facts if each is not None and each.effect_rows is not None), None)
    return f"{rows:,} {makes or 'rows'}" if rows else ""


def _due(reading: Reading, found: Sequence[Found]) -> str:
    """Return when the first of what is waited for is due: the time alone where it is today."""
    instants = [each for each in map(_instant, found) if each is not None and each > reading.report.now]
    if not instants:
        return ""
    there = min(instants).astimezone(reading.zone)
    clock = f"{there:%H:%M}"
    return clock if there.date() == reading.today else f"{there.day} {there:%b} {clock}"


def _instant(found: Found) -> datetime | None:
    facts = known(found.finding.facts, DataFacts) or known(found.finding.facts, LogFacts)
    return facts.due if facts is not None else None
