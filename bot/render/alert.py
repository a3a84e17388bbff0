"""An alert in Slack: the message that its thread hangs on, in every state. It is edited in place.

What is read in five seconds stands in it: what is lost, since when, who has it, what that means, why, what to do. All
else is in its details (``alert_details``). Nothing is said twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

from bot.alerting.alerts import Transition
from bot.alerting.incident import CANNOT_LOOK, REPORT, broken_since, members_of
from bot.alerting.recheck import RecheckResult
from bot.render.alert_links import links_of
from bot.render.alert_list import since_words, state_words
from bot.render.alert_replies import click_reply, look_reply, pointer, transition_reply
from bot.render.alert_title import HEADLINE, NO_LONGER, TITLE, beyond, cut, past_title, short_title
from bot.render.buttons import buttons_of, repair_label
from bot.render.mentions import mention, mention_of, naming
from bot.render.message import mark_of_severity
from bot.render.post import (
    Actions,
    Aside,
    Body,
    Code,
    Link,
    Paragraph,
    Part,
    Post,
    Strong,
    Text,
    ThreadLink,
    Title,
    joined_by,
    text,
)
from bot.render.slack_text import EMOJI
from bot.render.words import (
    capital,
    clean,
    duration,
    interval_title,
    joined,
    moment,
    number,
    once,
    quoted,
    sentence,
    sentences,
    shortened,
    time_of,
    zoned,
)
from bot.store.model import Alert, AlertState
from checks.cells import local
from checks.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class _Room:
    """Characters of each part of the message: together they leave the buttons on the first screen of a phone."""

    impact: int = 150
    cause: int = 300
    step: int = 180
    logged: int = 80


ROOMS = {
    AlertState.FIRING: _Room(),
    AlertState.ACKNOWLEDGED: _Room(impact=100, cause=240, step=110, logged=45),
    AlertState.SNOOZED: _Room(impact=100, cause=200, step=0, logged=0),
}
"""Who has it and one more button take the room of some lines. Nobody is asked to do anything about what sleeps: until
when and why is what its message says first, and its step stands in the details."""

FIRING = ROOMS[AlertState.FIRING]

NAME_TEXT = 60
NAMED = 30
"""Characters by which the line that breaks around the name of a pipeline gets longer: a line of a phone."""

REASON_TEXT = 80

NAMES_AT_MOST = 4
"""Checks that could not run, named in the message; the details name all."""

NAMES_TEXT = 100

STORE_IS_DOWN = (
    "The store of this bot cannot be reached: this message is not kept up to date, has no buttons, and may come twice."
)

ALIKE = 40
"""So many characters that stand in the message already are not said again."""


class AlertMessages:
    """Writes every message about the alerts of one pipeline. Where others write into its channels, each message that
    stands for itself says whose it is."""

    def __init__(self, pipeline: Pipeline, *, is_shared: bool = False) -> None:
        self._pipeline = pipeline
        self._named = cut(clean(pipeline.title), NAME_TEXT) if is_shared else ""

    def post(self, alert: Alert, now: datetime, *, note: str = "", digest: tuple[str, str] | None = None) -> Post:
        """Return the message that the thread hangs on, as ``alert_message``."""
        return alert_message(alert, self._pipeline, now, note=note, digest=digest, named=self._named)

    def parent(self, alert: Alert, now: datetime, digest: tuple[str, str] | None = None) -> Body:
        """Return the message that the thread hangs on; ``digest`` is the address of the digest and what it is."""
        return self.post(alert, now, digest=digest).document

    def past_store(self, alert: Alert, now: datetime) -> Body:
        """Return the message while the store is down: nothing can be clicked that nobody would remember."""
        post = self.post(alert, now, note=STORE_IS_DOWN)
        return replace(post, parts=tuple(each for each in post.parts if not isinstance(each, Actions))).document

    def reply(self, transition: Transition, now: datetime) -> Body:
        """Return what the thread hears of a transition."""
        return transition_reply(transition, self._pipeline, now)

    def clicked(self, alert: Alert, action: str, actor: str) -> Body:
        """Return what the thread hears of a click."""
        return click_reply(alert, action, actor, self._pipeline)

    def looked(
        self, alert: Alert, transition: Transition | None, actor: str, now: datetime, look: RecheckResult
    ) -> Body:
        """Return what the thread hears of a re-check."""
        return look_reply(alert, transition, actor, now, self._pipeline.zone, look)

    def pointer(self, alert: Alert, mention: str = "") -> Body:
        """Return what another channel hears of an alert that has become its business; ``mention`` is whom it calls."""
        return pointer(alert, self._pipeline, mention)


def alert_message(
    alert: Alert,
    pipeline: Pipeline,
    now: datetime,
    *,
    note: str = "",
    digest: tuple[str, str] | None = None,
    named: str = "",
) -> Post:
    """Return the message of an alert as it is. ``note`` is a sentence below its state, ``digest`` a link beside the
    others: its address, and its words; ``named`` is what the pipeline is called, where that is not clear."""
    headline, span = headline_of(alert), ""
    if _is_over(alert):
        span = _span(alert, pipeline, now)
        whole = f"{headline} ({_short_span(alert, pipeline, now)})"
        headline, span = (whole, "") if len(whole) <= HEADLINE and not headline.endswith("…") else (headline, span)
    is_closed = alert.state is AlertState.RESOLVED
    state = (
        _closed_state(alert, span or ("" if _is_over(alert) else _span(alert, pipeline, now)))
        if is_closed
        else _open_state(alert, pipeline, now)
    )
    room = ROOMS.get(alert.state, FIRING)
    room = replace(room, cause=room.cause - len(named) - NAMED) if named else room
    parts = _closed_parts(alert) if is_closed else _open_parts(alert, pipeline, now, room)
    report = alert.details.get(REPORT) if is_closed else None
    links = joined_by(
        " · ",
        [
            (ThreadLink(str(report), "Report"),) if report else (),
            *links_of(alert, pipeline, now),
            (Link(*digest),) if digest else (),
        ],
    )
    call = mention_of(alert, pipeline)
    told_state = joined_by(" · ", [text(named), state])
    return Post(
        notice=text(f"{named}: " if named else "", _notice(alert, pipeline), call and (" ", *call)),
        parts=(
            Title(headline),
            *(Aside(each) for each in (told_state, text(note)) if each),
            *parts,
            buttons_of(alert, pipeline),
            *(Aside(each) for each in (links,) if each),
        ),
    )


def headline_of(alert: Alert) -> str:
    """Return a light, the severity or what became of it, and the title: one line."""
    lead = f"{_emoji(alert)} {_lead(alert)} · "
    return f"{lead}{_title(alert, HEADLINE - len(lead))}"


def _title(alert: Alert, most: int = TITLE) -> str:
    return past_title(alert, most) if _is_over(alert) else short_title(alert, most)


def _is_over(alert: Alert) -> bool:
    """Whether what was wrong is so no more; what went on elsewhere, or was not checked any more, may still be."""
    return alert.state is AlertState.RESOLVED and alert.details.get("closing") not in ("superseded", "gone")


def _span(alert: Alert, pipeline: Pipeline, now: datetime) -> str:
    """Return from when to when it was broken, as far as that is known, and for how long."""
    ended = alert.resolved_at or alert.changed_at
    began = broken_since(alert) or alert.opened_at
    lasted = duration(ended - began)
    zone = pipeline.zone
    until = time_of(ended, zone, began)
    return f"{moment(began, zone, now)} to {until}{f', {lasted}' if lasted else ''}"


def _short_span(alert: Alert, pipeline: Pipeline, now: datetime) -> str:
    """Return the span as a headline has room for it: without its zone, and the days by their letter."""
    ended, began = alert.resolved_at or alert.changed_at, broken_since(alert) or alert.opened_at
    until = moment(ended, pipeline.zone, now)
    if local(ended, pipeline.zone).date() == local(began, pipeline.zone).date():
        until = f"{ended.astimezone(pipeline.zone):%H:%M}"
    lasted = ended - began
    words = f"{lasted.days} d" if lasted.days > 1 else duration(lasted)
    return f"{moment(began, pipeline.zone, now)} to {until}{f', {words}' if words else ''}"


def _notice(alert: Alert, pipeline: Pipeline) -> str:
    """What a phone and a screen reader get: what is wrong, what that means, what to do first."""
    lead, title = _lead(alert), _title(alert)
    if title.startswith(NO_LONGER):
        return sentence(title)
    said = sentence(f"{lead}{' ' if alert.state is not AlertState.RESOLVED else ': '}{title}")
    if alert.state is AlertState.RESOLVED:
        return said
    effect = next(iter(_new(sentences(_impact(alert)), said)), "")
    next_step = repair_label(alert, pipeline).rstrip("…") or cut(next(iter(sentences(_action(alert))), ""), FIRING.step)
    return " ".join(filter(None, (said, effect, next_step and f"Next: {sentence(next_step)}")))


def _emoji(alert: Alert) -> str:
    match alert.state, alert.details.get("closing"):
        case AlertState.RESOLVED, "superseded":
            return "↪️"
        case AlertState.RESOLVED, "gone":
            return "⌛"
        case AlertState.RESOLVED, _:
            return "✅"
        case AlertState.SNOOZED, _:
            return "💤"
        case AlertState.ACKNOWLEDGED, _:
            return "👀"
        case _:
            return EMOJI[mark_of_severity(alert.severity)]


def _lead(alert: Alert) -> str:
    if alert.state is not AlertState.RESOLVED:
        return alert.severity.name
    return {"superseded": "Moved", "gone": "Not checked"}.get(alert.details.get("closing", ""), "Resolved")


def _open_state(alert: Alert, pipeline: Pipeline, now: datetime) -> Text:
    since, dates = since_words(alert, pipeline.zone, now), _dates(alert, pipeline, now)
    state = state_words(alert, pipeline.zone, now, REASON_TEXT)
    return joined_by(" · ", [dates, (since if dates else capital(since),), state, mention_of(alert, pipeline)])


def _dates(alert: Alert, pipeline: Pipeline, now: datetime) -> Text:
    """Name the intervals for which the same fails, where they are several: a finding's title says one."""
    lead, *others = members_of(alert)
    same = (each.interval for each in others if each.key._replace(interval=lead.interval) == lead.key)
    names = sorted({each for each in (lead.interval, *same) if each is not None})
    today = now.astimezone(pipeline.zone).date()
    return (joined([interval_title(each, today) for each in names]),) if len(names) > 1 and _is_alone(alert) else ()


def _is_alone(alert: Alert) -> bool:
    return not alert.details.get("mechanism")


def _closed_state(alert: Alert, span: str) -> Text:
    repairer = mention(str(alert.details.get("repaired_by") or ""))
    return joined_by(" · ", [(span,) if span else (), text("By a repair of ", repairer) if repairer else ()])


def _closed_parts(alert: Alert) -> Iterator[Part]:
    """A closed alert is short: how it ended, where that is not plain."""
    other = str(alert.details.get("closing_title") or "")
    match alert.details.get("closing"):
        case "superseded":
            yield _labelled("Goes on in", cut(other, FIRING.impact))
        case "gone":
            yield Paragraph(("No run judges that date any more. When one last did, it was still failing.",))
        case "note":
            yield Paragraph((f"What is left is {cut(other, FIRING.impact)}: a note in the report, and no alert.",))


def _open_parts(alert: Alert, pipeline: Pipeline, now: datetime, room: _Room) -> Iterator[Part]:
    said = short_title(alert)
    if impact := _within(_new(sentences(_impact(alert)), said), room.impact):
        yield _labelled("Impact", impact)
        said = f"{said} {impact}"
    label, why = _cause(alert)
    if cause := _within(_new(why, said), room.cause):
        yield Paragraph((Strong((label,)), *naming(f"  {cause}", alert)))
        said = f"{said} {cause}"
    if room.logged:
        yield from _logged(alert.details.get("logged") or (), pipeline, now, room.logged)
    if (
        room.step
        and not repair_label(alert, pipeline)
        and (step := _within(_new(sentences(_action(alert)), said), room.step))
    ):
        yield _labelled("Next", step)


def _labelled(label: str, words: str) -> Paragraph:
    return Paragraph((Strong((label,)), f"  {words}"))


def _impact(alert: Alert) -> str:
    details, members = alert.details, members_of(alert)
    if alert.check == CANNOT_LOOK:
        unseen = once(each.title for each in members)
        told = any(title in alert.title for title in unseen)
        return "A failure of it would go unnoticed." if told else _not_checked(unseen)
    impacts = [sentence(clean(str(each))) for each in details.get("impacts") or ()]
    effect = clean(str(details.get("effect") or ""))
    return " ".join(filter(None, (effect, *impacts)))


def _not_checked(titles: Sequence[str]) -> str:
    """Name as many checks as a message has room for, each with its whole title."""
    told = (sentence(f"Not checked: {quoted(titles, names)}") for names in range(NAMES_AT_MOST, 0, -1))
    return next((each for each in told if len(each) <= NAMES_TEXT), f"Not checked: {number(len(titles), 'check')}.")


def _action(alert: Alert) -> str:
    told = clean(str((alert.details.get("action") or {}).get("text") or ""))
    if told or alert.check != CANNOT_LOOK:
        return told
    blind = "cannot be read" in alert.title
    return (
        f"Re-check once {alert.subject} can be read."
        if blind
        else "Find out why the data that this check reads is missing."
    )


def _cause(alert: Alert) -> tuple[str, Iterator[str]]:
    """Return what it is called that the message says beside the title, and its sentences."""
    details = alert.details
    if alert.check == CANNOT_LOOK:
        return "Cause", iter(sentences(clean(str(details.get("what") or ""))))
    if _is_alone(alert):
        # A finding on its own, or a record of before: nobody has looked for a cause.
        return "Found", chain(_beyond(alert, str(details.get("what") or "")), _unread(alert))
    mechanism = clean(str(details["mechanism"]))
    # What a check found is the title; what it found besides is no cause of it.
    return "Cause" if beyond(mechanism, short_title(alert)) == mechanism else "Also", _why(alert)


def _why(alert: Alert) -> Iterator[str]:
    details = alert.details
    if not details.get("found", True):
        yield "Not found."
    yield from _beyond(alert, str(details["mechanism"]))
    doubt = clean(str(details.get("doubt") or ""))
    yield from sentences(doubt)
    if "Could not check" not in doubt:
        yield from _unread(alert)


def _unread(alert: Alert) -> Iterator[str]:
    if unread := alert.details.get("unread"):
        yield sentence(f"Could not check: {shortened(unread, NAMES_AT_MOST)}")


def _beyond(alert: Alert, what: str) -> Iterator[str]:
    """Yield the sentences of a text without what the title says of them."""
    yield from sentences(beyond(clean(what), short_title(alert)))


def _new(told: Iterable[str], said: str) -> Iterator[str]:
    """Yield the sentences that the message does not say already, each once."""
    known = said.lower()
    for each in told:
        core = each.lower().rstrip(".")
        if len(core) > ALIKE // 2 and core[:ALIKE] in known:
            continue
        known = f"{known} {core}"
        yield each


def _within(told: Iterable[str], most: int) -> str:
    """Return as many whole sentences as fit; of a first one that is too long, its beginning."""
    kept = ""
    for each in told:
        longer = f"{kept} {each}" if kept else each
        if len(longer) > most:
            return kept or _beginning(each, most)
        kept = longer
    return kept


def _beginning(words: str, most: int) -> str:
    """Return the beginning of a sentence; of one that lists names, each name whole."""
    begun = cut(words, most)
    whole, comma, _ = begun.rpartition(", ")
    return f"{whole}, …" if comma and begun.endswith("…") and len(whole) > most // 2 else begun


def _logged(documents: Sequence[Mapping[str, Any]], pipeline: Pipeline, now: datetime, most: int) -> Iterator[Part]:
    """The line that the first of the services logged most often, as the log has it."""
    lines = [each for logged in documents[:1] for each in logged["lines"]]
    for line in sorted(lines, key=lambda each: -int(each["count"]))[:1]:
        at = zoned(datetime.fromisoformat(line["last"]), pipeline.zone, now)
        times = f" {line['count']:,} times, last {at}" if line["count"] > 1 else f" at {at}"
        yield Paragraph((Code(cut(line["text"], most)), times), inset=True)
