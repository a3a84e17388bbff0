"""Plans and runs in words: one fact a line, the same for the shell and for a thread. Nothing here is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.repairs.model import (
    SHELL,
    SLACK_USER,
    PlannedChange,
    Recurrence,
    RepairOutcome,
    RepairPlan,
    RepairRefusedError,
    RepairRun,
)
from checks.cells import in_words

_OUTCOMES = {
    RepairOutcome.BEGUN: "begun",
    RepairOutcome.APPLIED: "written, its effect not verified yet",
    RepairOutcome.ALREADY: "nothing to do any more",
    RepairOutcome.FAILED: "failed",
    RepairOutcome.VERIFIED: "done and verified",
    RepairOutcome.UNVERIFIED: "written, without the effect that it should have",
}


OF_SLACK = "the Slack user "
_ID = re.compile(r"[UW][A-Z0-9]+")


def named(actor: str) -> str:
    """Return an actor as people are named where nothing is asked of Slack."""
    user = actor.removeprefix(SLACK_USER)
    if user != actor or _ID.fullmatch(actor):
        return f"{OF_SLACK}{user}"
    where, _, account = actor.partition(":")
    return f"{account or 'somebody'} in a shell" if where == SHELL else actor


def difference_lines(plan: RepairPlan) -> Iterator[str]:
    """Yield a line for each change: "+" adds, "-" removes, "~" replaces."""
    for each in plan.changes:
        yield _difference(each)


def _difference(change: PlannedChange) -> str:
    if change.before and change.after:
        return f"~ {change.subject}: {change.before} → {change.after}"
    return f"+ {change.subject}: {change.after}" if change.after else f"- {change.subject}: {change.before}"


def note_lines(plan: RepairPlan, zone: ZoneInfo) -> Iterator[str]:
    """Yield what to know before confirming: that something undoes this repair, then the warnings."""
    if plan.recurrence is not None:
        yield recurrence_words(plan.recurrence, zone, plan.created_at)
    yield from plan.warnings


def recurrence_words(recurrence: Recurrence, zone: ZoneInfo, now: datetime) -> str:
    """Return the sentence that something is undoing a repair, and which deploy it is."""
    year = now.astimezone(zone).year
    repaired = f"This was repaired {in_words(recurrence.repaired_at, zone, year)} by {named(recurrence.repaired_by)}"
    if recurrence.deployed_at is None:
        return f"{repaired}, and something has undone it since; no deploy after it is known."
    by = f" by {recurrence.deployed_by}" if recurrence.deployed_by else ""
    return (
        f"{repaired}, and something is undoing it: the deploy of {recurrence.revision or 'an unknown revision'}, "
        f"{in_words(recurrence.deployed_at, zone, year)}{by}, came after. Fix that deploy, or it will come back."
    )


def plan_lines(plan: RepairPlan, zone: ZoneInfo) -> Iterator[str]:
    """Yield a whole plan: what, the exact difference, what to know, the same by hand."""
    if not plan.needed:
        yield f"{plan.title}: it is done already, nothing to do."
        return
    yield f"{plan.title}."
    yield from (f"  {line}" for line in difference_lines(plan))
    yield from (f"  Note: {line}" for line in note_lines(plan, zone))
    yield "  By hand:"
    yield from (f"    {line}" for line in plan.command.splitlines())


def run_line(run: RepairRun, zone: ZoneInfo, now: datetime) -> str:
    """Return what became of a repair: when, what, by whom, with what outcome."""
    when = in_words(run.begun_at, zone, now.astimezone(zone).year)
    taken_back = f"; taken back by {named(run.undone_by)}" if run.undone_by else ""
    detail = f": {run.detail}" if run.detail and run.outcome is not RepairOutcome.APPLIED else ""
    return f"{when}  {run.plan.title}, by {named(run.actor)}: {outcome_words(run, now)}{detail}{taken_back}"


def outcome_words(run: RepairRun, now: datetime) -> str:
    """Return the outcome of a repair in a few words."""
    if run.unfinished(now):
        return "unfinished (whoever made it died in the middle; the next plan finds out what became of it)"
    return _OUTCOMES[run.outcome]


def refusal_words(error: RepairRefusedError) -> str:
    """Return why a repair was refused, and who did what that says."""
    return f"{str(error).removesuffix('.')}, by {named(error.by)}." if error.by else str(error)


def refusal_lines(error: RepairRefusedError) -> Iterator[str]:
    """Yield why a repair was refused, what to do, and the command for whoever may."""
    yield refusal_words(error)
    if error.command:
        yield "  By hand:"
        yield from (f"    {line}" for line in error.command.splitlines())
