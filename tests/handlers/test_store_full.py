"""A store that can be read and takes no writes: who clicks hears so, and nothing looks as if it were under way."""

from __future__ import annotations

import pytest

from bot.store.model import AlertState, StoreProblem
from bot.store.sqlite import SqliteStore
from tests.handlers.rig import Rig, running
from tests.handlers.test_actions import now_of, value
from tests.handlers.test_repairs import broken, press, refused_alert

WORDS = str(StoreProblem.READ_ONLY)


def take_no_writes(rig: Rig) -> None:
    assert isinstance(rig.store, SqliteStore)
    rig.store._connection.execute("PRAGMA query_only = ON")


def answers(rig: Rig) -> str:
    return str(rig.slack.workspace.responses)


@pytest.mark.parametrize("action_id", ["alert:acknowledge", "alert:recheck"])
def test_a_click_is_answered_in_one_sentence_and_changes_nothing(action_id: str) -> None:
    with running() as rig:
        alert = rig.alert()
        take_no_writes(rig)

        answer = rig.send(rig.slack.requests.click(rig.parent(alert), action_id, value(alert)))
        rig.wait()

        assert answer.status == 503
        assert WORDS in answers(rig)
        assert now_of(rig, alert).state is AlertState.FIRING


def test_the_form_of_a_repair_says_so_instead_of_waiting_for_ever() -> None:
    with broken() as (rig, _):
        alert = refused_alert(rig)
        take_no_writes(rig)

        press(rig, alert)

        (view,) = rig.slack.workspace.views.values()
        assert WORDS in str(view["blocks"])


def test_details_that_cannot_be_read_say_so_in_their_modal() -> None:
    with running() as rig:
        alert = rig.alert()
        request = rig.slack.requests.click(
            rig.parent(alert), "alert:details", f'{{"key": "{alert.key}", "version": 1}}'
        )
        rig.store.close()

        rig.send(request)
        rig.wait()

        (view,) = rig.slack.workspace.views.values()
        assert str(StoreProblem.OTHER) in str(view["blocks"])


def test_a_validation_that_somebody_asks_for_is_answered_all_the_same() -> None:
    with running() as rig:
        take_no_writes(rig)

        rig.send(rig.slack.requests.command("/validate-daily", ""))
        rig.wait()

        (answer,) = rig.slack.messages()
        assert "⏳" not in answer.text
        assert "BLOCKED" in answer.text
