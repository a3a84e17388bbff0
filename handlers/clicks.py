"""What every click on an alert has in common: who pressed what, whether they may, and what they hear."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from slack_sdk.errors import SlackClientError

from bot.alerting.clicks import Click, Clicked, ClickResult
from bot.permissions import Role
from bot.render.alert_list import state_words
from bot.render.blocks import slack_message
from bot.render.slack_text import escape, markup
from bot.store.model import Alert, AlertState, AuditEntry, Changes, StoreError
from handlers.buttons import Body, Pressed
from handlers.parents import parent_of
from handlers.patience import patiently
from handlers.replays import trigger_of, untold
from handlers.replies import PrivateReply
from handlers.services import Services

log = logging.getLogger(__name__)

REFUSED = "refused"
"""The outcome that the audit has for what somebody may not do."""

GONE = "I know this alert no longer: its history is deleted, or I was started with another store."
OVER = "The alert was resolved meanwhile, so nothing was changed. Its message is refreshed."


def action_key(body: Body, what: str) -> str:
    """Return a key that is the same when a click comes again, and else never."""
    actions = body.get("actions") or [{}]
    return f"{what}:{trigger_of(body) or untold(str(actions[0].get('action_ts') or ''))}"


def click_of(services: Services, target: Pressed, user: str, key: str) -> Click:
    """Return a click as the incidents want it."""
    return Click(key=target.key, actor=user, now=services.clock(), action_key=key, version=target.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody wants to do: its name, the key of the alert, and a key of its own."""

    name: str
    subject: str
    key: str
    role: Role = Role.ACTOR


def refused(services: Services, reply: PrivateReply, deed: Deed) -> bool:
    """Tell somebody who may not do this; the click has no effect then."""
    refusal = refusal_of(services, reply, deed)
    if refusal is None:
        return False
    reply.say(escape(refusal))
    return True


def refusal_of(services: Services, reply: PrivateReply, deed: Deed) -> str | None:
    """Return what to tell somebody who may not do this, None for one who may. A refusal stands in the audit."""
    refusal = services.permissions.refusal(reply.user, deed.role, reply.team)
    if refusal is not None:
        log.info("a click was refused", extra={"json_fields": {"user": reply.user, "role": deed.role.value}})
        _keep(services, reply.user, deed)
    return refusal


def _keep(services: Services, user: str, deed: Deed) -> None:
    """Write a refusal down. It stands without that: a store that is down makes nobody an actor."""
    entry = AuditEntry(
        key=f"refused:{deed.key}:{deed.name}",
        at=services.clock(),
        actor=user,
        action=deed.name,
        subject=deed.subject,
        outcome=REFUSED,
        details={"role": deed.role.value},
    )
    try:
        services.store.commit(Changes(audit=(entry,)))
    except StoreError:
        log.warning("a refused click could not be written down", exc_info=True)


def settle(services: Services, reply: PrivateReply, clicked: Clicked) -> None:
    """Say what came of a click, where the alert's own message does not say it."""
    if clicked.result is ClickResult.DONE:
        services.wake()
        return
    if clicked.alert is None or clicked.result is ClickResult.GONE:
        reply.say(GONE)
        return
    state = markup(state_words(clicked.alert, services.validation.pipeline.zone, services.clock()))
    if clicked.result is ClickResult.ALREADY:
        reply.say(f"Nothing to do: the alert is {state}.")
        return
    refresh(services, clicked.alert)
    if clicked.alert.state is AlertState.RESOLVED:
        reply.say(OVER)
        return
    reply.say(
        f"The alert moved on since that message was written, so nothing was changed. Now it is {state}."
        " Its message is refreshed: press again if you still mean it."
    )


def refresh(services: Services, alert: Alert) -> None:
    """Write the message of an alert again, as it is now. It is a courtesy: failing, it leaves a line in the log."""
    parent = parent_of(services.store, alert)
    if parent is None or parent.ts is None:
        return
    message = slack_message(services.alert_message(alert, services.clock()))
    channel, ts = parent.posted_channel or parent.channel, parent.ts
    try:
        patiently(
            lambda: services.client.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks),
            repeatable=True,
        )
    except (SlackClientError, OSError) as error:
        log.warning("a stale message could not be refreshed: %s", type(error).__name__)
