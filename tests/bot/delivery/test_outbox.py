"""Nothing lost, nothing twice, whatever Slack, the store and the process do."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.delivery.outbox import LEASE, SAFE, Outbox
from bot.delivery.troubles import Posted
from bot.playground.slack.server import (
    EVERY_METHOD,
    SlackFault,
    broken,
    dropped_after_accepting,
    rate_limited,
    refused,
    silent_after_accepting,
    unreachable,
)
from bot.sinks.slack.format import SlackWording
from bot.sinks.slack.poster import SlackPoster
from bot.store.model import Delivery, DeliveryState
from tests.bot.delivery.posting import HOME, MORNING, OTHER, Posting, post, posting, reply, update


class BreaksOnBad:
    """A poster with a fault of ours for one message."""

    wording = SlackWording()

    def __init__(self, poster: SlackPoster) -> None:
        self._poster = poster
        self.update = poster.update
        self.find = poster.find

    def post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        if key == "bad":
            raise KeyError(key)
        return self._poster.post(channel, body, key, thread_ts)


class Overtaken:
    """A poster so slow that its lease runs out and another instance records the delivery."""

    wording = SlackWording()

    def __init__(self, rig: Posting) -> None:
        self._rig = rig
        self.update = rig.poster().update
        self.find = rig.poster().find

    def post(self, channel: str, body: Mapping[str, Any], key: str, thread_ts: str | None) -> Posted:
        self._rig.clock.now += LEASE
        now = self._rig.clock()
        self._rig.store.claim("another", now, now + LEASE, 1)
        self._rig.store.record_sent(key, "another", ts="1.000001", channel=channel, now=now)
        return self._rig.poster().post(channel, body, key, thread_ts)


@pytest.fixture
def rig() -> Iterator[Posting]:
    with posting() as prepared:
        yield prepared


def test_a_message_is_posted_with_its_key_and_recorded(rig: Posting) -> None:
    rig.put(post("digest"))

    sent = rig.outbox.pump()

    (message,) = rig.slack.messages(key="digest")
    delivery = rig.delivery("digest")
    assert sent == 1
    assert (delivery.state, delivery.ts, delivery.posted_channel) == (DeliveryState.SENT, message.ts, HOME)
    assert rig.told == [("sent", "digest")]


def test_nothing_is_looked_for_that_nobody_can_have_sent(rig: Posting) -> None:
    rig.put(post("digest"))

    rig.outbox.pump()

    assert not rig.slack.called("conversations.history")


def test_a_thread_and_an_edit_follow_their_message(rig: Posting) -> None:
    rig.put(post("alert"), reply("opened", "alert", order=1), update("firing", "alert", order=2))

    rig.settle()

    (parent,) = rig.slack.messages(key="alert")
    assert [answer.text for answer in rig.slack.thread(parent)] == ["opened"]
    assert (parent.text, parent.history) == ("firing", ["alert"])


def test_only_the_latest_of_several_edits_is_sent(rig: Posting) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.put(*(update(f"v{number}", "alert", order=number) for number in range(1, 5)))

    rig.settle()

    assert [call.arguments["text"] for call in rig.slack.called("chat.update")] == ["v4"]
    assert rig.state("v3") is DeliveryState.SUPERSEDED


def test_an_urgent_message_goes_before_older_ones(rig: Posting) -> None:
    rig.put(post("older"), post("urgent", at=MORNING + timedelta(minutes=1), urgent=True))

    rig.settle()

    assert rig.texts() == ["urgent", "older"]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_a_429_is_waited_for_and_nothing_is_dropped(rig: Posting, method: str) -> None:
    if method == "chat.update":
        rig.put(post("alert"))
        rig.settle()
    rig.put(update("said", "alert") if method == "chat.update" else post("said"))
    rig.slack.tell(method, rate_limited(30))
    rig.outbox.pump()

    rig.clock.advance(seconds=29)
    early = rig.outbox.pump()
    rig.clock.advance(seconds=1)
    late = rig.outbox.pump()

    assert (early, late) == (0, 1)
    assert "said" in rig.texts()


def test_a_429_lets_its_channel_wait_and_no_other(rig: Posting) -> None:
    later = MORNING + timedelta(seconds=1)
    rig.put(post("first"), post("second"), post("elsewhere", channel=OTHER, at=later))
    rig.slack.tell("chat.postMessage", rate_limited(30))

    for _ in range(3):
        rig.outbox.pump()
        rig.clock.advance(seconds=5)

    assert rig.texts() == []
    assert rig.texts(OTHER) == ["elsewhere"]
    assert len(rig.slack.called("chat.postMessage")) == 2


def test_what_was_refused_by_a_429_is_not_looked_for(rig: Posting) -> None:
    rig.put(post("said"))
    rig.slack.tell("chat.postMessage", rate_limited(1))

    rig.settle()

    assert not rig.slack.called("conversations.history")


def test_a_429_while_looking_leaves_the_doubt(rig: Posting) -> None:
    rig.put(post("said"))
    rig.slack.tell("chat.postMessage", dropped_after_accepting())
    rig.slack.tell("conversations.history", rate_limited(20))

    rig.settle()

    assert rig.texts() == ["said"]
    assert len(rig.slack.called("conversations.history")) == 2


def test_a_second_outage_begins_with_a_short_pause_again(rig: Posting) -> None:
    rig.slack.tell(EVERY_METHOD, unreachable(8))
    rig.put(post("first"))
    rig.settle()
    rig.put(post("second", at=rig.clock()))
    rig.slack.tell(EVERY_METHOD, unreachable())

    rig.settle(seconds=6)

    assert rig.texts() == ["first", "second"]


def test_every_instance_waits_as_long_as_slack_asked(rig: Posting) -> None:
    rig.put(post("said"))
    rig.slack.tell("chat.postMessage", rate_limited(30))
    rig.outbox.pump()
    other = rig.instance("two")

    rig.clock.advance(seconds=29)
    early = other.pump()
    rig.clock.advance(seconds=1)
    late = other.pump()

    assert (early, late) == (0, 1)


def test_what_we_did_not_send_may_have_been_sent_by_another_instance_since(rig: Posting) -> None:
    delivery = post("said")
    rig.put(delivery)
    rig.slack.tell("chat.postMessage", rate_limited(1))
    rig.outbox.pump()
    rig.clock.advance(seconds=1)
    rig.die_after_posting(delivery)
    rig.clock.advance(seconds=LEASE.total_seconds())

    rig.settle()

    assert len(rig.slack.messages(key="said")) == 1


def test_a_delivery_that_another_instance_recorded_is_not_told_again(rig: Posting) -> None:
    rig.put(post("said"))
    outbox = Outbox(
        rig.store,
        Overtaken(rig),
        rig.clock,
        "one",
        on_sent=lambda delivery: rig.told.append(("sent", delivery.key)),
    )

    outbox.pump()

    assert rig.told == []


def test_a_new_p0_does_not_wait_behind_a_burst(rig: Posting) -> None:
    rig.put(*(post(f"burst {number:02}") for number in range(20)))
    rig.outbox.pump()
    rig.put(post("urgent", urgent=True, at=MORNING + timedelta(minutes=1)))

    rig.outbox.pump()

    assert rig.texts().index("urgent") == 5


@pytest.mark.parametrize(
    "fault",
    [dropped_after_accepting(), silent_after_accepting(), SlackFault(status=500, error="", accepts=True)],
    ids=["connection lost", "time-out", "server error"],
)
@pytest.mark.parametrize("what", ["post", "reply"])
def test_what_slack_accepted_without_saying_so_is_not_posted_again(rig: Posting, fault: SlackFault, what: str) -> None:
    rig.put(post("alert"))
    rig.settle()
    rig.put(post("said") if what == "post" else reply("said", "alert"))
    rig.slack.tell("chat.postMessage", fault)

    rig.settle()

    (message,) = rig.slack.messages(key="said")
    assert rig.delivery("said").ts == message.ts
    assert rig.told.count(("sent", "said")) == 1


@pytest.mark.parametrize("fault", [unreachable(3), broken(502, 3), refused("fatal_error", 3)])
def test_what_slack_did_not_take_is_sent_later(rig: Posting, fault: SlackFault) -> None:
    rig.put(post("said"))
    rig.slack.tell(EVERY_METHOD, fault)

    rig.settle()

    assert rig.texts() == ["said"]


def test_a_slack_that_is_down_for_an_hour_loses_nothing_and_keeps_the_order(rig: Posting) -> None:
    rig.put(*(post(f"{number:02}", at=MORNING + timedelta(seconds=number)) for number in range(8)))
    rig.slack.down = True
    for _ in range(720):
        rig.outbox.pump()
        rig.clock.advance(seconds=5)
    asked, untried = len(rig.slack.calls), rig.delivery("04").attempts
    rig.slack.recover()

    rig.settle()

    assert rig.texts() == [f"{number:02}" for number in range(8)]
    assert asked < 80
    assert untried == 1  # the rest of the first batch, and no more
    assert rig.clock() - MORNING < timedelta(minutes=62)


@pytest.mark.parametrize("what", ["post", "reply"])
def test_a_death_between_the_post_and_its_record_neither_loses_nor_doubles(rig: Posting, what: str) -> None:
    rig.put(post("alert"))
    rig.settle()
    delivery = post("said") if what == "post" else reply("said", "alert")
    rig.put(delivery)
    rig.die_after_posting(delivery)
    rig.clock.advance(seconds=LEASE.total_seconds())

    rig.settle(rig.instance("two"))

    assert len(rig.slack.messages(key="said")) == 1
    assert rig.state("said") is DeliveryState.SENT


def test_a_death_between_the_claim_and_the_post_loses_nothing(rig: Posting) -> None:
    rig.put(post("said"))
    rig.store.claim("dead", rig.clock(), rig.clock() + LEASE, 1)
    rig.outbox.pump()
    before = rig.texts()
    rig.clock.advance(seconds=LEASE.total_seconds())

    rig.outbox.pump()

    assert (before, rig.texts()) == ([], ["said"])


def test_another_message_with_the_same_text_is_not_taken_for_ours(rig: Posting) -> None:
    rig.put(post("theirs", "the same"))
    rig.settle()
    rig.put(post("ours", "the same"))
    rig.slack.tell("chat.postMessage", unreachable())

    rig.settle()

    assert len(rig.slack.messages(key="ours")) == 1
    assert rig.delivery("ours").ts != rig.delivery("theirs").ts


def test_what_stands_pages_back_in_the_channel_is_found(rig: Posting) -> None:
    rig.put(post("said"))
    rig.slack.tell("chat.postMessage", dropped_after_accepting())
    rig.outbox.pump()
    for number in range(450):
        rig.slack.workspace.post({"channel": HOME, "text": f"chatter {number}"})

    rig.settle()

    assert len(rig.slack.messages(key="said")) == 1
    assert len(rig.slack.called("conversations.history")) == 3


def test_clocks_that_differ_by_minutes_do_not_double_a_post(rig: Posting) -> None:
    rig.put(post("said"))
    rig.slack.tell("chat.postMessage", dropped_after_accepting())
    rig.clock.advance(minutes=-9)
    rig.outbox.pump()
    rig.clock.advance(minutes=10)

    rig.settle()

    assert len(rig.slack.messages(key="said")) == 1


def test_a_clock_that_is_set_back_does_not_lengthen_a_pause(rig: Posting) -> None:
    rig.slack.tell("chat.postMessage", unreachable())
    rig.put(post("first"))
    rig.outbox.pump()
    rig.clock.advance(hours=-1)
    rig.put(post("second", at=rig.clock()))

    rig.outbox.pump()
    at_once = rig.texts()
    rig.clock.advance(hours=1, minutes=1)
    rig.settle()

    assert at_once == ["second"]
    assert rig.texts() == ["second", "first"]


@pytest.mark.parametrize("fault", [rate_limited(900), unreachable()], ids=["a 429", "no answer"])
def test_a_clock_that_is_set_back_does_not_delay_what_waits_in_the_store(rig: Posting, fault: SlackFault) -> None:
    rig.slack.tell("chat.postMessage", fault)
    rig.put(post("said"))
    rig.outbox.pump()
    waits_until = rig.delivery("said").not_before
    rig.clock.advance(hours=-3)

    rig.settle(rig.instance("after a restart"), seconds=30)

    assert waits_until is not None
    assert waits_until - rig.clock() > timedelta(hours=2)
    assert rig.texts() == ["said"]


def test_a_clock_that_is_set_back_does_not_delay_what_a_dead_instance_had_claimed(rig: Posting) -> None:
    rig.put(post("said"))
    rig.die_after_posting(rig.delivery("said"))
    rig.clock.advance(hours=-3)

    rig.settle(rig.instance("after a restart"), seconds=30)

    assert rig.texts() == ["said"]


def test_what_slack_accepted_while_our_clock_was_ahead_is_found_when_it_is_set_back(rig: Posting) -> None:
    rig.slack.workspace.clock = lambda: MORNING - timedelta(hours=3)
    rig.slack.tell("chat.postMessage", dropped_after_accepting())
    rig.put(post("said"))
    rig.outbox.pump()
    rig.clock.advance(hours=-3)

    rig.settle(seconds=60)

    assert rig.texts() == ["said"]


def test_a_clock_that_is_set_forward_sends_early_and_once(rig: Posting) -> None:
    rig.slack.tell("chat.postMessage", dropped_after_accepting())
    rig.put(post("first"), post("second"))
    rig.outbox.pump()
    rig.clock.advance(hours=3)

    rig.settle(rig.instance("other"), seconds=30)
    rig.settle(seconds=30)

    assert sorted(rig.texts()) == ["first", "second"]


def test_a_delivery_whose_lease_is_nearly_over_is_not_sent(rig: Posting) -> None:
    rig.put(post("said"))
    rig.flaky.claim_takes = LEASE - SAFE + timedelta(seconds=1)

    sent = rig.outbox.pump()

    assert sent == 0
    assert rig.texts() == []
    assert rig.delivery("said").lease_owner is None


def test_two_instances_send_everything_once(rig: Posting) -> None:
    rig.put(*(post(f"{number}") for number in range(30)))
    instances = [rig.instance("left"), rig.instance("right")]

    def take_turns(outbox: Outbox) -> None:
        for _ in range(10):
            outbox.pump()

    threads = [threading.Thread(target=take_turns, args=(each,)) for each in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(rig.texts(), key=int) == [f"{number}" for number in range(30)]


def test_a_listener_that_fails_stops_nothing(rig: Posting) -> None:
    outbox = Outbox(rig.store, rig.poster(), rig.clock, "one", on_sent=lambda delivery: 1 / 0)
    rig.put(post("first"), post("second"))

    sent = outbox.pump()

    assert sent == 2
    assert rig.state("second") is DeliveryState.SENT


def test_one_message_that_breaks_us_does_not_hold_up_the_others(rig: Posting) -> None:
    rig.put(post("bad"), post("good"))
    outbox = Outbox(rig.store, BreaksOnBad(rig.poster()), rig.clock, "one")

    outbox.pump()

    assert rig.texts() == ["good"]
    assert rig.delivery("bad").attempts == 1


@pytest.mark.parametrize(
    ("seconds", "attempts"),
    [pytest.param(4.9, 1, id="not before"), pytest.param(5, 2, id="at its time")],
)
def test_a_message_that_breaks_us_is_left_alone_for_a_while_by_every_instance(
    rig: Posting, seconds: float, attempts: int
) -> None:
    rig.put(post("bad"))
    one, two = (Outbox(rig.store, BreaksOnBad(rig.poster()), rig.clock, name) for name in ("one", "two"))
    one.pump()

    rig.clock.advance(seconds=seconds)
    two.pump()

    assert rig.delivery("bad").attempts == attempts


def test_the_loop_sends_what_comes_when_it_is_woken_and_ends_when_told(rig: Posting) -> None:
    stop = threading.Event()
    sent = threading.Event()
    outbox = Outbox(rig.store, rig.poster(), rig.clock, "one", on_sent=lambda delivery: sent.set())
    loop = threading.Thread(target=outbox.run, args=(stop, 60), daemon=True)
    loop.start()
    rig.put(post("said"))

    outbox.wake()

    assert sent.wait(10)
    stop.set()
    outbox.wake()
    loop.join(10)
    assert not loop.is_alive()


def test_the_loop_goes_on_at_once_while_something_waits(rig: Posting) -> None:
    stop = threading.Event()
    told: list[str] = []
    everything = threading.Event()

    def count(delivery: Delivery) -> None:
        told.append(delivery.key)
        if len(told) == 12:
            everything.set()

    rig.put(*(post(f"{number}") for number in range(12)))
    outbox = Outbox(rig.store, rig.poster(), rig.clock, "one", on_sent=count)
    loop = threading.Thread(target=outbox.run, args=(stop, 60), daemon=True)

    loop.start()

    assert everything.wait(10)
    stop.set()
    outbox.wake()
    loop.join(10)


def test_the_loop_outlives_a_turn_that_fails(rig: Posting) -> None:
    stop = threading.Event()
    sent = threading.Event()
    ticks = iter([RuntimeError("the clock is broken")])

    def clock() -> datetime:
        for error in ticks:
            raise error
        return rig.clock()

    outbox = Outbox(rig.store, rig.poster(), clock, "one", on_sent=lambda delivery: sent.set())
    rig.put(post("said"))
    loop = threading.Thread(target=outbox.run, args=(stop, 0.01), daemon=True)

    loop.start()

    assert sent.wait(10)
    stop.set()
    loop.join(10)


def test_what_is_claimed_when_the_loop_is_told_to_end_is_given_back(rig: Posting) -> None:
    stop = threading.Event()
    outbox = Outbox(rig.store, rig.poster(), rig.clock, "one", on_sent=lambda delivery: stop.set())
    rig.put(*(post(f"{number}") for number in range(5)))

    outbox.run(stop, 0.01)

    assert rig.texts() == ["0"]
    assert [each.lease_owner for each in rig.store.pending()] == [None] * 4
