"""A report on one screen of a shell: the verdict, a few lines for each problem, the board. ``--full`` has the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.alerting.incident import Incident, incidents_of
from bot.render.alert_title import beyond, cut, fitting_title
from bot.render.board import board
from bot.render.headline import is_empty
from bot.render.message import Command, Heading, Line, Mark, Message, Part, SmallPrint, mark_of_severity
from bot.render.reading import Reading, source_words
from bot.render.report import judged, message_of
from bot.render.words import clean, number, once, quoted, sentence, shortened
from checks.model import Finding, Outcome, Severity

UNJUDGED_FOR = {"not-enough-history": "too little history to tell what is usual", "no-rows": "no rows to judge"}
"""Why something is not judged, by the code."""

TOLD_IN_FULL = 2
"""Problems with their cause and their repair; others have a line each."""

PROBLEMS_AT_MOST = 8
CAUSE_TEXT = 360
STEP_TEXT = 180
"""Characters of a cause, and of what to do."""

NAMED = 3


def brief_message(reading: Reading) -> Message:
    """Return the report of a shell that did not ask for all of it."""
    whole = message_of(reading)
    return replace(whole, parts=tuple(_parts(reading)))


def _parts(reading: Reading) -> Iterator[Part]:
    yield SmallPrint(text=f"{judged(reading)} · checked at {reading.clock}")
    problems = [each for each in incidents_of(reading.report) if each.severity is not Severity.P3]
    if problems:
        yield Heading(text="Problem" if len(problems) == 1 else "Problems")
    for place, each in enumerate(problems[:PROBLEMS_AT_MOST]):
        yield Line(mark=mark_of_severity(each.severity), text=fitting_title(each.title))
        if place < TOLD_IN_FULL:
            yield from _told(each)
    if len(problems) > PROBLEMS_AT_MOST:
        yield SmallPrint(text=f"and {number(len(problems) - PROBLEMS_AT_MOST, 'more problem')}")
    yield from _unseen(reading)
    yield from _unjudged(reading)
    if phases := tuple(board(reading)):
        yield Heading(text="Phases")
        yield from phases
    yield SmallPrint(text=f"Evidence, figures and every finding: {reading.command}")


def _told(incident: Incident) -> Iterator[Part]:
    """The effect, the cause and what to do; of several commands the first, and how many more there are."""
    said = incident.statement
    effect = str(said.get("effect") or next(iter(said.get("impacts") or ()), ""))
    if effect:
        yield Line(label="Impact", text=cut(sentence(effect), CAUSE_TEXT), inset=True)
    cause = " ".join(filter(None, (str(said.get("mechanism") or said["what"]), str(said.get("doubt") or ""))))
    title = fitting_title(incident.title)
    if why := beyond(clean(cause), title):
        yield Line(label="Cause" if why == clean(cause) else "Also", text=cut(why, CAUSE_TEXT), inset=True)
    if action := said.get("action"):
        yield Line(label="Repair", text=cut(action["text"], STEP_TEXT), inset=True)
        first, *others = (action.get("command") or "").splitlines() or [""]
        if first:
            yield Command(text=first)
        if others:
            yield Line(text=f"and {number(len(others), 'more command')}", inset=True)


def _unseen(reading: Reading) -> Iterator[Line]:
    unknown = reading.of(Outcome.UNKNOWN)
    if unknown:
        sources = once(source_words(each.finding) for each in unknown)
        because = f": {shortened(sources, NAMED)}" if sources else ""
        titles = quoted(once(each.title for each in unknown), NAMED)
        yield Line(mark=Mark.UNKNOWN, label=f"Could not check{because}", text=titles)


def _unjudged(reading: Reading) -> Iterator[Line]:
    """Say what had nothing to be judged by, and why: the tables of each reason. On a day off no rows are
    no gap."""
    of = {each: [found for found in reading.found if found.finding.interval == each] for each in reading.intervals}
    off = [each for each, found in of.items() if is_empty(reading, found)]
    groups: dict[str, list[Finding]] = {}
    for each in (found.finding for found in reading.of(Outcome.SKIPPED)):
        if each.code in UNJUDGED_FOR and not (each.code == "no-rows" and each.interval in off):
            groups.setdefault(each.code, []).append(each)
    for code, group in groups.items():
        tables = once(each.place.name if each.place else each.subject for each in group)
        yield Line(mark=Mark.SKIPPED, label="Not judged", text=f"{shortened(tables, NAMED)} ({UNJUDGED_FOR[code]})")
