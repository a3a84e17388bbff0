from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.model import EVERY_CHANNEL_WORKS, Channels, Delivery, DeliveryKind, DeliveryState
from bot.store.queue import CLOCKS_DIFFER, LONGEST_LEASE, Choice, choose
from tests.bot.store.records import NOW, a_post, a_reply, an_update, later

UNTIL = later(seconds=30)
CHANNELS = ("C0000001", "C0000002", "C0000003")
TARGETS = ("sent", "dead", "pending", "unknown")

known = {
    "sent": a_post("sent", state=DeliveryState.SENT, ts="1.1"),
    "dead": a_post("dead", state=DeliveryState.DEAD, error="is_archived"),
    "pending": a_post("pending"),
}


@st.composite
def queues(draw: st.DrawFn) -> list[Delivery]:
    """A queue of posts, answers and edits in any state of leasing."""
    times = st.none() | st.integers(-2, 2).map(lambda seconds: later(seconds=seconds))
    found = []
    for number in range(draw(st.integers(0, 10))):
        kind = draw(st.sampled_from(DeliveryKind))
        lease_until = draw(times)
        found.append(
            Delivery(
                key=f"delivery-{number}",
                kind=kind,
                channel=draw(st.sampled_from(CHANNELS)),
                body={},
                created_at=NOW + timedelta(seconds=draw(st.integers(-3, 0))),
                target=None if kind is DeliveryKind.POST else draw(st.sampled_from(TARGETS)),
                urgent=draw(st.booleans()),
                order=draw(st.integers(0, 3)),
                not_before=draw(times),
                attempts=draw(st.integers(0, 2)),
                lease_until=lease_until,
                lease_owner=None if lease_until is None else "before",
            )
        )
    return found


some_channels = st.frozensets(st.sampled_from(CHANNELS))
channel_states = st.builds(Channels, waiting=some_channels, edits_waiting=some_channels, failing=some_channels)


def chosen(queue: list[Delivery], limit: int = 100, channels: Channels = EVERY_CHANNEL_WORKS) -> Choice:
    return choose(queue, known, owner="owner", now=NOW, lease_until=UNTIL, limit=limit, channels=channels)


def leased(delivery: Delivery) -> bool:
    return delivery.lease_until is not None and delivery.lease_until > NOW


def place(delivery: Delivery) -> tuple[int, object, str]:
    return delivery.order, delivery.created_at, delivery.key


@given(queues(), st.integers(-1, 12))
def test_a_claim_is_of_what_waits_and_nobody_sends_and_may_go_now(queue: list[Delivery], limit: int) -> None:
    before = {each.key: each for each in queue}
    choice = chosen(queue, limit)

    assert len(choice.claimed) <= max(limit, 0)
    for each in choice.claimed:
        was = before[each.key]
        assert not leased(was)
        assert was.not_before is None or was.not_before <= NOW
        assert was.target in (None, "sent")
        assert (each.lease_owner, each.lease_until) == ("owner", UNTIL)
        assert each.attempts == was.attempts + (was.lease_owner is not None)


@pytest.mark.parametrize(
    ("set_back", "goes"),
    [
        pytest.param(timedelta(0), False, id="not at all"),
        pytest.param(CLOCKS_DIFFER, False, id="by as much as clocks may differ"),
        pytest.param(CLOCKS_DIFFER + timedelta(seconds=1), True, id="by just more than that"),
        pytest.param(timedelta(hours=3), True, id="by hours"),
    ],
)
def test_what_waits_does_not_wait_for_a_clock_that_was_set_back(set_back: timedelta, goes: bool) -> None:
    began = NOW + set_back
    waiting = a_post("waits", waits_since=began, not_before=began + timedelta(seconds=30))

    assert [each.key for each in chosen([waiting]).claimed] == ["waits"] * goes


@pytest.mark.parametrize(
    ("left", "goes"),
    [
        pytest.param(LONGEST_LEASE, False, id="as long as anybody leases for"),
        pytest.param(LONGEST_LEASE + timedelta(seconds=1), True, id="just longer than that"),
    ],
)
def test_a_lease_that_no_right_clock_can_have_stored_is_over(left: timedelta, goes: bool) -> None:
    held = a_post("held", lease_owner="dead", lease_until=NOW + left)

    assert [(each.key, each.attempts) for each in chosen([held]).claimed] == [("held", 1)] * goes


@given(queues())
def test_a_thread_has_at_most_one_on_the_way_and_it_is_the_first_of_those_that_are_still_wanted(
    queue: list[Delivery],
) -> None:
    choice = chosen(queue)
    closed = {each.key for each in choice.closed}

    on_the_way = Counter(each.target for each in choice.claimed if each.target)
    assert all(count == 1 for count in on_the_way.values())
    for each in choice.claimed:
        if each.target is not None:
            lane = [other for other in queue if other.target == each.target and other.key not in closed]
            assert not any(leased(other) for other in lane if place(other) <= place(each))
            assert min(lane, key=place).key == each.key


@given(queues())
def test_only_edits_that_a_later_one_follows_and_what_has_nowhere_to_go_are_closed(queue: list[Delivery]) -> None:
    choice = chosen(queue)

    assert not {each.key for each in choice.closed} & {each.key for each in choice.claimed}
    for each in choice.closed:
        assert each.lease_owner is None
        if each.target == "dead":
            assert each.state is DeliveryState.DEAD
            assert "is_archived" in each.error
        else:
            assert (each.state, each.kind) == (DeliveryState.SUPERSEDED, DeliveryKind.UPDATE)
            later_edits = [
                other
                for other in queue
                if other.kind is DeliveryKind.UPDATE and other.target == each.target and place(other) > place(each)
            ]
            assert later_edits
            assert max(later_edits, key=place).key not in {closed.key for closed in choice.closed}


@given(queues())
def test_nothing_that_may_go_is_left_behind_for_ever(queue: list[Delivery]) -> None:
    """Whoever sends what he claims and comes back empties the queue, but for what waits for an unknown thread."""
    queue = [replace(each, not_before=None, lease_until=None, lease_owner=None) for each in queue]
    rounds = 0
    while True:
        choice = chosen(queue, limit=2)
        gone = {each.key for each in (*choice.claimed, *choice.closed)}
        if not gone:
            break
        queue = [each for each in queue if each.key not in gone]
        rounds += 1

    assert {each.target for each in queue} <= {"pending", "unknown"}
    assert rounds <= 10


@given(queues(), st.integers(0, 10))
def test_a_smaller_limit_takes_the_beginning_of_a_larger_claim(queue: list[Delivery], limit: int) -> None:
    assert list(chosen(queue, limit).claimed) == list(chosen(queue).claimed)[:limit]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(a_post("b", urgent=True), a_post("a"), id="urgent before others"),
        pytest.param(a_post("b"), an_update("a", "sent", created_at=later(days=-1)), id="a message before an edit"),
        pytest.param(an_update("b", "sent", urgent=True), a_post("a"), id="an urgent edit before other messages"),
        pytest.param(a_reply("b", "sent", created_at=later(seconds=-1)), a_post("a"), id="the older first"),
        pytest.param(a_post("b", order=1), a_post("a", order=2), id="of one instant, in order"),
        pytest.param(a_post("a"), a_post("b"), id="else by key"),
    ],
)
def test_what_goes_first(first: Delivery, second: Delivery) -> None:
    for queue in ([first, second], [second, first]):
        assert [each.key for each in chosen(queue).claimed] == [first.key, second.key]


@given(queues(), st.integers(0, 12), channel_states)
def test_nothing_goes_where_nothing_may_and_one_at_most_where_it_fails(
    queue: list[Delivery], limit: int, channels: Channels
) -> None:
    claimed = chosen(queue, limit, channels).claimed

    assert len(claimed) <= limit
    for each in claimed:
        assert each.channel not in (channels.edits_waiting if each.kind is DeliveryKind.UPDATE else channels.waiting)
    failing = [each for each in claimed if each.channel in channels.failing]
    assert len(failing) <= 1
    assert list(claimed)[len(claimed) - len(failing) :] == failing


@given(queues(), st.integers(2, 12), some_channels)
def test_what_goes_to_a_channel_that_works_is_the_same_whatever_fails_beside_it(
    queue: list[Delivery], limit: int, failing: frozenset[str]
) -> None:
    # All of a thread goes to one channel: where its message stands.
    queue = [each for each in queue if each.target is None or each.channel not in failing]
    healthy = [each for each in queue if each.channel not in failing]
    alone = [each.key for each in chosen(healthy, limit - 1).claimed]

    beside = [each.key for each in chosen(queue, limit, Channels(failing=failing)).claimed]

    assert beside[: len(alone)] == alone


@pytest.mark.parametrize(("limit", "claimed"), [(1, ["0"]), (2, ["0", "failing"])], ids=["a single place", "several"])
def test_of_several_places_one_is_kept_for_what_fails(limit: int, claimed: list[str]) -> None:
    queue = [a_post("failing", urgent=True, channel=CHANNELS[1]), *(a_post(f"{n}") for n in range(5))]

    found = chosen(queue, limit, Channels(failing=frozenset({CHANNELS[1]}))).claimed

    assert [each.key for each in found] == claimed


def test_a_channel_with_an_error_in_the_store_fails_for_whoever_comes_new() -> None:
    tried = a_post("tried", channel=CHANNELS[1], error="is_archived", not_before=later(minutes=1))
    queue = [tried, a_post("a", channel=CHANNELS[1], created_at=later(days=-1)), a_post("b")]

    assert [each.key for each in chosen(queue).claimed] == ["b", "a"]


def test_channels_take_turns_and_urgent_ones_of_all_channels_go_first() -> None:
    long = [a_post(f"long {number}", created_at=later(days=-1)) for number in range(3)]
    queue = [*long, a_post("other"), a_post("urgent", urgent=True, channel=CHANNELS[2])]
    queue[3] = replace(queue[3], channel=CHANNELS[1])

    assert [each.key for each in chosen(queue).claimed] == ["urgent", "long 0", "other", "long 1", "long 2"]


def test_an_answer_waits_for_the_channel_in_which_its_message_stands() -> None:
    targets = {"sent": replace(known["sent"], posted_channel=CHANNELS[1])}
    held = Channels(waiting=frozenset({CHANNELS[1]}))

    choice = choose([a_reply("r", "sent")], targets, owner="o", now=NOW, lease_until=UNTIL, limit=9, channels=held)

    assert list(choice.claimed) == []


def test_an_urgent_answer_hurries_those_before_it_in_its_thread() -> None:
    queue = [
        a_post("post"),
        a_reply("slow", "sent", order=1, created_at=later(days=1)),
        a_reply("p0", "sent", order=2, urgent=True),
    ]

    assert [each.key for each in chosen(queue).claimed] == ["slow", "post"]
