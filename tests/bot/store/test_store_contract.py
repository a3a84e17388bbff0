"""What both stores promise, asked of SQLite and of Firestore's own emulator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from bot.store.model import (
    Alert,
    AlertState,
    Changes,
    ConflictError,
    Delivery,
    DeliveryState,
    SnoozeUntil,
    StateStore,
)
from checks.model import Severity
from tests.bot.store.conftest import Opener
from tests.bot.store.records import NOW, PIPELINE, a_post, a_reply, a_report, an_alert, an_entry, an_update, later

LEASE = later(seconds=30)
POST = "digest:nba:2026-02-11"


def keys(records: Sequence[Alert] | Sequence[Delivery]) -> list[str]:
    return [each.key for each in records]


def claimed(store: StateStore, owner: str = "one", limit: int = 100, **when: float) -> list[str]:
    now = later(**when)
    return keys(store.claim(owner, now, now + timedelta(seconds=30), limit))


def send(store: StateStore, key: str, ts: str = "1.1") -> None:
    assert store.claim("sender", NOW, LEASE, 100)
    assert store.record_sent(key, "sender", ts=ts, channel="C0000001", now=NOW)


def stored(store: StateStore, key: str) -> Delivery:
    found = store.delivery(key)
    assert found is not None
    return found


# Records


def test_an_empty_store_knows_nothing(store: StateStore) -> None:
    assert store.alert("none") is None
    assert store.delivery("none") is None
    assert store.report("none") is None
    assert list(store.open_alerts(PIPELINE)) == []
    assert list(store.recent_alerts(PIPELINE, later(days=-1))) == []
    assert list(store.pending()) == []
    assert list(store.claim("one", NOW, LEASE, 10)) == []
    assert list(store.reports(PIPELINE, None, later(days=-1))) == []
    assert list(store.audit(later(days=-1), 10)) == []
    assert store.prune(NOW) == 0


def test_every_field_of_every_record_comes_back(another: Opener) -> None:
    alert = an_alert(
        state=AlertState.SNOOZED,
        severity=Severity.P2,
        generation=2,
        owner="U0000001",
        snoozed_until=later(hours=1),
        snooze_ends_on=SnoozeUntil.CHANGE,
        reason="<!channel> ☃ \u0000 \ud800",
        unknown_runs=3,
        details={"lines": ["one", {"two": [1, 2.5, None, True]}]},
    )
    delivery = a_post(urgent=True, order=7, not_before=later(minutes=1), attempts=2, error="rate limited")
    report, entry = a_report(), an_entry()

    another().commit(Changes(alerts=[alert], deliveries=[delivery], reports=[report], audit=[entry]))

    store = another()
    assert store.alert(alert.key) == replace(alert, version=1)
    assert store.delivery(delivery.key) == delivery
    assert list(store.pending()) == [delivery]
    assert store.report(report.key) == report
    assert list(store.audit(NOW, 10)) == [entry]


def test_a_time_of_another_zone_is_the_same_instant(store: StateStore) -> None:
    eastern = NOW.astimezone(timezone(timedelta(hours=-5)))

    store.commit(Changes(alerts=[an_alert("one", opened_at=eastern)], reports=[a_report(at=eastern)]))

    assert store.open_alerts(PIPELINE)[0].opened_at == NOW
    assert [each.at for each in store.reports(PIPELINE, "digest", NOW)] == [NOW]


def test_a_time_without_a_zone_is_refused_and_nothing_is_written(store: StateStore) -> None:
    naive = a_report(at=NOW.replace(tzinfo=None))

    with pytest.raises(ValueError, match="time zone"):
        store.commit(Changes(alerts=[an_alert("one")], reports=[naive]))

    assert store.alert("one") is None


@pytest.mark.parametrize("key", ["a/b", ".", "..", "__reserved__", "a b:ü%2F", "long" * 500, "x.y"])
def test_any_key_is_a_key(store: StateStore, key: str) -> None:
    store.commit(Changes(alerts=[an_alert(key)], deliveries=[a_post(key)], reports=[a_report(key)]))

    assert keys(store.open_alerts(PIPELINE)) == [key]
    assert claimed(store) == [key]
    assert store.report(key) == a_report(key)
    assert store.first_time(key, NOW)
    assert store.acquire(key, "one", NOW, LEASE)


def test_keys_that_look_alike_stay_apart(store: StateStore) -> None:
    alike = ["a/b", "a%2Fb", "a%252Fb", "a_b", "_a", "%5Fa", "long" * 500, "long" * 500 + "er"]

    assert [store.first_time(key, NOW) for key in alike] == [True] * len(alike)


def test_a_long_report_comes_back_whole(store: StateStore) -> None:
    report = a_report(document={"findings": [{"summary": f"{number} rows are missing"} for number in range(60_000)]})

    store.commit(Changes(reports=[report]))

    assert store.report(report.key) == report


# Commits


def test_a_commit_counts_the_versions_of_an_alert(store: StateStore) -> None:
    store.commit(Changes(alerts=[an_alert("one")]))
    first = store.alert("one")
    assert first is not None
    store.commit(Changes(alerts=[replace(first, state=AlertState.ACKNOWLEDGED)]))

    second = store.alert("one")

    assert (first.version, first.state) == (1, AlertState.FIRING)
    assert second == replace(first, state=AlertState.ACKNOWLEDGED, version=2)


@pytest.mark.parametrize(
    ("versions_before", "version"),
    [
        pytest.param(1, 0, id="new, but stored already"),
        pytest.param(0, 1, id="stored, but gone"),
        pytest.param(2, 1, id="one version behind"),
        pytest.param(1, 2, id="one version ahead"),
    ],
)
def test_an_alert_of_another_version_conflicts_and_nothing_is_written(
    store: StateStore, versions_before: int, version: int
) -> None:
    for number in range(versions_before):
        store.commit(Changes(alerts=[an_alert("one", version=number)]))
    before = store.alert("one")
    changes = Changes(
        alerts=[an_alert("other"), an_alert("one", version=version, title="too late")],
        deliveries=[a_post()],
        reports=[a_report()],
        audit=[an_entry()],
    )

    with pytest.raises(ConflictError):
        store.commit(changes)

    assert store.alert("one") == before
    assert store.alert("other") is None
    assert list(store.pending()) == []
    assert store.report("report-1") is None
    assert list(store.audit(NOW, 10)) == []


def test_an_alert_twice_in_one_commit_conflicts(store: StateStore) -> None:
    with pytest.raises(ConflictError):
        store.commit(Changes(alerts=[an_alert("one"), an_alert("one", title="again")]))

    assert store.alert("one") is None


def test_what_has_a_key_already_is_left_as_it_is(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post()], reports=[a_report()], audit=[an_entry()]))
    send(store, POST)
    before = stored(store, POST)

    store.commit(
        Changes(
            alerts=[an_alert("one")],
            deliveries=[a_post(channel="C0000002"), a_post("new")],
            reports=[a_report(verdict="ALL CLEAR")],
            audit=[an_entry(outcome="refused")],
        )
    )

    assert store.delivery(POST) == before
    assert keys(store.pending()) == ["new"]
    assert store.report("report-1") == a_report()
    assert list(store.audit(NOW, 10)) == [an_entry()]
    assert store.alert("one") is not None


def test_of_a_key_twice_in_one_commit_the_first_counts(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post(channel="C0000001"), a_post(channel="C0000002")]))

    assert [each.channel for each in store.pending()] == ["C0000001"]


def test_an_empty_commit_writes_nothing(store: StateStore) -> None:
    store.commit(Changes())

    assert store.prune(later(days=400)) == 0


def test_a_large_commit_is_one_commit(store: StateStore) -> None:
    alerts = [an_alert(f"alert-{number:03}") for number in range(300)]
    posts = [a_post(each.thread) for each in alerts]

    store.commit(Changes(alerts=alerts, deliveries=posts, reports=[a_report()]))

    assert len(store.open_alerts(PIPELINE)) == 300
    assert len(store.pending()) == 300


# Alerts


def test_open_alerts_are_those_of_a_pipeline_that_are_not_resolved_oldest_first(store: StateStore) -> None:
    store.commit(
        Changes(
            alerts=[
                an_alert("second", opened_at=later(minutes=1)),
                an_alert("first", state=AlertState.SNOOZED),
                an_alert("third", opened_at=later(minutes=2), state=AlertState.ACKNOWLEDGED),
                an_alert("resolved", state=AlertState.RESOLVED, resolved_at=NOW),
                an_alert("elsewhere", pipeline="other"),
            ]
        )
    )

    assert keys(store.open_alerts(PIPELINE)) == ["first", "second", "third"]


def test_recent_alerts_are_open_or_resolved_since_newest_change_first(store: StateStore) -> None:
    def resolved(key: str, minutes: float) -> Alert:
        at = later(minutes=minutes)
        return an_alert(key, state=AlertState.RESOLVED, resolved_at=at, changed_at=at)

    store.commit(
        Changes(
            alerts=[
                an_alert("open for long", opened_at=later(days=-9), changed_at=later(days=-9)),
                resolved("at the limit", minutes=-60),
                resolved("just before it", minutes=-60.001),
                resolved("lately", minutes=-5),
                an_alert("elsewhere", pipeline="other"),
            ]
        )
    )

    assert keys(store.recent_alerts(PIPELINE, later(minutes=-60))) == ["lately", "at the limit", "open for long"]


def test_an_alert_that_reopens_is_open_again(store: StateStore) -> None:
    store.commit(Changes(alerts=[an_alert("one", state=AlertState.RESOLVED, resolved_at=later(days=-9))]))
    assert list(store.recent_alerts(PIPELINE, NOW)) == []

    store.commit(Changes(alerts=[an_alert("one", version=1)]))

    assert keys(store.open_alerts(PIPELINE)) == ["one"]
    assert keys(store.recent_alerts(PIPELINE, NOW)) == ["one"]


# Claims


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
    assert not store.hand_back(POST, "slow", not_before=NOW, error="late")
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
    assert store.hand_back("first", "one", not_before=later(seconds=20), error="rate limited")

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

    assert store.hand_back(POST, "one", not_before=later(seconds=10), error="rate limited")

    assert store.delivery(POST) == a_post(attempts=1, not_before=later(seconds=10), error="rate limited")
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
    assert not store.hand_back(POST, owner, not_before=NOW, error="")
    assert not store.bury(POST, owner, error="")
    assert not store.bury("unknown", owner, error="")
    assert store.delivery(POST) == before


def test_what_waits_is_listed_oldest_first_whoever_has_it(store: StateStore) -> None:
    store.commit(
        Changes(deliveries=[a_post("new"), a_post("old", created_at=later(days=-1)), a_reply("reply", order=1)])
    )
    store.claim("one", NOW, LEASE, 1)

    assert keys(store.pending()) == ["old", "new", "reply"]


# Leases and action keys


def test_a_lease_belongs_to_one_owner_who_may_renew_it(store: StateStore) -> None:
    assert store.acquire("watch", "one", NOW, LEASE)

    assert not store.acquire("watch", "two", later(seconds=29.999), later(minutes=5))
    assert store.acquire("watch", "one", later(seconds=29), later(seconds=60))
    assert not store.acquire("watch", "two", later(seconds=31), later(minutes=5))
    assert store.acquire("digest", "two", NOW, LEASE)


def test_a_lease_of_a_dead_owner_is_free_when_it_is_over(store: StateStore) -> None:
    store.acquire("watch", "dead", NOW, LEASE)

    assert store.acquire("watch", "two", LEASE, later(minutes=5))
    assert not store.acquire("watch", "dead", LEASE, later(minutes=5))


def test_only_its_owner_releases_a_lease(store: StateStore) -> None:
    store.acquire("watch", "one", NOW, LEASE)

    store.release("watch", "two")
    assert not store.acquire("watch", "two", NOW, LEASE)
    store.release("watch", "one")
    store.release("watch", "one")
    assert store.acquire("watch", "two", NOW, LEASE)


def test_a_key_is_new_once(another: Opener) -> None:
    assert another().first_time("click:1", NOW)
    assert not another().first_time("click:1", later(hours=1))
    assert another().first_time("click:2", NOW)


# Reports and the audit


def test_reports_are_those_of_a_pipeline_and_job_since_newest_first(store: StateStore) -> None:
    store.commit(
        Changes(
            reports=[
                a_report("at the limit", at=later(days=-14)),
                a_report("just before it", at=later(days=-14, microseconds=-1)),
                a_report("yesterday", at=later(days=-1)),
                a_report("watch", at=later(hours=-1), job="watch"),
                a_report("other job", job="digest-other"),
                a_report("other pipeline", pipeline="nba-2"),
            ]
        )
    )

    def found(job: str | None) -> list[str]:
        return [each.key for each in store.reports(PIPELINE, job, later(days=-14))]

    assert found("digest") == ["yesterday", "at the limit"]
    assert found("watch") == ["watch"]
    assert found("none") == []
    assert found(None) == ["other job", "watch", "yesterday", "at the limit"]


def test_the_audit_is_read_newest_first_since_a_time_and_up_to_a_limit(store: StateStore) -> None:
    store.commit(Changes(audit=[an_entry(f"entry-{number}", at=later(minutes=number)) for number in range(5)]))

    assert [each.key for each in store.audit(later(minutes=1), 2)] == ["entry-4", "entry-3"]
    assert [each.key for each in store.audit(later(minutes=3), 10)] == ["entry-4", "entry-3"]
    assert list(store.audit(NOW, 0)) == []


# Several at once


def _at_once(action: Callable[[int], object], times: int) -> list[object]:
    ready = threading.Barrier(times)

    def run(number: int) -> object:
        ready.wait()
        return action(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_of_eight_who_claim_at_once_each_delivery_goes_to_one(another: Opener) -> None:
    stores = [another() for _ in range(8)]
    stores[0].commit(Changes(deliveries=[a_post(f"post-{number:02}") for number in range(24)]))

    def claim(number: int) -> list[str]:
        found: list[str] = []
        while mine := stores[number].claim(f"owner-{number}", NOW, LEASE, 2):
            found += keys(mine)
        return found

    went = [key for found in _at_once(claim, 8) for key in found]  # type: ignore[attr-defined]

    assert len(went) == len(set(went))
    went += claimed(stores[0])
    assert sorted(went) == [f"post-{number:02}" for number in range(24)]


def test_of_eight_who_claim_at_once_one_gets_the_thread(another: Opener) -> None:
    stores = [another() for _ in range(8)]
    stores[0].commit(Changes(deliveries=[a_post()]))
    send(stores[0], POST)
    stores[0].commit(
        Changes(deliveries=[an_update("edit 0", order=0), a_reply("reply", order=1), an_update("edit", order=2)])
    )

    _at_once(lambda number: stores[number].claim(f"owner-{number}", NOW, LEASE, 5), 8)

    stores[0].claim("late", NOW, LEASE, 5)
    assert {each.key: each.lease_owner is not None for each in stores[0].pending()} == {"reply": True, "edit": False}


def test_of_eight_who_change_an_alert_at_once_one_wins_each_time(another: Opener) -> None:
    stores = [another() for _ in range(8)]
    stores[0].commit(Changes(alerts=[an_alert("one", unknown_runs=0)]))

    def count(number: int) -> int:
        conflicts = 0
        while True:
            found = stores[number].alert("one")
            assert found is not None
            changed = replace(found, unknown_runs=found.unknown_runs + 1)
            reply = a_reply(f"reply:{changed.unknown_runs}", order=changed.unknown_runs)
            try:
                stores[number].commit(Changes(alerts=[changed], deliveries=[reply]))
            except ConflictError:
                conflicts += 1
            else:
                return conflicts

    _at_once(count, 8)

    found = stores[0].alert("one")
    assert found is not None
    assert (found.unknown_runs, found.version) == (8, 9)
    assert keys(stores[0].pending()) == [f"reply:{number}" for number in range(1, 9)]


def test_of_eight_who_post_the_same_digest_at_once_one_is_stored_and_nobody_fails(another: Opener) -> None:
    stores = [another() for _ in range(8)]

    _at_once(lambda number: stores[number].commit(Changes(deliveries=[a_post(channel=f"C000000{number}")])), 8)

    assert keys(stores[0].pending()) == [POST]


def test_of_eight_who_try_at_once_one_gets_the_lease_and_one_is_first(another: Opener) -> None:
    stores = [another() for _ in range(8)]

    leases = _at_once(lambda number: stores[number].acquire("digest", f"owner-{number}", NOW, LEASE), 8)
    firsts = _at_once(lambda number: stores[number].first_time("click", NOW), 8)

    assert leases.count(True) == 1
    assert firsts.count(True) == 1


def test_one_store_serves_many_threads(store: StateStore) -> None:
    _at_once(lambda number: store.commit(Changes(alerts=[an_alert(f"{number}")], deliveries=[a_post(f"{number}")])), 8)
    _at_once(lambda number: claimed(store, f"owner-{number}", limit=1), 8)
    while claimed(store, "last"):
        pass

    assert len(store.open_alerts(PIPELINE)) == 8
    assert all(each.lease_owner is not None for each in store.pending())


# Retention


def test_what_ended_before_a_time_is_deleted_and_the_rest_stays(store: StateStore) -> None:
    old, new = later(days=-91), later(days=-90)
    for key, at in (("old", old), ("new", new)):
        store.commit(
            Changes(
                alerts=[an_alert(f"alert {key}", state=AlertState.RESOLVED, resolved_at=at)],
                deliveries=[a_post(f"sent {key}", created_at=old), a_post(f"dead {key}", created_at=at)],
                reports=[a_report(f"report {key}", at=at)],
                audit=[an_entry(f"entry {key}", at=at)],
            )
        )
        store.claim("one", at, later(minutes=1), 10)
        store.record_sent(f"sent {key}", "one", ts="1.1", channel="C0000001", now=at)
        store.bury(f"dead {key}", "one", error="is_archived")
        store.first_time(f"action {key}", at)
        store.acquire(f"lease {key}", "one", at, at)

    deleted = store.prune(new)

    assert deleted == 7
    assert store.alert("alert old") is None
    assert store.alert("alert new") is not None
    assert [store.delivery(f"{state} old") for state in ("sent", "dead")] == [None, None]
    assert None not in [store.delivery(f"{state} new") for state in ("sent", "dead")]
    assert [each.key for each in store.reports(PIPELINE, None, old)] == ["report new"]
    assert [each.key for each in store.audit(old, 10)] == ["entry new"]
    assert store.first_time("action old", NOW)
    assert not store.first_time("action new", NOW)
    assert store.prune(new) == 0


def test_an_open_alert_and_the_message_that_opened_it_stay_for_ever(store: StateStore) -> None:
    alert = an_alert("one", opened_at=later(days=-400), changed_at=later(days=-400))
    replies = [a_reply("reply", alert.thread), a_reply("waiting", alert.thread, order=1)]
    store.commit(Changes(alerts=[alert], deliveries=[a_post(alert.thread), *replies]))
    send(store, alert.thread)
    send(store, "reply", "1.2")

    assert store.prune(later(days=400)) == 1

    assert store.alert("one") is not None
    assert store.delivery("reply") is None
    assert claimed(store) == ["waiting"]


def test_the_message_that_opened_a_thread_stays_although_nothing_waits_to_be_said_in_it(store: StateStore) -> None:
    alert = an_alert("one")
    store.commit(Changes(alerts=[alert], deliveries=[a_post(alert.thread), a_post("other")]))
    store.claim("sender", NOW, LEASE, 2)
    for key in (alert.thread, "other"):
        store.record_sent(key, "sender", ts="1.1", channel="C0000001", now=NOW)

    assert store.prune(later(days=400)) == 1

    assert store.delivery(alert.thread) is not None
    assert store.delivery("other") is None


def test_a_resolved_alert_stays_while_its_thread_has_something_to_say(store: StateStore) -> None:
    alert = an_alert("one", state=AlertState.RESOLVED, resolved_at=NOW)
    store.commit(Changes(alerts=[alert], deliveries=[a_post(alert.thread), a_reply("resolved", alert.thread)]))
    send(store, alert.thread)

    assert store.prune(later(days=400)) == 0

    send(store, "resolved", "1.2")
    assert store.prune(later(days=400)) == 3


def test_an_alert_takes_the_later_messages_of_its_thread_along(store: StateStore) -> None:
    alert = an_alert("one", state=AlertState.RESOLVED, resolved_at=NOW)
    store.commit(Changes(alerts=[alert], deliveries=[a_post(alert.thread), a_reply("resolved", alert.thread)]))
    send(store, alert.thread)
    store.claim("one", later(hours=1), later(hours=2), 10)
    store.record_sent("resolved", "one", ts="1.2", channel="C0000001", now=later(hours=1))

    assert store.prune(later(minutes=1)) == 3
    assert store.delivery("resolved") is None


def test_a_message_stays_while_an_edit_of_it_waits(store: StateStore) -> None:
    store.commit(Changes(deliveries=[a_post(), an_update("edit", not_before=later(days=500))]))
    send(store, POST)

    assert store.prune(later(days=400)) == 0
    assert claimed(store, days=500) == ["edit"]


# Health


def test_a_store_that_works_says_so(store: StateStore) -> None:
    store.ping()
