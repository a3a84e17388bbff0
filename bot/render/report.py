"""From a report to the message that people read, in the order in which they want to read it: what to act on today
and what nobody could see, the board, the figures, and then what can wait."""

from __future__ import annotations

from collections.abc import Iterator

from bot.render.headline import headline
from bot.render.message import Cell, Heading, Line, Mark, Message, Part, SmallPrint, Table, mark_of
from bot.render.phases import control_plane, day_sections, phase_table, told
from bot.render.problems import cause_section, counts, grave_section, lesser_section, quiet_section, unknown_section
from bot.render.reading import Found, Reading, total
from bot.render.words import capital, day, named_interval, number
from checks.model import Outcome, Verdict


def message_of(reading: Reading) -> Message:
    """Build the message. Pure: the same report always reads the same."""
    return Message(
        title=message_title(reading),
        verdict=reading.report.verdict,
        sentence=headline(reading),
        parts=tuple(_parts(reading)),
        again=reading.command,
    )


def message_title(reading: Reading) -> str:
    """Return what the verdict is about: a few checks do not speak for the pipeline."""
    report = reading.report
    if not report.partial:
        return report.title
    return f"{report.title}: {len(report.results)} of {number(len(reading.checks), 'check')}"


def _parts(reading: Reading) -> Iterator[Part]:
    yield from _frame(reading)
    yield from cause_section(reading)
    yield from grave_section(reading)
    yield from unknown_section(reading)
    yield from phase_table(reading)
    yield from day_sections(reading)
    yield from control_plane(reading)
    yield from lesser_section(reading)
    yield from quiet_section(reading)
    if reading.full:
        yield from expected_state(reading)
        yield from passed_section(reading)
    yield from _known_issues(reading)


def _frame(reading: Reading) -> Iterator[Part]:
    report = reading.report
    yield SmallPrint(
        text=f"{judged(reading)} · checked at {reading.clock} · {counts(reading)} · {report.duration:.1f} s"
    )
    if report.partial:
        yield SmallPrint(text="Only selected checks ran: the verdict covers nothing else.")


def judged(reading: Reading) -> str:
    """Name the intervals that the report judges, with the pipeline's words for them."""
    named = (named_interval(reading.word(each), reading.title(each)) for each in reading.intervals)
    return capital(", ".join(named))


def expected_state(reading: Reading) -> Iterator[Part]:
    """Yield the expected, the unwanted and the actual state, a row for each check that ran."""
    ran = {result.check: result for result in reading.report.results}
    rows = tuple(
        (
            Cell(text=check.title),
            Cell(text=check.expected),
            Cell(text=check.unwanted),
            Cell(text=_what_is(reading, check.id), mark=mark_of(ran[check.id].worst)),
        )
        for check in reading.checks
        if check.id in ran and check.id not in reading.unused
    )
    if rows:
        yield Heading(text="Expected state")
        yield Table(columns=("Check", "Expected", "Unwanted", "Status"), rows=rows)
    if reading.unused:
        verb = "has" if len(reading.unused) == 1 else "have"
        names = ", ".join(check.id for check in reading.checks if check.id in reading.unused)
        yield SmallPrint(text=f"{number(len(reading.unused), 'check')} {verb} nothing to check here: {names}.")


def _what_is(reading: Reading, check: str) -> str:
    """The worst summary where something is wrong, else what the check found in numbers."""
    found = reading.by_check[check]
    worst = min(found, key=lambda each: each.badness)
    if not mark_of(worst.finding).is_problem:
        return told(found)
    return worst.finding.summary + (f" (the worst of {total(found):,})" if len(found) > 1 else "")


def passed_section(reading: Reading) -> Iterator[Part]:
    """Yield every passed finding on its line."""
    passed = reading.of(Outcome.PASSED)
    if passed:
        yield Heading(text="Passed")
        yield from (_passed_line(each) for each in passed)


def _passed_line(found: Found) -> Line:
    return Line(mark=Mark.PASSED, label=found.title, text=found.finding.summary, code=found.check)


def _known_issues(reading: Reading) -> Iterator[Part]:
    """Yield what looks wrong and is as it should be, as far as it still holds today. On a clear morning, and beside
    the answer of a few checks, nobody looks for it: then one line says where it stands."""
    current = [each for each in reading.pipeline.known_issues if each.until is None or reading.today <= each.until]
    unasked = reading.report.partial or reading.report.verdict is Verdict.ALL_CLEAR
    if current and unasked and not reading.full:
        yield SmallPrint(text=f"{number(len(current), 'known issue')}: {reading.command}")
    elif current:
        yield Heading(text="Known issues")
        for each in current:
            until = f" (until {day(each.until, reading.today)})" if each.until is not None else ""
            yield SmallPrint(text=f"- {each.text}{until}")
