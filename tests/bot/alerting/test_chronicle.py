"""What happened to an incident, put together from its record and the audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.alerting.alerts import Reason
from bot.alerting.chronicle import (
    AUDIT_AT_MOST,
    TRANSITION,
    Chronicle,
    Happening,
    chronicle_in,
    chronicle_of,
    is_transition,
)
from bot.alerting.clicks import Click
from bot.alerting.incidents import Incidents
from bot.render.alert import AlertMessages
from bot.store.model import Alert, AlertState, AuditEntry, SnoozeUntil
from bot.store.sqlite import SqliteStore
from checks.model import Report
from tests.bot.alerting.incident_reports import PIPELINE, report_of
from tests.bot.render.alert_states import lost
from tests.bot.render.reports import NOW, ORCHESTRATORS, healthy
from tests.preview.repairing import repairing
from tests.preview.story import ALICE, BOB

MINUTE = timedelta(minutes=1)


@pytest.fixture
def incidents(store: SqliteStore) -> Incidents:
    return Incidents(store, PIPELINE, AlertMessages(PIPELINE))


def stored(store: SqliteStore) -> Alert:
    (alert,) = store.recent_alerts(PIPELINE.name, NOW - timedelta(days=2))
    return alert


def run(incidents: Incidents, report: Report, minutes: int) -> None:
    now = NOW + minutes * MINUTE
    incidents.process(replace(report, now=now), now)


def click(store: SqliteStore, actor: str, minutes: int) -> Click:
    at = NOW + minutes * MINUTE
    return Click(key=stored(store).key, actor=actor, now=at, action_key=f"{actor}-{minutes}")


def told(store: SqliteStore, minutes: int = 60) -> Chronicle:
    return chronicle_in(store, stored(store), NOW + minutes * MINUTE)


def happened(chronicle: Chronicle) -> list[tuple[int, Happening]]:
    return [((each.at - NOW) // MINUTE, each.what) for each in chronicle.events]


def test_every_change_of_hands_and_of_state_is_told_once_and_in_order(store: SqliteStore, incidents: Incidents) -> None:
    run(incidents, lost(*ORCHESTRATORS), 0)
    incidents.acknowledge(click(store, ALICE, 2))
    incidents.take_over(click(store, BOB, 3))
    incidents.release(click(store, BOB, 4))
    incidents.snooze(click(store, ALICE, 5), until=None, ends_on=SnoozeUntil.CHANGE, reason="after the match")
    incidents.unsnooze(click(store, ALICE, 6))
    run(incidents, report_of(healthy()), 7)
    run(incidents, lost(*ORCHESTRATORS), 9)
    run(incidents, report_of(healthy()), 11)

    assert happened(told(store)) == [
        (0, Happening.FOUND),
        (2, Happening.ACKNOWLEDGED),
        (3, Happening.TAKEN_OVER),
        (4, Happening.RELEASED),
        (5, Happening.SNOOZED),
        (6, Happening.UNSNOOZED),
        (7, Happening.RESOLVED),
        (9, Happening.BACK),
        (11, Happening.RESOLVED),
    ]
    assert told(store).is_whole


@pytest.mark.slow
def test_a_repair_is_told_from_the_question_to_its_proof() -> None:
    with repairing("invoker-lost") as story:
        key = story.alert().key
        story.incidents.acknowledge(story.clicks(ALICE))
        story.confirmed()
        alert = story.store.alert(key)
        assert alert is not None

        chronicle = chronicle_in(story.store, alert, story.now)

    assert [each.what for each in chronicle.events] == [
        Happening.BROKEN,
        Happening.FOUND,
        Happening.ACKNOWLEDGED,
        Happening.REPAIR_ASKED,
        Happening.REPAIR_CONFIRMED,
        Happening.REPAIR_WRITTEN,
        Happening.REPAIR_VERIFIED,
        Happening.RESOLVED,
    ]
    assert chronicle.unnoticed is not None
    assert chronicle.unnoticed > timedelta(days=6)
    assert chronicle.after(Happening.ACKNOWLEDGED) == timedelta(minutes=14)
    assert chronicle.after(Happening.RESOLVED) == chronicle.ended - alert.opened_at


def test_what_somebody_did_about_another_incident_or_before_this_one_is_not_told(
    store: SqliteStore, incidents: Incidents
) -> None:
    run(incidents, lost(*ORCHESTRATORS), 0)
    alert = stored(store)

    def acknowledged(subject: str, minutes: int) -> AuditEntry:
        at = NOW + minutes * MINUTE
        return AuditEntry(
            key=f"click:{subject}{minutes}:acknowledged",
            at=at,
            actor=ALICE,
            action="acknowledged",
            subject=subject,
            outcome="done",
        )

    entries = [acknowledged("another", 2), acknowledged(alert.key, -1)]

    assert happened(chronicle_of(alert, entries, NOW)) == [(0, Happening.FOUND)]


def test_an_alert_older_than_the_records_of_transitions_has_its_beginning_and_its_end(
    store: SqliteStore, incidents: Incidents
) -> None:
    run(incidents, lost(*ORCHESTRATORS), 0)
    run(incidents, report_of(healthy()), 7)

    chronicle = chronicle_of(stored(store), (), NOW + 60 * MINUTE)

    assert happened(chronicle) == [(0, Happening.FOUND), (7, Happening.RESOLVED)]
    assert not chronicle.is_whole


@pytest.mark.parametrize(
    ("records", "is_whole"),
    [
        pytest.param(AUDIT_AT_MOST - 1, True, id="below the limit"),
        pytest.param(AUDIT_AT_MOST, False, id="at the limit"),
    ],
)
def test_where_there_may_be_more_records_than_were_read_that_is_known(
    store: SqliteStore, incidents: Incidents, records: int, is_whole: bool
) -> None:
    run(incidents, lost(*ORCHESTRATORS), 0)
    found = store.audit(NOW, 10)
    other = AuditEntry(key="x", at=NOW, actor=ALICE, action="other", subject="other", outcome="")

    chronicle = chronicle_of(stored(store), [*[other] * (records - len(found)), *found], NOW)

    assert chronicle.is_whole is is_whole


def test_an_incident_that_goes_on_in_another_thread_is_told_as_such(store: SqliteStore, incidents: Incidents) -> None:
    run(incidents, lost(*ORCHESTRATORS[:1]), 0)
    details = {**stored(store).details, "closing": "superseded"}
    closed = replace(stored(store), details=details, state=AlertState.RESOLVED, resolved_at=NOW + MINUTE)

    assert happened(chronicle_of(closed, (), NOW + MINUTE))[-1] == (1, Happening.MOVED)


def test_a_reminder_leaves_no_record(store: SqliteStore, incidents: Incidents) -> None:
    run(incidents, lost(*ORCHESTRATORS), 0)
    run(incidents, lost(*ORCHESTRATORS), 60 * 24)

    recorded = [each.action for each in store.audit(NOW, 100) if is_transition(each)]

    assert f"{TRANSITION}{Reason.OPENED}" in recorded
    assert f"{TRANSITION}{Reason.REMINDED}" not in recorded
