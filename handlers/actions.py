"""The buttons of an alert. Each is a replayable command that may be old: the person, the alert and its version are
checked at the click."""

from __future__ import annotations

import re
from collections.abc import Callable

from slack_bolt import Ack, App
from slack_bolt.response import BoltResponse

from handlers.clicks import Body, Deed, Pressed, action_key, click_of, pressed_in, refused, settle
from handlers.rechecks import recheck
from handlers.repairs import REPAIR, open_repair
from handlers.replies import PrivateReply
from handlers.requests import Taken, ask, change, submit_outdated
from handlers.services import Services
from handlers.views import open_details, open_snooze

RECHECK = "alert:recheck"
ACKNOWLEDGE = "alert:acknowledge"
UNSNOOZE = "alert:unsnooze"
SNOOZE = "alert:snooze"
DETAILS = "alert:details"

Press = Callable[[Services, Pressed, PrivateReply, Body], None]
Change = Callable[[Services, Pressed, PrivateReply, Body, Taken], None]


def register(app: App, services: Services) -> None:
    """Register every button of an alert."""
    changes: dict[str, tuple[str, Change]] = {
        RECHECK: ("Re-check", _recheck),
        ACKNOWLEDGE: ("Acknowledge", _acknowledge),
        UNSNOOZE: ("Unsnooze", _unsnooze),
    }
    forms: dict[str, tuple[str, Press]] = {
        SNOOZE: ("Snooze…", open_snooze),
        DETAILS: ("Details", open_details),
        REPAIR: ("Repair…", open_repair),
    }
    for action_id, (title, do) in changes.items():
        app.action(action_id)(_changing(services, title, do))
    for action_id, (title, press) in forms.items():
        app.action(action_id)(_opening(services, title, press))


def register_links(app: App) -> None:
    """Acknowledge every other button, that is links: Slack reports a click on them, too. Must come last."""

    @app.action(re.compile(r".*"))
    def link(ack: Ack) -> None:
        ack()


def _changing(services: Services, title: str, do: Change) -> Callable[[Ack, Body], BoltResponse | None]:
    def listener(ack: Ack, body: Body) -> BoltResponse | None:
        reply = PrivateReply.to(services.client, body)
        target = pressed_in(body)
        if target is None:
            ack()
            submit_outdated(services, body, reply)
            return None
        return change(services, ack, body, title, lambda taken: do(services, target, reply, body, taken), reply)

    return listener


def _opening(services: Services, title: str, press: Press) -> Callable[[Ack, Body], None]:
    def listener(ack: Ack, body: Body) -> None:
        reply = PrivateReply.to(services.client, body)
        target = pressed_in(body)
        if target is None:
            ack()
            submit_outdated(services, body, reply)
            return

        def work(taken: Taken) -> None:
            press(services, target, reply, body)
            taken.done()

        ask(services, ack, body, title, work, reply)

    return listener


def _recheck(services: Services, target: Pressed, reply: PrivateReply, body: Body, taken: Taken) -> None:
    recheck(services, target, reply, action_key(body, "recheck"), taken)


def _acknowledge(services: Services, target: Pressed, reply: PrivateReply, body: Body, taken: Taken) -> None:
    key = action_key(body, "acknowledge")
    if not refused(services, reply, Deed(name="acknowledge", subject=target.key, key=key)):
        settle(services, reply, services.incidents.acknowledge(click_of(services, target, reply.user, key)))
    taken.done()


def _unsnooze(services: Services, target: Pressed, reply: PrivateReply, body: Body, taken: Taken) -> None:
    key = action_key(body, "unsnooze")
    if not refused(services, reply, Deed(name="unsnooze", subject=target.key, key=key)):
        settle(services, reply, services.incidents.unsnooze(click_of(services, target, reply.user, key)))
    taken.done()
