"""What both stores promise of records and alerts, asked of SQLite and of Firestore's own emulator."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from bot.store.model import (
    Alert,
    AlertState,
    Changes,
    ConflictError,
    SnoozeUntil,
    StateStore,
)
from checks.model import Severity
from tests.bot.store.asking import LEASE, POST, claimed, keys, send, stored
from tests.bot.store.conftest import Opener
from tests.bot.store.records import NOW, PIPELINE, a_post, a_report, an_alert, an_entry, later


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
