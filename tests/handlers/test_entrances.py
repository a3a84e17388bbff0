"""Every way in: strangers are refused at each, and a request that comes again is not answered again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bot.playground.slack.requests import PERSON, SignedRequest
from bot.playground.slack.workspace import PostedMessage
from bot.render.home import REFRESH
from bot.render.staging import TEARDOWN
from bot.store.model import StoreError
from checks.notifications import Permissions as Rules
from handlers.commands import ALERTS, COMMANDS, DEPLOYS, VALIDATING
from handlers.replays import once, request_key
from handlers.staging import NAME as STAGING
from tests.handlers.rig import COLLEAGUE, Rig, running

STRANGERS: Mapping[str, Mapping[str, Any]] = {
    "of another organisation": {"team_id": "T0THEIRS", "is_stranger": True},
    "a guest": {"is_restricted": True},
    "a guest of one channel": {"is_ultra_restricted": True},
    "a bot": {"is_bot": True},
    "deactivated": {"deleted": True},
}
AN_HOUR = {
    "until": {"choice": {"selected_option": {"value": "1h"}}},
    "date": {"at": {"selected_date_time": None}},
    "reason": {"words": {"value": None}},
}


def _button(rig: Rig, action_id: str) -> SignedRequest:
    alert = next(iter(rig.store.open_alerts("tiny")), None) or rig.alert()
    value = json.dumps({"key": alert.key, "version": alert.version})
    return rig.slack.requests.click(rig.parent(alert), action_id, value)


def _shortcut(rig: Rig) -> SignedRequest:
    return rig.slack.requests.shortcut(rig.parent(rig.alert()), "recheck")


def _snooze_form(rig: Rig) -> SignedRequest:
    alert = rig.alert()
    origin = {"key": alert.key, "version": alert.version, "channel": alert.channel, "thread": None}
    view = {"id": "V0SNOOZE", "type": "modal", "callback_id": "alert:snooze", "private_metadata": json.dumps(origin)}
    return rig.slack.requests.submission(view, AN_HOUR)


def _other_button(rig: Rig, action_id: str) -> SignedRequest:
    message = PostedMessage("C0EXAMPLE1", "1.000001", "a message", [])
    return rig.slack.requests.click(message, action_id, json.dumps({"list": "x", "at": "2026-02-11T13:00:00+00:00"}))


def _command(name: str) -> Callable[[Rig], SignedRequest]:
    return lambda rig: rig.slack.requests.command(name)


def _pressing(action_id: str) -> Callable[[Rig], SignedRequest]:
    return lambda rig: _button(rig, action_id)


ENTRANCES: Mapping[str, Callable[[Rig], SignedRequest]] = {
    **{name: _command(name) for name in (*(each.name for each in VALIDATING), DEPLOYS, ALERTS, STAGING)},
    **{
        name: _pressing(name)
        for name in ("alert:recheck", "alert:acknowledge", "alert:unsnooze", "alert:snooze", "alert:details")
    },
    "the shortcut": _shortcut,
    "the form that snoozes": _snooze_form,
    "the button of the home": lambda rig: _other_button(rig, REFRESH),
    "the home": lambda rig: rig.slack.requests.event("app_home_opened", user=PERSON, tab="home"),
    "the button that tears down": lambda rig: _other_button(rig, TEARDOWN),
}


def answers(rig: Rig) -> list[str]:
    """What somebody can have seen or heard of a request."""
    views = [json.dumps(call.arguments) for call in rig.slack.calls if call.method in ("views.update", "views.publish")]
    told = [*rig.slack.messages(), *rig.slack.messages(PERSON), *rig.slack.workspace.ephemerals]
    return [*rig.said, *views, *(each.text for each in told if each.text != "3 players in MIL_OKC.")]


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.sampled(5)
def test_only_members_get_in(entrance: str, stranger: str) -> None:
    with running() as rig:
        rig.slack.workspace.users[PERSON] = dict(STRANGERS[stranger])
        request = ENTRANCES[entrance](rig)
        before = rig.store.open_alerts("tiny")

        assert rig.send(request).status == 200
        rig.wait()

        heard = answers(rig)
        assert len(heard) == 1
        assert "Ask the owners of this bot." in heard[0]
        assert rig.store.open_alerts("tiny") == before
        assert not rig.gate.asked.is_set()


def test_every_command_is_among_the_entrances() -> None:
    assert {name for name, _, _ in COMMANDS} - {"/reveille"} <= ENTRANCES.keys()


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.sampled(3)
def test_a_request_that_comes_again_is_answered_once(entrance: str) -> None:
    with running(Rules(repairers=(PERSON,))) as rig:
        request = ENTRANCES[entrance](rig)
        rig.send(request)
        rig.wait()
        heard, calls = answers(rig), len(rig.slack.calls)
        assert heard or entrance in ("alert:acknowledge", "the form that snoozes")

        for _ in range(3):
            assert rig.send(request).status == 200
            rig.wait()

        assert answers(rig) == heard
        assert len(rig.slack.calls) == calls


@pytest.mark.parametrize("command", [ALERTS, DEPLOYS])
def test_the_same_command_said_again_or_by_somebody_else_is_answered(command: str) -> None:
    with running() as rig:
        for user in (PERSON, PERSON, COLLEAGUE):
            rig.done(command, user=user)

        assert len(rig.said) == 3


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"trigger_id": "1.2"}, {"trigger_id": "1.2"}, True),
        ({"trigger_id": "1.2"}, {"trigger_id": "1.3"}, False),
        ({"event_id": "Ev1"}, {"event_id": "Ev1", "event_time": 3}, True),
        ({"event_id": "Ev1"}, {"event_id": "Ev2"}, False),
        ({"event_id": "1"}, {"trigger_id": "1"}, False),
        ({"text": "a"}, {"text": "a"}, True),
        ({"text": "a"}, {"text": "b"}, False),
    ],
)
def test_a_request_is_known_by_what_slack_makes_for_it_alone(
    first: Mapping[str, Any], second: Mapping[str, Any], same: bool
) -> None:
    assert (request_key(first) == request_key(second)) is same


def test_without_the_store_the_work_is_done() -> None:
    with running() as rig:
        rig.store.close()
        done: list[str] = []

        with pytest.raises(StoreError):
            rig.store.ping()
        once(rig.store, rig.services.clock, {"trigger_id": "1.2"}, lambda: done.append("done"))()

        assert done == ["done"]
