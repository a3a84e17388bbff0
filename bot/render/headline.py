"""The one sentence beside the verdict: what a person must know who reads nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.alerting.incident import incidents_of
from bot.render.reading import Found, Reading, source_words, total
from bot.render.words import clean, first_sentence, joined, number, once, quoted, sentence, shortened, without_date
from checks.data.expected import UNJUDGED
from checks.model import Outcome, Severity, Verdict

_BRACKETS = re.compile(r" \([^()]*\)")

NAMED_AT_MOST = 3
"""Names in the sentence; more of them are counted."""

LONGEST_CLAUSE = 160
"""Characters; a longer sentence is read by nobody in a notification."""

GRAVE = (Severity.P0, Severity.P1)


def headline(reading: Reading) -> str:
    """Return one sentence that names the gravest cause, what could not be checked, or what is complete."""
    failed = reading.of(Outcome.FAILED)
    match reading.report.verdict:
        case Verdict.BLOCKED | Verdict.ACT:
            text = _gravest(reading, failed) + _beside(reading)
        case Verdict.UNKNOWN:
            # What fails is known, however mild; what could not be read comes after it.
            known = any(each.finding.severity is not Severity.P3 for each in failed)
            text = "; ".join([*([_gravest(reading, failed)] if known else []), _blind(reading)])
        case Verdict.WATCH if any(each.finding.severity is Severity.P2 for each in failed):
            text = _gravest(reading, failed) + _beside(reading)
        case Verdict.WATCH:
            text = _blind(reading)
        case Verdict.ALL_CLEAR:
            text = _clear(reading)
    return sentence(clean(text))


def _gravest(reading: Reading, failed: tuple[Found, ...]) -> str:
    """Name the worst cause, or the worst failure that no cause explains, and what became of the data."""
    loose = [each for each in failed if each.key not in reading.explained]
    cause = reading.causes[0] if reading.causes else None
    incidents = [each for each in incidents_of(reading.report) if each.severity is not Severity.P3]
    if cause is not None and (not loose or cause.severity <= (loose[0].finding.severity or 0)):
        keys = frozenset(cause.explains)
        said, involved = cause.title or _clause(cause.sentence), [each for each in failed if each.key in keys]
    else:
        first = (loose or list(failed))[0]
        worst = next((each for each in incidents if first.key in each.keys), None)
        keys = frozenset({first.key})
        said, involved = _clause(worst.title if worst is not None else first.finding.summary), [first]
    others = sum(keys.isdisjoint(each.keys) for each in incidents)
    return f"{said}{_effect(reading, said, involved, others)}"


def _effect(reading: Reading, said: str, involved: Sequence[Found], others: int) -> str:
    """Say whether the data arrived all the same, else which phases fail with it, else how much more is wrong."""
    about_data = any(reading.is_data(each.check) for each in involved)
    if not about_data and _data_arrived(reading) and not _was_off(reading):
        return f"; {_possessive(reading)} data arrived all the same"
    suffering = _suffering(reading, involved)
    if len(suffering) > 1 or (suffering and len(involved) > 1 and suffering[0].lower() not in said.lower()):
        return f"; also failing: {joined(suffering)}"
    return f"; {number(others, 'further problem')}" if others else ""


def _suffering(reading: Reading, involved: Sequence[Found]) -> list[str]:
    """The titles of the phases with a grave failure among the findings, in the pipeline's order."""
    phases = {each.phase for each in involved if each.finding.severity in GRAVE and each.finding.interval is not None}
    return [phase.title for phase in reading.pipeline.phases if phase.id in phases]


def _clause(text: str) -> str:
    """Return the first sentence of a cause or summary without the lists in its brackets, and of a long one the
    first clause: all of it follows below."""
    said = first_sentence(_BRACKETS.sub("", text))
    return said if len(said) <= LONGEST_CLAUSE else said.partition("; ")[0]


def _data_arrived(reading: Reading) -> bool:
    """Whether what the phases wrote for the previous interval was looked at, and nothing grave is wrong with it."""
    data = [
        each.finding
        for each in reading.found
        if reading.is_data(each.check) and each.phase is not None and each.finding.interval == reading.report.previous
    ]
    return any(each.outcome is Outcome.PASSED and each.checked for each in data) and not any(
        each.severity in GRAVE for each in data
    )


def _was_off(reading: Reading) -> bool:
    """Whether nothing was expected for the previous interval: then no data arrived, and none is missing."""
    previous = [each for each in reading.found if each.finding.interval == reading.report.previous]
    return is_empty(reading, [each for each in previous if not reading.only_reports(each.check)])


def _possessive(reading: Reading) -> str:
    word = reading.word(reading.report.previous)
    return f"{word}'s" if word else f"the {reading.title(reading.report.previous)}"


def _blind(reading: Reading) -> str:
    unknown = reading.of(Outcome.UNKNOWN)
    if not unknown:
        return _nothing_checked(reading)
    sources = once(source_words(each.finding) for each in unknown)
    checks = once(each.title for each in unknown)
    total = number(len(reading.report.results), "check")
    if sources:
        return f"{shortened(sources, NAMED_AT_MOST)} could not be read, so {len(checks)} of {total} could not run"
    return f"{len(checks)} of {total} could not tell: {quoted(checks, NAMED_AT_MOST)}"


def _beside(reading: Reading) -> str:
    """Say after what fails what could not be checked: there may be more."""
    return f"; {_blind(reading)}" if reading.of(Outcome.UNKNOWN) else ""


def _nothing_checked(reading: Reading) -> str:
    """Say why nothing was looked at: what is waited for, or what to configure."""
    waiting = reading.of(Outcome.WAITING)
    if waiting:
        checks = number(len(once(each.check for each in waiting)), "check")
        first = first_sentence(waiting[0].finding.summary).rstrip(".")
        return f"Nothing is due yet, which {checks} would look at. {first}"
    configured = [each for each in reading.found if each.finding.code != "not-configured"]
    reasons = once(first_sentence(each.finding.summary).rstrip(".") for each in configured or reading.found)
    if not reasons:
        return "Nothing was checked: no check ran"
    more = f"; {number(len(reasons) - 1, 'more reason')} below" if len(reasons) > 1 else ""
    return f"Nothing was checked. {reasons[0]}{more}"


def _clear(reading: Reading) -> str:
    if reading.report.partial:
        ran = number(len(reading.report.results), "selected check")
        said = [f"{ran} found nothing wrong"]
        after = ["the others did not run"]
    else:
        said, after = [_clear_date(reading, index) for index in range(len(reading.intervals))], []
    notes = total(reading.of(Outcome.FAILED))
    return "; ".join([*said, *([f"{number(notes, 'note')} below"] if notes else []), *after])


def _clear_date(reading: Reading, index: int) -> str:
    """Say of one date that it is complete, not due or empty, with the figure of a check that only reports."""
    interval = reading.intervals[index]
    dated = [each for each in reading.found if each.finding.interval == interval]
    judged = [each for each in dated if not reading.only_reports(each.check)]
    figures, is_off = _figures(reading, index), is_empty(reading, judged)
    if is_off and index and figures == _figures(reading, index - 1):
        figures = []  # the reason of a pause of several dates is said once
    waiting = total(each for each in judged if each.finding.outcome is Outcome.WAITING)
    if is_off:
        state = "had nothing to run for" if interval.end <= reading.report.now else "has nothing to run for"
    elif any(each.finding.outcome is Outcome.PASSED for each in judged):
        state = "is OK so far" if waiting else "is complete"
    else:
        state = "has nothing due yet" if waiting else "was not judged"
    inside = "; ".join([*figures, *([f"{waiting} not due yet"] if waiting else [])])
    word, title = reading.word(interval), reading.title(interval)
    name = f"{word}, {title}," if word else title
    name = name[0].upper() + name[1:] if index == 0 else name
    return f"{name} {state}{f' ({inside})' if inside else ''}"


def _figures(reading: Reading, index: int) -> list[str]:
    """The figure of a date, of a check that only reports; empty where none has one."""
    dated = (each for each in reading.found if each.finding.interval == reading.intervals[index])
    return [figure_of(each) for each in dated if reading.only_reports(each.check) and each.finding.summary][:1]


def figure_of(found: Found) -> str:
    """Return a summary without the date before it and the list behind it."""
    return without_date(first_sentence(found.finding.summary)).partition(": ")[0]


def is_empty(reading: Reading, judged: list[Found]) -> bool:
    """Whether the date has nothing to check: most of what looks at data is skipped for that."""
    data = [each.finding for each in judged if reading.is_data(each.check)]
    off = sum(each.outcome is Outcome.SKIPPED and each.code not in UNJUDGED for each in data)
    return off > sum(each.outcome in (Outcome.PASSED, Outcome.WAITING) for each in data)
