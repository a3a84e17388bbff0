"""Channels that take nothing, messages that people delete, blocks that Slack refuses: what is to be said is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.delivery.outbox import LEASE, PATIENCE, UNDELIVERED, Outbox
from bot.delivery.traffic import Defaults
from bot.playground.slack.server import SlackServer, dropped_after_accepting, refused
from bot.store.model import DeliveryState
from bot.store.sqlite import SqliteStore
from tests.bot.delivery.posting import HOME, MORNING, OTHER, Clock, Posting, post, posting, reply, update


@pytest.fixture
def rig() -> Iterator[Posting]:
    with posting() as prepared:
        yield prepared


def take_away(rig: Posting, how: str, channel: str) -> None:
    match how:
        case "archived":
            rig.slack.archive(channel)
        case "bot removed":
            rig.slack.remove_bot(channel)
        case "deleted":
            del rig.slack.workspace.channels[channel]


@pytest.mark.parametrize("how", ["archived", "bot removed", "deleted"])
def test_what_a_channel_does_not_take_goes_to_the_default_channel_and_says_so(rig: Posting, how: str) -> None:
    take_away(rig, how, OTHER)
    rig.put(post("alert", channel=OTHER), reply("opened", "alert", channel=OTHER))

    rig.settle()

    (parent,) = rig.slack.messages(key="alert")
    assert OTHER in parent.blocks[0]["elements"][0]["text"]
    assert parent.blocks[1]["text"]["text"] == "alert"
    assert [answer.key for answer in rig.slack.thread(parent)] == ["opened"]
    assert rig.delivery("alert").posted_channel == HOME


def test_a_message_of_words_alone_keeps_them_in_the_default_channel(rig: Posting) -> None:
    rig.slack.archive(OTHER)
    rig.put(replace(post("alert", channel=OTHER), body={"text": "only words"}))

    rig.settle()

    (message,) = rig.slack.messages(key="alert")
    assert message.blocks[1]["text"]["text"] == "only words"


def test_a_death_after_posting_in_the_default_channel_does_not_double(rig: Posting) -> None:
    rig.slack.archive(OTHER)
    delivery = post("alert", channel=OTHER)
    rig.put(delivery)
    rig.store.claim("dead", rig.clock(), rig.clock() + LEASE, 1)
    rig.poster().post(HOME, delivery.body, "alert", None)
    rig.clock.advance(seconds=LEASE.total_seconds())

    rig.settle()

    assert len(rig.slack.messages(key="alert")) == 1


def test_an_alert_whose_channel_is_archived_goes_on_in_the_default_channel(rig: Posting) -> None:
    rig.put(post("alert", channel=OTHER))
    rig.settle()
    rig.slack.archive(OTHER)
    rig.put(update("resolved", "alert", order=1, channel=OTHER), reply("it works", "alert", order=2, channel=OTHER))

    rig.settle()

    (parent,) = rig.slack.messages(key="alert:anew")
    assert (parent.channel, parent.text) == (HOME, "resolved")
    assert [answer.key for answer in rig.slack.thread(parent)] == ["it works"]


def test_without_another_place_a_message_waits_until_the_channel_is_repaired(rig: Posting) -> None:
    rig.slack.archive(HOME)
    rig.put(post("alert"))
    for _ in range(60):
        rig.outbox.pump()
        rig.clock.advance(minutes=1)
    tried = len(rig.slack.called("chat.postMessage"))
    rig.slack.workspace.channels[HOME].archived = False

    rig.settle()

    assert rig.texts() == ["alert"]
    assert tried < 20


def test_what_is_refused_for_a_day_is_given_up_and_told(rig: Posting) -> None:
    rig.put(post("alert"), reply("opened", "alert"))
    rig.slack.tell("chat.postMessage", refused("who_knows", times=1))
    rig.clock.advance(seconds=PATIENCE.total_seconds())

    rig.settle()

    (notice,) = rig.slack.messages()
    assert notice.key == f"{UNDELIVERED}alert"
    assert "who_knows" in notice.text
    assert rig.state("opened") is DeliveryState.DEAD
    assert ("buried", "alert") in rig.told


def test_what_slack_says_of_it_has_no_power_in_the_notice(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.slack.tell("chat.postMessage", refused("<!channel>", times=1))
    rig.clock.advance(seconds=PATIENCE.total_seconds())

    rig.settle()

    (notice,) = rig.slack.messages()
    assert "<!channel>" not in notice.text
    assert "&lt;!channel&gt;" in notice.text


def test_a_refusal_just_before_that_is_tried_again(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.slack.tell("chat.postMessage", refused("who_knows", times=1))
    rig.clock.advance(seconds=PATIENCE.total_seconds() - 1)

    rig.settle()

    assert rig.texts() == ["alert"]


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
@pytest.mark.parametrize("what", ["post", "reply", "update"])
def test_blocks_that_slack_does_not_take_leave_the_words(rig: Posting, error: str, what: str) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.put({"post": post("said"), "reply": reply("said", "alert"), "update": update("said", "alert")}[what])
    rig.slack.tell("chat.update" if what == "update" else "chat.postMessage", refused(error))

    rig.settle()

    (message,) = [each for each in rig.slack.messages() if each.text.startswith("said")]
    assert error in message.text
    assert message.blocks == []


def test_words_that_slack_does_not_take_either_are_shortened(rig: Posting) -> None:
    rig.put(post("alert", "so many words " * 200))
    rig.slack.tell("chat.postMessage", refused("invalid_blocks"), refused("msg_too_long"))

    rig.settle()

    (message,) = rig.slack.messages(key="alert")
    assert message.text.startswith("so many words")
    assert "msg_too_long" in message.text
    assert len(message.text) < 700


def test_what_slack_takes_in_no_form_is_given_up_and_told(rig: Posting) -> None:
    rig.put(post("alert"), post("other"))
    rig.slack.tell("chat.postMessage", refused("invalid_blocks", times=3))

    rig.settle()

    assert rig.state("alert") is DeliveryState.DEAD
    assert [message.key for message in rig.slack.messages()] == ["other", f"{UNDELIVERED}alert"]


def test_a_notice_that_cannot_be_given_makes_no_further_notice(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.slack.tell("chat.postMessage", refused("invalid_blocks", times=None))

    rig.settle()

    assert rig.slack.messages() == []
    assert [key for kind, key in rig.told if kind == "buried"] == ["alert", f"{UNDELIVERED}alert"]


def test_an_edit_of_a_deleted_message_posts_it_anew_once(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.slack.delete(rig.slack.messages(key="alert")[0])
    rig.put(update("worse", "alert", order=1))
    rig.settle()
    rig.put(update("resolved", "alert", order=2), reply("it works", "alert", order=3))

    rig.settle()

    (parent,) = rig.slack.messages(key="alert:anew")
    assert parent.text == "resolved"
    assert [answer.key for answer in rig.slack.thread(parent)] == ["it works"]
    assert rig.state("worse") is DeliveryState.SENT


def test_a_message_that_is_deleted_again_comes_again(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.settle()
    for number, key in enumerate(("alert", "alert:anew"), start=1):
        rig.slack.delete(rig.slack.messages(key=key)[0])
        rig.put(update(f"v{number}", "alert", order=number))
        rig.settle()

    assert [(message.key, message.text) for message in rig.slack.messages()] == [("alert:anew:anew", "v2")]


def test_what_belongs_to_a_message_that_could_not_come_back_is_told(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.slack.delete(rig.slack.messages(key="alert")[0])
    rig.put(update("worse", "alert", order=1), reply("it works", "alert", order=2))
    rig.slack.tell("chat.postMessage", refused("invalid_blocks", times=3))

    rig.settle()

    told = {message.key for message in rig.slack.messages()}
    assert told == {f"{UNDELIVERED}{key}" for key in ("alert:anew", "worse", "it works")}


def test_answers_to_a_deleted_message_stay_together(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.slack.delete(rig.slack.messages(key="alert")[0])
    rig.put(reply("first", "alert", order=1), reply("second", "alert", order=2))

    rig.settle()

    (parent,) = rig.slack.messages(key="first")
    assert parent.thread_ts is None
    assert [answer.key for answer in rig.slack.thread(parent)] == ["second"]


def test_an_edit_after_that_is_no_edit_of_the_answer(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.slack.delete(rig.slack.messages(key="alert")[0])
    rig.put(reply("first", "alert", order=1), update("resolved", "alert", order=2), reply("last", "alert", order=3))

    rig.settle()

    (answer,) = rig.slack.messages(key="first")
    (parent,) = rig.slack.messages(key="alert:anew:anew")
    assert (answer.text, parent.text) == ("first", "resolved")
    assert [each.key for each in rig.slack.thread(parent)] == ["last"]


def test_an_edit_of_an_answer_changes_the_answer(rig: Posting) -> None:
    rig.put(post("digest"), reply("details", "digest"))
    rig.settle()
    rig.put(update("new details", "details"))

    rig.settle()

    assert rig.texts() == ["digest", "new details"]


def test_a_deleted_answer_that_is_edited_comes_back_into_its_thread_once(rig: Posting) -> None:
    rig.put(post("digest"), reply("details", "digest"))
    rig.settle()
    rig.slack.delete(rig.slack.messages(key="details")[0])
    rig.put(update("new details", "details", order=1))
    rig.settle()
    rig.put(update("newest details", "details", order=2))

    rig.settle()

    (parent,) = rig.slack.messages(key="digest")
    assert [answer.text for answer in rig.slack.thread(parent)] == ["newest details"]


def test_an_answer_to_a_deleted_message_is_found_in_the_channel(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.slack.delete(rig.slack.messages(key="alert")[0])
    rig.put(reply("said", "alert"))
    rig.slack.tell("chat.postMessage", dropped_after_accepting())

    rig.settle()

    assert [message.key for message in rig.slack.messages()] == ["said"]


def test_an_answer_in_a_thread_that_is_locked_goes_to_the_channel(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.put(reply("said", "alert"))
    rig.slack.tell("chat.postMessage", refused("restricted_action_thread_locked"))

    rig.settle()

    (message,) = rig.slack.messages(key="said")
    assert message.thread_ts is None


def test_a_token_that_does_not_work_is_waited_for(rig: Posting) -> None:
    rig.put(post("alert", at=MORNING - timedelta(days=2)))
    rig.slack.tell("chat.postMessage", refused("invalid_auth", times=5))

    rig.settle()

    assert rig.texts() == ["alert"]


def test_what_a_channel_of_another_pipeline_does_not_take_goes_to_the_default_channel_of_that_one() -> None:
    """Whoever reads the default channel of the first pipeline need not be allowed to see the second."""
    third, clock = "C0EXAMPLE3", Clock()
    with SlackServer((HOME, OTHER, third), clock=clock) as slack, closing(SqliteStore(":memory:")) as store:
        rig = Posting(slack, clock, store)
        outbox = Outbox(store, rig.poster(), clock, "one", default_channel=Defaults(HOME, {OTHER: third, third: third}))
        slack.archive(OTHER)
        rig.put(post("alert", channel=OTHER))

        rig.settle(outbox)

        assert slack.messages(HOME) == []
        assert slack.messages(third)[0].key == "alert"
        assert OTHER in str(slack.messages(third)[-1].blocks) + slack.messages(third)[-1].text


def test_a_default_channel_that_takes_nothing_is_named_where_there_are_several() -> None:
    third, clock = "C0EXAMPLE3", Clock()
    with SlackServer((HOME, third), clock=clock) as slack, closing(SqliteStore(":memory:")) as store:
        rig = Posting(slack, clock, store)
        outbox = Outbox(store, rig.poster(), clock, "one", default_channel=Defaults(HOME, {HOME: HOME, third: third}))
        slack.archive(third)
        rig.put(post("alert", channel=third), post("other", channel=HOME))

        for _ in range(3):
            outbox.pump()

        assert list(outbox.problems()) == [f"default channel {third}"]
