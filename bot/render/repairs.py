"""Repairs in Slack: the form that asks for confirmation, and what the thread of the alert hears. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.alerting.recheck import RecheckResult
from bot.render.alert_replies import Said, still_failing, still_lines
from bot.render.limits import SECTION_TEXT
from bot.render.pages import Block
from bot.render.post import Actions, Body, Button, Code, Mention, Paragraph, Post, Span, Strong, Text, limited, text
from bot.render.slack_text import markup
from bot.render.words import moment, number
from bot.repairs.kinds import KINDS
from bot.repairs.model import (
    SLACK_USER,
    PlannedChange,
    Recurrence,
    RepairOutcome,
    RepairPlan,
    RepairRefusedError,
    RepairRun,
)

TEXT = 500
CHANGES_SHOWN = 12

UNDO = Button(text="Undo…", action="repair:undo")

_SERVICE_ACCOUNT = re.compile(r"\bserviceAccount:([\w.-]+)@[\w.-]*\bgserviceaccount\.com\b")
"""Its domain says nothing to who has read the whole name in the plan."""

Made = tuple[RepairRun | RepairRefusedError, ...]


def actor_of(user: str) -> str:
    """Return a Slack user as the records name them."""
    return f"{SLACK_USER}{user}"


def who(actor: str) -> Span:
    """Return an actor: a user as a mention, anybody else by name."""
    user = actor.removeprefix(SLACK_USER)
    return Mention(user) if actor.startswith(SLACK_USER) else limited(actor, TEXT)


def plan_blocks(plans: Sequence[RepairPlan | RepairRefusedError], zone: ZoneInfo) -> list[Block]:
    """Return what the form shows: every difference, what it costs to know, and what cannot be done."""
    needed = [each for each in plans if isinstance(each, RepairPlan) and each.needed]
    # What holds for all of several repairs is said once, at the end.
    shared = (
        [each for each in needed[0].warnings if all(each in plan.warnings for plan in needed)] if needed[1:] else []
    )
    blocks = [_section(list(_planned(each, shared, zone))) for each in plans]
    return [*blocks, *([_section(list(_warned(shared)))] if shared else [])]


def _planned(plan: RepairPlan | RepairRefusedError, said: Sequence[str], zone: ZoneInfo) -> Iterator[Text]:
    if isinstance(plan, RepairRefusedError):
        yield (f"⛔ {limited(str(plan), TEXT)}",)
        if plan.command:
            yield (_code(plan.command),)
        return
    yield (Strong((limited(plan.title, TEXT),)),)
    if not plan.needed:
        yield ("Nothing to do: this is as it should be already.",)
        return
    yield from _changes(plan, under_title=True)
    if plan.recurrence is not None:
        yield ("⚠️ ", *_recurring(plan.recurrence, zone, plan.created_at))
    yield from _warned(each for each in plan.warnings if each not in said)
    yield ("The same in a shell: ", _code(plan.command))


def _warned(warnings: Iterable[str]) -> Iterator[Text]:
    yield from ((f"⚠️ {limited(each, TEXT)}",) for each in warnings)


def _changes(plan: RepairPlan, *, under_title: bool = False) -> Iterator[Text]:
    for each in plan.changes[:CHANGES_SHOWN]:
        said = under_title and each.subject in plan.title
        yield (f"• {_change(each, subject='' if said else each.subject)}",)
    if len(plan.changes) > CHANGES_SHOWN:
        yield (f"… and {number(len(plan.changes) - CHANGES_SHOWN, 'more change')}",)


def _change(change: PlannedChange, subject: str) -> str:
    about = f"{limited(subject, TEXT)}: " if subject else ""
    before, after = limited(change.before, TEXT), limited(change.after, TEXT)
    if not change.before:
        return f"{about}{after} is added"
    return f"{about}{before} → {after}" if change.after else f"{about}{before} is removed"


def _recurring(recurrence: Recurrence, zone: ZoneInfo, now: datetime) -> Text:
    before = f"This was repaired already at {_at(recurrence.repaired_at, zone, now)} by "
    undone = (before, who(recurrence.repaired_by))
    if not recurrence.revision:
        return (*undone, ": something undoes it.")
    at = f" of {_at(recurrence.deployed_at, zone, now)}" if recurrence.deployed_at is not None else ""
    by = f", deployed by {limited(recurrence.deployed_by, TEXT)}," if recurrence.deployed_by else ""
    revision = f". Revision {limited(recurrence.revision, TEXT)}{at}{by}"
    return (*undone, f"{revision} came after it: fix that deploy as well.")


def begun_reply(plans: Sequence[RepairPlan], actor: str, zone: ZoneInfo) -> Body:
    """Return what the thread hears before anything is written: who, and the exact difference."""
    undone = [plan for plan in plans if plan.undoes]
    verb = f"takes {'repairs' if undone[1:] else 'a repair'} back" if undone else "repairs"
    begun = ("🔧 ", who(actor), f" {verb}:")
    lines: list[Text] = [begun]
    for plan in plans:
        lines += _changes(plan)
        if plan.recurrence is not None:
            lines.append(("⚠️ ", *_recurring(plan.recurrence, zone, plan.created_at)))
    return replace(_post(lines), notice=(*begun, f" {_titles(plans)}")).document


def _titles(plans: Sequence[RepairPlan]) -> str:
    """Return the first title, and how many more there are: what a notification has room for."""
    more = f" and {len(plans) - 1} more" if plans[1:] else ""
    return limited(plans[0].title, TEXT) + more


def later_block(count: int) -> Block:
    """Return the word on repairs that one form does not hold."""
    return _section([(f"… and {number(count, 'more repair')}: they can be made after these.",)])


def made_reply(made: Made, alert_key: str) -> Body:
    """Return what the thread hears once it is written, or why not. What can be taken back has a button for it."""
    lines: list[Said] = [
        *_under_headings((_made(each), each.plan.title) for each in made if isinstance(each, RepairRun))
    ]
    lines += (_not_done(each) for each in made if isinstance(each, RepairRefusedError))
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


def _not_done(error: RepairRefusedError) -> Text:
    command = ("\n", _code(error.command)) if error.command else ()
    return ("⛔ ", Strong(("Not done:",)), f" {limited(str(error), TEXT)}", *command)


def verified_reply(runs: Sequence[RepairRun], zone: ZoneInfo) -> Body:
    """Return what the thread hears once the effect of repairs that were confirmed together is known."""
    # Runs of one click come in no order of their own.
    return _post(list(_under_headings(_verified(run, zone) for run in sorted(runs, key=lambda run: run.key)))).document


def still_open_reply(now: datetime, zone: ZoneInfo, look: RecheckResult) -> Body:
    """Return what the thread hears when a look after the repair has changed nothing: what still fails comes first."""
    at = f"🔎 After the repair I checked again at {moment(now, zone, now)} {now.astimezone(zone):%Z}"
    if look.failing:
        return _post([(f"{at}: {still_failing(look)}, so this stays open.",), *still_lines(look)]).document
    if look.blind:
        still = (f"{at}: nothing that could be checked fails, so this stays open.",)
        return _post([still, *still_lines(look)]).document
    return _post([(f"{at}: this stays open, for what its message says.",)]).document


def _verified(run: RepairRun, zone: ZoneInfo) -> tuple[Text, str]:
    """Return a heading, and what stands under it."""
    at = f" at {_at(run.verified_at, zone, run.verified_at)}" if run.verified_at is not None else ""
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
    """Yield every heading once, in the order of the first, with its lines; one that is alone stands beside it."""
    found: dict[Text, list[str]] = {}
    for heading, line in lines:
        found.setdefault(heading, []).append(limited(line, TEXT))
    for heading, under in found.items():
        if len(under) == 1:
            yield (*heading, f" {under[0]}")
        else:
            yield heading
            yield from ((f"• {line}",) for line in under)


def _at(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    return f"{moment(instant, zone, now)} {instant.astimezone(zone):%Z}"


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


def _section(lines: Sequence[Text]) -> Block:
    """Expanded, or Slack would fold a longer one, and with it what is changed."""
    words = {"type": "mrkdwn", "text": "\n".join(_within([markup(each) for each in lines])), "verbatim": True}
    return {"type": "section", "text": words, "expand": True}


def _within(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines that a section holds; those that it does not are counted."""
    room = SECTION_TEXT - len("\n… and 99 more lines")
    for count, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            yield f"… and {number(len(lines) - count, 'more line')}"
            return
        yield line


def _code(command: str) -> Code:
    return Code(command, block=True)
