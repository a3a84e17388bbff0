"""Buttons, neutral until they become a block: what they say, and what a click on them brings back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.render.pages import Block
from bot.repairs.allowlist import offered
from bot.store.model import Alert, AlertState
from checks.pipeline import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """``action`` names what a click asks for."""

    text: str
    action: str
    style: Literal["primary", "danger"] | None = None


ACKNOWLEDGE = Button(text="Acknowledge", action="alert:acknowledge", style="primary")
RECHECK = Button(text="Re-check", action="alert:recheck")
SNOOZE = Button(text="Snooze…", action="alert:snooze")
UNSNOOZE = Button(text="End snooze", action="alert:unsnooze")
DETAILS = Button(text="Details", action="alert:details")

REPAIR = Button(text="Repair…", action="alert:repair", style="danger")

BUTTONS = {
    AlertState.FIRING: (ACKNOWLEDGE, RECHECK, SNOOZE, DETAILS),
    AlertState.ACKNOWLEDGED: (RECHECK, SNOOZE, DETAILS),
    AlertState.SNOOZED: (UNSNOOZE, RECHECK, DETAILS),
    AlertState.RESOLVED: (DETAILS,),
}
"""What can be done about an alert in each state, the likeliest first."""


def buttons_block(alert: Alert, pipeline: Pipeline) -> Block:
    """Return the row of buttons. Each knows the version of the alert that it was written for.

    One that is open and names a repair which the pipeline file allows has a button for it.
    """
    buttons = BUTTONS[alert.state]
    if alert.state is not AlertState.RESOLVED and offered(pipeline, str(alert.details.get("repairs") or "")):
        buttons = (REPAIR, *buttons)
    return actions_block(buttons, {"key": alert.key, "version": alert.version})


def actions_block(buttons: Sequence[Button], value: dict[str, Any]) -> Block:
    """Return a row of buttons that all bring back the same value."""
    text = json.dumps(value, separators=(",", ":"))
    return {"type": "actions", "elements": [_element(button, text) for button in buttons]}


def _element(button: Button, value: str) -> Block:
    style = {} if button.style is None else {"style": button.style}
    label = {"type": "plain_text", "text": button.text}
    return {"type": "button", "action_id": button.action, "text": label, "value": value, **style}
