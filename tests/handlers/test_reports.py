"""Report: a message in the thread, a file beside it where Slack takes one, and a link from what is resolved."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.playground.slack.requests import PERSON, SignedRequest
from bot.playground.slack.server import refused, unreachable
from bot.sinks.slack.format import formatted
from bot.store.model import Alert, AlertState, DeliveryKind
from checks.notifications import Permissions as Rules
from tests.handlers.rig import CHANNEL, NOW, Rig, running

STRANGERS = Rules(actors=("U0000OTHER",), ask="the data team")
RESOLVED = {"state": AlertState.RESOLVED, "resolved_at": NOW - timedelta(hours=1)}


def press(rig: Rig, alert: Alert) -> SignedRequest:
    value = json.dumps({"key": alert.key, "version": alert.version})
    request = rig.slack.requests.click(rig.parent(alert), "alert:report", value)
    rig.send(request)
    rig.wait()
    return request


def reports(rig: Rig) -> list[str]:
    found = [each for each in rig.store.pending() if ":report:" in each.key]
    assert {each.kind for each in found} <= {DeliveryKind.REPLY}
    return [str(formatted(each.body)) for each in found]


@pytest.mark.parametrize("changes", [{}, RESOLVED], ids=["so far", "resolved"])
def test_it_is_a_message_in_the_thread_and_a_file_beside_it(changes: dict[str, object]) -> None:
    with running() as rig:
        alert = rig.alert(title="3 players", **changes)

        press(rig, alert)

        (said,) = reports(rig)
        assert "Post-mortem draft" in said
        assert "3 players" in said
        (file,) = rig.slack.workspace.files.values()
        assert (file.channel, file.thread_ts) == (CHANNEL, rig.parent(alert).ts)
        assert file.name.endswith(".md")
        assert "## Timeline" in str(file.content)


def test_the_message_of_a_resolved_alert_links_to_it() -> None:
    with running() as rig:
        alert = rig.alert(**RESOLVED)

        press(rig, alert)

        (edit,) = (each for each in rig.store.pending() if each.kind is DeliveryKind.UPDATE)
        (reply,) = (each for each in rig.store.pending() if each.kind is DeliveryKind.REPLY)
        assert {"is": "threadlink", "key": reply.key, "text": "Report"} in edit.body["parts"][-1]["text"]
        assert "alert:report" not in str(formatted(edit.body))
        assert edit.order > reply.order


def test_an_open_alert_stays_as_it_is() -> None:
    with running() as rig:
        alert = rig.alert()

        press(rig, alert)

        assert rig.store.alert(alert.key) == alert


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(refused("missing_scope"), "missing_scope", id="scope not granted"),
        pytest.param(refused("not_allowed_token_type"), "not_allowed_token_type", id="refused"),
        pytest.param(unreachable(), "not take the Markdown file", id="no answer"),
    ],
)
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_without_a_file_the_message_says_so_and_gives_the_command(method: str, fault: object, said: str) -> None:
    with running() as rig:
        alert = rig.alert()
        rig.slack.tell(method, fault)  # type: ignore[arg-type]

        press(rig, alert)

        (report,) = reports(rig)
        assert said in report
        assert f"reveille report incident {alert.key} --markdown" in report


def test_bytes_that_slack_does_not_take_leave_the_message() -> None:
    with running() as rig:
        alert = rig.alert()
        rig.slack.tell("upload", refused("broken"))

        press(rig, alert)

        assert "HTTP 500" in reports(rig)[0]
        assert rig.slack.called("files.completeUploadExternal") == []


def test_a_click_that_comes_twice_writes_one_report_and_one_file() -> None:
    with running() as rig:
        alert = rig.alert(**RESOLVED)

        request = press(rig, alert)
        rig.send(request)
        rig.wait()

        assert len(reports(rig)) == 1
        assert len(rig.slack.workspace.files) == 1


def test_who_may_not_act_hears_so_and_nothing_is_written() -> None:
    with running(STRANGERS) as rig:
        alert = rig.alert()

        press(rig, alert)

        assert "Ask the data team." in rig.said[0]
        assert reports(rig) == []
        assert rig.slack.workspace.files == {}


def test_from_the_details_the_answer_stands_where_the_button_was() -> None:
    with running() as rig:
        alert = rig.alert()
        value = json.dumps({"key": alert.key, "version": alert.version})
        rig.send(rig.slack.requests.click(rig.parent(alert), "alert:details", value))
        rig.wait()
        (details,) = rig.slack.workspace.views.values()
        (button,) = (
            element
            for block in details["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
            if element["action_id"] == "alert:report"
        )

        rig.send(rig.slack.requests.click_in_view(details, "alert:report", button["value"]))
        rig.wait()

        (shown,) = rig.slack.workspace.views.values()
        assert "in the thread" in str(shown)
        assert len(reports(rig)) == 1


def test_the_report_of_what_nobody_knows_any_more_is_none() -> None:
    with running() as rig:
        alert = rig.alert()
        gone = json.dumps({"key": "nobody knows", "version": 1})

        rig.send(rig.slack.requests.click(rig.parent(alert), "alert:report", gone))
        rig.wait()

        assert "no longer" in rig.said[0]


def test_the_audit_has_who_asked_for_it() -> None:
    with running() as rig:
        alert = rig.alert()

        press(rig, alert)

        found = [each for each in rig.store.audit(NOW - timedelta(days=1), 10) if each.action == "reported"]
        assert [(each.actor, each.subject) for each in found] == [(PERSON, alert.key)]
