"""What both stores promise of the queue of deliveries."""

from __future__ import annotations

import pytest

from bot.store.model import (
    Changes,
    Channels,
    DeliveryState,
    StateStore,
)
from tests.bot.store.asking import LEASE, POST, claimed, keys, send, stored
from tests.bot.store.records import NOW, a_post, a_reply, an_update, later


def test_a_claim_leases_what_it_returns(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))

    (found,) = store.claim("one", NOW, LEASE, 10)

    assert found == a_post(lease_owner="one", lease_until=LEASE)
    assert store.delivery(POST) == found
    assert claimed(store, "two") == []
    assert claimed(store, "one") == []


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [pytest.param(29.999, [], id="just before"), pytest.param(30, [POST], id="at the end")],
)
def test_a_lease_that_ran_out_is_taken_over(store: StateStore, seconds: float, expected: list[str]) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    store.claim("dead", NOW, LEASE, 10)

    assert claimed(store, "two", seconds=seconds) == expected


def test_taking_over_a_lease_counts_an_attempt_and_ends_the_others_say(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    store.claim("slow", NOW, LEASE, 10)

    (found,) = store.claim("two", later(minutes=1), later(minutes=2), 10)

    assert (found.attempts, found.lease_owner) == (1, "two")
    assert not store.record_sent(POST, "slow", ts="1.1", channel="C0000001", now=NOW)
    assert not store.hand_back(POST, "slow", now=NOW, not_before=NOW, error="late")
    assert not store.bury(POST, "slow", error="late")
    assert store.delivery(POST) == found


def test_a_lease_that_ran_out_is_ours_until_somebody_takes_it(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    store.claim("slow", NOW, LEASE, 10)

    assert store.record_sent(POST, "slow", ts="1.1", channel="C0000001", now=later(hours=1))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [pytest.param(9.999, [], id="just before"), pytest.param(10, [POST], id="at the time")],
)
def test_what_may_not_go_yet_waits(store: StateStore, seconds: float, expected: list[str]) -> None:
    store.commit(Changes(deliveries=[a_post(not_before=later(seconds=10))]))

    assert claimed(store, seconds=seconds) == expected


def test_a_claim_takes_urgent_ones_first_then_messages_before_edits_then_the_oldest(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    send(store, POST)
    store.commit(
        Changes(
            deliveries=[
                an_update("edit", created_at=later(minutes=-9)),
                a_post("newer", created_at=later(minutes=2)),
                a_post("older", created_at=later(minutes=1)),
                a_post("urgent", created_at=later(minutes=3), urgent=True),
            ]
        )
    )

    assert claimed(store, limit=2) == ["urgent", "older"]
    assert claimed(store, limit=2) == ["newer", "edit"]
    assert claimed(store, limit=2) == []


def test_a_claim_takes_channels_in_turn_and_those_that_fail_last(store: StateStore) -> None:
    backlog = [a_post(f"failing {number}", channel="C0000002", created_at=later(hours=-1)) for number in range(5)]
    long = [a_post(f"long {number}", created_at=later(minutes=-1)) for number in range(3)]
    store.commit(Changes(deliveries=[*backlog, *long, a_post("short", channel="C0000003")]))
    failing = Channels(failing=frozenset({"C0000002"}))

    found = store.claim("one", NOW, LEASE, 4, failing)

    assert keys(found) == ["long 0", "short", "long 1", "failing 0"]


def test_a_claim_takes_nothing_for_a_channel_that_waits_and_leaves_it_as_it_was(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    send(store, POST)
    store.commit(Changes(deliveries=[a_post("post"), an_update("edit"), a_post("other", channel="C0000002")]))

    no_posts = store.claim("one", NOW, LEASE, 10, Channels(waiting=frozenset({"C0000001"})))
    no_edits = store.claim("one", NOW, LEASE, 10, Channels(edits_waiting=frozenset({"C0000001"})))

    assert keys(no_posts) == ["other", "edit"]
    assert keys(no_edits) == ["post"]
    assert no_edits[0].attempts == 0


@pytest.mark.parametrize("limit", [0, -1])
def test_a_claim_of_nothing_takes_nothing(store: StateStore, limit: int) -> None:
    store.commit(Changes(deliveries=[a_post()]))

    assert claimed(store, limit=limit) == []
    assert stored(store, POST).lease_owner is None


def test_an_answer_waits_until_its_thread_is_there(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_reply("reply", created_at=later(minutes=-1)), a_post()]))

    assert claimed(store) == [POST]
    assert claimed(store) == []
    assert store.record_sent(POST, "one", ts="1.1", channel="C0000001", now=NOW)
    assert claimed(store) == ["reply"]


def test_answers_of_a_thread_go_one_after_the_other_in_their_order(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    send(store, POST)
    store.commit(
        Changes(
            deliveries=[
                a_reply("third", order=3, created_at=later(minutes=-3)),
                a_reply("first", order=1),
                a_reply("second", order=2, urgent=True),
            ]
        )
    )

    went = []
    for key in ("first", "second", "third"):
        went += claimed(store)
        assert claimed(store, "two") == []
        assert store.record_sent(key, "one", ts=f"{key}", channel="C0000001", now=NOW)

    assert went == ["first", "second", "third"]


def test_an_answer_that_has_to_wait_holds_up_its_thread_and_no_other(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    send(store, POST)
    store.commit(Changes(deliveries=[a_reply("first", order=1), a_reply("second", order=2), a_post("other")]))
    assert "first" in claimed(store)
    assert store.hand_back("first", "one", now=NOW, not_before=later(seconds=20), error="rate limited")

    assert claimed(store, seconds=10) == []
    assert claimed(store, seconds=20) == ["first"]


def test_only_the_last_edit_of_a_message_goes(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    send(store, POST)
    store.commit(
        Changes(
            deliveries=[
                an_update("edit 1", order=1, not_before=later(hours=1)),
                a_reply("reply", order=2),
                an_update("edit 3", order=3),
                an_update("other", target="elsewhere", order=1),
            ]
        )
    )

    assert claimed(store) == ["reply"]
    assert stored(store, "edit 1").state is DeliveryState.SUPERSEDED
    assert store.record_sent("reply", "one", ts="2.2", channel="C0000001", now=NOW)
    assert claimed(store) == ["edit 3"]
    assert keys(store.pending()) == ["edit 3", "other"] or keys(store.pending()) == ["other", "edit 3"]


def test_an_edit_that_is_being_sent_is_not_superseded(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    send(store, POST)
    store.commit(Changes(deliveries=[an_update("edit 1", order=1)]))
    assert claimed(store) == ["edit 1"]
    store.commit(Changes(deliveries=[an_update("edit 2", order=2)]))

    assert claimed(store, "two") == []
    assert store.record_sent("edit 1", "one", ts="1.1", channel="C0000001", now=NOW)
    assert claimed(store, "two") == ["edit 2"]


def test_what_belongs_to_a_buried_message_is_given_up_with_it(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post(), a_reply("reply")]))
    assert claimed(store) == [POST]
    assert store.bury(POST, "one", error="channel_not_found")

    assert claimed(store) == []
    assert list(store.pending()) == []
    assert stored(store, "reply").state is DeliveryState.DEAD
    assert "channel_not_found" in stored(store, "reply").error


# What becomes of a delivery


def test_what_was_sent_says_where_and_is_never_claimed_again(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post(error="rate limited")]))
    store.claim("one", NOW, LEASE, 10)

    assert store.record_sent(POST, "one", ts="17.1", channel="C0000009", now=later(seconds=1))

    assert store.delivery(POST) == a_post(
        state=DeliveryState.SENT, ts="17.1", posted_channel="C0000009", sent_at=later(seconds=1)
    )
    assert claimed(store, days=1) == []
    assert list(store.pending()) == []


def test_saying_twice_that_it_was_sent_is_as_good_as_once(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    send(store, POST, "17.1")

    assert store.record_sent(POST, "sender", ts="17.1", channel="C0000001", now=later(hours=1))
    assert not store.record_sent(POST, "sender", ts="17.2", channel="C0000001", now=later(hours=1))
    assert stored(store, POST).sent_at == NOW


def test_what_is_handed_back_waits_with_its_error_and_an_attempt_more(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    store.claim("one", NOW, LEASE, 10)

    assert store.hand_back(POST, "one", now=NOW, not_before=later(seconds=10), error="rate limited")

    assert store.delivery(POST) == a_post(
        attempts=1, not_before=later(seconds=10), waits_since=NOW, error="rate limited"
    )
    assert [each.attempts for each in store.claim("two", later(seconds=10), LEASE, 10)] == [1]


def test_what_is_buried_keeps_its_error(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    store.claim("one", NOW, LEASE, 10)

    assert store.bury(POST, "one", error="is_archived")

    assert store.delivery(POST) == a_post(state=DeliveryState.DEAD, error="is_archived")
    assert claimed(store, days=1) == []


@pytest.mark.parametrize("owner", ["one", "other"])
def test_nobody_decides_about_what_he_does_not_hold(store: StateStore, owner: str) -> None:
    store.commit(Changes(deliveries=[a_post()]))
    if owner == "other":
        store.claim("one", NOW, LEASE, 10)
    before = store.delivery(POST)

    assert not store.record_sent(POST, owner, ts="1.1", channel="C0000001", now=NOW)
    assert not store.hand_back(POST, owner, now=NOW, not_before=NOW, error="")
    assert not store.bury(POST, owner, error="")
    assert not store.bury("unknown", owner, error="")
    assert store.delivery(POST) == before


def test_what_waits_is_listed_oldest_first_whoever_has_it(store: StateStore) -> None:
    store.commit(
        Changes(deliveries=[a_post("new"), a_post("old", created_at=later(days=-1)), a_reply("reply", order=1)])
    )
    store.claim("one", NOW, LEASE, 1)

    assert keys(store.pending()) == ["old", "new", "reply"]
