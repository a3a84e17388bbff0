"""A 429 on any method that a handler calls loses nothing of what somebody asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest

from bot.playground.slack.requests import PERSON
from bot.playground.slack.server import rate_limited
from bot.store.model import AlertState
from checks.notifications import Permissions as Rules
from tests.handlers.rig import Rig, running
from tests.handlers.test_manifest import called_methods

GROUP = "S00ONCALL"
AN_HOUR = {
    "until": {"choice": {"selected_option": {"value": "1h"}}},
    "date": {"at": {"selected_date_time": None}},
    "reason": {"words": {"value": None}},
}
BY_THE_OUTBOX = {"conversations_history", "conversations_info", "conversations_replies"}


def click(rig: Rig, action_id: str) -> None:
    alert = next(iter(rig.store.open_alerts("tiny")), None) or rig.alert()
    value = json.dumps({"key": alert.key, "version": alert.version})
    rig.send(rig.slack.requests.click(rig.parent(alert), action_id, value))
    rig.wait()


def a_command_is_answered(rig: Rig) -> None:
    rig.done("/validate-daily")

    (message,) = rig.slack.messages()
    assert "Asked by" in str(message.blocks)


def a_refusal_without_an_address_is_heard(rig: Rig) -> None:
    rig.slack.workspace.groups[GROUP] = [PERSON]
    click(rig, "alert:snooze")
    (form,) = rig.slack.workspace.views.values()
    rig.slack.workspace.groups[GROUP] = []
    rig.now += timedelta(hours=1)
    rig.send(rig.slack.requests.submission(form, AN_HOUR))
    rig.wait()

    assert "Ask the data team." in rig.slack.workspace.ephemerals[0].text


def a_modal_is_opened_and_filled(rig: Rig) -> None:
    rig.slack.workspace.groups[GROUP] = [PERSON]
    click(rig, "alert:snooze")

    (form,) = rig.slack.workspace.views.values()
    assert "submit" in form


def the_home_is_drawn(rig: Rig) -> None:
    rig.send(rig.slack.requests.event("app_home_opened", user=PERSON, tab="home"))
    rig.wait()

    assert rig.slack.workspace.homes


def a_member_of_a_group_acts_at_the_second_click(rig: Rig) -> None:
    rig.slack.workspace.groups[GROUP] = [PERSON]
    click(rig, "alert:acknowledge")
    heard = list(rig.said)
    click(rig, "alert:acknowledge")

    assert "could not be looked up" in heard[0]
    assert [each.state for each in rig.store.open_alerts("tiny")] == [AlertState.ACKNOWLEDGED]


def the_file_of_a_report_is_shown(rig: Rig) -> None:
    rig.slack.workspace.groups[GROUP] = [PERSON]
    click(rig, "alert:report")

    assert [each.channel for each in rig.slack.workspace.files.values() if each.channel] == ["C0EXAMPLE1"]


DEEDS: Mapping[str, Callable[[Rig], None]] = {
    "chat_postMessage": a_command_is_answered,
    "chat_update": a_command_is_answered,
    "chat_postEphemeral": a_refusal_without_an_address_is_heard,
    "views_open": a_modal_is_opened_and_filled,
    "views_update": a_modal_is_opened_and_filled,
    "views_publish": the_home_is_drawn,
    "files_getUploadURLExternal": the_file_of_a_report_is_shown,
    "files_completeUploadExternal": the_file_of_a_report_is_shown,
    "usergroups_users_list": a_member_of_a_group_acts_at_the_second_click,
    "users_info": a_member_of_a_group_acts_at_the_second_click,
    "auth_test": a_member_of_a_group_acts_at_the_second_click,
}


def test_every_method_that_is_called_is_among_them() -> None:
    assert called_methods() - BY_THE_OUTBOX == DEEDS.keys()


@pytest.mark.parametrize("name", DEEDS)
@pytest.mark.sampled(3)
def test_a_429_loses_nothing(name: str) -> None:
    family, _, method = name.rpartition("_")
    with running(Rules(actors=(GROUP,), ask="the data team")) as rig:
        rig.slack.tell(f"{family.replace('_', '.')}.{method}", rate_limited(0))

        DEEDS[name](rig)

        errors = [call.error for call in rig.slack.called(f"{family.replace('_', '.')}.{method}")]
        assert errors[:2] == ["ratelimited", ""]
