from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.playground.slack.requests import PERSON
from bot.playground.slack.server import broken, rate_limited, refused
from bot.request import Request
from bot.store.model import AlertState, Changes, SnoozeUntil
from bot.validation import Validation
from checks.model import Report, Severity, Verdict
from checks.notifications import Permissions as Rules
from checks.ports.warehouse import BIGQUERY
from handlers.answers import AnswerMessage
from handlers.command_words import ask_for_everything
from handlers.commands import COMMANDS, VALIDATING
from handlers.replies import PrivateReply
from handlers.workers import Job, Lane, Workers
from tests.fakes import ports
from tests.handlers.rig import CHANNEL, COLLEAGUE, FAILING, NOW, SECONDS, Rig, an_alert, described, running, taken_by
from tests.thoroughness import examples
from tests.validated import validated

EVERY = len(Validation(described(Rules()), ports(), lambda: NOW).checks)
"""Checks that the pipeline of these tests has."""


def all_text(rig: Rig, channel: str = CHANNEL) -> str:
    return "\n".join(f"{message.text} {message.blocks}" for message in rig.slack.messages(channel))


@pytest.mark.parametrize("command", [command.name for command in VALIDATING])
def test_a_command_is_acknowledged_silently_and_its_message_becomes_the_result(command: str) -> None:
    with running() as rig:
        response = rig.done(command)

        (message,) = rig.slack.messages()
        assert (response.status, response.body) == (200, "")
        assert "Validating Tiny pipeline" in message.history[0]
        assert message.text != message.history[-1]
        assert f"<@{PERSON}>" in str(message.blocks[-1])


def test_the_acknowledgement_waits_for_no_work() -> None:
    with running() as rig:
        rig.gate.opened.clear()

        response = rig.command("/validate-daily")

        assert response.status == 200
        assert rig.gate.asked.wait(SECONDS)


@pytest.mark.parametrize(
    ("command", "text", "answer"),
    [
        pytest.param("/validate-daily", "triger", "Did you mean trigger?", id="a slip"),
        pytest.param("/validate-daily", "2026-02-30", "is no date", id="no date"),
        pytest.param("/validate-daily", "2027-01-01", "too far ahead", id="a date too far ahead"),
        pytest.param("/validate-daily", "quick lines", "No check meets", id="nothing left to run"),
        pytest.param("/iam-check", "cordinator", "Did you mean coordinator?", id="no service"),
        pytest.param("/predictions", "full", "takes a date", id="a word that another command takes"),
    ],
)
def test_wrong_input_is_answered_privately(command: str, text: str, answer: str) -> None:
    with running() as rig:
        rig.done(command, text)

        assert answer in rig.said[0]
        assert [each["response_type"] for each in rig.slack.workspace.responses] == ["ephemeral"]
        assert rig.slack.messages() == []


def test_wrong_input_of_one_who_may_not_see_is_not_answered_with_what_there_is() -> None:
    with running(Rules(viewers=("U0000OTHER",))) as rig:
        body = rig.done("/iam-check", "cordinator").body

        assert "coordinator" not in f"{body}{rig.said}"


@pytest.mark.parametrize(
    ("command", "text", "answer"),
    [
        pytest.param("/validate-daily", "help", "validate an interval", id="help on a command"),
        pytest.param("/reveille", "help", "What you can ask me", id="help on all"),
        pytest.param("/alerts", "--help", "the open alerts", id="help on the alerts"),
        pytest.param("/reveille", "", "What you can ask me", id="nothing is help, too"),
        pytest.param("/reveille", "dance", "I know no", id="and so is anything else"),
    ],
)
def test_help_is_answered_privately_at_once(command: str, text: str, answer: str) -> None:
    with running() as rig:
        response = rig.done(command, text)

        assert answer in response.body
        assert '"response_type": "ephemeral"' in response.body
        assert rig.slack.calls == []


@pytest.mark.parametrize(
    ("text", "command", "rest"),
    [
        ("predictions help", "/predictions", "the predictions of a date"),
        ("VALIDATE help", "/validate-daily", "validate an interval"),
        ("/validate-daily help", "/validate-daily", "validate an interval"),
        ("staging help", "/staging", "a staging environment"),
        ("deploys help", "/deploys", "recent builds"),
    ],
)
def test_one_command_takes_every_other_as_its_first_word(text: str, command: str, rest: str) -> None:
    with running() as rig:
        body = rig.done("/reveille", text).body

        assert command in body
        assert rest in body


def test_a_command_behind_the_one_command_does_what_it_does_alone() -> None:
    with running() as rig:
        rig.done("/reveille", "alerts")
        behind = list(rig.said)
        rig.done("/alerts", "")

        assert rig.said == [*behind, *behind]


def test_a_word_that_is_no_command_is_answered_with_those_that_are_near() -> None:
    with running() as rig:
        body = rig.done("/reveille", "predict").body

        assert "Did you mean predictions" in body


@pytest.mark.parametrize("text", ["today", "10 feb", "monday private", "quick"])
def test_a_date_without_a_command_is_answered_with_the_command_that_takes_it(text: str) -> None:
    with running() as rig:
        assert f"Did you mean `/reveille validate {text}`?" in str(rig.command("/reveille", text).body)


def test_hostile_words_are_repeated_without_their_power() -> None:
    with running() as rig:
        for name, _, _ in COMMANDS:
            body = f"{rig.done(name, '<!channel> <https://evil.example|click>').body} {rig.said}"
            assert "<!channel>" not in body
            assert "<https" not in body


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_a_word_that_bolt_takes_for_something_else_is_read(name: str) -> None:
    with running() as rig:
        assert rig.done(name, "payload").status == 200


@settings(deadline=None, max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_any_text_is_acknowledged(shared: Rig, text: str) -> None:
    assert shared.done("/validate-daily", text).status == 200


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    with running() as rig:
        yield rig


def test_the_home_of_a_private_answer_is_the_direct_message() -> None:
    with running() as rig:
        rig.done("/validate-daily", "private")

        assert rig.slack.messages() == []
        assert "Tiny pipeline" in rig.slack.messages(PERSON)[0].text
        assert len(rig.said) == 1


@pytest.mark.parametrize(
    "why",
    ["not_in_channel", "is_archived", "channel_not_found", "missing_scope", "restricted_action_read_only_channel"],
)
def test_a_channel_that_is_closed_gets_its_answer_in_direct_messages(why: str) -> None:
    with running() as rig:
        rig.slack.tell("chat.postMessage", refused(why))

        rig.done("/validate-daily")

        assert "Tiny pipeline" in rig.slack.messages(PERSON)[0].text
        assert "/invite" in rig.said[0]


def test_a_private_answer_is_tried_again_when_slack_stumbles_on_its_last_way() -> None:
    with running() as rig:
        rig.slack.tell("chat.postMessage", broken(times=1))

        said = PrivateReply(client=rig.services.client, user=PERSON).say("Nothing to do.")

        assert (said, [each.text for each in rig.slack.messages(PERSON)]) == (True, ["Nothing to do."])


def test_a_private_answer_that_nobody_gets_says_why_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with running() as rig, caplog.at_level("WARNING"):
        rig.slack.tell("chat.postMessage", refused("messages_tab_disabled", times=None))

        assert not PrivateReply(client=rig.services.client, user=PERSON).say("Nothing to do.")

        assert "a private answer reached nobody: messages_tab_disabled" in caplog.messages


LONG_ROWS = [{"game": f"GAME{number} {'x' * 220}", "players": 3} for number in range(200)]
"""More than one message tells, although they are folded."""


def test_a_result_that_needs_several_messages_goes_on_in_its_thread() -> None:
    with running() as rig:
        rig.gate.rows = LONG_ROWS

        rig.done("/validate-daily", "full")

        parent, *others = rig.slack.messages()
        assert others
        assert [message.thread_ts for message in others] == [parent.ts] * len(others)
        text = all_text(rig)
        assert "3 players in GAME0 " in text
        assert "3 players in GAME19 " in text
        assert "180 more like these" in text


def test_a_rest_that_slack_does_not_take_is_named() -> None:
    with running() as rig:
        rig.gate.rows = LONG_ROWS
        rig.gate.opened.clear()
        rig.command("/validate-daily")
        _wait_for(lambda: bool(rig.slack.messages()))
        rig.slack.tell("chat.postMessage", refused("msg_too_long"))

        rig.gate.opened.set()
        rig.wait()

        assert "took only 1 of" in rig.said[0]


def test_an_identical_request_in_the_same_channel_joins_the_run() -> None:
    with running() as rig:
        rig.gate.opened.clear()
        rig.command("/validate-daily", "players")
        assert rig.gate.asked.wait(SECONDS)

        rig.command("/validate-daily", "2026-02-10 players", user=COLLEAGUE)
        _wait_for(lambda: bool(rig.said))
        rig.gate.opened.set()
        rig.wait()

        assert len(rig.slack.messages()) == 1
        assert f"<@{PERSON}>" in rig.said[0]
        assert len(rig.services.validation._ports[BIGQUERY].queries) == 1  # type: ignore[attr-defined]  # the fake


def test_one_who_joins_from_elsewhere_sees_the_result_there() -> None:
    with running() as rig:
        rig.gate.opened.clear()
        rig.command("/validate-daily", "players")
        assert rig.gate.asked.wait(SECONDS)

        rig.command("/validate-daily", "players private", user=COLLEAGUE)
        _wait_for(lambda: bool(rig.slack.messages(COLLEAGUE)))
        rig.gate.opened.set()
        rig.wait()

        assert "Validating" not in rig.slack.messages()[0].text
        assert "Validating" not in rig.slack.messages(COLLEAGUE)[0].text
        assert len(rig.services.validation._ports[BIGQUERY].queries) == 1  # type: ignore[attr-defined]  # the fake


def test_a_request_after_the_run_begins_a_new_one() -> None:
    with running() as rig:
        rig.done("/validate-daily", "players")
        rig.done("/validate-daily", "players")

        assert len(rig.slack.messages()) == 2


def test_a_replayed_request_runs_once() -> None:
    with running() as rig:
        request = rig.slack.requests.command("/validate-daily")
        rig.send(request)
        rig.wait()
        rig.send(request)
        rig.wait()

        assert len(rig.slack.messages()) == 1


def test_one_who_may_not_see_is_refused_privately_with_whom_to_ask() -> None:
    with running(Rules(viewers=("U0000OTHER",), ask="the data team")) as rig:
        for command in ("/validate-daily", "/alerts"):
            rig.done(command)

        assert rig.slack.messages() == []
        assert all("Ask the data team." in text for text in rig.said)
        assert len(rig.said) == 2


def test_the_store_being_down_stops_no_validation() -> None:
    with running() as rig:
        rig.store.close()

        rig.done("/validate-daily")

        assert "Tiny pipeline" in rig.slack.messages()[0].text
        assert "Validating" not in rig.slack.messages()[0].text


def test_alerts_without_a_store_say_so_with_an_error_id() -> None:
    with running() as rig:
        rig.store.close()

        rig.done("/alerts")

        assert "store" in rig.said[0]
        assert "Error `" in rig.said[0]


def test_the_progress_names_a_few_of_what_was_asked_for_and_counts_the_others() -> None:
    with running() as rig:
        rig.done("/validate-daily", "phase3 phase5 players lines")

        assert "(phase3, phase5, players and 1 more)" in rig.slack.messages()[0].history[0]


def test_a_whole_report_is_kept_and_a_partial_one_is_not() -> None:
    with running() as rig:
        rig.done("/validate-daily", "players")
        assert rig.store.reports("tiny", "command", NOW - timedelta(days=1)) == []

        rig.done("/validate-daily")
        (kept,) = rig.store.reports("tiny", "command", NOW - timedelta(days=1))
        assert kept.document["partial"] is False


@pytest.mark.parametrize(("command", "state"), [("/validate-daily", "resolved"), ("/validate-daily quick", "firing")])
def test_a_whole_clean_answer_resolves_the_alert_at_once(command: str, state: str) -> None:
    with running() as rig:
        rig.gate.rows, healthy = FAILING, rig.gate.rows
        report = validated(rig.validation, Request(checks=("players",)))
        rig.services.incidents.process(report, rig.now)  # type: ignore[attr-defined]  # the real ones
        (alert,) = [each for each in rig.store.open_alerts("tiny") if each.check == "players"]
        rig.gate.rows, rig.now = healthy, rig.now + timedelta(minutes=5)

        rig.command(*command.split(maxsplit=1))
        rig.wait()

        after = rig.store.alert(alert.key)
        assert after is not None
        assert after.state.value == state


def test_a_busy_process_says_so_at_once() -> None:
    with running(workers=Workers(quick=1, long=1, waiting=1)) as rig:
        held = threading.Event()
        rig.services.workers.submit(Lane.QUICK, Job(lambda: _hold(held)))
        bodies = [rig.command("/validate-daily").body for _ in range(4)]
        held.set()
        rig.wait()

        assert any("Try again in a minute" in body for body in bodies)


def test_too_many_validations_are_refused_in_their_message() -> None:
    with running(workers=Workers(quick=2, long=1, waiting=1)) as rig:
        rig.gate.opened.clear()
        for text in ("players", "lines"):
            rig.command("/validate-daily", text)
            _wait_for(lambda expected=text: expected in all_text(rig))  # type: ignore[misc]  # bound at once
        rig.command("/validate-daily", "trigger")
        _wait_for(lambda: "Too much is waiting" in all_text(rig))
        rig.gate.opened.set()


def test_a_restart_says_so_in_the_message() -> None:
    with running() as rig:
        rig.gate.opened.clear()
        rig.command("/validate-daily")
        _wait_for(lambda: bool(rig.slack.messages()))
        assert rig.gate.asked.wait(SECONDS)

        assert not rig.services.workers.stop(2)

        assert "restarted" in rig.slack.messages()[0].text


@pytest.mark.parametrize("fault", [rate_limited(0, times=2), broken()], ids=["rate limited", "an error of the server"])
def test_the_last_edit_is_repeated_until_slack_takes_it(fault: object) -> None:
    with running() as rig:
        rig.gate.opened.clear()
        rig.command("/validate-daily", "players")
        assert rig.gate.asked.wait(SECONDS)
        _wait_for(lambda: bool(rig.slack.messages()))
        rig.slack.tell("chat.update", fault)  # type: ignore[arg-type]

        rig.gate.opened.set()
        rig.wait()

        assert "Validating" not in rig.slack.messages()[0].text


def test_a_result_whose_message_was_deleted_is_said_privately() -> None:
    with running() as rig:
        rig.gate.opened.clear()
        rig.command("/validate-daily", "players")
        assert rig.gate.asked.wait(SECONDS)
        _wait_for(lambda: bool(rig.slack.messages()))
        rig.slack.delete(rig.slack.messages()[0])

        rig.gate.opened.set()
        rig.wait()

        assert f"players: nothing found (1 of {EVERY} checks)" in rig.said[0]


def test_slack_being_down_for_the_first_message_leaves_the_result_private() -> None:
    with running() as rig:
        rig.slack.tell("chat.postMessage", broken())

        rig.done("/validate-daily", "players")

        assert rig.slack.messages() == []
        assert f"players: nothing found (1 of {EVERY} checks)" in rig.said[0]


def test_a_metric_that_breaks_keeps_nobody_from_the_result() -> None:
    with running() as rig:
        rig.services.runs._ran = _breaks

        rig.done("/validate-daily", "players")

        assert "Validating" not in rig.slack.messages()[0].text


class TestProgress:
    def answer(self, rig: Rig, seconds: list[float]) -> AnswerMessage:
        validation = rig.services.validation
        asked = ask_for_everything("", validation.pipeline, validation.checks, default="previous")
        reply = PrivateReply(client=rig.services.client, user=PERSON, channel=CHANNEL)
        message = AnswerMessage(
            rig.services,
            asked,
            validation.plan(asked.request),
            reply,
            taken_by(rig.services),
            seconds=lambda: seconds[0],
        )
        message.open()
        return message

    def test_edits_come_at_most_once_a_second(self) -> None:
        with running() as rig:
            seconds = [100.0]
            message = self.answer(rig, seconds)

            for moment in (100.0, 100.5, 100.999, 101.0, 101.5):
                seconds[0] = moment
                message.progressed(1, 9, "Lines")
                rig.wait()

            assert len(rig.slack.called("chat.update")) == 2

    def test_edits_pause_for_as_long_as_slack_wants(self) -> None:
        with running() as rig:
            seconds = [100.0]
            message = self.answer(rig, seconds)
            rig.slack.tell("chat.update", rate_limited(30))

            for moment in (100.0, 115.0, 129.9):
                seconds[0] = moment
                message.progressed(1, 9, "Lines")
                rig.wait()
            assert len(rig.slack.called("chat.update")) == 1

            seconds[0] = 130.0
            message.progressed(1, 9, "Lines")
            rig.wait()
            assert len(rig.slack.called("chat.update")) == 2

    def test_no_edit_follows_the_result(self) -> None:
        with running() as rig:
            message = self.answer(rig, [100.0])
            message.failed(RuntimeError("broken"))

            message.progressed(1, 9, "Lines")
            rig.wait()

            assert "no result" in rig.slack.messages()[0].text

    def test_a_broken_run_says_so_with_an_error_id_and_no_traceback(self) -> None:
        with running() as rig:
            self.answer(rig, [100.0]).failed(RuntimeError("secret detail"))

            assert "Error `" in rig.slack.messages()[0].text
            assert "secret detail" not in all_text(rig)


def test_a_service_narrows_what_is_shown_to_it() -> None:
    with running() as rig:
        rig.done("/iam-check", "coordinator")

        text = all_text(rig)
        assert "coordinator" in text
        assert "phase3-to-phase4" not in text


def test_no_open_alert_is_said_in_a_line() -> None:
    with running() as rig:
        rig.done("/alerts")

        assert rig.said == ["🟢 Tiny pipeline: no open alert."]


def test_open_alerts_are_listed_the_gravest_first_with_who_has_them() -> None:
    with running() as rig:
        rig.alert(key="one", title="Taken <!here>", state=AlertState.ACKNOWLEDGED, owner="U0ANN")
        rig.alert(key="two", title="Nobody's", severity=Severity.P0)
        rig.alert(
            key="three",
            title="Asleep",
            state=AlertState.SNOOZED,
            owner="U0ANN",
            reason="known",
            snooze_ends_on=SnoozeUntil.CHANGE,
        )

        rig.done("/alerts")

        (answer,) = rig.slack.workspace.responses
        text = str(answer["blocks"])
        assert answer["text"] == "Tiny pipeline: 3 open alerts"
        assert text.index("Nobody") < text.index("Taken &lt;!here&gt;")
        assert "acknowledged by <@U0ANN>" in text
        assert "until it changes by <@U0ANN>: known" in text


def test_a_hundred_alerts_fit_and_are_counted() -> None:
    with running() as rig:
        for number in range(100):
            alert = an_alert(key=f"alert-{number}", title="<!channel> & " * 300)
            rig.store.commit(Changes(alerts=(alert,)))

        rig.done("/alerts")

        assert "85 less grave ones" in str(rig.slack.workspace.responses[0]["blocks"])


def _hold(event: threading.Event) -> None:
    assert event.wait(SECONDS)


def _breaks(report: Report) -> None:
    raise RuntimeError("broken")


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not come in time"
        threading.Event().wait(0.005)


def test_failing_checks_are_shown() -> None:
    with running() as rig:
        rig.gate.rows = FAILING

        rig.done("/validate-daily", "players")

        assert f"players: 1 problem (1 of {EVERY} checks)" in rig.slack.messages()[0].text


@pytest.mark.parametrize(
    ("command", "text", "title"),
    [
        pytest.param("/drift", "", "Drift: ", id="a command of a few checks"),
        pytest.param(
            "/validate-daily", "players lines", f"players, lines: nothing found (2 of {EVERY} checks)", id="checks"
        ),
        pytest.param("/validate-daily", "analytics", "Analytics: ", id="a phase"),
        pytest.param("/validate-daily", "quick", "Quick checks: ", id="the quick ones"),
    ],
)
def test_a_few_checks_never_speak_for_the_pipeline(command: str, text: str, title: str) -> None:
    with running() as rig:
        rig.done(command, text)

        said = rig.slack.messages()[0].text
        assert title in said
        assert not any(verdict.value in said for verdict in Verdict)


def test_every_check_speaks_for_the_pipeline() -> None:
    with running() as rig:
        rig.done("/validate-daily")

        assert any(f"Tiny pipeline: {verdict}" in rig.slack.messages()[0].text for verdict in Verdict)


def test_the_open_alerts_stand_beside_the_answer_of_a_few_checks_with_their_threads() -> None:
    with running() as rig:
        alert = rig.alert(title="Nobody can call the coordinator", severity=Severity.P0)
        parent = rig.parent(alert)

        rig.done("/validate-daily", "players")

        shown = str(rig.slack.messages()[-1].blocks)
        assert "players: nothing found" in rig.slack.messages()[-1].text
        assert "Nobody can call the coordinator" in shown
        assert f"https://example.slack.com/archives/{CHANNEL}/p{parent.ts.replace('.', '')}" in shown


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        pytest.param("/orchestrators", ("trigger", "phase-log", "stalled", "phase-gap", "invoker"), id="orchestrators"),
        pytest.param("/iam-check", ("invoker",), id="permissions"),
        pytest.param("/drift", ("drift", "builds", "environment-change", "deployment-audit"), id="drift"),
    ],
)
def test_a_command_runs_every_check_that_tells_what_it_is_about(command: str, asked: tuple[str, ...]) -> None:
    (read,) = (each.read for each in VALIDATING if each.name == command)
    with running() as rig:
        assert read(rig.services, "").request.checks == asked
