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
    submit_until_done,
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
Submit = Callable[[Services, Body, Callable[[], None], PrivateReply], None]


def register(app: App, services: Services) -> None:
    """Register every button of an alert."""
    buttons: dict[str, Press] = {
        RECHECK: _recheck,
        ACKNOWLEDGE: _submitted(submit_kept, _acknowledge),
        UNSNOOZE: _submitted(submit_kept, _unsnooze),
        SNOOZE: _submitted(submit, open_snooze),
        DETAILS: _submitted(submit, open_details),
        REPAIR: _submitted(submit, open_repair),
    }
    for action_id, press in buttons.items():
        app.action(action_id)(_listener(services, press))


def register_links(app: App) -> None:
    """Acknowledge every other button, that is links: Slack reports a click on them, too. Must come last."""

    @app.action(re.compile(r".*"))
    def link(ack: Ack) -> None:
        ack()


def _listener(services: Services, press: Press) -> Callable[[Ack, Body], None]:
    def listener(ack: Ack, body: Body) -> None:
        ack()
        reply = PrivateReply.to(services.client, body)
        target = pressed_in(body)
        if target is None:
            submit_outdated(services, body, reply)
        else:
            press(services, target, reply, body)

    return listener


def _submitted(submitting: Submit, press: Press) -> Press:
    """Return what has a press done after its acknowledgement."""

    def submitted(services: Services, target: Pressed, reply: PrivateReply, body: Body) -> None:
        submitting(services, body, lambda: press(services, target, reply, body), reply)

    return submitted


def _recheck(services: Services, target: Pressed, reply: PrivateReply, body: Body) -> None:
    key = action_key(body, "recheck")
    submit_until_done(services, body, lambda done: recheck(services, target, reply, key, done), reply)


def _acknowledge(services: Services, target: Pressed, reply: PrivateReply, body: Body) -> None:
    key = action_key(body, "acknowledge")
    if not refused(services, reply, Deed(name="acknowledge", subject=target.key, key=key)):
        settle(services, reply, services.incidents.acknowledge(click_of(services, target, reply.user, key)))


def _unsnooze(services: Services, target: Pressed, reply: PrivateReply, body: Body) -> None:
    key = action_key(body, "unsnooze")
    if not refused(services, reply, Deed(name="unsnooze", subject=target.key, key=key)):
        settle(services, reply, services.incidents.unsnooze(click_of(services, target, reply.user, key)))
