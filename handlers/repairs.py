"""Repairing from the thread of an alert: the plan in a form, one confirmation, one repair, its record in the thread."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.response import BoltResponse

from bot.permissions import Role
from bot.render.blocks import slack_message
from bot.render.pages import Block
from bot.render.post import post_of
from bot.render.repair_changes import actor_of
from bot.render.repair_form import later_block, plan_blocks
from bot.render.repairs import begun_reply, made_reply
from bot.render.slack_text import escape
from bot.repairs.model import RepairOutcome, RepairPlan, RepairRefusal, RepairRefusedError, RepairRun
from bot.repairs.records import shown_as
from bot.store.model import Alert, AlertState, AuditEntry, Changes, StoreError
from handlers.buttons import Body, Pressed, is_texts, pressed, read_object
from handlers.clicks import Deed, refused
from handlers.modals import notice
from handlers.replays import is_kept
from handlers.replies import PrivateReply
from handlers.requests import ask, change, submit_outdated, to_its_end
from handlers.services import RepairDesk, Services
from handlers.views import fill, opened, told_in

log = logging.getLogger(__name__)

REPAIR, UNDO = "alert:repair", "repair:undo"
CALLBACK = "repair:confirmed"

AT_ONCE = 20
"""RepairDesk in one form: what a person can read before confirming, and well within what Slack takes."""

OVER = "This alert is resolved: there is nothing to repair any more."
NOTHING = "The pipeline file allows no repair of this alert."
INTERRUPTED = "I was restarted before it began; press *Repair…* again."
LOST = "This plan is not known any more: nothing was changed. Open the repair again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What comes back with the form: which plans were shown for which alert, each by its id, and what it looked like.

    Slack keeps it, so it tells what was confirmed whatever becomes of the store.
    """

    alert: str
    plans: Mapping[str, str]

    @classmethod
    def of(cls, alert: str, plans: Sequence[RepairPlan]) -> Confirmation:
        """Return what a form carries that shows these plans."""
        return cls(alert=alert, plans={each.id: shown_as(each, alert) for each in plans})

    def text(self) -> str:
        return json.dumps({"alert": self.alert, "plans": list(self.plans), "shown": list(self.plans.values())})

    @classmethod
    def read(cls, text: object) -> Confirmation | None:
        """Read what came back; None when it is none of ours. A form that an earlier version opened knows no plan that
        it can confirm."""
        content = read_object(text)
        alert, plans, shown = (content.get(name) for name in ("alert", "plans", "shown"))
        if not isinstance(alert, str) or not is_texts(plans):
            return None
        return cls(alert=alert, plans=dict(zip(plans, shown if is_texts(shown) else (), strict=False)))


def register(app: App, services: Services) -> None:
    """Register the form that comes back, and the button that takes a repair back."""
    repairs = services.repairs
    if repairs is None:
        return

    @app.action(UNDO)
    def undo(ack: Ack, body: Body) -> None:
        reply = PrivateReply.to(services.client, body)
        value = (body.get("actions") or [{}])[0].get("value")
        target, runs = pressed(value), _runs_in(value)
        if target is None or not runs:
            ack()
            submit_outdated(services, body, reply)
            return
        work = to_its_end(lambda: _open_undo(services, repairs, target, runs, reply, body))
        ask(services, ack, body, "Undo…", work, reply)

    @app.view(CALLBACK)
    def confirmed(ack: Ack, body: Body, view: Mapping[str, Any]) -> BoltResponse | None:
        reply = PrivateReply.to(services.client, body)
        confirmation = Confirmation.read(view.get("private_metadata"))
        if confirmation is None:
            ack()
            submit_outdated(services, body, reply)
            return None
        work = to_its_end(lambda: _carry_out(services, repairs, confirmation, reply, again=is_kept(body)))
        return change(services, ack, body, "Repair", work, reply)


def open_repair(services: Services, target: Pressed, reply: PrivateReply, body: Body) -> None:
    """Show what the repairs of an alert would change, and ask for confirmation."""
    view_id, alert = opened(services, target, reply, body, "Repair", Role.REPAIRER)
    if alert is None:
        return
    repairs = services.repairs
    keys = repairs.offered(str(alert.details.get("repairs") or "")) if repairs is not None else ()
    if alert.state is AlertState.RESOLVED or repairs is None or not keys:
        fill(services, view_id, notice("Repair", OVER if alert.state is AlertState.RESOLVED else NOTHING))
        return
    with told_in(services, view_id, "Repair"):
        plans = repairs.plan_all(keys[:AT_ONCE], actor_of(reply.user), services.clock())
        _show(services, view_id, alert, "Repair", plans, left=len(keys[AT_ONCE:]))


def _open_undo(
    services: Services, repairs: RepairDesk, target: Pressed, runs: Sequence[str], reply: PrivateReply, body: Body
) -> None:
    view_id, alert = opened(services, target, reply, body, "Undo", Role.REPAIRER)
    if alert is None:
        return
    actor, now = actor_of(reply.user), services.clock()
    with told_in(services, view_id, "Undo"):
        plans = tuple(_each(lambda run=run: repairs.plan_undo(run, actor, now)) for run in runs)  # type: ignore[misc]
        _show(services, view_id, alert, "Undo", plans)


def _show(
    services: Services,
    view_id: str,
    alert: Alert,
    title: str,
    plans: Sequence[RepairPlan | RepairRefusedError],
    left: int = 0,
) -> None:
    needed = [plan for plan in plans if isinstance(plan, RepairPlan) and plan.needed]
    blocks = plan_blocks(plans, services.validation.pipeline.zone)
    if left:
        blocks.append(later_block(left))
    if needed:
        fill(services, view_id, repair_form(title, blocks, Confirmation.of(alert.key, needed)))
    else:
        fill(services, view_id, {**notice(title, "Nothing can be changed."), "blocks": blocks})


def repair_form(title: str, blocks: Sequence[Block], confirmation: Confirmation) -> Block:
    """Return the modal that asks for confirmation; sending it brings back which plans were shown."""
    words = "Nothing is changed before you confirm. What you see holds for ten minutes."
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": confirmation.text(),
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": title},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [*blocks, {"type": "context", "elements": [{"type": "plain_text", "text": words}]}],
    }


def _carry_out(
    services: Services, repairs: RepairDesk, confirmation: Confirmation, reply: PrivateReply, *, again: bool = False
) -> None:
    """Make confirmed repairs: allowed at this moment, told in the thread before and after, then looked after.

    ``again`` says that a process was killed that may have begun with them.
    """
    name = ":".join(confirmation.plans)
    deed = Deed(name="repair", subject=confirmation.alert, key=name, role=Role.REPAIRER)
    if refused(services, reply, deed):
        return
    now = services.clock()
    try:
        found = [repairs.shown(each, shown, confirmation.alert, now) for each, shown in confirmation.plans.items()]
    except RepairRefusedError as error:
        log.warning("a confirmed plan is not the one that was shown", extra={"json_fields": {"plans": name}})
        _keep_refusal(services, deed, reply.user, error.refusal)
        reply.say(escape(str(error)))
        return
    plans = [plan for plan in found if plan is not None]
    if not plans:
        reply.say(LOST)
        return
    actor = actor_of(reply.user)
    zone = services.validation.pipeline.zone
    told = services.incidents.tell(
        confirmation.alert,
        f"repair:{plans[0].id}",
        begun_reply(plans, actor, zone),
        now,
        *(record_of(plan, plans[0].id, confirmation.alert, reply.user, services.clock()) for plan in plans),
    )
    services.wake()
    made = repairs.apply_all(plans, actor, services.clock())
    if again:
        made = _to_tell(repairs, plans, made, services.clock())
    if all(isinstance(each, RepairRefusedError) and each.refusal is RepairRefusal.USED for each in made):
        return  # a button pressed twice: the thread has the one repair already
    body = made_reply(made, confirmation.alert)
    if told and _told(services, confirmation.alert, f"repaired:{plans[0].id}", body):
        services.wake()
    else:
        message = slack_message(post_of(body))
        reply.say(message.text, message.blocks)
    services.follow()


def _to_tell(
    repairs: RepairDesk, plans: Sequence[RepairPlan], made: Sequence[RepairRun | RepairRefusedError], now: datetime
) -> tuple[RepairRun | RepairRefusedError, ...]:
    found = (_left(repairs, plan, each, now) for plan, each in zip(plans, made, strict=True))
    return tuple(each for each in found if each is not None)


def _left(
    repairs: RepairDesk, plan: RepairPlan, made: RepairRun | RepairRefusedError, now: datetime
) -> RepairRun | RepairRefusedError | None:
    """Return what there is to say of a repair that a process was killed over; None while that is not known, or where
    its effect is known already: whoever follows repairs says so."""
    if not isinstance(made, RepairRefusedError) or made.refusal not in (RepairRefusal.USED, RepairRefusal.BUSY):
        return made
    run = repairs.run(plan.id, now)
    if run is None:
        return RepairRefusedError(RepairRefusal.INTERRUPTED, f"{plan.title}: nothing was changed.", advice=INTERRUPTED)
    return run if run.outcome in (RepairOutcome.APPLIED, RepairOutcome.ALREADY, RepairOutcome.FAILED) else None


def _keep_refusal(services: Services, deed: Deed, user: str, outcome: str) -> None:
    now = services.clock()
    entry = AuditEntry(
        key=f"refused:{deed.key}:{now.isoformat()}",
        at=now,
        actor=user,
        action=deed.name,
        subject=deed.subject,
        outcome=outcome,
    )
    services.store.commit(Changes(audit=(entry,)))


def _told(services: Services, alert: str, name: str, body: Mapping[str, Any]) -> bool:
    """Say in the thread what was done; False when the store is down, so that whoever did it hears it otherwise."""
    try:
        return services.incidents.tell(alert, name, body, services.clock())
    except StoreError:
        log.warning("what a repair did could not be said in its thread", exc_info=True)
        return False


def record_of(plan: RepairPlan, group: str, alert: str, user: str, now: datetime) -> AuditEntry:
    """Return the record that leads from a repair to the alert that it was made for."""
    return AuditEntry(
        key=f"repair-of:{plan.id}",
        at=now,
        actor=user,
        action="undo" if plan.undoes else "repair",
        subject=alert,
        outcome="confirmed",
        details={"run": plan.id, "group": group, "key": str(plan.key), "title": plan.title},
    )


def _runs_in(value: object) -> tuple[str, ...]:
    runs = read_object(value).get("runs")
    return tuple(runs) if is_texts(runs) else ()


def _each(plan: Callable[[], RepairPlan]) -> RepairPlan | RepairRefusedError:
    try:
        return plan()
    except RepairRefusedError as error:
        return error
