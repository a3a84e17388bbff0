"""The buttons of an alert: what can be done about it, and what a click on them brings back."""

from __future__ import annotations

from bot.render.post import Actions, Button
from bot.repairs.allowlist import offered
from bot.repairs.kinds import KINDS
from bot.store.model import Alert, AlertState
from checks.pipeline import Pipeline

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


def buttons_of(alert: Alert, pipeline: Pipeline) -> Actions:
    """Return the row of buttons. Each knows the version of the alert that it was written for.

    One that is open and names a repair which the pipeline file allows has a button for it.
    """
    buttons = BUTTONS[alert.state]
    if alert.state is not AlertState.RESOLVED and offered(pipeline, str(alert.details.get("repairs") or ""), KINDS):
        buttons = (REPAIR, *buttons)
    return Actions(buttons, {"key": alert.key, "version": alert.version})
