"""What cannot be stored or claimed goes past the store, once, and is found there when the store is back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.delivery.straight import HICCUP, LOOK_BACK
from bot.playground.slack.server import SlackFault, broken, rate_limited, refused, unreachable
from bot.store.model import DeliveryState
from tests.bot.delivery.posting import HOME, OTHER, Posting, post, posting, update

WRITES = {"claim", "commit", "record_sent", "hand_back", "bury"}


@pytest.fixture
def rig() -> Iterator[Posting]:
    with posting() as prepared:
        yield prepared


def outage(rig: Posting, *, seconds: int = 30) -> None:
    """Let the store take no writes for some time; it can be read."""
    rig.flaky.broken = set(WRITES)
    for _ in range(seconds):
        rig.outbox.pump()
        rig.clock.advance(seconds=1)


def test_what_is_stored_and_cannot_be_claimed_is_posted_once(rig: Posting) -> None:
    rig.put(post("alert"))

    outage(rig)

    assert rig.texts() == ["alert"]


@pytest.mark.parametrize(
    ("seconds", "posted"),
    [(int(HICCUP.total_seconds()), 0), (int(HICCUP.total_seconds()) + 2, 1)],
    ids=["at the limit", "just past it"],
)
def test_a_store_that_stumbles_for_a_moment_is_waited_for(rig: Posting, seconds: int, posted: int) -> None:
    rig.put(post("alert"))

    outage(rig, seconds=seconds)

    assert len(rig.texts()) == posted


def test_when_the_store_is_back_the_delivery_is_recorded_and_not_posted_again(rig: Posting) -> None:
    rig.put(post("alert"))
    outage(rig)
    rig.flaky.broken.clear()

    rig.settle()

    assert rig.texts() == ["alert"]
    assert rig.state("alert") is DeliveryState.SENT


def test_what_was_said_before_it_could_be_stored_is_found_when_it_is_stored(rig: Posting) -> None:
    outage(rig, seconds=1)
    rig.outbox.say_without_store(post("alert"))
    rig.outbox.pump()
    rig.flaky.broken.clear()
    rig.put(post("alert"))

    rig.settle()

    assert rig.texts() == ["alert"]
    assert rig.delivery("alert").ts == rig.slack.messages()[0].ts


def test_a_process_that_starts_during_the_outage_says_nothing_again(rig: Posting) -> None:
    rig.put(post("alert"))
    outage(rig)
    rig.outbox = rig.instance("restarted")

    outage(rig)

    assert rig.texts() == ["alert"]


@pytest.mark.parametrize("code", ["missing_scope", "no_permission", "access_denied", "channel_not_found"])
def test_a_channel_whose_history_may_not_be_read_gets_it_all_the_same(rig: Posting, code: str) -> None:
    rig.slack.tell("conversations.history", refused(code, times=None))
    rig.put(post("alert"))

    outage(rig)

    assert rig.texts(HOME) == ["alert"]


def test_the_next_outage_is_another_matter(rig: Posting) -> None:
    rig.put(post("first"))
    outage(rig)
    rig.flaky.broken.clear()
    rig.settle()
    rig.put(post("second"))

    outage(rig)

    assert rig.texts() == ["first", "second"]


@pytest.mark.parametrize("fault", [rate_limited(5), broken(502), unreachable()], ids=["a 429", "a 502", "no answer"])
def test_what_cannot_be_looked_for_at_the_moment_is_posted_a_moment_later_and_once(
    rig: Posting, fault: SlackFault
) -> None:
    rig.outbox.say_without_store(post("alert"))
    rig.outbox.pump()
    rig.outbox = rig.instance("restarted")
    rig.slack.tell("conversations.history", fault)
    rig.outbox.say_without_store(post("alert"))

    outage(rig)

    assert rig.texts() == ["alert"]


def test_what_slack_does_not_take_at_the_moment_waits_and_holds_up_nothing_else(rig: Posting) -> None:
    rig.slack.tell("chat.postMessage", rate_limited(20))
    rig.outbox.say_without_store(post("first"))
    rig.outbox.say_without_store(post("second", channel=OTHER))

    outage(rig, seconds=5)
    early = (rig.texts(HOME), rig.texts(OTHER))
    outage(rig, seconds=60)

    assert early == ([], ["second"])
    assert rig.texts(HOME) == ["first"]


def test_edits_wait_for_the_store(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.put(update("edit", "alert", at=rig.clock()))

    outage(rig)

    assert rig.slack.called("chat.update") == []


@pytest.mark.parametrize(
    ("seconds", "posted"), [(-1, 1), (3_600, 2)], ids=["a second before its end", "an hour after its end"]
)
def test_a_message_of_a_process_that_has_ended_is_found_for_a_day(rig: Posting, seconds: int, posted: int) -> None:
    rig.outbox.say_without_store(post("alert"))
    rig.outbox.pump()
    rig.clock.now += LOOK_BACK
    rig.clock.advance(seconds=seconds)
    rig.outbox = rig.instance("restarted")

    rig.outbox.say_without_store(post("alert", at=rig.clock()))
    rig.outbox.pump()

    assert len(rig.texts()) == posted
