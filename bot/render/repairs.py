"""Repairs in Slack: what the thread of the alert hears. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.alerting.recheck import RecheckResult
from bot.alike import grouped, together
from bot.render.alert_replies import Said, still_failing, still_lines
from bot.render.post import Actions, Body, Button, Paragraph, Post, Strong, Text, limited, text
from bot.render.repair_changes import (
    TEXT,
    blamed,
    change_words,
    changes,
    commands_of,
    difference,
    recurring,
    title_of,
    who,
    why_not,
)
from bot.render.words import time_of
from bot.repairs.kinds import KINDS
from bot.repairs.model import RepairOutcome, RepairPlan, RepairRefusedError, RepairRun

UNDO = Button(text="Undo…", action="repair:undo")

_SERVICE_ACCOUNT = re.compile(r"\bserviceAccount:([\w.-]+)@[\w.-]*\bgserviceaccount\.com\b")
"""Its domain says nothing to who has read the whole name in the plan."""

Made = tuple[RepairRun | RepairRefusedError, ...]


def begun_reply(plans: Sequence[RepairPlan], actor: str, zone: ZoneInfo) -> Body:
    """Return what the thread hears before anything is written: who, and the exact difference."""
    undone = [plan for plan in plans if plan.undoes]
    verb = f"takes {'repairs' if undone[1:] else 'a repair'} back" if undone else "repairs"
    begun = ("🔧 ", *who(actor), f" {verb}:")
    lines: list[Said] = [begun]
    for group in grouped(plans, title_of, difference):
        lines += _changed(group)
    lines += recurring(plans, zone)
    return replace(_post(lines), notice=(*begun, f" {_titles(plans)}")).document


def _changed(plans: Sequence[RepairPlan]) -> Iterator[Text]:
    """Yield the exact difference: of several places that get the same, the difference once and each place below it."""
    first, *others = plans
    if not others:
        yield from changes(first)
        return
    for at, change in enumerate(first.changes):
        where = " to" if not change.before else "" if change.after else " from"
        yield (f"{change_words(change, '')}{where}:",)
        yield from ((f"• {limited(plan.changes[at].subject, TEXT)}",) for plan in plans)


def _titles(plans: Sequence[RepairPlan]) -> str:
    """Return the first title, and how many more there are: what a notification has room for."""
    more = f" and {len(plans) - 1} more" if plans[1:] else ""
    return limited(plans[0].title, TEXT) + more


def made_reply(made: Made, alert_key: str) -> Body:
    """Return what the thread hears once it is written, or why not. What can be taken back has a button for it."""
    lines: list[Said] = [
        *_under_headings((_made(each), each.plan.title) for each in made if isinstance(each, RepairRun))
    ]
    refusals = [each for each in made if isinstance(each, RepairRefusedError)]
    lines += (_not_done(each) for each in grouped(refusals, str, blamed))
    applied = [each for each in made if isinstance(each, RepairRun) and each.outcome is RepairOutcome.APPLIED]
    if any(run.plan.undoes for run in applied):
        lines.append(("I check whether everything is as it was before, and say so here.",))
    elif notes := dict.fromkeys(note for run in applied if (note := _note(run))):
        lines.append((" ".join((*notes, "I check until then, and say so here.")),))
    elif applied:
        lines.append(("I check whether it has its effect, and say so here.",))
    post = _post(lines)
    undoable = [run for run in applied if run.plan.former is not None and run.plan.undoes is None]
    if undoable:
        value = {"key": alert_key, "runs": [run.id for run in undoable]}
        return replace(post, parts=(*post.parts, Actions((UNDO,), value))).document
    return post.document


def _note(run: RepairRun) -> str:
    return next((kind.note for kind in KINDS if kind.name == run.key.kind), "")


def _made(run: RepairRun) -> Text:
    match run.outcome:
        case RepairOutcome.APPLIED:
            mark, words = "✍️ ", "Done"
        case RepairOutcome.ALREADY:
            mark, words = "✅ ", "Somebody else had done it already"
        case _:
            mark, words = "⛔ ", "It did not stay"
    detail = limited(run.detail, TEXT)
    record = "" if run.recorded else "The record of its end could not be stored."
    rest = "".join(f". {each.removesuffix('.')}" for each in (detail, record) if each)
    return (mark, Strong((words,)), f"{rest}:")


def _not_done(refusals: Sequence[RepairRefusedError]) -> Text:
    commands = commands_of(refusals)
    return ("⛔ ", Strong(("Not done:",)), " ", *why_not(refusals), *(("\n", *commands) if commands else ()))


def verified_reply(runs: Sequence[RepairRun], zone: ZoneInfo) -> Body:
    """Return what the thread hears once the effect of repairs that were confirmed together is known."""
    # Runs of one click come in no order of their own.
    return _post(list(_under_headings(_verified(run, zone) for run in sorted(runs, key=lambda run: run.key)))).document


def still_open_reply(now: datetime, zone: ZoneInfo, look: RecheckResult) -> Body:
    """Return what the thread hears when a look after the repair has changed nothing: what still fails comes first."""
    at = f"🔎 After the repair I checked again at {time_of(now, zone, now)}"
    if look.failing:
        return _post([(f"{at}: {still_failing(look)}, so this stays open.",), *still_lines(look)]).document
    if look.blind:
        still = (f"{at}: nothing that could be checked fails, so this stays open.",)
        return _post([still, *still_lines(look)]).document
    return _post([(f"{at}: this stays open, for what its message says.",)]).document


def _verified(run: RepairRun, zone: ZoneInfo) -> tuple[Text, str]:
    """Return a heading, and what stands under it."""
    at = f" at {time_of(run.verified_at, zone, run.verified_at)}" if run.verified_at is not None else ""
    if run.outcome is RepairOutcome.FAILED:
        return ("⛔ ", Strong(("Not done",)), ":"), f"{run.plan.title}. {run.detail} Press *Repair…* again."
    if run.outcome is not RepairOutcome.VERIFIED:
        words = "was taken back, which does not show" if run.plan.undoes else "was written, and the check still fails"
        return ("⚠️ ", Strong(("Without effect",)), f"{at}. It {words}:"), f"{run.plan.title}. {run.detail}"
    if run.plan.undoes:
        back = f"{at}. {limited(run.detail, TEXT).removesuffix('.')}:"
        return ("✅ ", Strong(("Taken back",)), back), run.plan.title
    return ("✅ ", Strong(("Verified",)), f"{at}:"), _SERVICE_ACCOUNT.sub(r"\1", run.detail)


def _under_headings(lines: Iterable[tuple[Text, str]]) -> Iterator[Text]:
    """Yield every heading once, in the order of the first, with its lines, those that differ in a name as one. One that
    is alone stands beside its heading."""
    found: dict[Text, list[str]] = {}
    for heading, line in lines:
        found.setdefault(heading, []).append(limited(line, TEXT))
    for heading, under in found.items():
        one, *others = together(under) or [""]
        if not others:
            yield (*heading, f" {one}")
        else:
            yield heading
            yield from ((f"• {line}",) for line in (one, *others))


def _post(lines: Sequence[Said]) -> Post:
    """Return the lines as a message. A notification shows one: with a heading goes what stands first under it."""
    paragraphs = tuple(each if isinstance(each, Paragraph) else Paragraph(each) for each in lines)
    first, *others = (each.text for each in paragraphs)
    is_heading = str(first[-1]).endswith(":") and others
    notice = text(first, " ", _unlisted(others[0])) if is_heading else first
    return Post(_first_line(notice), paragraphs)


def _unlisted(line: Text) -> Text:
    first, *rest = line
    return (first.removeprefix("• ") if isinstance(first, str) else first, *rest)


def _first_line(said: Text) -> Text:
    end = next((at for at, span in enumerate(said) if span == "\n"), len(said))
    return said[:end]
