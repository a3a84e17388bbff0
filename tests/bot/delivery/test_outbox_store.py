"""The outbox while the store does not work: what Slack has is not sent again, and what matters is said all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.delivery.outbox import LEASE
from bot.playground.slack.server import SlackFault, broken, dropped_after_accepting, rate_limited, refused
from bot.store.model import DeliveryState
from tests.bot.delivery.posting import Posting, post, posting, reply


@pytest.fixture
def rig() -> Iterator[Posting]:
    with posting() as prepared:
        yield prepared


def test_a_store_that_is_down_is_waited_for(rig: Posting) -> None:
    rig.put(post("said"))
    rig.flaky.broken = {"claim"}
    down = rig.outbox.pump()
    rig.flaky.broken.clear()

    up = rig.outbox.pump()

    assert (down, up) == (0, 1)


def test_what_slack_has_is_recorded_when_the_store_is_back(rig: Posting) -> None:
    rig.put(post("said"))
    rig.flaky.broken = {"record_sent"}
    rig.outbox.pump()
    rig.flaky.broken.clear()

    rig.outbox.pump()

    assert rig.state("said") is DeliveryState.SENT
    assert rig.told == [("sent", "said")]
    assert len(rig.slack.called("chat.postMessage")) == 1


def test_nobody_is_told_that_it_was_sent_before_that_is_recorded(rig: Posting) -> None:
    rig.put(post("digest"))
    rig.flaky.broken = {"record_sent"}

    rig.outbox.pump()

    assert rig.told == []


@pytest.mark.parametrize("what", ["post", "reply"])
def test_an_instance_that_ends_before_it_could_record_doubles_nothing(rig: Posting, what: str) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.put(post("said") if what == "post" else reply("said", "alert"))
    rig.flaky.broken = {"record_sent"}
    rig.outbox.pump()
    rig.flaky.broken.clear()
    rig.clock.advance(seconds=LEASE.total_seconds())

    rig.settle(rig.instance("two"))

    assert len(rig.slack.messages(key="said")) == 1
    assert rig.state("said") is DeliveryState.SENT


def test_a_doubt_that_could_not_be_written_down_is_still_a_doubt(rig: Posting) -> None:
    rig.put(post("said"))
    rig.slack.tell("chat.postMessage", dropped_after_accepting())
    rig.flaky.broken = {"hand_back"}
    rig.outbox.pump()
    rig.flaky.broken.clear()
    rig.clock.advance(seconds=LEASE.total_seconds())

    rig.settle()

    assert len(rig.slack.messages(key="said")) == 1


def test_an_alert_reaches_people_while_the_store_is_down(rig: Posting) -> None:
    rig.flaky.broken = {"claim", "commit", "delivery", "record_sent", "hand_back"}

    rig.outbox.say_without_store(post("alert"))
    sent = rig.outbox.pump()

    assert sent == 1
    assert rig.texts() == ["alert"]


@pytest.mark.parametrize(
    "fault",
    [rate_limited(20), broken(), dropped_after_accepting(), refused("who_knows")],
    ids=["429", "server error", "connection lost", "refusal"],
)
def test_it_reaches_them_also_when_slack_stumbles(rig: Posting, fault: SlackFault) -> None:
    rig.slack.tell("chat.postMessage", fault)
    rig.outbox.say_without_store(post("first"))
    rig.outbox.say_without_store(post("second"))

    for _ in range(60):
        rig.outbox.pump()
        rig.clock.advance(seconds=1)

    assert sorted(rig.texts()) == ["first", "second"]


def test_a_slack_that_is_down_as_well_is_not_asked_at_every_turn(rig: Posting) -> None:
    rig.slack.down = True
    rig.outbox.say_without_store(post("first"))

    for _ in range(4):
        rig.outbox.pump()
        rig.clock.advance(seconds=1)

    assert len(rig.slack.calls) == 1
