"""The form of a repair, which asks for confirmation: each difference, what it costs to know, what cannot be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from bot.alike import alike, grouped, together
from bot.render.limits import SECTION_TEXT
from bot.render.pages import Block
from bot.render.post import Strong, Text, limited, text
from bot.render.repair_changes import (
    TEXT,
    blamed,
    changes,
    commands_of,
    difference,
    recurring,
    title_of,
    warned,
    why_not,
)
from bot.render.slack_text import markup
from bot.render.words import number, once
from bot.repairs.model import RepairPlan, RepairRefusedError


def plan_blocks(plans: Sequence[RepairPlan | RepairRefusedError], zone: ZoneInfo) -> list[Block]:
    """Return what the form shows: every difference, what it costs to know, and what cannot be done."""
    needed = [each for each in plans if isinstance(each, RepairPlan) and each.needed]
    # What holds for all of several repairs is said once, at the end.
    shared = (
        [each for each in needed[0].warnings if all(each in plan.warnings for plan in needed)] if needed[1:] else []
    )
    refused = [each for each in plans if isinstance(each, RepairRefusedError)]
    done = [each for each in plans if isinstance(each, RepairPlan) and not each.needed]
    blocks = [
        *(_section(list(_planned(each, shared, zone))) for each in grouped(needed, title_of, difference)),
        *(_section(list(_nothing_to_do(each))) for each in grouped(done, title_of)),
        *(_section(list(_refused(each))) for each in grouped(refused, str, blamed)),
    ]
    return [*blocks, *([_section(list(warned(shared)))] if shared else [])]


def _planned(plans: Sequence[RepairPlan], said: Sequence[str], zone: ZoneInfo) -> Iterator[Text]:
    """Yield plans that make the same difference in several places: the places one by one, and the difference once."""
    yield from _headed([each.title for each in plans])
    yield from changes(plans[0], under_title=True, lead="On each: " if plans[1:] else "• ")
    yield from recurring(plans, zone)
    yield from warned(each for each in once(each for plan in plans for each in plan.warnings) if each not in said)
    yield ("The same in a shell: ", *commands_of(plans))


def _nothing_to_do(plans: Sequence[RepairPlan]) -> Iterator[Text]:
    yield from _headed([each.title for each in plans])
    yield (f"Nothing to do: {'these are' if plans[1:] else 'this is'} as {'they' if plans[1:] else 'it'} should be.",)


def _refused(refusals: Sequence[RepairRefusedError]) -> Iterator[Text]:
    yield text("⛔ ", *why_not(refusals))
    if commands := commands_of(refusals):
        yield commands


def _headed(titles: Sequence[str]) -> Iterator[Text]:
    """Yield titles that differ in a name as one; names at its end stand one by one."""
    found = alike(titles)
    if found is not None and found.lead:
        yield (Strong((f"{limited(found.lead, TEXT)}:",)),)
        yield from ((f"• {limited(each, TEXT)}",) for each in found.names)
    else:
        yield from ((Strong((limited(each, TEXT),)),) for each in together(titles))


def later_block(count: int) -> Block:
    """Return the word on repairs that one form does not hold."""
    return _section([(f"… and {number(count, 'more repair')}: they can be made after these.",)])


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
