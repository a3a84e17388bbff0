"""The buttons of an alert: what can be done about it, and what a click on them brings back."""

from __future__ import annotations

from bot.alerting.incident import REPORT as WRITTEN
from bot.render.post import Actions, Button
from bot.repairs.allowlist import offered
from bot.repairs.kinds import KINDS
from bot.store.model import Alert, AlertState
from checks.pipeline import Pipeline

ACKNOWLEDGE = Button(text="Acknowledge", action="alert:acknowledge", style="primary")
RECHECK = Button(text="Re-check", action="alert:recheck")
SNOOZE = Button(text="Snooze…", action="alert:snooze")
UNSNOOZE = Button(text="End snooze", action="alert:unsnooze")
TAKE_OVER = Button(text="Take over", action="alert:take-over")
RELEASE = Button(text="Release", action="alert:release")
DETAILS = Button(text="Details", action="alert:details")
REPORT = Button(text="Report", action="alert:report")

REPAIR = "alert:repair"

BUTTONS = {
    AlertState.FIRING: (ACKNOWLEDGE, SNOOZE, RECHECK, DETAILS),
    AlertState.ACKNOWLEDGED: (TAKE_OVER, RELEASE, SNOOZE, RECHECK, DETAILS),
    AlertState.SNOOZED: (UNSNOOZE, RECHECK, DETAILS),
    AlertState.RESOLVED: (REPORT, DETAILS),
}
"""What can be done about an alert in each state, the likeliest first."""


def buttons_of(alert: Alert, pipeline: Pipeline) -> Actions:
    """Return the row of buttons. Each knows the version of the alert that it was written for.

    One that is open and names a repair which the pipeline file allows has a button for it, after the first; one whose
    report is written links to that instead.
    """
    first, *others = (each for each in BUTTONS[alert.state] if each is not REPORT or not alert.details.get(WRITTEN))
    label = "" if alert.state is AlertState.RESOLVED else repair_label(alert, pipeline)
    repair = (Button(text=label, action=REPAIR),) if label else ()
    return Actions((first, *repair, *others), {"key": alert.key, "version": alert.version})


def repair_label(alert: Alert, pipeline: Pipeline) -> str:
    """Say what the repairs that the pipeline file allows would do, as on a button; empty where it allows none."""
    keys = offered(pipeline, str(alert.details.get("repairs") or ""), KINDS)
    kinds = dict.fromkeys(key.kind for key in keys)
    if len(kinds) > 1:
        return f"Make {len(keys)} repairs…"
    one, several = next((each.button for each in KINDS if each.name in kinds), ("", ""))
    return one if len(keys) == 1 else several.format(len(keys)) if keys else ""
