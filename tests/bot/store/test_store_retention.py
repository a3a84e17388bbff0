"""What both stores forget, and what they never do."""

from __future__ import annotations

from bot.store.model import (
    AlertState,
    Changes,
    StateStore,
)
from tests.bot.store.asking import LEASE, POST, claimed, send
from tests.bot.store.records import NOW, PIPELINE, a_post, a_reply, a_report, an_alert, an_entry, an_update, later


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
