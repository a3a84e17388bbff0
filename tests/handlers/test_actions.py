from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.alerting.clicks import Click
from bot.alerting.incidents import Incidents, Processed
from bot.playground.slack.requests import PERSON, SignedRequest
from bot.playground.slack.server import refused, unreachable
from bot.render.alert import AlertMessages
from bot.request import Request
from bot.sinks.slack.format import formatted
from bot.store import kept
from bot.store.model import ANEW, Alert, AlertState, Changes, Delivery, DeliveryKind, SnoozeUntil, StoreError
from checks.model import Report
from checks.notifications import Permissions as Rules
from handlers.buttons import Pressed, pressed
from handlers.patience import ATTEMPTS
from handlers.rechecks import recheck
from handlers.replies import PrivateReply
from handlers.requests import OUTDATED
from handlers.snooze_form import LONGEST
from handlers.views import HISTORY_AT_MOST
from handlers.workers import Job, Lane, Workers
from tests.handlers.rig import CHANNEL, COLLEAGUE, FAILING, HEALTHY, NOW, SECONDS, Rig, running, taken_by
from tests.validated import validated

STRANGERS = Rules(actors=("U0000OTHER",), ask="the data team")


def value(alert: Alert, version: int | None = None) -> str:
    return json.dumps({"key": alert.key, "version": alert.version if version is None else version})


def press(rig: Rig, alert: Alert, action_id: str, version: int | None = None) -> SignedRequest:
    """Press a button of an alert's message, and wait for what follows."""
    request = rig.slack.requests.click(rig.parent(alert), action_id, value(alert, version))
    assert rig.send(request).status == 200
    rig.wait()
    return request


def now_of(rig: Rig, alert: Alert) -> Alert:
    found = rig.store.alert(alert.key)
    assert found is not None
    return found


def _hold(event: threading.Event, began: threading.Event) -> None:
    began.set()
    assert event.wait(SECONDS)


def waiting(rig: Rig) -> list[str]:
    return [delivery.kind.value for delivery in rig.store.pending()]


def audited(rig: Rig) -> list[tuple[str, str, str, str]]:
    entries = rig.store.audit(NOW - timedelta(days=1), 10)
    return [
        (each.actor, each.action, each.subject, each.outcome) for each in entries if each.action not in kept.RECORDS
    ]


def view(rig: Rig) -> dict[str, object]:
    (shown,) = rig.slack.workspace.views.values()
    return shown


class TestAcknowledging:
    def test_an_acknowledged_alert_has_an_owner_and_its_message_changes(self) -> None:
        with running() as rig:
            alert = rig.alert()

            press(rig, alert, "alert:acknowledge")

            assert (now_of(rig, alert).state, now_of(rig, alert).owner) == (AlertState.ACKNOWLEDGED, PERSON)
            assert waiting(rig) == ["update", "reply"]
            assert rig.woken
            assert rig.said == []

    def test_somebody_else_takes_it_over_and_whose_it_is_already_is_told_so(self) -> None:
        with running() as rig:
            alert = rig.alert(state=AlertState.ACKNOWLEDGED, owner=COLLEAGUE)

            press(rig, alert, "alert:take-over")
            press(rig, alert, "alert:take-over", version=now_of(rig, alert).version)

            assert (now_of(rig, alert).state, now_of(rig, alert).owner) == (AlertState.ACKNOWLEDGED, PERSON)
            assert "Nothing to do" in rig.said[0]
            assert (PERSON, "taken-over", alert.key, "done") in audited(rig)

    def test_what_is_released_calls_again(self) -> None:
        with running() as rig:
            alert = rig.alert(state=AlertState.ACKNOWLEDGED, owner=PERSON)

            press(rig, alert, "alert:release")

            released = now_of(rig, alert)
            assert (released.state, released.owner, released.notified_at) == (AlertState.FIRING, None, NOW)

    @pytest.mark.parametrize("button", ["alert:take-over", "alert:release"])
    def test_who_may_not_act_changes_nobody_s_alert(self, button: str) -> None:
        with running(STRANGERS) as rig:
            alert = rig.alert(state=AlertState.ACKNOWLEDGED, owner=COLLEAGUE)

            press(rig, alert, button)

            assert now_of(rig, alert) == alert

    @pytest.mark.parametrize("button", ["alert:take-over", "alert:release"])
    def test_what_nobody_has_cannot_be_taken_over_or_released(self, button: str) -> None:
        with running() as rig:
            alert = rig.alert()

            press(rig, alert, button)

            assert now_of(rig, alert) == alert

    def test_a_replayed_click_changes_nothing(self) -> None:
        with running() as rig:
            alert = rig.alert()
            request = press(rig, alert, "alert:acknowledge")
            before = now_of(rig, alert)

            rig.send(request)
            rig.wait()

            assert now_of(rig, alert) == before
            assert waiting(rig) == ["update", "reply"]

    def test_a_second_click_says_that_it_was_taken(self) -> None:
        with running() as rig:
            alert = rig.alert()
            press(rig, alert, "alert:acknowledge")

            press(rig, alert, "alert:acknowledge")

            assert f"acknowledged by <@{PERSON}>" in rig.said[0]

    def test_a_second_click_on_the_new_message_leaves_it_with_who_took_it(self) -> None:
        with running() as rig:
            alert = rig.alert()
            press(rig, alert, "alert:acknowledge")
            taken = now_of(rig, alert)

            press(rig, alert, "alert:acknowledge", version=taken.version)

            assert now_of(rig, alert) == taken

    def test_a_stale_button_changes_nothing_says_so_and_refreshes_the_message(self) -> None:
        with running() as rig:
            alert = rig.alert(title="The message as it should be")
            parent = rig.parent(alert)
            rig.services.client.chat_update(channel=CHANNEL, ts=parent.ts, text="An old message", blocks=[])

            press(rig, alert, "alert:acknowledge", version=alert.version + 7)

            assert now_of(rig, alert) == alert
            assert "moved on" in rig.said[0]
            assert "The message as it should be" in str(rig.parent(alert).blocks)

    def test_a_resolved_alert_is_not_taken_any_more(self) -> None:
        with running() as rig:
            alert = rig.alert(state=AlertState.RESOLVED, resolved_at=NOW)

            press(rig, alert, "alert:acknowledge")

            assert now_of(rig, alert).state is AlertState.RESOLVED
            assert "was resolved meanwhile" in rig.said[0]

    def test_an_alert_that_is_forgotten_is_said_to_be(self) -> None:
        with running() as rig:
            alert = rig.alert()
            request = rig.slack.requests.click(
                rig.parent(alert), "alert:acknowledge", json.dumps({"key": "nobody knows", "version": 1})
            )

            rig.send(request)
            rig.wait()

            assert "no longer" in rig.said[0]

    def test_a_refresh_that_fails_still_says_that_the_button_was_stale(self) -> None:
        with running() as rig:
            alert = rig.alert()
            rig.slack.tell("chat.update", refused("message_not_found"))

            press(rig, alert, "alert:acknowledge", version=99)

            assert "moved on" in rig.said[0]


@pytest.mark.parametrize("action_id", ["alert:acknowledge", "alert:recheck", "alert:unsnooze"])
def test_one_who_may_not_act_is_refused_privately_with_whom_to_ask(action_id: str) -> None:
    with running(STRANGERS) as rig:
        alert = rig.alert()

        press(rig, alert, action_id)

        assert now_of(rig, alert) == alert
        assert waiting(rig) == []
        assert rig.said[0].endswith("Ask the data team.")
        assert audited(rig) == [(PERSON, action_id.removeprefix("alert:"), alert.key, "refused")]


def test_a_refusal_that_cannot_be_written_down_is_one_all_the_same() -> None:
    with running(STRANGERS) as rig:
        alert = rig.alert()
        request = rig.slack.requests.click(rig.parent(alert), "alert:snooze", value(alert))
        rig.store.close()

        rig.send(request)
        rig.wait()

        assert "Ask the data team." in str(view(rig))


@pytest.mark.parametrize("action_id", ["alert:snooze", "alert:details"])
def test_a_modal_of_one_who_may_not_says_so(action_id: str) -> None:
    rules = STRANGERS.model_copy(update={"viewers": ("U0000OTHER",)})
    with running(rules) as rig:
        press(rig, rig.alert(), action_id)

        assert "Ask the data team." in str(view(rig))
        assert "submit" not in view(rig)
        assert [entry[1::2] for entry in audited(rig)] == [(action_id.removeprefix("alert:"), "refused")]


@pytest.mark.parametrize("action_id", ["alert:acknowledge", "alert:recheck", "alert:snooze", "alert:details"])
@pytest.mark.parametrize("content", ["", "{", "[]", '"text"', '{"key": 1}', '{"key": ""}'])
@pytest.mark.sampled(4)
def test_a_button_with_a_foreign_value_is_answered(action_id: str, content: str) -> None:
    with running() as rig:
        alert = rig.alert()

        response = rig.send(rig.slack.requests.click(rig.parent(alert), action_id, content))
        rig.wait()

        assert response.status == 200
        assert "not one of mine" in rig.said[0]


@pytest.mark.parametrize("version", ["7", True, None, 1.5])
def test_a_version_that_is_no_number_is_none(version: object) -> None:
    assert pressed(json.dumps({"key": "a", "version": version})) == Pressed(key="a", version=None)


def test_a_click_on_a_link_is_acknowledged() -> None:
    with running() as rig:
        alert = rig.alert()

        response = rig.send(rig.slack.requests.click(rig.parent(alert), "link:console"))

        assert response.status == 200
        assert rig.said == []


def test_the_store_being_down_is_said_with_an_error_id() -> None:
    with running() as rig:
        alert = rig.alert()
        request = rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", value(alert))
        rig.store.close()

        rig.send(request)
        rig.wait()

        assert re.search(r"Error `[0-9a-f]{8}`", rig.said[0])


class TestRechecking:
    def test_what_is_in_order_again_resolves_the_alert(self) -> None:
        with running() as rig:
            alert = _opened(rig)
            rig.gate.rows = HEALTHY

            press(rig, alert, "alert:recheck")

            assert now_of(rig, alert).state is AlertState.RESOLVED
            assert rig.woken

    def test_what_still_fails_stays_open_and_the_thread_hears_who_looked(self) -> None:
        with running() as rig:
            alert = _opened(rig)

            press(rig, alert, "alert:recheck")

            assert now_of(rig, alert).state is AlertState.FIRING
            assert [each.target for each in rig.store.pending() if "rechecked" in each.key] == [alert.thread]

    def test_a_replayed_click_looks_once(self) -> None:
        with running() as rig:
            alert = _opened(rig)
            request = press(rig, alert, "alert:recheck")
            rig.send(request)
            rig.wait()

            assert len([each for each in rig.store.pending() if "rechecked" in each.key]) == 1
            assert len(rig.said) == 1

    def test_an_alert_that_is_forgotten_is_said_to_be(self) -> None:
        with running() as rig:
            alert = rig.alert()
            gone = json.dumps({"key": "nobody knows", "version": 1})

            rig.send(rig.slack.requests.click(rig.parent(alert), "alert:recheck", gone))
            rig.wait()

            assert "no longer" in rig.said[0]

    def test_the_shortcut_on_an_answer_in_the_thread_looks_again(self) -> None:
        with running() as rig:
            alert = _opened(rig)
            rig.gate.rows = HEALTHY
            rig.services.client.chat_postMessage(channel=CHANNEL, text="what now?", thread_ts=rig.parent(alert).ts)

            rig.send(rig.slack.requests.shortcut(rig.slack.messages()[-1], "recheck"))
            rig.wait()

            assert now_of(rig, alert).state is AlertState.RESOLVED

    def test_the_shortcut_finds_a_message_that_was_posted_anew(self) -> None:
        with running() as rig:
            alert = _opened(rig)
            rig.gate.rows = HEALTHY
            again = rig.services.client.chat_postMessage(channel=CHANNEL, text="posted again")
            post = Delivery(
                key=f"{alert.thread}{ANEW}", kind=DeliveryKind.POST, channel=CHANNEL, body={}, created_at=rig.now
            )
            rig.store.commit(Changes(deliveries=(post,)))
            rig.store.claim("test", rig.now, rig.now + timedelta(minutes=1), 1)
            rig.store.record_sent(post.key, "test", ts=again["ts"], channel=CHANNEL, now=rig.now)

            rig.send(rig.slack.requests.shortcut(rig.slack.messages()[-1], "recheck"))
            rig.wait()

            assert now_of(rig, alert).state is AlertState.RESOLVED

    def test_the_shortcut_on_any_other_message_says_where_it_works(self) -> None:
        with running() as rig:
            rig.services.client.chat_postMessage(channel=CHANNEL, text="lunch?")

            rig.send(rig.slack.requests.shortcut(rig.slack.messages()[-1], "recheck"))
            rig.wait()

            assert "belongs to no alert" in rig.said[0]


def _opened(rig: Rig) -> Alert:
    """Let the incidents themselves open an alert, and post its message."""
    rig.gate.rows = FAILING
    report = validated(rig.validation, Request(checks=("players",)))
    rig.services.incidents.process(report, rig.now)  # type: ignore[attr-defined]  # the real ones
    for delivery in rig.store.claim("test", rig.now, rig.now + timedelta(minutes=1), 50):
        posted = rig.services.client.chat_postMessage(channel=CHANNEL, **formatted(delivery.body))
        assert rig.store.record_sent(delivery.key, "test", ts=posted["ts"], channel=CHANNEL, now=rig.now)
    found = [alert for alert in rig.store.open_alerts("tiny") if alert.check == "players"]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("channel", "later"),
    [("C0EXAMPLE2", 0), (CHANNEL, 1)],
    ids=["in another channel", "at another time"],
)
def test_the_shortcut_believes_no_button_of_a_message_that_is_not_the_alerts_own(channel: str, later: int) -> None:
    with running() as rig:
        alert = rig.alert()
        parent = rig.parent(alert)
        button = {"type": "button", "action_id": "alert:recheck", "value": value(alert)}
        seconds, _, micros = parent.ts.partition(".")
        forged = replace(
            parent,
            channel=channel,
            ts=f"{int(seconds) + later}.{micros}",
            blocks=[{"type": "actions", "elements": [button]}],
        )

        rig.send(rig.slack.requests.shortcut(forged, "recheck"))
        rig.wait()

        assert "belongs to no alert" in rig.said[0]
        assert not rig.gate.asked.is_set()


class BrokenDesk(Incidents):
    """Incidents whose re-checks come to nothing."""

    def recheck(self, key: str, now: datetime) -> Request:
        return Request(checks=("players",))

    def rechecked(self, click: Click, report: Report) -> Processed:
        raise StoreError("the store went away")


def test_a_recheck_whose_end_cannot_be_stored_is_told() -> None:
    with running() as rig:
        alert = rig.alert()
        pipeline = rig.services.validation.pipeline
        desk = BrokenDesk(rig.store, pipeline, AlertMessages(pipeline))
        services = replace(rig.services, incidents=desk)
        reply = PrivateReply(client=rig.services.client, user=PERSON)

        recheck(services, Pressed(key=alert.key, version=None), reply, "recheck:1", taken_by(services))
        rig.wait()

        assert "store" in rig.slack.messages(PERSON)[-1].text
        assert rig.woken == []


def test_a_click_that_no_queue_holds_is_told() -> None:
    with running(workers=Workers(quick=1, long=1, waiting=1)) as rig:
        alert = rig.alert()
        held, began = threading.Event(), threading.Event()
        rig.services.workers.submit(Lane.QUICK, Job(lambda: _hold(held, began)))
        assert began.wait(SECONDS)
        assert rig.services.workers.submit(Lane.QUICK, Job(lambda: None))

        request = rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", value(alert))
        assert rig.send(request).status == 200
        held.set()
        rig.wait()

        assert "Too much is waiting" in rig.said[0]
        assert now_of(rig, alert) == alert


class TestSnoozing:
    def submit(self, rig: Rig, choice: str, *, at: datetime | None = None, reason: str | None = None) -> str:
        values = {
            "until": {"choice": {"selected_option": {"value": choice}}},
            "date": {"at": {"selected_date_time": None if at is None else int(at.timestamp())}},
            "reason": {"words": {"value": reason}},
        }
        response = rig.send(rig.slack.requests.submission(view(rig), values))
        rig.wait()
        assert response.status == 200
        return str(response.body)

    @pytest.mark.parametrize(
        ("choice", "until", "ends_on"),
        [
            ("15m", NOW + timedelta(minutes=15), SnoozeUntil.TIME),
            ("1h", NOW + timedelta(hours=1), SnoozeUntil.TIME),
            ("4h", NOW + timedelta(hours=4), SnoozeUntil.TIME),
            ("digest", datetime(2026, 2, 12, 13, tzinfo=UTC), SnoozeUntil.TIME),
            ("change", None, SnoozeUntil.CHANGE),
        ],
    )
    def test_an_alert_sleeps_for_as_long_as_was_chosen(
        self, choice: str, until: datetime | None, ends_on: SnoozeUntil
    ) -> None:
        with running() as rig:
            alert = rig.alert()
            press(rig, alert, "alert:snooze")

            body = self.submit(rig, choice, reason="known since <!channel>")

            after = now_of(rig, alert)
            assert body == ""
            assert (after.state, after.snoozed_until, after.snooze_ends_on) == (AlertState.SNOOZED, until, ends_on)
            assert (after.owner, after.reason) == (PERSON, "known since <!channel>")
            assert rig.woken

    def test_an_alert_sleeps_until_a_date(self) -> None:
        with running() as rig:
            alert = rig.alert()
            press(rig, alert, "alert:snooze")

            self.submit(rig, "date", at=NOW + LONGEST)

            assert now_of(rig, alert).snoozed_until == NOW + LONGEST

    @pytest.mark.parametrize(
        ("choice", "at", "field"),
        [
            pytest.param("date", None, "date", id="no date"),
            pytest.param("date", NOW, "date", id="a date that has passed"),
            pytest.param("date", NOW + LONGEST + timedelta(seconds=1), "date", id="just too far"),
            pytest.param("1h", NOW + timedelta(days=1), "date", id="a date beside another choice"),
            pytest.param("for ever", None, "until", id="a choice that is not offered"),
        ],
    )
    def test_what_makes_no_sense_is_said_at_its_field(self, choice: str, at: datetime | None, field: str) -> None:
        with running() as rig:
            alert = rig.alert()
            press(rig, alert, "alert:snooze")

            answer = json.loads(self.submit(rig, choice, at=at))

            assert answer["response_action"] == "errors"
            assert list(answer["errors"]) == [field]
            assert now_of(rig, alert) == alert

    def test_the_next_digest_keeps_its_hour_when_the_clocks_change(self) -> None:
        with running() as rig:
            rig.now = datetime(2026, 3, 7, 17, tzinfo=UTC)
            alert = rig.alert()
            press(rig, alert, "alert:snooze")

            self.submit(rig, "digest")

            assert now_of(rig, alert).snoozed_until == datetime(2026, 3, 8, 12, tzinfo=UTC)

    def test_rights_that_were_lost_meanwhile_count(self) -> None:
        with running(Rules(actors=("S00ONCALL",), ask="the data team")) as rig:
            rig.slack.workspace.groups["S00ONCALL"] = [PERSON]
            alert = rig.alert()
            press(rig, alert, "alert:snooze")
            rig.slack.workspace.groups["S00ONCALL"] = []
            rig.now += timedelta(minutes=5)

            self.submit(rig, "1h")

            assert now_of(rig, alert) == alert
            assert "Ask the data team." in rig.slack.workspace.ephemerals[0].text

    def test_a_form_that_is_older_than_the_alert_changes_nothing(self) -> None:
        with running() as rig:
            alert = rig.alert()
            press(rig, alert, "alert:snooze")
            press(rig, alert, "alert:acknowledge")
            before = now_of(rig, alert)

            self.submit(rig, "1h")

            assert now_of(rig, alert) == before
            assert "moved on" in rig.slack.workspace.ephemerals[0].text

    def test_a_form_that_is_sent_twice_counts_once(self) -> None:
        with running() as rig:
            alert = rig.alert()
            press(rig, alert, "alert:snooze")
            self.submit(rig, "1h")
            before = now_of(rig, alert)

            self.submit(rig, "1h")

            assert now_of(rig, alert) == before

    @pytest.mark.parametrize(
        "values",
        [
            pytest.param({}, id="nothing"),
            pytest.param({"until": None}, id="no choice"),
            pytest.param({"until": {"choice": {"selected_option": [1]}}}, id="a choice that is a list"),
            pytest.param({"until": {"choice": {"selected_option": {"value": ["1h"]}}}}, id="several choices"),
        ],
    )
    def test_a_form_without_a_choice_asks_for_one(self, values: Mapping[str, object]) -> None:
        with running() as rig:
            press(rig, rig.alert(), "alert:snooze")

            response = rig.send(rig.slack.requests.submission(view(rig), values))

            assert response.status == 200
            assert json.loads(response.body)["errors"].keys() == {"until"}

    @pytest.mark.parametrize("metadata", ["", "{}", "[]", "nonsense", '{"key": 5}'])
    def test_a_form_that_is_none_of_ours_changes_nothing_and_says_so(self, metadata: str) -> None:
        with running() as rig:
            alert = rig.alert()
            press(rig, alert, "alert:snooze")
            before = now_of(rig, alert)

            form = {**view(rig), "private_metadata": metadata}
            rig.send(rig.slack.requests.submission(form, {"until": {"choice": {"selected_option": {"value": "1h"}}}}))
            rig.wait()

            assert now_of(rig, alert) == before
            assert OUTDATED in rig.slack.messages(PERSON)[0].text

    def test_a_form_for_a_forgotten_alert_is_not_shown(self) -> None:
        with running() as rig:
            alert = rig.alert()
            gone = json.dumps({"key": "nobody knows", "version": 1})

            rig.send(rig.slack.requests.click(rig.parent(alert), "alert:snooze", gone))
            rig.wait()

            assert "no longer" in str(view(rig))

    def test_a_trigger_that_has_expired_is_said(self) -> None:
        with running() as rig:
            alert = rig.alert()
            request = rig.slack.requests.click(rig.parent(alert), "alert:snooze", value(alert))
            rig.slack.workspace._tickets.clear()

            rig.send(request)
            rig.wait()

            assert rig.slack.called("views.open")[0].error == "invalid_trigger_id"
            assert "Slack refused" in str(rig.slack.messages(PERSON) + rig.slack.workspace.ephemerals)

    def test_waking_an_alert_up(self) -> None:
        with running() as rig:
            alert = rig.alert(state=AlertState.SNOOZED, owner=PERSON, snoozed_until=NOW + timedelta(days=1))

            press(rig, alert, "alert:unsnooze")

            assert now_of(rig, alert).state is not AlertState.SNOOZED

    def test_who_had_acknowledged_it_has_it_again_when_somebody_ends_the_snooze(self) -> None:
        with running() as rig:
            alert = rig.alert(state=AlertState.ACKNOWLEDGED, owner=COLLEAGUE)
            for reason in ("for the night", "for the day"):  # also one that is put to sleep again
                click = Click(key=alert.key, actor=PERSON, now=rig.now, action_key=reason)
                rig.services.incidents.snooze(click, until=None, ends_on=SnoozeUntil.CHANGE, reason=reason)

            press(rig, now_of(rig, alert), "alert:unsnooze")

            after = now_of(rig, alert)
            assert (after.state, after.owner, after.owner_before) == (AlertState.ACKNOWLEDGED, COLLEAGUE, None)
            said = [str(formatted(each.body)) for each in rig.store.pending()]
            assert any(f"ended the snooze. <@{COLLEAGUE}> has this again." in each for each in said)

    def test_a_snooze_of_what_nobody_had_leaves_it_to_nobody(self) -> None:
        with running() as rig:
            alert = rig.alert()
            click = Click(key=alert.key, actor=PERSON, now=rig.now, action_key="sleep")
            rig.services.incidents.snooze(click, until=None, ends_on=SnoozeUntil.CHANGE, reason="")

            press(rig, now_of(rig, alert), "alert:unsnooze")

            assert (now_of(rig, alert).state, now_of(rig, alert).owner) == (AlertState.FIRING, None)


class TestDetails:
    def test_they_show_the_alert_and_what_was_done_about_it(self) -> None:
        with running() as rig:
            alert = rig.alert(title="3 players")
            press(rig, alert, "alert:acknowledge")
            press(rig, alert, "alert:details")

            shown = str(view(rig))
            assert "3 players" in shown
            assert "Every game has its players" in shown
            assert f"<@{PERSON}> acknowledged" in shown
            assert alert.key in shown

    def test_they_hold_every_limit_after_a_hundred_deeds(self) -> None:
        with running() as rig:
            alert = rig.alert(title="<!channel> & " * 2_000)
            for number in range(100):
                click = Click(key=alert.key, actor=PERSON, now=NOW, action_key=f"click-{number}")
                if number % 2:
                    rig.services.incidents.unsnooze(click)
                else:
                    rig.services.incidents.snooze(click, until=None, ends_on=SnoozeUntil.CHANGE, reason="x" * 300)

            press(rig, alert, "alert:details")

            assert "earlier ones" in str(view(rig))

    @pytest.mark.parametrize(
        ("deeds", "counted"),
        [
            pytest.param(HISTORY_AT_MOST, [], id="at the limit"),
            pytest.param(HISTORY_AT_MOST + 1, ["1"], id="just past it"),
            pytest.param(HISTORY_AT_MOST + 3, ["3"], id="well past it"),
        ],
    )
    def test_deeds_that_are_not_listed_are_counted(self, deeds: int, counted: list[str]) -> None:
        with running() as rig:
            alert = rig.alert()
            for number in range(deeds):
                click = Click(key=alert.key, actor=PERSON, now=NOW, action_key=f"click-{number}")
                if number % 2:
                    rig.services.incidents.unsnooze(click)
                else:
                    rig.services.incidents.snooze(click, until=None, ends_on=SnoozeUntil.CHANGE, reason="x")

            press(rig, alert, "alert:details")

            assert re.findall(r"and (\d+) earlier", str(view(rig))) == counted

    def test_a_forgotten_alert_has_none(self) -> None:
        with running() as rig:
            alert = rig.alert()
            gone = json.dumps({"key": "nobody knows", "version": 1})

            rig.send(rig.slack.requests.click(rig.parent(alert), "alert:details", gone))
            rig.wait()

            assert "no longer" in str(view(rig))


def test_a_private_answer_finds_another_way_when_the_response_address_is_used_up() -> None:
    with running(STRANGERS) as rig:
        alert = rig.alert()
        request = rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", value(alert))
        rig.slack.workspace._tickets.clear()

        rig.send(request)
        rig.wait()

        assert rig.slack.workspace.ephemerals[0].only_for == PERSON


def test_a_private_answer_reaches_the_person_when_the_channel_is_closed() -> None:
    with running(STRANGERS) as rig:
        alert = rig.alert()
        request = rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", value(alert))
        rig.slack.workspace._tickets.clear()
        rig.slack.archive()

        rig.send(request)
        rig.wait()

        assert rig.slack.messages(PERSON)[0].text.endswith("Ask the data team.")


def test_a_private_answer_that_reaches_nobody_breaks_nothing() -> None:
    with running(STRANGERS) as rig:
        alert = rig.alert()
        request = rig.slack.requests.click(rig.parent(alert), "alert:acknowledge", value(alert))
        rig.slack.workspace._tickets.clear()
        rig.slack.tell("*", refused("fatal_error", times=None))

        rig.send(request)
        rig.wait()

        assert now_of(rig, alert) == alert


def test_a_private_answer_that_no_connection_takes_is_known_to_have_reached_nobody() -> None:
    with running() as rig:
        rig.slack.tell("*", unreachable(times=None))
        reply = PrivateReply(client=rig.services.client, user=PERSON, channel=CHANNEL, sleep=lambda _: None)

        assert not reply.say("Nothing to do.")
        # The last way may be tried again, the way before it may not.
        assert [each.method for each in rig.slack.calls] == ["chat.postEphemeral", *["chat.postMessage"] * ATTEMPTS]
