"""The buttons of an alert. Each is a replayable command that may be old: the person, the alert and its version are
checked at the click."""

from __future__ import annotations

import re
from collections.abc import Callable

from slack_bolt import Ack, App

from handlers.clicks import (
    Body,
    Deed,
    Pressed,
    action_key,
    click_of,
    pressed_in,
    refused,
    settle,
    submit,
    submit_kept,
    submit_outdated,
)
from handlers.rechecks import recheck
from handlers.repairs import REPAIR, open_repair
from handlers.replies import PrivateReply
from handlers.services import Services
from handlers.views import open_details, open_snooze

RECHECK = "alert:recheck"
ACKNOWLEDGE = "alert:acknowledge"
UNSNOOZE = "alert:unsnooze"
SNOOZE = "alert:snooze"
DETAILS = "alert:details"

Press = Callable[[Services, Pressed, PrivateReply, Body], None]
Change = Callable[[Services, Pressed, PrivateReply, Body, Callable[[], None]], None]
"""Is given what to call when all is done."""


def register(app: App, services: Services) -> None:
    """Register every button of an alert."""
    changes: dict[str, Change] = {RECHECK: _recheck, ACKNOWLEDGE: _acknowledge, UNSNOOZE: _unsnooze}
    forms: dict[str, Press] = {SNOOZE: open_snooze, DETAILS: open_details, REPAIR: open_repair}
    for action_id, change in changes.items():
        app.action(action_id)(_changing(services, change))
    for action_id, press in forms.items():
        app.action(action_id)(_opening(services, press))


def register_links(app: App) -> None:
    """Acknowledge every other button, that is links: Slack reports a click on them, too. Must come last."""

    @app.action(re.compile(r".*"))
    def link(ack: Ack) -> None:
        ack()


def _changing(services: Services, change: Change) -> Callable[[Ack, Body], None]:
    def listener(ack: Ack, body: Body) -> None:
        ack()
        reply = PrivateReply.to(services.client, body)
        target = pressed_in(body)
        if target is None:
            submit_outdated(services, body, reply)
        else:
            submit_kept(services, body, lambda done: change(services, target, reply, body, done), reply)

    return listener


def _opening(services: Services, press: Press) -> Callable[[Ack, Body], None]:
    def listener(ack: Ack, body: Body) -> None:
        ack()
        reply = PrivateReply.to(services.client, body)
        target = pressed_in(body)
        if target is None:
            submit_outdated(services, body, reply)
        else:
            submit(services, body, lambda: press(services, target, reply, body), reply)

    return listener


def _recheck(services: Services, target: Pressed, reply: PrivateReply, body: Body, done: Callable[[], None]) -> None:
    recheck(services, target, reply, action_key(body, "recheck"), done)


def _acknowledge(
    services: Services, target: Pressed, reply: PrivateReply, body: Body, done: Callable[[], None]
) -> None:
    key = action_key(body, "acknowledge")
    if not refused(services, reply, Deed(name="acknowledge", subject=target.key, key=key)):
        settle(services, reply, services.incidents.acknowledge(click_of(services, target, reply.user, key)))
    done()


def _unsnooze(services: Services, target: Pressed, reply: PrivateReply, body: Body, done: Callable[[], None]) -> None:
    key = action_key(body, "unsnooze")
    if not refused(services, reply, Deed(name="unsnooze", subject=target.key, key=key)):
        settle(services, reply, services.incidents.unsnooze(click_of(services, target, reply.user, key)))
    done()
