"""What a repair changes, in the words that its form and its thread share. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.alike import commands_together, together
from bot.render.mentions import mention
from bot.render.post import Code, Text, joined_by, limited, text
from bot.render.words import number, zoned
from bot.repairs.model import SLACK_USER, PlannedChange, Recurrence, RepairPlan, RepairRefusedError
from bot.repairs.words import named

TEXT = 500
CHANGES_SHOWN = 12


def actor_of(user: str) -> str:
    """Return a Slack user as the records name them."""
    return f"{SLACK_USER}{user}"


def who(actor: str) -> Text:
    """Return an actor: a user as a mention, anybody else by name."""
    return mention(actor.removeprefix(SLACK_USER)) or (limited(named(actor), TEXT),)


def why_not(refusals: Sequence[RepairRefusedError]) -> Text:
    """Return why repairs are refused that differ in a name alone, with who did what that says."""
    said = limited(" ".join(together(map(str, refusals))), TEXT)
    by = refusals[0].by
    return text(said.removesuffix("."), ", by ", *who(by), ".") if by else (said,)


def blamed(refusal: RepairRefusedError) -> str:
    """Return whom a refusal names: those of one person are said together."""
    return refusal.by


def title_of(plan: RepairPlan) -> str:
    """Return what a plan is called."""
    return plan.title


def difference(plan: RepairPlan) -> object:
    """Return what plans share that are shown together: the changes, where the title says what is changed."""
    is_said = all(each.subject in plan.title for each in plan.changes) and len(plan.changes) <= CHANGES_SHOWN
    return is_said or plan.id, [(each.before, each.after) for each in plan.changes]


def commands_of(made: Iterable[RepairPlan | RepairRefusedError]) -> Text:
    """Return the same for a shell."""
    commands = commands_together(each.command for each in made if each.command)
    return joined_by("\n", [(code(each),) for each in commands])


def warned(warnings: Iterable[str]) -> Iterator[Text]:
    """Yield warnings, a line for each."""
    yield from ((f"⚠️ {limited(each, TEXT)}",) for each in warnings)


def changes(plan: RepairPlan, *, under_title: bool = False, lead: str = "• ") -> Iterator[Text]:
    """Yield what a plan changes; what its title says is not said again below it."""
    for change in plan.changes[:CHANGES_SHOWN]:
        said = under_title and change.subject in plan.title
        yield (f"{lead}{change_words(change, subject='' if said else change.subject)}",)
    if len(plan.changes) > CHANGES_SHOWN:
        yield (f"… and {number(len(plan.changes) - CHANGES_SHOWN, 'more change')}",)


def change_words(change: PlannedChange, subject: str) -> str:
    """Return one change of a ``subject``, which may be said already."""
    about = f"{limited(subject, TEXT)}: " if subject else ""
    before, after = limited(change.before, TEXT), limited(change.after, TEXT)
    if not change.before:
        return f"{about}{after} is added"
    return f"{about}{before} → {after}" if change.after else f"{about}{before} is removed"


def recurring(plans: Iterable[RepairPlan], zone: ZoneInfo) -> Iterator[Text]:
    """Yield what undoes repairs, once for those that one deed made and one deploy undid."""
    found: dict[Text, list[str]] = {}
    for plan in plans:
        if (last := plan.recurrence) is not None:
            at = zoned(last.repaired_at, zone, plan.created_at)
            before: Text = (f"⚠️ This was already repaired on {at} by ", *who(last.repaired_by))
            found.setdefault(before, []).append(_undone(last, zone, plan.created_at))
    for lead, undone in found.items():
        told = together(undone)
        yield (*lead, f". {' '.join(told)}" if told else ": something undoes it.")


def _undone(last: Recurrence, zone: ZoneInfo, now: datetime) -> str:
    if not last.revision:
        return ""
    at = f" of {zoned(last.deployed_at, zone, now)}" if last.deployed_at is not None else ""
    by = f", deployed by {limited(last.deployed_by, TEXT)}," if last.deployed_by else ""
    return f"Revision {limited(last.revision, TEXT)}{at}{by} came after it: fix that deploy as well."


def code(command: str) -> Code:
    """Return a command to copy."""
    return Code(command, block=True)
