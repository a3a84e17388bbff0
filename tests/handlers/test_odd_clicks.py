"""Clicks that come at a bad moment, from somebody who is gone, on an old message, or with what nobody ever gave out."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from bot.alerting.clicks import Click, ClickResult
from bot.playground.slack.requests import PERSON
from bot.playground.slack.server import refused
from bot.store.model import Alert, AlertState, SnoozeUntil
from bot.store.sqlite import SqliteStore
from checks.notifications import Permissions as Rules
from tests.handlers.rig import COLLEAGUE, NOW, Rig, new_slack, running
from tests.handlers.test_actions import now_of, press, value
from tests.handlers.test_entrances import AN_HOUR

NOT_OURS = "not one of mine"


def snooze_form(rig: Rig, alert: Alert, user: str = PERSON) -> None:
    """Send the form that lets an alert sleep, as it was opened on a message of this version."""
    origin = {"key": alert.key, "version": alert.version, "channel": alert.channel, "thread": None}
    view = {"id": "V0SNOOZE", "type": "modal", "callback_id": "alert:snooze", "private_metadata": json.dumps(origin)}
    assert rig.send(rig.slack.requests.submission(view, AN_HOUR, user=user)).status == 200
    rig.wait()


class TestTheSameMoment:
    def test_of_two_people_one_has_the_alert_and_the_other_hears_it(self) -> None:
        with running() as rig:
            alert = rig.alert()
            rig.send(rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", value(alert), user=PERSON))
            snooze_form(rig, alert, COLLEAGUE)

            said = [*rig.said, *(str(each) for each in rig.slack.workspace.ephemerals)]
            assert now_of(rig, alert).version == alert.version + 1
            assert sum("moved on" in each for each in said) == 1

    def test_of_clicks_that_are_decided_at_once_one_is_done_and_nothing_is_lost(self) -> None:
        with running() as rig:
            alert, desk, gate = rig.alert(), rig.services.incidents, threading.Barrier(2)
            results: list[ClickResult] = []

            def click(actor: str) -> None:
                pressed = Click(key=alert.key, actor=actor, now=NOW, action_key=actor, version=alert.version)
                gate.wait()
                if actor == PERSON:
                    results.append(desk.acknowledge(pressed).result)
                else:
                    results.append(desk.snooze(pressed, until=None, ends_on=SnoozeUntil.CHANGE, reason="").result)

            threads = [threading.Thread(target=click, args=(each,)) for each in (PERSON, COLLEAGUE)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()

            after = now_of(rig, alert)
            assert sorted(results) == sorted((ClickResult.DONE, ClickResult.STALE))
            assert (after.state, after.owner) in (
                (AlertState.ACKNOWLEDGED, PERSON),
                (AlertState.SNOOZED, COLLEAGUE),
            )
            assert len([each for each in rig.store.pending() if each.kind == "reply"]) == 1


class TestWhoIsGone:
    @pytest.mark.parametrize("rules", [Rules(), Rules(actors=(PERSON,))], ids=["a member", "named in the file"])
    @pytest.mark.parametrize("how", ["deactivated", "deleted"])
    def test_an_account_that_is_gone_changes_nothing_and_is_told_so(self, how: str, rules: Rules) -> None:
        with running(rules) as rig:
            alert = rig.alert()
            if how == "deactivated":
                rig.slack.workspace.users[PERSON] = {"deleted": True}
            else:
                rig.slack.tell("users.info", refused("user_not_found", times=None))

            press(rig, alert, "alert:acknowledge")
            snooze_form(rig, alert)

            assert now_of(rig, alert) == alert
            assert "Ask the owners of this bot." in rig.said[0]

    @pytest.mark.parametrize("error", ["internal_error", "missing_scope"])
    def test_who_is_named_may_where_slack_does_not_say_who_they_are(self, error: str) -> None:
        with running(Rules(actors=(PERSON,))) as rig:
            alert = rig.alert()
            rig.slack.tell("users.info", refused(error, times=None))

            press(rig, alert, "alert:acknowledge")

            assert now_of(rig, alert).owner == PERSON

    def test_the_alert_of_somebody_who_is_gone_can_be_taken_over(self) -> None:
        with running() as rig:
            alert = rig.alert(state=AlertState.ACKNOWLEDGED, owner=COLLEAGUE)
            rig.slack.workspace.users[COLLEAGUE] = {"deleted": True}

            press(rig, alert, "alert:take-over")

            assert now_of(rig, alert).owner == PERSON


class TestResolvedMeanwhile:
    @pytest.mark.parametrize("button", ["alert:acknowledge", "alert:take-over", "alert:release", "alert:unsnooze"])
    def test_a_button_says_that_it_is_over_and_not_to_press_again(self, button: str) -> None:
        with running() as rig:
            alert = rig.alert(state=AlertState.RESOLVED, resolved_at=NOW)

            press(rig, alert, button, version=alert.version - 1)

            assert now_of(rig, alert) == alert
            assert "was resolved meanwhile" in rig.said[0]
            assert "press again" not in rig.said[0]

    def test_the_form_of_a_snooze_says_so_too(self) -> None:
        with running() as rig:
            alert = rig.alert(state=AlertState.RESOLVED, resolved_at=NOW)

            snooze_form(rig, alert)

            assert now_of(rig, alert) == alert
            assert "was resolved meanwhile" in str(rig.slack.workspace.ephemerals)


class TestAfterARestart:
    def test_a_message_of_the_process_before_works_and_an_older_one_is_refreshed(self) -> None:
        with new_slack() as slack, closing(SqliteStore(":memory:")) as store:
            with running(outliving=(slack, store)) as before:
                alert = before.alert()
            with running(outliving=(slack, store)) as after:
                press(after, alert, "alert:acknowledge")
                press(after, alert, "alert:release")

                assert now_of(after, alert).owner == PERSON
                assert "moved on" in after.said[0]

    def test_a_message_whose_alert_the_store_never_had_says_so(self) -> None:
        with new_slack() as slack:
            with closing(SqliteStore(":memory:")) as store, running(outliving=(slack, store)) as before:
                alert = before.alert()
                message = before.parent(alert)
            with closing(SqliteStore(":memory:")) as store, running(outliving=(slack, store)) as after:
                after.send(after.slack.requests.click(message, "alert:acknowledge", value(alert)))
                after.wait()

                assert "started with another store" in after.said[0]


class TestWhatNobodyGaveOut:
    @pytest.mark.parametrize("action_id", ["alert:frobnicate", "repair:unknown", "x", "a" * 255])
    def test_a_button_that_is_none_of_ours_is_said_to_be(self, action_id: str) -> None:
        with running() as rig:
            alert = rig.alert()

            press(rig, alert, action_id)

            assert now_of(rig, alert) == alert
            assert NOT_OURS in rig.said[0]

    def test_a_link_is_followed_without_a_word(self) -> None:
        with running() as rig:
            alert = rig.alert()
            link = {"type": "button", "action_id": "link", "value": "x", "url": "https://example.com"}

            assert rig.send(rig.slack.requests.act(rig.parent(alert), link)).status == 200
            rig.wait()

            assert rig.said == []

    @pytest.mark.parametrize(
        "given",
        [
            "",
            "no JSON",
            "[]",
            "null",
            '{"key": 7, "version": 1}',
            '{"key": "", "version": 1}',
            '{"version": 1}',
            "[" * 10_000,
        ],
    )
    def test_a_value_that_is_none_of_ours_is_said_to_be(self, given: str) -> None:
        with running() as rig:
            alert = rig.alert()

            rig.send(rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", given))
            rig.wait()

            assert now_of(rig, alert) == alert
            assert NOT_OURS in rig.said[0]

    @pytest.mark.parametrize("version", ["1", True, None, 1.5, -1, 10**30])
    def test_a_version_that_is_none_never_changes_what_has_moved_on(self, version: Any) -> None:
        with running() as rig:
            alert = rig.alert(state=AlertState.RESOLVED, resolved_at=NOW - timedelta(minutes=1))

            press_with = json.dumps({"key": alert.key, "version": version})
            assert rig.send(rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", press_with)).status == 200
            rig.wait()

            assert now_of(rig, alert) == alert
            assert len(rig.said) == 1

    def test_a_form_that_is_none_of_ours_is_said_to_be(self) -> None:
        with running() as rig:
            view = {"id": "V0", "type": "modal", "callback_id": "unknown:form", "private_metadata": "{}"}

            assert rig.send(rig.slack.requests.submission(view, {})).status == 200
            rig.wait()

            assert NOT_OURS in str(rig.slack.messages(PERSON))
