"""Buttons, neutral until they become a block: what they say, and what a click on them brings back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.render.pages import Block
from bot.store.model import Alert, AlertState


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """``action`` names what a click asks for."""

    text: str
    action: str
    style: Literal["primary", "danger"] | None = None


ACKNOWLEDGE = Button(text="Acknowledge", action="alert:acknowledge", style="primary")
RECHECK = Button(text="Re-check", action="alert:recheck")
SNOOZE = Button(text="Snooze…", action="alert:snooze")
UNSNOOZE = Button(text="Wake up", action="alert:unsnooze")
DETAILS = Button(text="Details", action="alert:details")

BUTTONS = {
    AlertState.FIRING: (ACKNOWLEDGE, RECHECK, SNOOZE, DETAILS),
    AlertState.ACKNOWLEDGED: (RECHECK, SNOOZE, DETAILS),
    AlertState.SNOOZED: (UNSNOOZE, RECHECK, DETAILS),
    AlertState.RESOLVED: (DETAILS,),
}
"""What can be done about an alert in each state, the likeliest first."""


def buttons_block(alert: Alert) -> Block:
    """Return the row of buttons. Each knows the version of the alert that it was written for."""
    return actions_block(BUTTONS[alert.state], {"key": alert.key, "version": alert.version})


def actions_block(buttons: Sequence[Button], value: dict[str, Any]) -> Block:
    """Return a row of buttons that all bring back the same value."""
    text = json.dumps(value, separators=(",", ":"))
    return {"type": "actions", "elements": [_element(button, text) for button in buttons]}


def _element(button: Button, value: str) -> Block:
    style = {} if button.style is None else {"style": button.style}
    label = {"type": "plain_text", "text": button.text}
    return {"type": "button", "action_id": button.action, "text": label, "value": value, **style}
