"""Whatever happens in whatever order, each thread opens once, and its openings and closings take turns."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.alerting.alerts import was_told
from bot.alerting.clicks import Click, ClickResult
from bot.alerting.incidents import Incidents
from bot.render.alert import AlertMessages
from bot.store.model import Alert, AlertState, Delivery, DeliveryKind, SnoozeUntil
from bot.store.sqlite import SqliteStore
from checks.model import Severity
from tests.bot.alerting.incident_reports import (
    PIPELINE,
    blind,
    flag,
    moved_to,
    only,
    refused,
    report_of,
    with_findings,
)
from tests.bot.render.reports import NOW, ORCHESTRATORS, healthy
from tests.thoroughness import examples

LOST, LOST_CAUSE = refused(*ORCHESTRATORS)
FEWER, FEWER_CAUSE = refused(*ORCHESTRATORS[2:])
BROKEN = with_findings("trigger", flag("not-triggered", Severity.P0), flag("bypassed", Severity.P2, subject="other"))
REPORTS = {
    "healthy": report_of(healthy()),
    "lost": report_of(LOST, [LOST_CAUSE]),
    "fewer lost": report_of(FEWER, [FEWER_CAUSE]),
    "broken": report_of(BROKEN),
    "wrong flag": report_of(with_findings("trigger", flag())),
    "blind": report_of(blind()),
    "blind to triggers": report_of(blind("Firestore", ["trigger"])),
    "watch: healthy": only(report_of(healthy()), "trigger"),
    "watch: broken": only(report_of(BROKEN), "trigger"),
    "watch: grading": only(report_of(healthy()), "grading"),
}
STEPS = st.tuples(
    st.sampled_from(sorted(REPORTS)),
    st.sampled_from([0, 1, 15, 61, 300, 1_440]),
    st.sampled_from(["", "", "acknowledge", "snooze", "until it changes", "wake"]),
)
CLOSING = ("resolved", "superseded")


@settings(deadline=None, max_examples=examples(120), suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=20))
def test_openings_and_closings_take_turns_in_every_thread(steps: list[tuple[str, int, str]]) -> None:
    store = SqliteStore(":memory:")
    incidents = Incidents(store, PIPELINE, AlertMessages(PIPELINE))
    now = NOW
    for number, (name, minutes, action) in enumerate(steps):
        now += timedelta(minutes=minutes)
        report = moved_to(now, REPORTS[name])
        incidents.process(report, now)
        if action:
            press(
                incidents,
                store.open_alerts("nba"),
                action,
                Click(key="", actor="U0000001", now=now, action_key=str(number)),
            )
        assert incidents.process(report, now).deliveries == (), "the same run seen twice says nothing new"

    check_threads(store)
    store.close()


def press(incidents: Incidents, alerts: Sequence[Alert], action: str, click: Click) -> None:
    for alert in alerts:
        each = replace(click, key=alert.key, version=alert.version, action_key=f"{click.action_key}:{alert.key}")
        until = click.now + timedelta(minutes=60)
        match action:
            case "acknowledge":
                clicked = incidents.acknowledge(each)
            case "snooze":
                clicked = incidents.snooze(each, until=until, ends_on=SnoozeUntil.TIME, reason="later")
            case "until it changes":
                clicked = incidents.snooze(each, until=None, ends_on=SnoozeUntil.CHANGE, reason="")
            case _:
                clicked = incidents.unsnooze(each)
        assert clicked.result in (ClickResult.DONE, ClickResult.ALREADY)


def check_threads(store: SqliteStore) -> None:
    threads: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in store.pending():
        if ":pointer:" not in delivery.key:
            threads[delivery.target or delivery.key].append(delivery)
    for thread, deliveries in threads.items():
        deliveries.sort(key=lambda each: (each.kind is not DeliveryKind.POST, each.order))
        post, *others = deliveries
        assert (post.key, post.kind) == (thread, DeliveryKind.POST)
        assert all(each.kind is not DeliveryKind.POST for each in others)
        reasons = [each.key.split(":")[-2] for each in others if each.kind is DeliveryKind.REPLY]
        turns = [reason in CLOSING for reason in reasons if reason in (*CLOSING, "reopened")]
        assert turns == list(itertools.islice(itertools.cycle([True, False]), len(turns)))
        alert = store.alert(thread.removeprefix("alert:").rpartition(":")[0])
        assert alert is not None
        if alert.thread == thread and was_told(alert):
            assert (alert.state is AlertState.RESOLVED) == (len(turns) % 2 == 1)
        else:
            assert len(turns) % 2 == 1, "a thread ends before its incident gets another"
