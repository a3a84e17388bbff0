"""The pipeline by phase and date, and the control plane beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.render.message import Cell, Heading, Line, Mark, Part, Table, mark_of
from bot.render.reading import Found, Reading, total
from bot.render.words import first_sentence, joined, once, shortened, without_date
from checks.intervals import interval_words
from checks.model import Interval, Outcome

STATE_WORDS = {
    Mark.PASSED: "OK",
    Mark.WAITING: "not due yet",
    Mark.SKIPPED: "not applicable",
    Mark.UNKNOWN: "not known",
}

FIGURES_AT_MOST = 3
"""Passed figures shown for a phase; the others are counted."""


def phase_table(reading: Reading) -> Iterator[Part]:
    """Yield the table of phases: their state for each interval, and the most telling sentence."""
    rows = tuple(_row(reading, phase.id, phase.title) for phase in reading.pipeline.phases)
    rows = tuple(row for row in rows if any(cell.mark for cell in row[1:]))
    if not rows:
        return
    yield Heading(text="Phases")
    yield Table(columns=("Phase", *(_column(reading, each) for each in reading.intervals), "Status"), rows=rows)


def _title(reading: Reading, interval: Interval) -> str:
    word = reading.word(interval)
    return f"{word.capitalize()}, {reading.title(interval)}" if word else reading.title(interval)


def _column(reading: Reading, interval: Interval) -> str:
    """A short title, because the states below it are short: ``Last run``, or ``10 Feb``."""
    return reading.word(interval).capitalize() or interval_words(interval.name, reading.today.year)


def _row(reading: Reading, phase: str, title: str) -> tuple[Cell, ...]:
    dated = {interval: reading.by_place.get((phase, interval), ()) for interval in reading.intervals}
    states = tuple(_state(found) for found in dated.values())
    return (
        Cell(text=title),
        *states,
        Cell(text=_what_is(reading, [each for found in dated.values() for each in found])),
    )


def _state(found: Sequence[Found]) -> Cell:
    if not found:
        return Cell(text="-")
    mark = mark_of(min(found, key=lambda each: each.badness).finding)
    return Cell(text=STATE_WORDS.get(mark, f"{mark} failed"), mark=mark)


def _what_is(reading: Reading, found: Sequence[Found]) -> str:
    """Return the worst summary and how many other troubles there are, or what passed: of equal ones what the data
    say, because that is what a person asks."""
    if not found:
        return ""
    worst = min(found, key=lambda each: (each.badness, not reading.is_data(each.check)))
    troubles = total(each for each in found if mark_of(each.finding).is_problem)
    said = without_date(first_sentence(worst.finding.summary))
    return said + (f" (and {troubles - 1:,} more)" if troubles > 1 else "")


def day_sections(reading: Reading) -> Iterator[Part]:
    """Yield for each date the figures that passed, a line for each phase."""
    for interval in reading.intervals:
        lines = tuple(_figure_lines(reading, interval))
        if lines:
            yield Heading(text=_title(reading, interval))
            yield from lines


def _figure_lines(reading: Reading, interval: Interval) -> Iterator[Line]:
    phases: tuple[str | None, ...] = (*(phase.id for phase in reading.pipeline.phases), None)
    for phase in phases:
        found = reading.by_place.get((phase, interval), ())
        passed = [each for each in found if each.finding.outcome is Outcome.PASSED]
        if passed:
            label = "Across phases" if phase is None else reading.phase_title(phase)
            yield Line(label=label, mark=Mark.PASSED, text=_figures(reading, passed))


def _figures(reading: Reading, passed: Sequence[Found]) -> str:
    """Tell the first figure of each check, those about data first, and how many more are OK."""
    first: dict[str, Found] = {}
    for each in passed:
        first.setdefault(each.check, each)
    telling = sorted(first.values(), key=lambda each: not reading.is_data(each.check))
    summaries = once(each.finding.summary.rstrip(".") for each in telling)[:FIGURES_AT_MOST]
    left = total(passed) - len(summaries)
    return " · ".join((*summaries, *((f"{left:,} more OK",) if left > 0 else ())))


def control_plane(reading: Reading) -> Iterator[Part]:
    """Yield a line for each check whose findings belong to no date: what all is well of how much.

    Those come first that a report always shows; of the rest, what is OK has one line together. What was not judged at
    all stands in the section of that name alone.
    """
    undated: dict[str, list[Found]] = {}
    for each in reading.found:
        if each.finding.interval is None and not _asked_nothing(each):
            undated.setdefault(each.check, []).append(each)
    undated = {check: found for check, found in undated.items() if any(map(_is_judged, found))}
    if not undated:
        return
    yield Heading(text="Control plane")
    always = [undated.pop(each.id) for each in reading.checks if each.always_shown and each.id in undated]
    rest = list(undated.values())
    quiet = [found for found in rest if _is_quiet(found)]
    yield from (_control_line(reading, found) for found in always)
    if reading.full or len(quiet) <= 1:
        yield from (_control_line(reading, found) for found in rest)
        return
    yield from (_control_line(reading, found) for found in rest if not _is_quiet(found))
    words = joined([_short(reading, found[0]) for found in quiet])
    yield Line(label="Also OK", mark=Mark.PASSED, text=words)


def _is_judged(found: Found) -> bool:
    return found.finding.outcome not in (Outcome.WAITING, Outcome.SKIPPED)


def _is_quiet(found: Sequence[Found]) -> bool:
    return all(each.finding.outcome is Outcome.PASSED for each in found)


def _short(reading: Reading, found: Found) -> str:
    check = reading.by_id.get(found.check)
    return (check.short if check is not None else "") or found.title


def _asked_nothing(found: Found) -> bool:
    return found.finding.code == "not-configured"


OUTCOME_WORDS = (
    (Outcome.FAILED, "failed"),
    (Outcome.UNKNOWN, "could not be checked"),
    (Outcome.WAITING, "not due yet"),
    (Outcome.SKIPPED, "not applicable"),
    (Outcome.PASSED, "OK"),
)

NAMES_AT_MOST = 6
"""Subjects named in a line; more of them are counted."""


def _control_line(reading: Reading, found: Sequence[Found]) -> Line:
    worst = min(found, key=lambda each: each.badness)
    text = told(found)
    # What a cause has told already is not listed once more.
    if worst.key in reading.explained and not reading.full:
        short = text.partition(": ")[0]
        text = "failed, as said above" if short == worst.finding.summary else short
    return Line(label=worst.title, mark=mark_of(worst.finding), text=text)


def told(found: Sequence[Found]) -> str:
    """Return what a check found: its one summary, the worst of several kinds, or how many of its findings are how."""
    if len(found) == 1:
        return found[0].finding.summary
    if len({each.finding.code for each in found}) == total(found):
        # Each says something else, so that a count would say nothing.
        return min(found, key=lambda each: each.badness).finding.summary
    if all(each.finding.outcome is Outcome.PASSED for each in found):
        return f"all {total(found):,} OK"
    parts = []
    for outcome, words in OUTCOME_WORDS:
        some = [each for each in found if each.finding.outcome is outcome]
        if some:
            parts.append(f"{total(some):,} of {total(found):,} {words}{_names(some)}")
    return joined(parts)


def _names(found: Sequence[Found]) -> str:
    """Name the subjects, except those that passed."""
    if found[0].finding.outcome is Outcome.PASSED:
        return ""
    named = once(each.finding.subject for each in found if each.finding.count == 1)
    more = total(each for each in found if each.finding.count > 1)
    return f" ({shortened(named, NAMES_AT_MOST, more)})"
