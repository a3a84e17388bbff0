"""Commands in plain words: the same as behind the slash, with the same rights."""

from __future__ import annotations

from typing import Any

import pytest

from bot.playground.slack.requests import PERSON
from checks.notifications import Permissions as Rules
from tests.handlers.rig import CHANNEL, COLLEAGUE, Rig, running

BOT = "U0BOT"
DIRECT = "D0EXAMPLE1"


def mentioned(rig: Rig, text: str, **more: Any) -> None:
    event = {"user": PERSON, "channel": CHANNEL, "ts": "1.000001", "text": f"<@{BOT}> {text}", **more}
    assert rig.send(rig.slack.requests.event("app_mention", **event)).status == 200
    rig.wait()


def wrote(rig: Rig, text: str, **more: Any) -> None:
    event = {"user": PERSON, "channel": DIRECT, "channel_type": "im", "ts": "1.000001", "text": text, **more}
    assert rig.send(rig.slack.requests.event("message", **event)).status == 200
    rig.wait()


def direct(rig: Rig) -> list[str]:
    """What was said in direct messages."""
    return [each.text for each in rig.slack.messages(PERSON)]


def ephemeral(rig: Rig) -> list[str]:
    """What was said in the channel to the one who asked alone."""
    return [str(call.arguments.get("text")) for call in rig.slack.calls if call.method == "chat.postEphemeral"]


def test_a_mention_is_answered_where_it_stands_to_the_one_who_asked() -> None:
    with running() as rig:
        mentioned(rig, "status")

        assert "every source answers" in ephemeral(rig)[0]
        assert direct(rig) == []


def test_a_direct_message_is_answered_by_one() -> None:
    with running() as rig:
        wrote(rig, "status")

        assert "every source answers" in direct(rig)[0]


@pytest.mark.parametrize("text", ["", "help"])
def test_nothing_and_help_are_answered_with_help(text: str) -> None:
    with running() as rig:
        wrote(rig, text)

        assert "What you can ask me" in direct(rig)[0]


def test_a_slip_is_answered_with_the_nearest_names() -> None:
    with running() as rig:
        mentioned(rig, "predict")

        assert "Did you mean predictions" in ephemeral(rig)[0]


def test_a_validation_answers_in_the_channel_and_in_the_thread_of_a_mention_there() -> None:
    with running() as rig:
        mentioned(rig, "validate quick")
        (first,) = rig.slack.messages()
        mentioned(rig, "validate yesterday", thread_ts=first.ts)

        assert [each.thread_ts for each in rig.slack.messages()] == [None, first.ts]
        assert "Tiny pipeline" in rig.slack.messages()[1].text


def test_a_validation_asked_for_in_a_direct_message_stays_there() -> None:
    with running() as rig:
        wrote(rig, "validate")

        assert rig.slack.messages() == []
        assert "Tiny pipeline" in direct(rig)[0]


def test_what_slack_escapes_is_read_as_it_was_written() -> None:
    with running() as rig:
        wrote(rig, "maintenance 2h a &amp; b &lt;c&gt;")

        assert any(
            "A &amp; b &lt;c&gt;" in str(each.body) or "a & b <c>" in str(each.body).lower()
            for each in rig.store.pending()
        )


@pytest.mark.parametrize(
    "other",
    [
        {"bot_id": "B0EXAMPLE"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"user": None},
        {"channel": CHANNEL, "channel_type": "channel"},
    ],
    ids=["a bot", "an edit", "a deletion", "nobody", "another channel"],
)
def test_what_is_not_written_to_us_by_a_person_is_not_answered(other: dict[str, Any]) -> None:
    with running() as rig:
        wrote(rig, "status", **other)

        assert (direct(rig), ephemeral(rig)) == ([], [])


def test_a_mention_in_a_direct_message_is_answered_once() -> None:
    with running() as rig:
        wrote(rig, f"<@{BOT}> status")
        mentioned(rig, "status", channel=DIRECT)

        assert len(direct(rig)) == 1


def test_an_event_that_comes_again_is_answered_once() -> None:
    with running() as rig:
        for _ in range(2):
            request = rig.slack.requests.event(
                "message", event_id="Ev1", user=PERSON, channel=DIRECT, channel_type="im", text="alerts"
            )
            rig.send(request)
            rig.wait()

        assert len(direct(rig)) == 1


def test_who_may_not_see_hears_only_that() -> None:
    with running(Rules(viewers=(COLLEAGUE,))) as rig:
        wrote(rig, "status")
        wrote(rig, "validate")

        assert len(direct(rig)) == 2
        assert all("You cannot" in each for each in direct(rig))


def test_who_may_not_act_starts_no_maintenance() -> None:
    with running(Rules(actors=(COLLEAGUE,))) as rig:
        mentioned(rig, "maintenance 2h deploying")

        assert rig.store.pending() == []
        assert "You cannot" in ephemeral(rig)[0]


def test_whoever_writes_in_a_direct_message_is_not_told_that_the_answer_comes_there() -> None:
    with running() as rig:
        wrote(rig, "validate")

        assert not any("direct messages" in each for each in direct(rig))
        assert any("Tiny pipeline" in each for each in direct(rig))


@pytest.mark.parametrize("command", ["/alerts", "/reveille status", "/reveille check"])
def test_words_behind_a_command_that_takes_none_are_not_ignored(command: str) -> None:
    with running() as rig:
        name, _, first = command.partition(" ")

        said = rig.done(name, f"{first} foo bar".strip()).body

        assert "It takes no words, and I read `foo bar`." in said
        assert f"`{command}`: " in said
        assert rig.said == []
