"""What a pager hears of an alert, decided with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.incidents import Incidents
from bot.alerting.pages import PageAction, due, paged, wanted
from bot.render.alert import AlertMessages
from bot.store.model import WEBHOOK, Alert, AlertState, Changes, Delivery, NotStoredError, SnoozeUntil, StoreError
from bot.store.sqlite import SqliteStore
from checks.model import Severity
from checks.notifications import Webhook
from tests.bot.alerting.incident_reports import PIPELINE, report_of
from tests.bot.alerting.test_incidents import MINUTE, THREAD, at, broken, click
from tests.bot.render.reports import NOW, healthy
from tests.bot.store.records import an_alert

HOOK = Webhook(name="hook", url_variable="REVEILLE_WEBHOOK_URL")
OTHER = HOOK.model_copy(update={"name": "other", "severities": (Severity.P0,)})
TRIGGER, ACKNOWLEDGE, RESOLVE = PageAction


def incidents_with(store: SqliteStore, *webhooks: Webhook) -> Incidents:
    assert PIPELINE.notifications is not None
    notifications = PIPELINE.notifications.model_copy(update={"webhooks": webhooks})
    pipeline = PIPELINE.model_copy(update={"notifications": notifications})
    return Incidents(store, pipeline, AlertMessages(pipeline))


@pytest.fixture
def incidents(store: SqliteStore) -> Incidents:
    return incidents_with(store, HOOK, OTHER)


def pages(store: SqliteStore, name: str = "hook") -> list[str]:
    events = [each for each in store.pending() if each.sink == WEBHOOK and each.channel == name]
    return [each.body["event"]["action"] for each in sorted(events, key=lambda each: each.order)]


def test_an_alert_pages_whoever_hears_of_its_severity(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)

    assert (pages(store), pages(store, "other")) == (["trigger"], [])
    (event,) = [each for each in store.pending() if each.sink == WEBHOOK]
    assert (event.body["event"]["key"], event.lane) == (THREAD, THREAD)


def test_the_same_report_again_pages_nobody(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)
    incidents.process(at(broken(), NOW + MINUTE), NOW + MINUTE)

    assert pages(store) == ["trigger"]


def test_an_alert_that_is_acknowledged_and_then_over_says_both(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)
    incidents.acknowledge(click())
    incidents.process(at(report_of(healthy()), NOW + 2 * MINUTE), NOW + 2 * MINUTE)

    assert pages(store) == ["trigger", "acknowledge", "resolve"]
    assert {each.body["event"]["key"] for each in store.pending() if each.sink == WEBHOOK} == {THREAD}


def test_one_that_is_released_pages_again_and_one_that_is_taken_over_does_not(
    store: SqliteStore, incidents: Incidents
) -> None:
    incidents.process(broken(), NOW)
    incidents.acknowledge(click())
    incidents.take_over(click(actor="U0000002", action_key="two"))
    incidents.release(click(actor="U0000002", action_key="three"))

    assert pages(store) == ["trigger", "acknowledge", "resolve", "trigger"]


def test_one_that_gets_graver_pages_again_and_others_for_the_first_time(
    store: SqliteStore, incidents: Incidents
) -> None:
    incidents.process(broken(), NOW)
    incidents.acknowledge(click())
    incidents.process(at(broken(Severity.P0), NOW + 2 * MINUTE), NOW + 2 * MINUTE)

    assert pages(store) == ["trigger", "acknowledge", "resolve", "trigger"]
    assert pages(store, "other") == ["trigger"]


def test_one_that_is_milder_than_a_pager_hears_of_is_over_for_it(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(Severity.P0), NOW)
    incidents.process(at(broken(Severity.P1), NOW + MINUTE), NOW + MINUTE)

    assert (pages(store), pages(store, "other")) == (["trigger"], ["trigger", "resolve"])


def test_a_snooze_ends_the_page_and_its_end_begins_another(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)
    until = NOW + 30 * MINUTE
    incidents.snooze(click(), until=until, ends_on=SnoozeUntil.TIME, reason="")
    incidents.process(at(broken(), until + MINUTE), until + MINUTE)

    assert pages(store) == ["trigger", "resolve", "trigger"]


def test_an_alert_woken_by_a_click_pages_again(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)
    incidents.snooze(click(), until=NOW + timedelta(hours=2), ends_on=SnoozeUntil.TIME, reason="")
    incidents.unsnooze(click(now=NOW + 2 * MINUTE, action_key="another"))

    assert pages(store) == ["trigger", "resolve", "trigger"]


def test_an_alert_that_flaps_pages_no_more_often_than_it_calls(store: SqliteStore, incidents: Incidents) -> None:
    for number in range(3):
        incidents.process(at(broken(), NOW + 2 * number * MINUTE), NOW + 2 * number * MINUTE)
        over = NOW + (2 * number + 1) * MINUTE
        incidents.process(at(report_of(healthy()), over), over)

    assert pages(store) == ["trigger", "resolve"]


def test_a_pager_that_is_new_hears_of_what_is_open_at_the_next_reminder(store: SqliteStore) -> None:
    incidents_with(store).process(broken(Severity.P0), NOW)
    later = NOW + timedelta(hours=2)

    incidents_with(store, HOOK).process(at(broken(Severity.P0), later), later)

    assert pages(store) == ["trigger"]


def test_a_pager_that_never_heard_of_an_alert_does_not_hear_of_its_end(store: SqliteStore) -> None:
    incidents_with(store).process(broken(), NOW)
    with_pager = incidents_with(store, HOOK)
    with_pager.acknowledge(click())
    with_pager.process(at(report_of(healthy()), NOW + 2 * MINUTE), NOW + 2 * MINUTE)

    assert pages(store) == []


def test_what_cannot_be_stored_pages_past_the_store_under_the_same_key(store: SqliteStore) -> None:
    class Full(SqliteStore):
        def commit(self, changes: Changes) -> None:
            raise StoreError("full")

    full = Full(":memory:")
    with pytest.raises(NotStoredError) as refused:
        incidents_with(full, HOOK).process(broken(), NOW)
    incidents_with(store, HOOK).process(broken(), NOW)

    assert {each.key for each in refused.value.loud} == {each.key for each in store.pending()}
    full.close()


def test_while_the_store_cannot_even_be_read_the_pager_hears_of_it_all_the_same(store: SqliteStore) -> None:
    posts = incidents_with(store, HOOK).without_store(broken(), NOW)

    assert [each.body["event"]["action"] for each in posts if each.sink == WEBHOOK] == ["trigger"]


def test_pages_go_with_their_alert_when_the_history_is_over(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)
    incidents.process(at(report_of(healthy()), NOW + MINUTE), NOW + MINUTE)
    store.prune(NOW + timedelta(days=1))
    waiting = store.delivery(f"page:hook:{THREAD}:v1:trigger")
    for each in store.pending():
        leased = replace(each, lease_owner="one")
        store._put_delivery(leased)
        store.record_sent(each.key, "one", ts="1.0", channel=each.channel, now=NOW + timedelta(days=2))

    store.prune(NOW + timedelta(days=1))

    assert waiting is not None
    assert store.delivery(f"page:hook:{THREAD}:v1:trigger") is None


@given(
    states=st.lists(
        st.tuples(st.sampled_from(AlertState), st.sampled_from(Severity), st.booleans()), min_size=1, max_size=30
    )
)
def test_a_pager_hears_whole_incidents_in_their_order(states: list[tuple[AlertState, Severity, bool]]) -> None:
    alert, heard = an_alert(), list[Delivery]()
    for version, (state, severity, calls) in enumerate(states):
        after: Alert = replace(alert, state=state, severity=severity, version=version)
        alert, some = paged(alert, after, [HOOK], NOW, reason="any", calls=calls)
        heard += some

    said = "".join(each.body["event"]["action"][0] for each in heard)
    open_one = ""
    for each in said:
        assert each in {"": "t", "t": "tar", "a": "r"}[open_one]
        open_one = {"t": "t", "a": "a", "r": ""}[each]
    assert len({each.key for each in heard}) == len(heard)
    assert [each.order for each in heard] == sorted(each.order for each in heard)
    if wanted(alert, HOOK.severities) is RESOLVE:
        assert open_one == ""


@pytest.mark.parametrize(
    ("heard", "wish", "calls", "is_graver", "told"),
    [
        (None, TRIGGER, True, False, (TRIGGER,)),
        (None, TRIGGER, False, False, ()),
        (None, ACKNOWLEDGE, True, False, ()),
        (None, RESOLVE, True, False, ()),
        (TRIGGER, TRIGGER, True, False, ()),
        (TRIGGER, TRIGGER, True, True, (TRIGGER,)),
        (TRIGGER, ACKNOWLEDGE, False, False, (ACKNOWLEDGE,)),
        (TRIGGER, RESOLVE, False, False, (RESOLVE,)),
        (ACKNOWLEDGE, TRIGGER, True, True, (RESOLVE, TRIGGER)),
        (ACKNOWLEDGE, TRIGGER, False, True, ()),
        (ACKNOWLEDGE, RESOLVE, False, False, (RESOLVE,)),
        (RESOLVE, TRIGGER, True, False, (TRIGGER,)),
        (RESOLVE, ACKNOWLEDGE, True, False, ()),
    ],
)
def test_what_a_pager_is_told_follows_from_what_it_heard_last(
    heard: PageAction | None, wish: PageAction, calls: bool, is_graver: bool, told: tuple[PageAction, ...]
) -> None:
    assert due(heard, wish, calls=calls, is_graver=is_graver) == told
