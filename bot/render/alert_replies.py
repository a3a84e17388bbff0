"""What the thread of an alert hears: one reply for each transition and each click, in a sentence or two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.alerting.alerts import Reason, Transition
from bot.alerting.incident import Member, members_of, total
from bot.alerting.recheck import RecheckResult
from bot.render.alert_list import broken_since, state_words
from bot.render.alert_title import short_title
from bot.render.limits import SECTION_TEXT
from bot.render.mentions import mention, mention_of
from bot.render.message import mark_of_severity
from bot.render.pages import Block
from bot.render.slack_text import CODE_TEXT, EMOJI, LINE_TEXT, code, fitted
from bot.render.words import capital, duration, moment, number, sentence, shortened
from bot.store.model import Alert, AlertState
from checks.pipeline import Pipeline

FINDINGS_AT_MOST = 5
"""Findings that a reply names; more are counted."""

FINDING_TEXT = 300

Body = dict[str, Any]


def transition_reply(transition: Transition, pipeline: Pipeline, now: datetime) -> Body:
    """Return what the thread hears of a transition. Raises ValueError for one without an alert."""
    alert, before = transition.alert, transition.before
    if alert is None or before is None:
        message = f"a transition {transition.reason} of nothing has no thread"
        raise ValueError(message)
    lines = list(_said(transition.reason, before, alert, now))
    if transition.mention and (call := mention_of(alert, pipeline)):
        lines.append(call)
    return _body(lines)


def _said(reason: Reason, before: Alert, alert: Alert, now: datetime) -> Iterator[str]:
    match reason:
        case Reason.REOPENED:
            yield from _back(before, alert, now)
        case Reason.WORSENED | Reason.EASED | Reason.CHANGED:
            yield _moved(reason, before, alert)
            yield from _differences(before, alert)
        case Reason.REMINDED:
            yield f"⏰ *Unacknowledged*{_for(now - alert.opened_at)} and still open. {_what(alert)}"
        case Reason.SNOOZE_ENDED:
            yield f"⏰ *The snooze{_by(before)} is over*, and this is still open. {_what(alert)}"
        case Reason.RESOLVED:
            yield f"✅ *Resolved*{by_repair(alert)}{_lasted(alert, now)}.{_remainder(alert)}"
        case Reason.SUPERSEDED:
            yield _handed_over(alert)


def _back(before: Alert, alert: Alert, now: datetime) -> Iterator[str]:
    quiet = "" if before.resolved_at is None else _after(now - before.resolved_at)
    yield f"🔁 *It is back*{quiet}: {_what(alert)}"
    if alert.state is AlertState.SNOOZED:
        yield "It is still snoozed, so nobody is called."


def _moved(reason: Reason, before: Alert, alert: Alert) -> str:
    if reason is Reason.CHANGED:
        return f"🔄 *It looks different now.* {_what(alert)}"
    is_worse = reason is Reason.WORSENED
    if alert.severity == before.severity:
        counted = f"{number(_extent(alert), 'finding')} now, {_extent(before):,} before."
        return f"⬆️ *It spreads:* {counted}" if is_worse else f"⬇️ *It shrinks:* {counted}"
    word = "⬆️ *Worse" if is_worse else "⬇️ *Milder"
    return f"{word}: {before.severity.name} → {alert.severity.name}.* {_what(alert)}"


def _extent(alert: Alert) -> int:
    """How many findings an alert takes together."""
    return total(members_of(alert)) + int(alert.details.get("more") or 0)


def _for(span: timedelta) -> str:
    age = duration(span)
    return f" for {age}" if age else ""


def _after(span: timedelta) -> str:
    age = duration(span)
    return f" after {age}" if age else ""


def _lasted(alert: Alert, now: datetime) -> str:
    """Say after how long: of the fault itself where its beginning is known, and since it was first seen."""
    began = broken_since(alert)
    if began is None:
        return _after(now - alert.opened_at)
    seen = duration(now - alert.opened_at)
    return f"{_after(now - began)}{f', {seen} after it was first seen' if seen else ''}"


def _what(alert: Alert) -> str:
    return fitted(sentence(short_title(alert)), LINE_TEXT)


def _by(alert: Alert) -> str:
    who = mention(alert.owner or "")
    return f" of {who}" if who else ""


def by_repair(alert: Alert) -> str:
    """Say whose repair resolved an alert, where one did."""
    who = mention(str(alert.details.get("repaired_by") or ""))
    return f" by a repair of {who}" if who else ""


def _remainder(alert: Alert) -> str:
    if alert.details.get("closing") != "note":
        return ""
    return f" What is left is {fitted(str(alert.details.get('closing_title', 'a note')), 100)}: a note in the report."


def _handed_over(alert: Alert) -> str:
    if alert.details.get("closing") == "gone":
        return "⌛ No run checks this date any more, so this thread ends. When one last did, it was still failing."
    other = fitted(str(alert.details.get("closing_title") or "another alert"), LINE_TEXT)
    return f"↪️ This turned out to be a part of another incident, and goes on in its thread: {other}"


def _differences(before: Alert, alert: Alert) -> Iterator[str]:
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
        yield f"Could not check: {fitted(shortened(unread, FINDINGS_AT_MOST), FINDING_TEXT)}."


def _listed(word: str, members: Sequence[Member]) -> Iterator[str]:
    if members:
        yield f"*{word}:*"
    for each in members[:FINDINGS_AT_MOST]:
        emoji = EMOJI[mark_of_severity(each.severity)]
        yield f"> {emoji} {fitted(each.summary, FINDING_TEXT)}  {code(each.check, CODE_TEXT)}"
    if len(members) > FINDINGS_AT_MOST:
        yield f"> and {len(members) - FINDINGS_AT_MOST} more"


def click_reply(alert: Alert, action: str, actor: str, zone: ZoneInfo) -> Body:
    """Return what the thread hears of a click."""
    who = mention(actor) or "Somebody"
    match action:
        case "acknowledged":
            return _body([f"👀 {who} acknowledged this. Nobody is reminded any more; it still closes by itself."])
        case "snoozed":
            said = state_words(alert, zone, alert.changed_at)
            return _body([f"💤 {capital(said)}."])
        case "unsnoozed":
            return _body([f"⏰ {who} has ended the snooze."])
        case _:
            return _body([f"{who}: {fitted(action, 100)}."])


def look_reply(
    alert: Alert, transition: Transition | None, actor: str, now: datetime, zone: ZoneInfo, look: RecheckResult
) -> Body:
    """Return what came of a re-check: what still fails before what could not be checked; a transition has said what
    changed in a reply of its own."""
    who = f"🔎 {mention(actor) or 'Somebody'} checked again at {moment(now, zone, now)} {now.astimezone(zone):%Z}"
    if transition is not None and transition.speaks:
        return _body([f"{who}; what changed is above.", *still_lines(look)])
    if alert.state is AlertState.RESOLVED:
        return _body([f"{who}: it is still resolved."])
    if look.failing:
        return _body([f"{who}: {still_failing(look)}. {_what(alert)}", *still_lines(look)])
    if look.blind:
        return _body([f"{who}: nothing that could be checked fails, so this stays open. {_what(alert)}", *_blind(look)])
    return _body([f"{who}: nothing has changed. {_what(alert)}"])


def still_failing(look: RecheckResult) -> str:
    """Return ``3 findings still fail``."""
    count = total(look.failing)
    return f"{number(count, 'finding')} still {'fails' if count == 1 else 'fail'}"


def still_lines(look: RecheckResult) -> Iterator[str]:
    """Name what still fails, and then what could not be checked."""
    yield from _listed("Still failing", look.failing)
    yield from _blind(look)


def _blind(look: RecheckResult) -> Iterator[str]:
    if look.blind:
        yield f"Could not check: {fitted(shortened(look.blind, FINDINGS_AT_MOST), FINDING_TEXT)}."


def pointer(alert: Alert, pipeline: Pipeline) -> Body:
    """Return the word to another channel that an alert has become its business."""
    emoji = EMOJI[mark_of_severity(alert.severity)]
    call = mention_of(alert, pipeline)
    said = f"{emoji} *Now {alert.severity.name}:* {_what(alert)} Its thread is in <#{alert.channel}>."
    return _body([said, *([call] if call else [])])


def _body(lines: Sequence[str]) -> Body:
    """Return the lines in as many sections as they need; notifications get the first line, and who is called."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + 1 + len(line) <= SECTION_TEXT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    first, last = lines[0], lines[-1]
    is_call = len(lines) > 1 and last.startswith(("<@", "<!subteam^"))
    return {"text": f"{first} {last}" if is_call else first, "blocks": [_section(text) for text in texts]}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}, "expand": True}
