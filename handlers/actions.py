"""The buttons of an alert. Each is a replayable command that may be old: the person, the alert and its version are
checked at the click."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from slack_bolt import Ack, App
from slack_bolt.response import BoltResponse

from bot.alerting.clicks import Click, Clicked
from handlers.buttons import Body, Pressed, pressed_in
from handlers.clicks import Deed, action_key, click_of, refused, settle
from handlers.rechecks import recheck
from handlers.replies import PrivateReply
from handlers.requests import Work, ask, change, submit_outdated, to_its_end
from handlers.services import Desk, Services
from handlers.views import open_details, open_snooze

RECHECK = "alert:recheck"
ACKNOWLEDGE = "alert:acknowledge"
TAKE_OVER = "alert:take-over"
RELEASE = "alert:release"
UNSNOOZE = "alert:unsnooze"
SNOOZE = "alert:snooze"
DETAILS = "alert:details"

Press = Callable[[Services, Pressed, PrivateReply, Body], None]
Pressing = Callable[[Services, Pressed, PrivateReply, Body], Work]
Take = Callable[[Services, Ack, Body, str, Work, PrivateReply], BoltResponse | None]


Clicking = Callable[[Desk, Click], Clicked]

CLICKS: Sequence[tuple[str, str, Clicking]] = (
    (ACKNOWLEDGE, "Acknowledge", lambda desk, click: desk.acknowledge(click)),
    (TAKE_OVER, "Take over", lambda desk, click: desk.take_over(click)),
    (RELEASE, "Release", lambda desk, click: desk.release(click)),
    (UNSNOOZE, "Unsnooze", lambda desk, click: desk.unsnooze(click)),
)
"""Buttons that change who has an alert: what people call each, and what it does."""


def register(app: App, services: Services, others: Mapping[str, tuple[str, Press]]) -> None:
    """Register every button of an alert: how it is taken, what people call it, what it does. ``others`` are buttons
    that only ask, of other modules."""
    buttons: dict[str, tuple[Take, str, Pressing]] = {
        RECHECK: (change, "Re-check", _recheck),
        **{
            name: (change, title, _to_its_end(partial(_click, name.partition(":")[2], click)))
            for name, title, click in CLICKS
        },
        SNOOZE: (ask, "Snooze…", _to_its_end(open_snooze)),
        DETAILS: (ask, "Details", _to_its_end(open_details)),
        **{name: (ask, title, _to_its_end(press)) for name, (title, press) in others.items()},
    }
    for action_id, (take, title, pressing) in buttons.items():
        app.action(action_id)(_listener(services, take, title, pressing))


def register_others(app: App, services: Services) -> None:
    """Acknowledge links, of which Slack reports a click, too; whoever presses a button of a former version, or sends a
    form of one, hears that it is none of ours any more. Must come last."""

    @app.action(re.compile(r".*"))
    def other(ack: Ack, body: Body) -> None:
        ack()
        # A select in a form reports each choice, and has no value.
        if any(each.get("value") and not each.get("url") for each in body.get("actions") or ()):
            submit_outdated(services, body, PrivateReply.to(services.client, body))

    @app.view(re.compile(r".*"))
    def form(ack: Ack, body: Body) -> None:
        ack()
        submit_outdated(services, body, PrivateReply.to(services.client, body))


def _listener(
    services: Services, take: Take, title: str, pressing: Pressing
) -> Callable[[Ack, Body], BoltResponse | None]:
    def listener(ack: Ack, body: Body) -> BoltResponse | None:
        reply = PrivateReply.to(services.client, body)
        target = pressed_in(body)
        if target is None:
            ack()
            submit_outdated(services, body, reply)
            return None
        return take(services, ack, body, title, pressing(services, target, reply, body), reply)

    return listener


def _to_its_end(press: Press) -> Pressing:
    return lambda *pressed: to_its_end(partial(press, *pressed))


def _recheck(services: Services, target: Pressed, reply: PrivateReply, body: Body) -> Work:
    return lambda taken: recheck(services, target, reply, action_key(body, "recheck"), taken)


def _click(name: str, click: Clicking, services: Services, target: Pressed, reply: PrivateReply, body: Body) -> None:
    key = action_key(body, name)
    if not refused(services, reply, Deed(name=name, subject=target.key, key=key)):
        settle(services, reply, click(services.incidents, click_of(services, target, reply.user, key)))
