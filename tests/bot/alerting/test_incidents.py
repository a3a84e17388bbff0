"""Incidents over time, on a real store: what one commit holds, what clicks do, and what races leave behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.alerting.alerts import Reason
from bot.alerting.chronicle import is_transition
from bot.alerting.clicks import Click, ClickResult
from bot.alerting.incidents import AT_ONCE, ATTEMPTS, Incidents
from bot.render.alert import AlertMessages
from bot.sinks.slack.format import formatted
from bot.store.model import (
    Alert,
    AlertState,
    Changes,
    ConflictError,
    Delivery,
    DeliveryKind,
    NotStoredError,
    SnoozeUntil,
    StoredReport,
    StoreError,
)
from bot.store.sqlite import SqliteStore
from checks.model import Cause, FindingKey, Report, Severity
from tests.bot.alerting.incident_reports import (
    CHANNEL,
    ONCALL,
    PIPELINE,
    blind,
    failed,
    flag,
    moved_to,
    only,
    refused,
    report_of,
    with_findings,
)
from tests.bot.render.reports import NOW, ORCHESTRATORS, healthy
from tests.bot.store.records import a_report
from tests.fakes import NIGHT

MINUTE = timedelta(minutes=1)
KEY = "nba:trigger:phase3_to_phase4:2026-02-10"
THREAD = f"alert:{KEY}:0"


@pytest.fixture
def incidents(store: SqliteStore) -> Incidents:
    return Incidents(store, PIPELINE, AlertMessages(PIPELINE))


def broken(severity: Severity = Severity.P1) -> Report:
    return report_of(with_findings("trigger", flag("not-triggered", severity)))


def at(report: Report, now: datetime) -> Report:
    return replace(report, now=now)


def click(version: int | None = None, now: datetime = NOW + MINUTE, actor: str = "U0000001", **more: Any) -> Click:
    return Click(**{"key": KEY, "actor": actor, "now": now, "action_key": "a-click", "version": version, **more})


def stored(store: SqliteStore, key: str = KEY) -> Alert:
    alert = store.alert(key)
    assert alert is not None
    return alert


def keys(store: SqliteStore) -> list[str]:
    return [each.key for each in store.pending()]


def buttons(delivery: Delivery) -> dict[str, Any]:
    (row,) = [each for each in formatted(delivery.body)["blocks"] if each["type"] == "actions"]
    return {each["action_id"]: json.loads(each["value"]) for each in row["elements"]}


def test_a_decision_its_message_and_its_report_are_one_commit(store: SqliteStore, incidents: Incidents) -> None:
    kept = StoredReport(
        key="r1", pipeline="nba", job="digest", previous=NIGHT.name, at=NOW, verdict="ACT", document={"results": []}
    )

    processed = incidents.process(broken(), NOW, stored=kept)

    assert [each.reason for each in processed.transitions] == [Reason.OPENED]
    assert keys(store) == [THREAD]
    assert store.report("r1") == kept
    assert (stored(store).state, stored(store).version) == (AlertState.FIRING, 1)


def test_a_healthy_report_is_kept_although_nothing_is_decided(store: SqliteStore, incidents: Incidents) -> None:
    kept = StoredReport(
        key="r1",
        pipeline="nba",
        job="digest",
        previous=NIGHT.name,
        at=NOW,
        verdict="ALL CLEAR",
        document={"results": []},
    )

    incidents.process(report_of(healthy()), NOW, stored=kept)

    assert store.report("r1") == kept
    assert keys(store) == []


def test_the_same_report_twice_writes_once(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)

    again = incidents.process(broken(), NOW + MINUTE)

    assert (again.transitions, again.deliveries) == ((), ())
    assert (keys(store), stored(store).version) == ([THREAD], 1)


def test_every_later_transition_edits_the_parent_and_replies_once(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)

    incidents.process(at(report_of(healthy()), NOW + MINUTE), NOW + MINUTE)

    post, update, reply = store.pending()
    assert (post.key, post.kind, post.target) == (THREAD, DeliveryKind.POST, None)
    assert (update.key, update.kind, update.target) == (f"{THREAD}:v2", DeliveryKind.UPDATE, THREAD)
    assert (reply.key, reply.kind, reply.target) == (f"{THREAD}:resolved:2", DeliveryKind.REPLY, THREAD)
    assert update.order < reply.order
    assert stored(store).state is AlertState.RESOLVED


@pytest.mark.parametrize(("severity", "urgent"), [(Severity.P0, True), (Severity.P1, False)], ids=["P0", "P1"])
def test_a_new_p0_is_urgent(store: SqliteStore, incidents: Incidents, severity: Severity, urgent: bool) -> None:
    incidents.process(broken(severity), NOW)

    assert [each.urgent for each in store.pending()] == [urgent]


def test_an_incident_that_returns_after_the_flap_window_gets_a_thread_of_its_own(
    store: SqliteStore, incidents: Incidents
) -> None:
    for minutes, report in ((0, broken()), (1, report_of(healthy())), (70, broken())):
        now = NOW + minutes * MINUTE
        incidents.process(at(report, now), now)

    posts = [each.key for each in store.pending() if each.kind is DeliveryKind.POST]
    assert posts == [f"alert:{KEY}:0", f"alert:{KEY}:1"]


def test_an_incident_that_returns_after_weeks_never_reuses_a_thread(store: SqliteStore, incidents: Incidents) -> None:
    cut_off = failed("gone", "a-service", "It is gone.", Severity.P1, interval=None)
    for days, report in (
        (0, report_of(with_findings("service-ready", cut_off))),
        (1, report_of(healthy())),
        (40, report_of(with_findings("service-ready", cut_off))),
    ):
        moved = timedelta(days=days)
        moment = moved_to(NOW + moved, report)
        incidents.process(moment, NOW + moved)

    posts = [each.key for each in store.pending() if each.kind is DeliveryKind.POST]
    assert posts == ["alert:nba:service-ready:a-service:-:0", "alert:nba:service-ready:a-service:-:1"]


def test_three_blind_runs_in_a_row_open_one_thread(store: SqliteStore, incidents: Incidents) -> None:
    heard = [
        len(incidents.process(at(report_of(blind()), NOW + 15 * n * MINUTE), NOW + 15 * n * MINUTE).deliveries)
        for n in range(5)
    ]

    assert heard == [0, 0, 1, 0, 0]
    assert keys(store) == ["alert:nba:cannot-look:BigQuery:-:0"]


def test_clicking_again_and_again_is_no_series_of_blind_runs(store: SqliteStore, incidents: Incidents) -> None:
    for n in range(5):
        incidents.process(at(report_of(blind()), NOW + n * MINUTE), NOW + n * MINUTE)

    assert keys(store) == []


def test_a_count_of_blind_runs_does_not_outlast_a_day(store: SqliteStore, incidents: Incidents) -> None:
    findings = blind()
    for day in (0, 2, 4, 6):
        moved = timedelta(days=day)
        incidents.process(moved_to(NOW + moved, report_of(findings)), NOW + moved)

    assert keys(store) == []


def test_a_run_of_a_few_checks_leaves_the_other_alerts_alone(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)

    processed = incidents.process(only(report_of(healthy()), "grading"), NOW + MINUTE)

    assert processed.transitions == ()
    assert stored(store).state is AlertState.FIRING


def test_a_question_resolves_what_is_well_and_opens_nothing(store: SqliteStore, incidents: Incidents) -> None:
    assert incidents.cleared(broken(), NOW).transitions == ()
    incidents.process(broken(), NOW)
    assert incidents.cleared(broken(Severity.P0), NOW + MINUTE).transitions == ()

    (transition,) = incidents.cleared(at(report_of(healthy()), NOW + MINUTE), NOW + MINUTE).transitions

    assert (transition.reason, stored(store).state) == (Reason.RESOLVED, AlertState.RESOLVED)
    assert [incidents.is_over(each) for each in (KEY, "nba:none")] == [True, False]


def test_a_graver_alert_tells_the_channel_that_it_has_become_the_business_of(
    store: SqliteStore, incidents: Incidents
) -> None:
    incidents.process(broken(Severity.P1), NOW)

    incidents.process(at(broken(Severity.P0), NOW + MINUTE), NOW + MINUTE)

    channels = {each.key: each.channel for each in store.pending()}
    assert channels == {
        THREAD: CHANNEL,
        f"{THREAD}:v2": CHANNEL,
        f"{THREAD}:worsened:2": CHANNEL,
        f"{THREAD}:pointer:2": ONCALL,
    }


def test_a_p0_that_is_back_in_its_thread_shows_in_the_channel_with_its_mention(
    store: SqliteStore, incidents: Incidents
) -> None:
    reports = (broken(Severity.P0), report_of(healthy()), broken(Severity.P0))
    for minutes, report in enumerate(reports):
        incidents.process(at(report, NOW + minutes * MINUTE), NOW + minutes * MINUTE)

    replies = {each.key: each.body for each in store.pending() if each.kind is DeliveryKind.REPLY}
    assert {key: body.get("broadcast") for key, body in replies.items()} == {
        f"{THREAD}:resolved:2": None,
        f"{THREAD}:reopened:3": True,
    }
    assert replies[f"{THREAD}:reopened:3"]["notice"][-1] == {"is": "mention", "id": "S0000001"}


def test_the_buttons_of_a_message_know_the_version_that_is_stored(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)

    incidents.process(at(broken(Severity.P0), NOW + MINUTE), NOW + MINUTE)

    update = store.delivery(f"{THREAD}:v2")
    assert update is not None
    assert buttons(update)["alert:acknowledge"] == {"key": KEY, "version": stored(store).version}


def test_an_acknowledgement_is_stored_told_and_written_down(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)

    clicked = incidents.acknowledge(click(1))

    assert clicked.result is ClickResult.DONE
    assert clicked.alert == stored(store)
    assert (stored(store).state, stored(store).owner) == (AlertState.ACKNOWLEDGED, "U0000001")
    assert keys(store) == [THREAD, f"{THREAD}:v2", f"{THREAD}:acknowledged:2"]
    (entry,) = (each for each in store.audit(NOW, 10) if not is_transition(each))
    assert (entry.actor, entry.action, entry.subject, entry.outcome) == ("U0000001", "acknowledged", KEY, "done")


Do = Callable[[Incidents, Click], ClickResult]
CLICKS: dict[str, Do] = {
    "acknowledge": lambda incidents, each: incidents.acknowledge(each).result,
    "snooze": lambda incidents, each: (
        incidents.snooze(each, until=NOW + 60 * MINUTE, ends_on=SnoozeUntil.TIME, reason="later").result
    ),
    "until it changes": lambda incidents, each: (
        incidents.snooze(each, until=None, ends_on=SnoozeUntil.CHANGE, reason="").result
    ),
}


@pytest.mark.parametrize("do", CLICKS.values(), ids=CLICKS.keys())
def test_a_click_that_comes_twice_counts_once(store: SqliteStore, incidents: Incidents, do: Do) -> None:
    incidents.process(broken(), NOW)

    results = [do(incidents, click(1)), do(incidents, click(1))]

    assert results == [ClickResult.DONE, ClickResult.ALREADY]
    assert len(keys(store)) == 3


@pytest.mark.parametrize("do", CLICKS.values(), ids=CLICKS.keys())
def test_a_button_of_an_earlier_state_changes_nothing(store: SqliteStore, incidents: Incidents, do: Do) -> None:
    incidents.process(broken(Severity.P1), NOW)
    incidents.process(at(broken(Severity.P0), NOW + MINUTE), NOW + MINUTE)
    before = stored(store)

    result = do(incidents, click(1))

    assert (result, stored(store)) == (ClickResult.STALE, before)


@pytest.mark.parametrize("do", CLICKS.values(), ids=CLICKS.keys())
def test_nobody_can_take_what_is_resolved(store: SqliteStore, incidents: Incidents, do: Do) -> None:
    incidents.process(broken(), NOW)
    incidents.process(at(report_of(healthy()), NOW + MINUTE), NOW + MINUTE)

    assert do(incidents, click(stored(store).version)) is ClickResult.STALE


@pytest.mark.parametrize("do", CLICKS.values(), ids=CLICKS.keys())
def test_an_alert_that_nobody_knows_is_gone(incidents: Incidents, do: Do) -> None:
    assert do(incidents, click(1)) is ClickResult.GONE


def test_a_count_of_blind_runs_cannot_be_clicked(incidents: Incidents) -> None:
    incidents.process(report_of(blind()), NOW)

    assert incidents.acknowledge(click(1, key="nba:cannot-look:BigQuery:-")).result is ClickResult.GONE


def test_an_alert_that_is_woken_up_fires_again(store: SqliteStore, incidents: Incidents) -> None:
    incidents.process(broken(), NOW)
    incidents.snooze(click(1), until=NOW + 60 * MINUTE, ends_on=SnoozeUntil.TIME, reason="later")

    results = [incidents.unsnooze(click(2)).result, incidents.unsnooze(click(3)).result]

    assert results == [ClickResult.DONE, ClickResult.ALREADY]
    assert (stored(store).state, stored(store).owner, stored(store).snoozed_until) == (AlertState.FIRING, None, None)


@pytest.mark.parametrize(
    ("until", "ends_on"),
    [(None, SnoozeUntil.TIME), (NOW, SnoozeUntil.TIME), (NOW - MINUTE, SnoozeUntil.CHANGE)],
    ids=["never ends", "ends at once", "ended before"],
)
def test_a_snooze_without_a_sensible_end_is_refused(
    incidents: Incidents, until: datetime | None, ends_on: SnoozeUntil
) -> None:
    incidents.process(broken(), NOW - MINUTE)

    with pytest.raises(ValueError, match="a snooze"):
        incidents.snooze(click(1, now=NOW), until=until, ends_on=ends_on, reason="")


def test_a_recheck_looks_at_everything_that_the_alert_is_about(incidents: Incidents) -> None:
    findings, cause = refused(*ORCHESTRATORS)
    incidents.process(report_of(findings, [cause]), NOW)

    request = incidents.recheck("nba:invoker:phase3-to-phase4-orchestrator:-", NOW)

    assert (request.checks, request.interval) == (("invoker", "trigger"), "2026-02-10")


def test_a_recheck_of_no_alert_says_so(incidents: Incidents) -> None:
    with pytest.raises(LookupError):
        incidents.recheck("nba:nothing", NOW)


@pytest.mark.parametrize(
    ("findings", "state"),
    [
        (healthy(), AlertState.RESOLVED),
        (with_findings("trigger", flag("not-triggered", Severity.P1)), AlertState.FIRING),
    ],
    ids=["repaired", "as before"],
)
def test_a_recheck_tells_the_thread_who_looked(
    store: SqliteStore, incidents: Incidents, findings: Any, state: AlertState
) -> None:
    incidents.process(broken(), NOW)

    incidents.rechecked(click(1), only(report_of(findings), "trigger"))

    assert stored(store).state is state
    assert keys(store)[-1] == f"{THREAD}:rechecked:a-click"
    assert [each.action for each in store.audit(NOW, 10) if not is_transition(each)] == ["rechecked"]


class Hurried(SqliteStore):
    """A store in which somebody else is faster, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__(":memory:")
        self.times = times

    def commit(self, changes: Changes) -> None:
        if changes.alerts and self.times > 0:
            self.times -= 1
            raise ConflictError
        super().commit(changes)


def test_a_decision_is_taken_again_when_somebody_else_was_faster() -> None:
    store = Hurried(ATTEMPTS - 1)

    processed = Incidents(store, PIPELINE, AlertMessages(PIPELINE)).process(broken(), NOW)

    assert len(processed.transitions) == 1
    assert keys(store) == [THREAD]
    store.close()


def test_a_decision_that_never_comes_through_is_an_error_that_may_be_tried_again() -> None:
    store = Hurried(ATTEMPTS)

    with pytest.raises(StoreError) as caught:
        Incidents(store, PIPELINE, AlertMessages(PIPELINE)).process(broken(), NOW)

    assert caught.value.retryable
    assert keys(store) == []
    store.close()


class Overtaken(SqliteStore):
    """A store into which another instance writes between our reading and our writing."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.meanwhile: Callable[[], object] | None = None

    def commit(self, changes: Changes) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        super().commit(changes)


def test_two_instances_that_see_the_same_open_one_thread() -> None:
    store = Overtaken()
    ours, theirs = (Incidents(store, PIPELINE, AlertMessages(PIPELINE)) for _ in range(2))
    store.meanwhile = lambda: theirs.process(broken(), NOW)

    processed = ours.process(broken(), NOW)

    assert processed.transitions == ()
    assert (keys(store), stored(store).version) == ([THREAD], 1)
    store.close()


def test_a_click_that_a_recovery_overtakes_changes_nothing() -> None:
    store = Overtaken()
    incidents = Incidents(store, PIPELINE, AlertMessages(PIPELINE))
    incidents.process(broken(), NOW)
    store.meanwhile = lambda: incidents.process(at(report_of(healthy()), NOW + MINUTE), NOW + MINUTE)

    clicked = incidents.acknowledge(click(1))

    assert clicked.result is ClickResult.STALE
    assert stored(store).state is AlertState.RESOLVED
    assert f"{THREAD}:acknowledged:3" not in keys(store)
    store.close()


def test_with_the_store_down_what_is_loud_can_still_be_posted(incidents: Incidents, store: SqliteStore) -> None:
    findings, cause = refused(*ORCHESTRATORS)

    posts = incidents.without_store(
        report_of(
            {**findings, **blind(checks=["grading"]), "trigger": findings["trigger"], "invoker": findings["invoker"]},
            [cause],
        ),
        NOW,
    )

    assert {each.kind for each in posts} == {DeliveryKind.POST}
    assert [each.channel for each in posts] == [ONCALL, CHANNEL]
    assert all("store" in json.dumps(each.body) for each in posts)
    assert not any(part["is"] == "actions" for each in posts for part in each.body["parts"])
    assert keys(store) == []


def test_what_cannot_be_stored_is_posted_under_the_key_that_it_gets_once_it_can(
    incidents: Incidents, store: SqliteStore
) -> None:
    findings, cause = refused(*ORCHESTRATORS)
    report = report_of(findings, [cause])
    store._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(NotStoredError) as raised:
        incidents.process(report, NOW)
    store._connection.execute("PRAGMA query_only = OFF")

    incidents.process(report, NOW)

    said = [each.key for each in raised.value.loud]
    assert said
    assert said == [each.key for each in store.pending() if each.kind is DeliveryKind.POST]


def test_a_report_without_news_that_cannot_be_stored_makes_nothing_loud(
    incidents: Incidents, store: SqliteStore
) -> None:
    """Else the alert that stands in Slack would be posted once more, past the store and under another key."""
    findings, cause = refused(*ORCHESTRATORS)
    report = report_of(findings, [cause])
    incidents.process(report, NOW)
    store._connection.execute("PRAGMA query_only = ON")

    with pytest.raises(NotStoredError) as raised:
        incidents.process(report, NOW, stored=a_report())

    assert raised.value.loud == ()


def test_a_pipeline_without_notifications_is_refused(store: SqliteStore) -> None:
    with pytest.raises(ValueError, match="no notifications"):
        Incidents(store, PIPELINE.model_copy(update={"notifications": None}), AlertMessages(PIPELINE))


class Bookkeeping(SqliteStore):
    """Remembers what was committed together."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.commits: list[Changes] = []

    def commit(self, changes: Changes) -> None:
        super().commit(changes)
        self.commits.append(changes)


def test_many_alerts_are_committed_a_few_at_a_time_each_with_its_messages_and_the_report_last() -> None:
    store = Bookkeeping()
    services = [f"service-{number}" for number in range(2 * AT_ONCE + 1)]
    causes = [
        Cause(
            code="service-not-ready",
            subject=name,
            sentence=f"{name} is not ready.",
            severity=Severity.P1,
            explains=(FindingKey("service-ready", name, None),),
        )
        for name in services
    ]
    unready = [failed("not-ready", name, f"{name} is not ready.", Severity.P1, interval=None) for name in services]
    report = report_of(with_findings("service-ready", *unready), causes)
    kept = a_report("report")

    processed = Incidents(store, PIPELINE, AlertMessages(PIPELINE)).process(report, NOW, stored=kept)

    assert [len(each.alerts) for each in store.commits] == [AT_ONCE, AT_ONCE, 1]
    assert [{each.thread for each in changes.alerts} for changes in store.commits] == [
        {each.key for each in changes.deliveries} for changes in store.commits
    ]
    assert [list(each.reports) for each in store.commits] == [[], [], [kept]]
    assert len(processed.transitions) == len(processed.deliveries) == len(services)


def test_the_other_channel_hears_of_a_graver_alert_once_and_not_with_every_reminder(
    store: SqliteStore, incidents: Incidents
) -> None:
    for minutes, severity in ((0, Severity.P1), (1, Severity.P0), (62, Severity.P0), (124, Severity.P0)):
        incidents.process(at(broken(severity), NOW + minutes * MINUTE), NOW + minutes * MINUTE)

    told = [each for each in keys(store) if ":reminded:" in each or ":reminder:" in each]
    assert len(told) == 2, keys(store)
    assert [each.key for each in store.pending() if each.channel == ONCALL] == [f"{THREAD}:pointer:2"]
