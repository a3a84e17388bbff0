"""Everything about an alert that its message has no room for: the details that a button shows to one person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.alerting.incident import Member, members_of, scalar, total
from bot.render.alert_title import beyond, short_title
from bot.render.logged import logged_lines
from bot.render.mentions import naming
from bot.render.message import Command, Heading, Line, SmallPrint, mark_of_severity
from bot.render.post import Paragraph, Part
from bot.render.words import clean, evidence_words, interval_title, joined, number, sentences, value_words
from bot.store.model import Alert
from checks.model import Severity
from checks.pipeline import Pipeline

IN_THE_FIRST_LINES = ("transitions", "dates", "broken_since")
"""Evidence in records of before that the message says."""


def detail_parts(alert: Alert, pipeline: Pipeline, now: datetime) -> Iterator[Part]:
    """Yield the whole of what is wrong, what to do with its commands, the evidence, and all that is affected."""
    details = alert.details
    what = clean(str(details.get("what") or alert.title))
    # The title stands above it.
    if more := beyond(what, short_title(alert)):
        yield Paragraph(naming(more, alert))
    for impact in details.get("impacts") or ():
        yield Line(label="Impact", text=impact, inset=True)
    if action := details.get("action"):
        yield Line(label="Repair", text=action["text"])
        if action.get("command"):
            yield Command(text=action["command"])
    if evidence := _evidence(details.get("evidence") or {}, what, pipeline, now):
        person = str((details.get("evidence") or {}).get("changed_by") or "")
        yield Line(label="Evidence", text=evidence, person=person)
    yield from logged_lines(details.get("logged") or (), pipeline.zone, now)
    yield from _affected(alert, what, pipeline, now)
    if unread := details.get("unread"):
        yield Line(label="Could not check", text=" · ".join(unread))
    yield SmallPrint(text="To silence a check until a date, add it to 'suppressions' in the pipeline file.")


def _evidence(evidence: Mapping[str, Any], what: str, pipeline: Pipeline, now: datetime) -> str:
    """The evidence that the sentence does not tell."""
    values = {name: scalar(value) for name, value in evidence.items() if name not in IN_THE_FIRST_LINES}
    unsaid = {
        name: value
        for name, value in values.items()
        if any(part.lower() not in what.lower() for part in value_words(value, pipeline.zone, now).split(", "))
    }
    return evidence_words(unsaid, pipeline.zone, now)


def _affected(alert: Alert, what: str, pipeline: Pipeline, now: datetime) -> Iterator[Part]:
    """Every finding that the alert takes together, by phase, with the check that found it; those that it only counts
    are counted, with where to see them."""
    members, more = members_of(alert), int(alert.details.get("more") or 0)
    if len(members) == 1 and not more:
        return
    yield Heading(text=f"All of it: {number(total(members) + more, 'finding')}")
    titles = {each.id: each.title for each in pipeline.phases}
    told = {_core(each) for words in (short_title(alert), clean(alert.title), what) for each in sentences(words)}
    for phase in [*titles, *dict.fromkeys(each.phase for each in members if each.phase not in titles)]:
        if here := [each for each in members if each.phase == phase]:
            yield from _of_phase(titles.get(phase or "", phase or "Control plane"), here, told, pipeline, now)
    if more:
        checks = " ".join(f"--check {each}" for each in dict.fromkeys(each.check for each in members))
        yield SmallPrint(text=f"and {more:,} more:")
        yield Command(text=f"reveille validate {alert.interval or 'previous'} {checks} --full")


def _of_phase(
    title: str, members: Sequence[Member], told: set[str], pipeline: Pipeline, now: datetime
) -> Iterator[Part]:
    """Yield the findings of a phase. What several of one severity say, or what was ``told`` before, is said once."""
    today = now.astimezone(pipeline.zone).date()
    dates = joined(
        [interval_title(each, today) for each in sorted({each.interval for each in members if each.interval})]
    )
    yield Line(label=f"{title}, {dates}" if dates else title, text=number(total(members), "finding"))
    alike: dict[tuple[Severity, str], list[str]] = {}
    for each in members:
        alike.setdefault((each.severity, each.summary), []).append(each.check)
    for (severity, summary), checks in alike.items():
        said = [each for each in sentences(clean(summary)) if _core(each) not in told]
        told.update(map(_core, said))
        code = ", ".join(dict.fromkeys(checks))
        yield Line(mark=mark_of_severity(severity), text=" ".join(said) or "The same", code=code, inset=True)


_BRACKETS = re.compile(r" \([^()]*\)")


def _core(said: str) -> str:
    """Return a sentence as it is told from others: that something could not be checked is said of all of them."""
    return _BRACKETS.sub("", said.lower()).removeprefix("could not check: ").rstrip(".")
