"""The modals: snoozing and details. A trigger lives three seconds, so a modal opens first and is filled afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.response import BoltResponse

from bot.alerting.chronicle import is_transition
from bot.alerting.clicks import ClickResult
from bot.permissions import Role
from bot.render.alert_details import detail_parts
from bot.render.blocks import slack_message
from bot.render.buttons import REPORT
from bot.render.pages import Block
from bot.render.post import Actions, Part, Post
from bot.render.repair_changes import who
from bot.render.slack_text import code, fitted, markup
from bot.render.words import moment
from bot.store.model import Alert, AuditEntry, StoreError
from bot.timetable.slots import DigestCalendar
from handlers.buttons import Body, Pressed
from handlers.clicks import GONE, Deed, click_of, refusal_of, refused, settle
from handlers.errors import told
from handlers.modals import modal, notice, section
from handlers.patience import patiently
from handlers.replays import is_kept, untold
from handlers.replies import PrivateReply
from handlers.requests import change, submit_outdated, to_its_end
from handlers.services import Services
from handlers.snooze_form import CALLBACK, Origin, Snooze, read_snooze, snooze_form

TRIGGER_LIVES = 2.0
"""Seconds that are left of the three of a trigger once we have it: longer nobody need wait to open a modal."""

HISTORY_AT_MOST = 10
"""Deeds that the details show; older ones are counted."""

AUDIT_AT_MOST = 600
HISTORY_TEXT = 200
RATIONALE_TEXT = 900

IN_VIEWS = frozenset({"section", "context", "divider", "header", "image", "rich_text"})
"""Blocks of messages that views take, too."""


def register(app: App, services: Services) -> None:
    """Register the form that comes back."""

    @app.view(CALLBACK)
    def snoozed(ack: Ack, body: Body, view: Mapping[str, Any]) -> BoltResponse | None:
        chosen = read_snooze((view.get("state") or {}).get("values") or {}, services.clock(), _next_digest(services))
        if isinstance(chosen, dict) and not is_kept(body):
            ack(response_action="errors", errors=chosen)
            return None
        told = PrivateReply.to(services.client, body)
        origin = Origin.read(view.get("private_metadata") or "")
        if origin is None:
            ack()
            submit_outdated(services, body, told)
            return None
        reply = replace(told, channel=origin.channel, thread=origin.thread)

        def snooze() -> None:
            if isinstance(chosen, dict):
                reply.say(f"Nothing was snoozed. {' '.join(chosen.values())}")
            else:
                _snooze(services, origin.target, chosen, reply, f"snooze:{view['id']}")

        return change(services, ack, body, "Snooze", to_its_end(snooze), reply)


def _snooze(services: Services, target: Pressed, chosen: Snooze, reply: PrivateReply, key: str) -> None:
    if refused(services, reply, Deed(name="snooze", subject=target.key, key=key)):
        return
    click = click_of(services, target, reply.user, key)
    settle(
        services,
        reply,
        services.incidents.snooze(click, until=chosen.until, ends_on=chosen.ends_on, reason=chosen.reason),
    )


def open_snooze(services: Services, target: Pressed, reply: PrivateReply, body: Body) -> None:
    """Open the form that lets an alert sleep."""
    view_id, alert = opened(services, target, reply, body, "Snooze", Role.ACTOR)
    if alert is None:
        return
    message = body.get("message") or {}
    origin = Origin(target=target, channel=reply.channel, thread=message.get("thread_ts") or message.get("ts"))
    fill(services, view_id, snooze_form(alert, origin, services.clock(), _next_digest(services)))


def _next_digest(services: Services) -> datetime:
    pipeline = services.validation.pipeline
    return DigestCalendar(pipeline).next_post(services.clock()).astimezone(pipeline.zone)


def open_details(services: Services, target: Pressed, reply: PrivateReply, body: Body) -> None:
    """Show everything about an alert, to one person."""
    view_id, alert = opened(services, target, reply, body, "Alert", Role.VIEWER)
    if alert is None:
        return
    with told_in(services, view_id, "Alert"):
        history = [
            entry
            for entry in services.store.audit(alert.opened_at, AUDIT_AT_MOST)
            if entry.subject in (alert.key, alert.thread) and not is_transition(entry)
        ]
        fill(services, view_id, details(services, alert, history))


def opened(
    services: Services, target: Pressed, reply: PrivateReply, body: Body, title: str, role: Role
) -> tuple[str, Alert | None]:
    """Open a modal and return its id with the alert; without one the modal says why: not allowed, or gone."""
    view_id = _open(services, str(body["trigger_id"]), title)
    name = {Role.VIEWER: "details", Role.ACTOR: "snooze", Role.REPAIRER: "repair"}[role]
    deed = Deed(name=name, subject=target.key, key=untold(str(body["trigger_id"])), role=role)
    if refusal := refusal_of(services, reply, deed):
        fill(services, view_id, notice(title, refusal))
        return view_id, None
    alert = None
    with told_in(services, view_id, title):
        alert = services.store.alert(target.key)
        if alert is None:
            fill(services, view_id, notice(title, GONE))
    return view_id, alert


@contextmanager
def told_in(services: Services, view_id: str, title: str) -> Iterator[None]:
    """Say in the modal itself that the store does not work: nobody waits for what does not come."""
    try:
        yield
    except StoreError as error:
        fill(services, view_id, modal(title, [section(told(error))]))


def details(services: Services, alert: Alert, history: Sequence[AuditEntry]) -> Block:
    """Return an alert and what was done about it, as a modal view."""
    zone = services.validation.pipeline.zone
    title, state, *_ = services.alert_message(alert, services.clock()).parts
    told = detail_parts(alert, services.validation.pipeline, services.clock())
    message = slack_message(Post((), (title, state, *told)))
    blocks = [shown for block in message.blocks if (shown := _for_view(block)) is not None]
    if (why := _why(services, alert)) is not None:
        blocks.append(why)
    lines = [
        f"• {moment(entry.at, zone, services.clock())} {markup(who(entry.actor))} {fitted(entry.action, HISTORY_TEXT)}"
        + ("" if entry.outcome == ClickResult.DONE else f": {fitted(entry.outcome, HISTORY_TEXT)}")
        for entry in history[:HISTORY_AT_MOST]
    ]
    if len(history) > HISTORY_AT_MOST:
        lines.append(f"… and {len(history) - HISTORY_AT_MOST} earlier ones")
    if lines:
        blocks.append(section("*What was done*\n" + "\n".join(lines)))
    key = {"type": "context", "elements": [{"type": "mrkdwn", "text": code(alert.key, HISTORY_TEXT)}]}
    return modal("Alert", [*blocks, *_blocks_of(Actions((REPORT,), {"key": alert.key, "version": alert.version})), key])


def _blocks_of(part: Part) -> Sequence[Block]:
    return slack_message(Post((), (part,))).blocks


def _why(services: Services, alert: Alert) -> Block | None:
    """Say what the check is for, to one who has never seen it."""
    check = next((each for each in services.validation.checks if each.id == alert.check), None)
    if check is None:
        return None
    lines = (
        f"*{fitted(check.title, HISTORY_TEXT)}*  `{check.id}`",
        fitted(check.rationale.partition("\n\n")[0], RATIONALE_TEXT),
        f"*Expected:* {fitted(check.expected, RATIONALE_TEXT)}" if check.expected else "",
    )
    return section("\n".join(filter(None, lines)))


def _for_view(block: Block) -> Block | None:
    """Return a block of a message as a view takes it: of buttons only links, which need no message around them."""
    if block["type"] == "actions":
        links = [element for element in block["elements"] if element.get("url")]
        return {**block, "elements": links} if links else None
    return block if block["type"] in IN_VIEWS else None


def _open(services: Services, trigger_id: str, title: str) -> str:
    view = modal(title, [section("One moment …")])
    answer = patiently(
        lambda: services.client.views_open(trigger_id=trigger_id, view=view), repeatable=False, longest=TRIGGER_LIVES
    )
    return str(answer["view"]["id"])


def fill(services: Services, view_id: str, view: Block) -> None:
    patiently(lambda: services.client.views_update(view_id=view_id, view=view), repeatable=True)
