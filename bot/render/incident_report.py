"""The draft of a post-mortem: what happened, what it meant, why, who did what, how long it took, what is still open.

One text for all formats: sections of paragraphs, items and lines to copy. Slack and Markdown differ in how they write
them, and in how many events they have room for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.alerting.chronicle import Chronicle, Event, Happening
from bot.alerting.incident import broken_since, members_of, scalar
from bot.redaction.redactor import Redactor
from bot.render.alert_title import beyond, past_title, short_title
from bot.render.logged import logged_lines
from bot.render.mentions import mention, naming
from bot.render.post import Aside, Code, Collapsible, Paragraph, Part, Post, Strong, Text, Title, limited, text
from bot.render.repair_changes import who
from bot.render.words import capital, clean, duration, joined, moment, number, sentence, shortened, value_words
from checks.intervals import interval_words
from checks.pipeline import Pipeline

EVENTS_IN_SLACK = 25
"""Events that the message in the thread tells: the first and the last ones; the file tells all."""

FOLDED = ("Timeline", "Cause")
"""Sections that the message shows closed, where the workspace has that: the longest ones."""

LONG_UNNOTICED = timedelta(hours=1)
"""What was broken for longer before anybody could know of it leaves the question why."""

LINE = 600
"""Characters of a line that others may have written."""

CHANGE = ("revision", "deployed", "deploy", "commit", "actor", "changed")
"""What the names of the facts that say what was changed, when and by whom have in them."""

_hidden = Redactor()


@dataclass(frozen=True, slots=True)
class Item:
    """One of several lines that stand below each other."""

    text: Text


@dataclass(frozen=True, slots=True)
class Section:
    """``lines`` are paragraphs and items."""

    heading: str
    lines: tuple[Text | Item, ...]


_WORDS: Mapping[Happening, str] = {
    Happening.BROKEN: "It broke",
    Happening.FOUND: "First seen, and reported",
    Happening.BACK: "It was back",
    Happening.WORSENED: "It got worse",
    Happening.EASED: "It got milder",
    Happening.CHANGED: "It looked different",
    Happening.ESCALATED: "Escalated: nobody had reacted",
    Happening.ACKNOWLEDGED: "Acknowledged",
    Happening.TAKEN_OVER: "Taken over",
    Happening.RELEASED: "Released: nobody had it",
    Happening.SNOOZED: "Snoozed",
    Happening.UNSNOOZED: "Snooze ended by hand",
    Happening.SNOOZE_ENDED: "The snooze was over",
    Happening.RECHECKED: "Checked again",
    Happening.REPAIR_ASKED: "Repair asked for",
    Happening.REPAIR_CONFIRMED: "Repair confirmed",
    Happening.REPAIR_WRITTEN: "Repair applied and read back",
    Happening.REPAIR_NEEDLESS: "Repair not needed: it was so already",
    Happening.REPAIR_FAILED: "Repair failed",
    Happening.REPAIR_VERIFIED: "Repair verified: the check passed again",
    Happening.REPAIR_WITHOUT_EFFECT: "Repair applied, and the check still failed",
    Happening.RESOLVED: "Resolved",
    Happening.MOVED: "Went on in the thread of another incident",
}


def report_post(chronicle: Chronicle, pipeline: Pipeline, where: Text) -> Post:
    """Return the report as a message for the thread; ``where`` says where it is as Markdown."""
    parts: list[Part] = [Title("📝 Post-mortem draft")]
    for section in sections_of(chronicle, pipeline, most_events=EVENTS_IN_SLACK):
        lines = [
            Paragraph(text("•  ", each.text)) if isinstance(each, Item) else Paragraph(each) for each in section.lines
        ]
        if section.heading.startswith(FOLDED):
            parts.append(Collapsible(section.heading, tuple(lines)))
        else:
            parts += [Paragraph((Strong((section.heading,)),), apart=True), *lines]
    notice = sentence(draft_title(chronicle))
    return Post((notice,), (*parts, *([Aside(where)] if where else [])))


def sections_of(chronicle: Chronicle, pipeline: Pipeline, *, most_events: int | None = None) -> Iterator[Section]:
    """Yield what a post-mortem says, in the order in which it is read; no text of it shows a secret."""
    whole = (
        Section("Summary", tuple(_summary(chronicle, pipeline))),
        Section("Impact", tuple(_impact(chronicle))),
        Section(f"Timeline ({pipeline.zone.key})", tuple(_timeline(chronicle, pipeline, most_events))),
        Section("Cause", tuple(_cause(chronicle, pipeline))),
        Section("Who", tuple(_people(chronicle))),
        Section("How long", tuple(_spans(chronicle))),
        Section("Open questions", tuple(map(Item, _questions(chronicle)))),
    )
    for each in whole:
        yield Section(each.heading, tuple(_safe(line) for line in each.lines))


def _safe(line: Text | Item) -> Text | Item:
    return Item(_redacted(line.text)) if isinstance(line, Item) else _redacted(line)


def _redacted(said: Text) -> Text:
    return tuple(
        _hidden(each) if isinstance(each, str) else Code(_hidden(each.text)) if isinstance(each, Code) else each
        for each in said
    )


def _summary(chronicle: Chronicle, pipeline: Pipeline) -> Iterator[Text]:
    alert, now = chronicle.alert, chronicle.now
    yield (Strong((limited(sentence(title_of(chronicle)), LINE),)),)
    span = f"{_at(chronicle.began, pipeline, now)} to {_at(chronicle.ended, pipeline, now)}"
    lasted = duration(chronicle.ended - chronicle.began)
    state = f"{alert.severity.name}, {pipeline.title}: {span}{f' ({lasted})' if lasted else ''}."
    if not chronicle.is_over:
        yield (f"{state} It is still open: this is how it stands now.",)
        return
    repairer = mention(str(alert.details.get("repaired_by") or ""))
    ending = {"superseded": "It went on as a part of another incident.", "gone": "No run checks it any more."}
    closing = ending.get(str(alert.details.get("closing")), "A later run found it passing again.")
    yield text(f"{state} ", ("Resolved by a repair of ", *repairer, ".") if repairer else closing)


def draft_title(chronicle: Chronicle) -> str:
    """Return what stands over the whole draft."""
    return f"Post-mortem draft: {title_of(chronicle)}"


def title_of(chronicle: Chronicle) -> str:
    """Return what it is called: of what is over in the past."""
    alert = chronicle.alert
    return past_title(alert, LINE) if chronicle.is_over else short_title(alert, LINE)


def _impact(chronicle: Chronicle) -> Iterator[Text]:
    details = chronicle.alert.details
    impacts = [clean(str(each)) for each in (details.get("effect"), *(details.get("impacts") or ())) if each]
    for each in dict.fromkeys(impacts):
        yield (limited(sentence(each), LINE),)
    if not impacts:
        yield ("No check says what this meant for those who use the data. Please add it.",)
    intervals = sorted({each.interval for each in members_of(chronicle.alert) if each.interval})
    if intervals:
        yield (f"Affected: {joined([interval_words(each, chronicle.now.year) for each in intervals])}.",)


def _timeline(chronicle: Chronicle, pipeline: Pipeline, most: int | None) -> Iterator[Item | Text]:
    events = chronicle.events
    left_out = 0 if most is None else len(events) - most
    half = 0 if most is None else most // 2
    for at, each in enumerate(events):
        if left_out > 0 and half <= at < half + left_out:
            if at == half:
                yield Item((f"… {number(left_out, 'event')} left out here; the Markdown file has all.",))
            continue
        yield Item(text(Strong((_at(each.at, pipeline, chronicle.now),)), f"  {_WORDS[each.what]}", *_more(each)))
    if not chronicle.is_whole:
        yield ("The audit no longer has all of this incident: events may be missing.",)


def _more(event: Event) -> Iterator[Text]:
    if event.is_somebodys:
        yield (" by ", *who(event.actor))
    if event.detail:
        yield (f": {limited(event.detail, LINE)}",)


def _cause(chronicle: Chronicle, pipeline: Pipeline) -> Iterator[Text | Item]:
    details, now = chronicle.alert.details, chronicle.now
    words = beyond(clean(str(details.get("mechanism") or details.get("what") or "")), title_of(chronicle))
    if not details.get("found", True) or not details.get("mechanism"):
        yield ("Reveille did not find the cause. What was found:" if words else "Reveille did not find the cause.",)
    elif not words:
        yield ("It is what the summary says.",)
    if words:
        yield naming(limited(sentence(words), LINE), chronicle.alert)
    evidence = {name: value_words(scalar(value), pipeline.zone, now) for name, value in _evidence(details).items()}
    changes = {name: said for name, said in evidence.items() if any(part in name for part in CHANGE)}
    for label, facts in (
        ("Evidence", {name: said for name, said in evidence.items() if name not in changes}),
        ("Change", changes),
    ):
        for name, said in facts.items():
            told = f"  {name.replace('_', ' ')}: {limited(said, LINE)}"
            yield Item(text(Strong((label,)), *naming(told, chronicle.alert)))
    for line in logged_lines(details.get("logged") or (), pipeline.zone, now):
        yield Item(text(Strong(("Logged",)), f"  {limited(line.text, LINE)}"))
    if doubt := clean(str(details.get("doubt") or "")):
        yield (limited(sentence(doubt), LINE),)


def _evidence(details: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = details.get("evidence") or {}
    return {str(name): value for name, value in kept.items() if name not in ("transitions", "dates", "broken_since")}


_ROLES: Sequence[tuple[str, tuple[Happening, ...]]] = (
    ("Acknowledged it", (Happening.ACKNOWLEDGED, Happening.TAKEN_OVER)),
    ("Asked for a repair", (Happening.REPAIR_ASKED,)),
    ("Confirmed a repair", (Happening.REPAIR_CONFIRMED,)),
    ("Snoozed it", (Happening.SNOOZED,)),
    ("Checked again", (Happening.RECHECKED,)),
)


def _people(chronicle: Chronicle) -> Iterator[Text | Item]:
    roles = [(role, chronicle.actors(*kinds)) for role, kinds in _ROLES]
    for role, actors in roles:
        if people := dict.fromkeys(map(who, actors)):
            yield Item(text(f"{role}: ", *_listed(people)))
    if not any(actors for _, actors in roles):
        yield ("Nobody did anything about it in Slack.",)


def _listed(people: Iterable[Text]) -> Iterator[Text]:
    for at, each in enumerate(people):
        yield text(", " if at else "", each)


def _spans(chronicle: Chronicle) -> Iterator[Item]:
    acknowledged = chronicle.after(Happening.ACKNOWLEDGED)
    unnoticed = chronicle.unnoticed
    ended = chronicle.ended - chronicle.alert.opened_at
    noticed = "not known, because it is not known since when it was broken" if unnoticed is None else _span(unnoticed)
    yield Item((f"Until noticed: {noticed}",))
    reacted = "never" if acknowledged is None else f"{_span(acknowledged)} after it was first seen"
    yield Item((f"Until acknowledged: {reacted}",))
    verb, since = ("Until resolved", "after") if chronicle.is_over else ("Open so far", "since")
    in_all = _span(chronicle.ended - chronicle.began)
    yield Item((f"{verb}: {_span(ended)} {since} it was first seen, {in_all} in all",))


def _span(span: timedelta) -> str:
    return duration(span) or "less than a minute"


def _questions(chronicle: Chronicle) -> Iterator[Text]:
    """Ask what no record can answer, each where the record gives a reason to."""
    alert, details = chronicle.alert, chronicle.alert.details
    if not details.get("found", True) or not details.get("mechanism"):
        yield ("What was the cause?",)
    if unread := [str(each) for each in details.get("unread") or ()]:
        yield (f"{limited(shortened(unread, 4), LINE)} could not be checked: what would have been seen there?",)
    if chronicle.unnoticed is not None and chronicle.unnoticed >= LONG_UNNOTICED:
        yield (f"Why did nobody notice for {_span(chronicle.unnoticed)}?",)
    if broken_since(alert) is None:
        yield ("Since when was it broken?",)
    if chronicle.after(Happening.ACKNOWLEDGED) is None or chronicle.after(Happening.ESCALATED) is not None:
        yield ("Who should have reacted, and were they called?",)
    if back := sum(each.what is Happening.BACK for each in chronicle.events):
        yield (f"It was back {number(back, 'time')}: what undid what had helped?",)
    if chronicle.after(Happening.REPAIR_FAILED, Happening.REPAIR_WITHOUT_EFFECT) is not None:
        yield ("Why did the repair not help?",)
    if chronicle.is_over and not details.get("repaired_by") and not details.get("closing"):
        yield ("What made it pass again? No repair through Reveille did.",)
    if any(each.interval for each in members_of(alert)):
        yield ("Is the data of these dates complete, or must something run again?",)
    yield ("What keeps this from happening again, who does it, and by when?",)


def _at(instant: datetime, pipeline: Pipeline, now: datetime) -> str:
    return capital(moment(instant, pipeline.zone, now))
