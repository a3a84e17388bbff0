"""What the thread of an alert hears: one reply for each transition and each click, in a sentence or two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.alerting.alerts import Reason, Transition
from bot.alerting.incident import Member, broken_since, members_of, total
from bot.alerting.recheck import RecheckResult
from bot.render.alert_list import by_repair, state_words
from bot.render.alert_title import beyond, short_title
from bot.render.mentions import mention, mention_of, naming
from bot.render.message import mark_of_severity
from bot.render.post import Body, Channel, Code, Mention, Paragraph, Post, Strong, Text, limited, text
from bot.render.slack_text import EMOJI, LINE_TEXT
from bot.render.words import capital, clean, duration, number, sentence, shortened, time_of
from bot.store.model import Alert, AlertState
from checks.pipeline import Pipeline

FINDINGS_AT_MOST = 5
"""Findings that a reply names; more are counted."""

FINDING_TEXT = 300

Said = Text | Paragraph
"""A line: a paragraph of its own, or the text of one."""


def transition_reply(transition: Transition, pipeline: Pipeline, now: datetime) -> Body:
    """Return what the thread hears of a transition. Raises ValueError for one without an alert."""
    alert, before = transition.alert, transition.before
    if alert is None or before is None:
        message = f"a transition {transition.reason} of nothing has no thread"
        raise ValueError(message)
    lines: list[Said] = list(_said(transition.reason, before, alert, now, pipeline))
    if transition.mention and (call := _called(transition.reason, alert, pipeline)):
        lines.append(call)
    return _body(lines)


def _called(reason: Reason, alert: Alert, pipeline: Pipeline) -> Text:
    """Return whom a reply calls: who has the alert, and of one that is escalated whom the pipeline file names."""
    escalation = None if pipeline.notifications is None else pipeline.notifications.alerts.escalation
    if reason is Reason.ESCALATED and escalation is not None and escalation.mention:
        return mention(escalation.mention)
    if alert.state is AlertState.ACKNOWLEDGED and alert.owner:
        return mention(alert.owner)
    return mention_of(alert, pipeline)


def _said(reason: Reason, before: Alert, alert: Alert, now: datetime, pipeline: Pipeline) -> Iterator[Said]:
    match reason:
        case Reason.REOPENED:
            yield from _back(before, alert, now, pipeline)
        case Reason.WORSENED | Reason.EASED | Reason.CHANGED:
            yield _moved(reason, before, alert)
            yield from _differences(before, alert)
        case Reason.REMINDED:
            age = _for(now - alert.opened_at)
            if alert.state is AlertState.ACKNOWLEDGED:
                yield text(
                    "⏰ ", _strong("Still open"), f"{age}. {_what(alert)} ", _strong("Release"), " gives it back."
                )
            else:
                yield text("⏰ ", _strong("Unacknowledged"), f"{age} and still open. {_what(alert)}")
        case Reason.ESCALATED:
            why = "Nobody acknowledged this" if alert.state is AlertState.FIRING else "Its owner did not react"
            yield text("📣 ", _strong("Escalated."), f" {why}{_for(now - before.notified_at)}. {_what(alert)}")
        case Reason.SNOOZE_ENDED:
            over = _strong("The snooze", _by(before), " is over")
            yield text("⏰ ", over, f", and this is still open. {_what(alert)}")
        case Reason.RESOLVED:
            at = f" at {time_of(now, pipeline.zone, now)}"
            lasted = f"{_lasted(alert, now)}.{_remainder(alert)}"
            yield text("✅ ", _strong(f"Resolved{at}"), by_repair(alert), lasted)
        case Reason.SUPERSEDED:
            yield (_handed_over(alert),)


def _back(before: Alert, alert: Alert, now: datetime, pipeline: Pipeline) -> Iterator[Text]:
    quiet = "" if before.resolved_at is None else duration(now - before.resolved_at)
    after = f", {quiet} after it was resolved" if quiet else ""
    yield text(
        "🔁 ",
        _strong(f"Back at {time_of(now, pipeline.zone, now)}"),
        *naming(f"{after}: {_what(alert)}{_why(alert)}", alert),
    )
    if alert.state is AlertState.SNOOZED:
        yield ("It is still snoozed, so nobody is called.",)


def _why(alert: Alert) -> str:
    """The first sentence of the mechanism, where it says more than the title."""
    why = beyond(clean(str(alert.details.get("mechanism") or "")), short_title(alert)).partition(". ")[0]
    return f" {limited(sentence(why), FINDING_TEXT)}" if why else ""


def _moved(reason: Reason, before: Alert, alert: Alert) -> Text:
    if reason is Reason.CHANGED:
        return text("🔄 ", _strong("It looks different now."), f" {_what(alert)}")
    is_worse = reason is Reason.WORSENED
    arrow = "⬆️" if is_worse else "⬇️"
    if alert.severity == before.severity:
        counted = f"{number(_extent(alert), 'finding')} now, {_extent(before):,} before."
        return text(f"{arrow} ", _strong("It spreads:" if is_worse else "It shrinks:"), f" {counted}")
    moved = f"{'Worse' if is_worse else 'Milder'}: {before.severity.name} → {alert.severity.name}."
    return text(f"{arrow} ", _strong(moved), f" {_what(alert)}")


def _extent(alert: Alert) -> int:
    """How many findings an alert takes together."""
    return total(members_of(alert)) + int(alert.details.get("more") or 0)


def _for(span: timedelta) -> str:
    age = duration(span)
    return f" for {age}" if age else ""


def _lasted(alert: Alert, now: datetime) -> str:
    """Say after how long: of the fault itself where its beginning is known, and since it was first seen."""
    seen, began = duration(now - alert.opened_at), broken_since(alert)
    broken = "" if began is None else duration(now - began)
    return f"{f', {seen} after it was first seen' if seen else ''}{f' (broken for {broken})' if broken else ''}"


def _what(alert: Alert) -> str:
    return limited(sentence(short_title(alert)), LINE_TEXT)


def _strong(*said: str | Text) -> Strong:
    return Strong(text(*said))


def _by(alert: Alert) -> Text:
    who = mention(alert.owner or "")
    return (" of ", *who) if who else ()


def _remainder(alert: Alert) -> str:
    if alert.details.get("closing") != "note":
        return ""
    return f" What is left is {limited(str(alert.details.get('closing_title', 'a note')), 100)}: a note in the report."


def _handed_over(alert: Alert) -> str:
    if alert.details.get("closing") == "gone":
        return "⌛ No run checks this date any more, so this thread ends. When one last did, it was still failing."
    other = limited(str(alert.details.get("closing_title") or "another alert"), LINE_TEXT)
    return f"↪️ This turned out to be a part of another incident, and goes on in its thread: {other}"


def _differences(before: Alert, alert: Alert) -> Iterator[Said]:
    """Name what came and what went."""
    old, new = members_of(before), members_of(alert)
    # Of a crowd, which ones are named says nothing of the others.
    crowds = {each.kind for each in (*old, *new) if each.count > 1}
    before_keys, after_keys = {each.key for each in old}, {each.key for each in new}
    came = [each for each in new if each.key not in before_keys and (each.count > 1 or each.kind not in crowds)]
    went = [each for each in old if each.key not in after_keys and (each.count > 1 or each.kind not in crowds)]
    yield from _listed("New", came)
    yield from _listed("No longer", went)
    unread = alert.details.get("unread") or ()
    if unread and unread != before.details.get("unread"):
        yield (sentence(f"Could not check: {limited(shortened(unread, FINDINGS_AT_MOST), FINDING_TEXT)}"),)


def _listed(word: str, members: Sequence[Member]) -> Iterator[Said]:
    if members:
        yield (_strong(f"{word}:"),)
    for each in members[:FINDINGS_AT_MOST]:
        emoji = EMOJI[mark_of_severity(each.severity)]
        yield Paragraph((f"{emoji} {limited(each.summary, FINDING_TEXT)}  ", Code(each.check)), inset=True)
    if len(members) > FINDINGS_AT_MOST:
        yield Paragraph((f"and {len(members) - FINDINGS_AT_MOST} more",), inset=True)


def click_reply(alert: Alert, action: str, actor: str, pipeline: Pipeline) -> Body:
    """Return what the thread hears of a click."""
    zone, call = pipeline.zone, mention_of(alert, pipeline)
    who = mention(actor) or ("Somebody",)
    match action:
        case "acknowledged":
            at = time_of(alert.changed_at, zone, alert.changed_at)
            return _body([("👀 ", *who, f" acknowledged at {at}. It resolves by itself when the checks pass.")])
        case "snoozed":
            return _body([("💤 ", *_ended(_capital(state_words(alert, zone, alert.changed_at))))])
        case "taken-over":
            at = time_of(alert.changed_at, zone, alert.changed_at)
            return _body([("👀 ", *who, f" took this over at {at}.")])
        case "released":
            return _body([text("🙋 ", *who, " released this: nobody has it now.", call and (" ", *call))])
        case "unsnoozed":
            again = (
                (" ", *mention(alert.owner or ""), " has this again.") if alert.state is AlertState.ACKNOWLEDGED else ()
            )
            return _body([text("⏰ ", *who, " ended the snooze.", *again)])
        case _:
            return _body([(*who, sentence(f": {limited(action, 100)}"))])


def _capital(said: Text) -> Text:
    first, *rest = said
    return (capital(first) if isinstance(first, str) else first, *rest)


def _ended(said: Text) -> Text:
    """Return a text with its stop, which a reason may have of its own."""
    last = said[-1]
    return (*said[:-1], sentence(last)) if isinstance(last, str) else (*said, ".")


def look_reply(
    alert: Alert, transition: Transition | None, actor: str, now: datetime, zone: ZoneInfo, look: RecheckResult
) -> Body:
    """Return what came of a re-check: what still fails before what could not be checked; a transition has said what
    changed in a reply of its own."""
    at = f" checked again at {time_of(now, zone, now)}"
    who = ("🔎 ", *(mention(actor) or ("Somebody",)), at)
    if transition is not None and transition.speaks:
        return _body([text(who, "; what changed is above."), *still_lines(look)])
    if alert.state is AlertState.RESOLVED:
        return _body([text(who, ": it is still resolved.")])
    if look.failing:
        return _body([text(who, f": {still_failing(look)}. {_what(alert)}"), *still_lines(look)])
    if look.blind:
        still = f": nothing that could be checked fails, so this stays open. {_what(alert)}"
        return _body([text(who, still), *_blind(look)])
    return _body([text(who, f": nothing has changed. {_what(alert)}")])


def still_failing(look: RecheckResult) -> str:
    """Return ``3 findings still fail``."""
    count = total(look.failing)
    return f"{number(count, 'finding')} still {'fails' if count == 1 else 'fail'}"


def still_lines(look: RecheckResult) -> Iterator[Said]:
    """Name what still fails, and then what could not be checked."""
    yield from _listed("Still failing", look.failing)
    yield from _blind(look)


def _blind(look: RecheckResult) -> Iterator[Text]:
    if look.blind:
        yield (sentence(f"Could not check: {limited(shortened(look.blind, FINDINGS_AT_MOST), FINDING_TEXT)}"),)


def pointer(alert: Alert, pipeline: Pipeline, escalated_to: str = "") -> Body:
    """Return the word to another channel that an alert has become its business, or that it is escalated to somebody."""
    emoji = EMOJI[mark_of_severity(alert.severity)]
    call = mention(escalated_to) or mention_of(alert, pipeline)
    is_escalated = alert.escalated_at == alert.notified_at
    now = _strong(f"{'Escalated' if is_escalated else 'Now'} {alert.severity.name}:")
    said = text(f"{emoji} ", now, f" {_what(alert)} Its thread is in ", Channel(alert.channel), ".")
    return _body([said, *([call] if call else [])])


def _body(lines: Sequence[Said]) -> Body:
    """Return the lines as a message; notifications get the first one, and who is called."""
    paragraphs = tuple(each if isinstance(each, Paragraph) else Paragraph(each) for each in lines)
    first, last = paragraphs[0].text, paragraphs[-1].text
    is_call = len(lines) > 1 and isinstance(last[0], Mention)
    return Post(text(first, " ", last) if is_call else first, paragraphs).document
