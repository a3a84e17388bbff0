"""Steps and lists of staging for Slack."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from bot.render.limits import SECTION_TEXT
from bot.render.pages import Block
from bot.render.slack_text import fitted
from bot.staging.prefix import Prefix
from bot.staging.proof import ProductionChange, Snapshot
from bot.staging.removal import Removal
from bot.staging.steps import StagingStep, StepMark

EMOJI = {StepMark.DONE: "✅", StepMark.SAME: "☑️", StepMark.WOULD: "🔸", StepMark.LEFT: "⚪", StepMark.FAILED: "❌"}

LINE_TEXT = 600
MOST_SECTIONS = 4
"""A message holds no more than some 13,000 characters; what is left out is counted."""

TEARDOWN = "staging:teardown"


def step_blocks(steps: Sequence[StagingStep]) -> list[Block]:
    """Return what happened, one line a step."""
    return sections(f"{EMOJI[step.mark]} {fitted(f'{step.subject}: {step.detail}', LINE_TEXT)}" for step in steps)


def change_blocks(changes: Sequence[ProductionChange]) -> list[Block]:
    """Return what changed, one line a change."""
    return sections(f"❌ {fitted(f'{each.subject}: {each.detail}', LINE_TEXT)}" for each in changes)


def untouched_text(before: Snapshot, after: Snapshot) -> str:
    """Return the sentence that nothing changed."""
    return f"✅ Production is untouched: {after.size} are the same as {before.at:%Y-%m-%d %H:%M:%S} UTC."


def removal_blocks(removal: Removal, prefix: Prefix, value: dict[str, Any]) -> list[Block]:
    """Return the list of what a teardown removes, with the button that does it."""
    lines = [f"• {fitted(line, LINE_TEXT)}" for line in removal.lines()]
    lines += [f"⚪ left alone: {fitted(f'{each.subject} ({each.why})', LINE_TEXT)}" for each in removal.left]
    number = len(removal.lines())
    button = {
        "type": "button",
        "action_id": TEARDOWN,
        "style": "danger",
        "text": {"type": "plain_text", "text": f"Remove {number}"},
        "value": json.dumps(value),
        "confirm": {
            "title": {"type": "plain_text", "text": f"Tear {prefix.text} down?"},
            "text": {"type": "plain_text", "text": f"{number} things are removed and cannot be brought back."},
            "confirm": {"type": "plain_text", "text": "Remove"},
            "deny": {"type": "plain_text", "text": "Keep"},
            "style": "danger",
        },
    }
    return [*sections(lines), {"type": "actions", "elements": [button]}]


def sections(lines: Iterable[str]) -> list[Block]:
    """Pack lines into as few sections as hold them."""
    pages: list[list[str]] = [[]]
    size = left_out = 0
    for line in lines:
        if size + len(line) + 1 > SECTION_TEXT:
            pages.append([])
            size = 0
        if len(pages) > MOST_SECTIONS:
            left_out += 1
            continue
        pages[-1].append(line)
        size += len(line) + 1
    if left_out:
        pages[-1] = [f"… and {left_out:,} more; `reveille staging` in a shell shows them all"]
    return [_section("\n".join(page)) for page in pages if page]


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
