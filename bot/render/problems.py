"""What is wrong: causes with their consequences, failures on their own, and what nobody could see."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from bot.alerting.incident import impacts_of
from bot.alerting.logged import document_of
from bot.render.logged import logged_lines
from bot.render.message import Command, Heading, Line, Mark, Part, mark_of, mark_of_severity
from bot.render.reading import Found, Reading, source_of, total
from bot.render.words import (
    duration,
    evidence_words,
    joined,
    number,
    once,
    quoted,
    sentence,
    shortened,
    value_words,
    zoned,
)
from checks.actions import Action
from checks.diagnosis.evidence import CauseFacts
from checks.facts import Evidence, Unread, known, rendered
from checks.log_evidence import CHECK
from checks.model import Cause, FindingKey, Outcome, Severity
from checks.source import NO_NETWORK, Problem

NAMES_AT_MOST = 8
"""Names in a line that summarises; more of them are counted."""

IMPACTS_AT_MOST = 1
"""Impacts shown for a cause before its repair, those of its worst consequences; ``full`` shows all."""

GRAVE = (Severity.P0, Severity.P1)


def cause_section(reading: Reading) -> Iterator[Part]:
    """Yield every cause: its sentence, what it does, the repair; then what proves it and what follows from it."""
    if not reading.causes:
        return
    yield Heading(text="Cause" if len(reading.causes) == 1 else "Causes")
    for cause in reading.causes:
        worst_first = sorted(reading.explained_by(cause), key=lambda found: found.badness)
        facts = known(cause.facts, CauseFacts)
        person = facts.changed_by if facts is not None else ""
        yield Line(mark=mark_of_severity(cause.severity), text=cause.sentence, person=person)
        impacts = list(_impacts(worst_first))
        yield from impacts if reading.full else impacts[:IMPACTS_AT_MOST]
        yield from _repair(cause.action)
        if since := _broken_since(reading, cause):
            yield Line(label="Broken since", text=since, inset=True)
        if evidence := evidence_words(_unsaid(reading, cause), reading.zone, reading.report.now):
            yield Line(label="Evidence", text=evidence, person=person, inset=True)
        yield from logged_lines([document_of(each) for each in cause.logged], reading.zone, reading.report.now)
        yield from _consequences(reading, cause, worst_first)


def lines_to_repair(reading: Reading) -> int:
    """Return how many lines somebody reads from the first cause to what to do about it."""
    labels = [part.label for part in cause_section(reading) if isinstance(part, Line)]
    return next((number for number, label in enumerate(labels, 1) if label == "Repair"), len(labels))


def _unsaid(reading: Reading, cause: Cause) -> Evidence:
    """The evidence that neither the sentence nor the table of phases tells; all of it in a full report."""
    if reading.full:
        return cause.evidence
    return {
        key: value
        for key, value in rendered(cause.facts).items()
        if any(part not in cause.sentence for part in value_words(value, reading.zone, reading.report.now).split(", "))
    }


def _broken_since(reading: Reading, cause: Cause) -> str:
    """Return since when it is broken and for how long, where a fact says so; nothing of what began just now."""
    began = cause.broken_since
    if began is None:
        return ""
    lasted = duration(reading.report.now - began)
    return f"{zoned(began, reading.zone, reading.report.now)} ({lasted})" if lasted else ""


def _consequences(reading: Reading, cause: Cause, explained: Sequence[Found]) -> Iterator[Part]:
    if not explained:
        return
    logged = {FindingKey(CHECK, each.service, None) for each in cause.logged}
    untold = [
        each
        for each in explained
        if reading.full or (each.finding.summary.rstrip(".") not in cause.sentence and each.key not in logged)
    ]
    code = "" if untold else ", ".join(once(each.check for each in explained))
    yield Line(label="Also affected", text=number(total(explained), "finding"), code=code, inset=True)
    shown = cause.action.command if cause.action else None
    # Of two dates a check often says the same.
    alike = {(each.check, each.finding.summary): each for each in reversed(untold)}
    for each in untold if reading.full else reversed(alike.values()):
        yield Line(mark=mark_of(each.finding), text=each.finding.summary, code=each.check, inset=True)
        action = each.finding.action
        if reading.full and action and action.command and action.command not in (shown or ""):
            yield Command(text=action.command)


def grave_section(reading: Reading) -> Iterator[Part]:
    """Yield the failures of P0 and P1 that no cause explains: what somebody has to do something about today."""
    yield from _problems([each for each in _loose(reading) if each.finding.severity in GRAVE], _title(reading))


def lesser_section(reading: Reading) -> Iterator[Part]:
    """Yield the other failures that no cause explains."""
    loose = _loose(reading)
    lesser = [each for each in loose if each.finding.severity not in GRAVE]
    yield from _problems(lesser, _title(reading) if len(lesser) == len(loose) else "Lesser problems")


def _loose(reading: Reading) -> list[Found]:
    return [each for each in reading.of(Outcome.FAILED) if each.key not in reading.explained]


def _title(reading: Reading) -> str:
    return "Problems" if not reading.causes else "Other problems"


def _problems(found: Sequence[Found], title: str) -> Iterator[Part]:
    """Yield failures under their title, the worst first; equal ones share their impact and repair."""
    if not found:
        return
    yield Heading(text=title)
    groups: dict[tuple[str, str, int], list[Found]] = {}
    for each in found:
        groups.setdefault((each.check, each.finding.code, each.badness), []).append(each)
    for group in groups.values():
        yield from _problem(group)


def _problem(group: Sequence[Found]) -> Iterator[Part]:
    first = group[0]
    mark = mark_of(first.finding)
    if len(group) == 1:
        yield Line(mark=mark, label=first.title, text=first.finding.summary, code=first.check, link=first.finding.link)
    else:
        yield Line(mark=mark, label=first.title, text=f"{total(group):,} of them", code=first.check, sums_up=True)
        for each in group:
            yield Line(mark=mark, text=each.finding.summary, link=each.finding.link, inset=True)
    yield from _impacts(group)
    for action in dict.fromkeys(each.finding.action for each in group):
        yield from _repair(action)


def _impacts(found: Sequence[Found]) -> Iterator[Part]:
    impacts = impacts_of(each.finding for each in found)
    yield from (Line(label="Impact", text=sentence(each), inset=True) for each in impacts)


def _repair(action: Action | None) -> Iterator[Part]:
    if action is None:
        return
    yield Line(label="Repair", text=action.text, inset=True)
    if action.command:
        yield Command(text=action.command)


def unknown_section(reading: Reading) -> Iterator[Part]:
    """Yield what could not be checked: one line for each source and reason, with all that it left unseen."""
    unknown = reading.of(Outcome.UNKNOWN)
    if not unknown:
        return
    yield Heading(text="Could not check")
    groups: dict[tuple[str, ...], list[Found]] = {}
    for each in unknown:
        groups.setdefault(_reason(each), []).append(each)
    told: dict[str, None] = {}
    for group in groups.values():
        first = group[0].finding
        yield Line(mark=Mark.UNKNOWN, text=_why_unknown(group), code=_codes(group), link=first.link)
        worst = min(each.finding.severity for each in group if each.finding.severity is not None)
        unseen = once(_unseen(each) for each in group)
        yield Line(label="Not checked", text=f"{_new_names(unseen, told)} ({worst.name} at worst)", inset=True)
        told |= dict.fromkeys(unseen)
        for action in dict.fromkeys(each.finding.action for each in group):
            yield from _repair(action)


def _new_names(unseen: Sequence[str], told: Collection[str]) -> str:
    """Name what was left unseen for a second reason, too, by its number."""
    again = sum(each in told for each in unseen)
    names = quoted([each for each in unseen if each not in told], NAMES_AT_MOST)
    return " · ".join(filter(None, (names, f"{number(again, 'check')} of the above" if again else "")))


def _why_unknown(group: Sequence[Found]) -> str:
    if _is_unreachable(group[0]):
        sources = once(source_of(each.finding)[0] for each in group)
        return f"{joined(sources)} cannot be reached from here. {NO_NETWORK}"
    unread = known(group[0].finding.facts, Unread)
    return (unread.said if unread is not None else "") or group[0].finding.summary


def _reason(found: Found) -> tuple[str, ...]:
    """Without a network there is one reason for the whole run."""
    if _is_unreachable(found):
        return (Problem.UNREACHABLE,)
    return (*source_of(found.finding), found.finding.summary)


def _is_unreachable(found: Found) -> bool:
    return source_of(found.finding)[1] == Problem.UNREACHABLE


def _unseen(found: Found) -> str:
    subject = found.finding.subject
    is_whole = subject == found.check or found.finding.interval is not None or _is_unreachable(found)
    return found.title if is_whole else f"{found.title} ({subject})"


def _codes(group: Sequence[Found]) -> str:
    return group[0].check if len({each.check for each in group}) == 1 else ""


def quiet_section(reading: Reading) -> Iterator[Part]:
    """Yield what is not due and what does not apply, in a few lines, so that nothing is missing unsaid."""
    waiting, skipped = reading.of(Outcome.WAITING), reading.of(Outcome.SKIPPED)
    suppressed = [each for each in skipped if each.finding.code == "suppressed"]
    # What is not configured is of interest only where nothing else could be said.
    hidden = (
        ("suppressed",) if not any(each.finding.checked for each in reading.found) else ("suppressed", "not-configured")
    )
    others = [each for each in skipped if each.finding.code not in hidden]
    if not (waiting or suppressed or others):
        return
    yield Heading(text="Not judged")
    for each in suppressed:
        yield Line(mark=Mark.SKIPPED, label=each.title, text=each.finding.summary, code=each.check)
    yield from _summed_up(reading, Mark.WAITING, waiting, "not due yet")
    yield from _summed_up(reading, Mark.SKIPPED, others, "not applicable")


def _summed_up(reading: Reading, mark: Mark, found: Sequence[Found], words: str) -> Iterator[Part]:
    """Yield what several checks say alike once, and of the others a line for each check; ``full`` names them all."""
    by_summary: dict[str, list[Found]] = {}
    for each in found:
        by_summary.setdefault(each.finding.summary, []).append(each)
    rest: dict[str, list[Found]] = {}
    for summary, group in by_summary.items():
        titles = once(each.title for each in group)
        if len(titles) > 1:
            text = quoted(titles, len(titles)) if reading.full else number(len(titles), "check")
            yield Line(mark=mark, label=summary.rstrip("."), text=text)
        else:
            rest.setdefault(group[0].check, []).append(group[0])
    for group in rest.values():
        if len(group) == 1 or reading.full:
            yield from (Line(mark=mark, label=each.title, text=each.finding.summary) for each in group)
        else:
            named = once(each.finding.subject for each in group if each.finding.count == 1)
            subjects = shortened(named, NAMES_AT_MOST, total(each for each in group if each.finding.count > 1))
            yield Line(mark=mark, label=group[0].title, text=f"{total(group):,} {words} ({subjects})")


def counts(reading: Reading) -> str:
    """Return the whole report in numbers: ``31 checks, 58 findings: 50 passed, 3 failed …``."""
    words = {
        Outcome.FAILED: "failed",
        Outcome.UNKNOWN: "could not be checked",
        Outcome.PASSED: "passed",
        Outcome.WAITING: "not due yet",
        Outcome.SKIPPED: "not applicable",
    }
    used = [each for each in reading.found if each.check not in reading.unused]
    by_outcome = [
        (word, total(each for each in used if each.finding.outcome is outcome)) for outcome, word in words.items()
    ]
    told = joined([f"{count:,} {word}" for word, count in by_outcome if count])
    checks = len(reading.report.results) - len(reading.unused)
    return f"{number(checks, 'check')}, {number(total(used), 'finding')}: {told or 'none'}"
