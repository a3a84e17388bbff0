"""Quiet hours and maintenance: when alerts wait, what they wait for, and that none of them is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.alerting.alerts import Observation, Observed, Reason, decide
from bot.alerting.holds import QUIET_HOURS, Hold, current, end, planned, start
from bot.alerting.incidents import Incidents
from bot.render.alert import AlertMessages
from bot.store.model import Alert, AlertState, SnoozeUntil
from bot.store.sqlite import SqliteStore
from checks.model import Report, Severity
from checks.notifications import AlertPolicy, MaintenanceWindow, Notifications, QuietHours, Routes
from tests.bot.alerting.incident_reports import PIPELINE, flag, report_of, with_findings
from tests.bot.alerting.test_alerts import MINUTE, POLICY, WIDER, acknowledged, alert, failing, snoozed
from tests.bot.alerting.test_alerts import NOW as DECIDED_AT
from tests.bot.render.reports import NOW

ZONE = ZoneInfo("America/New_York")
PERSON = "U0000001"
RESTORE = Hold(until=NOW + timedelta(hours=2), reason="restoring the worker", by=PERSON)


def notifications(**parts: object) -> Notifications:
    return Notifications.model_validate({"routes": Routes(default="C0000001"), **parts})


def there(text: str) -> datetime:
    """An instant in New York."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def held(observation: Observation) -> Observation:
    return replace(observation, held=True)


# What an alert does meanwhile


def test_nothing_below_p0_opens_and_it_opens_in_the_first_run_after() -> None:
    waiting = decide(None, held(failing()), DECIDED_AT, POLICY)
    again = decide(waiting.alert, held(failing()), DECIDED_AT + MINUTE, POLICY)
    after = decide(again.alert, failing(), DECIDED_AT + 2 * MINUTE, POLICY)

    assert [each.speaks for each in (waiting, again)] == [False, False]
    assert (after.reason, after.mention) == (Reason.OPENED, True)


def test_what_recovers_meanwhile_is_never_told() -> None:
    waiting = decide(None, held(failing()), DECIDED_AT, POLICY)
    clear = Observation(key="a-key", pipeline="nba", observed=Observed.CLEAR)
    recovered = decide(waiting.alert, held(clear), DECIDED_AT + MINUTE, POLICY)

    assert not recovered.speaks


def test_a_p0_opens_and_calls() -> None:
    transition = decide(None, held(failing(severity=Severity.P0)), DECIDED_AT, POLICY)

    assert (transition.reason, transition.mention) == (Reason.OPENED, True)


def test_an_open_alert_that_becomes_a_p0_calls() -> None:
    transition = decide(alert(), held(failing(severity=Severity.P0, fingerprint="worse")), DECIDED_AT, POLICY)

    assert (transition.reason, transition.mention) == (Reason.WORSENED, True)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(alert(notified_at=DECIDED_AT - timedelta(days=1)), id="a reminder is due"),
        pytest.param(alert(severity=Severity.P2), id="it gets graver"),
        pytest.param(acknowledged(severity=Severity.P2), id="what was acknowledged gets graver"),
        pytest.param(snoozed(DECIDED_AT), id="a snooze ends"),
        pytest.param(snoozed(None, SnoozeUntil.NEXT_RUN), id="a snooze ends with a run"),
    ],
)
def test_what_would_call_does_so_in_the_first_run_after(before: Alert) -> None:
    meanwhile = decide(before, held(failing()), DECIDED_AT, POLICY)
    after = decide(meanwhile.alert, failing(), DECIDED_AT + MINUTE, POLICY)

    assert not meanwhile.mention
    assert after.mention


@given(st.lists(st.tuples(st.sampled_from(["same", "wider", "milder"]), st.booleans()), max_size=12))
def test_nobody_is_called_while_it_is_held_and_what_fails_afterwards_is_open(steps: list[tuple[str, bool]]) -> None:
    kinds = {"same": {}, "wider": WIDER, "milder": {"severity": Severity.P2, "fingerprint": "milder"}}
    known: Alert | None = None
    for number, (kind, is_held) in enumerate(steps):
        observation = replace(failing(**kinds[kind]), held=is_held)
        transition = decide(known, observation, DECIDED_AT + number * MINUTE, POLICY)
        assert not (is_held and transition.mention)
        known = transition.alert

    final = decide(known, failing(), DECIDED_AT + 99 * MINUTE, AlertPolicy())

    assert final.alert is not None
    assert final.alert.state is not AlertState.RESOLVED


# When


@pytest.mark.parametrize(
    ("now", "until"),
    [
        pytest.param("2026-02-10 21:59:59", None, id="just before"),
        pytest.param("2026-02-10 22:00", "2026-02-11 06:30", id="at the start"),
        pytest.param("2026-02-11 00:00", "2026-02-11 06:30", id="over midnight"),
        pytest.param("2026-02-11 06:29:59", "2026-02-11 06:30", id="just before the end"),
        pytest.param("2026-02-11 06:30", None, id="at the end"),
        pytest.param("2026-03-08 03:30", "2026-03-08 06:30", id="the night that loses an hour"),
        pytest.param("2026-11-01 01:30", "2026-11-01 06:30", id="the night that has one more"),
    ],
)
def test_quiet_hours_are_those_of_the_pipeline_s_zone(now: str, until: str | None) -> None:
    rules = notifications(quiet_hours={"start": "22:00", "end": "06:30"})

    hold = planned(rules, ZONE, there(now))

    assert hold == (None if until is None else Hold(until=there(until), reason=QUIET_HOURS))


def test_quiet_hours_within_a_day() -> None:
    rules = notifications(quiet_hours={"start": "12:00", "end": "13:00"})

    found = [planned(rules, ZONE, there(f"2026-02-10 {clock}")) for clock in ("11:59", "12:00", "12:59", "13:00")]

    assert [each is not None for each in found] == [False, True, True, False]


def test_a_planned_window_has_its_start_and_not_its_end() -> None:
    window = {"start": "2026-02-14 22:00", "end": "2026-02-15 02:00", "reason": "moving the warehouse"}
    rules = notifications(maintenance=[window])
    inside = Hold(until=there("2026-02-15 02:00"), reason="moving the warehouse")

    found = [planned(rules, ZONE, there(at)) for at in ("2026-02-14 21:59", "2026-02-14 22:00", "2026-02-15 02:00")]

    assert found == [None, inside, None]


def test_of_several_the_one_that_ends_last_is_told(store: SqliteStore) -> None:
    quiet = {"start": NOW.astimezone(PIPELINE.zone).time(), "end": "23:59"}
    rules = PIPELINE.notifications.model_copy(update={"quiet_hours": QuietHours.model_validate(quiet)})  # type: ignore[union-attr]
    pipeline = PIPELINE.model_copy(update={"notifications": rules})

    start(store, pipeline.name, RESTORE, NOW)

    hold = current(store, pipeline, NOW)
    assert hold is not None
    assert hold.reason == QUIET_HOURS


@pytest.mark.parametrize(
    "window",
    [
        {"start": "2026-02-14 22:00", "end": "2026-02-14 22:00", "reason": "nothing"},
        {"start": "2026-02-14 22:00", "end": "2026-02-15 02:00+01:00", "reason": "two zones"},
        {"start": "2026-02-14 22:00", "end": "2026-02-15 02:00", "reason": ""},
    ],
)
def test_a_window_that_is_none_is_refused(window: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        MaintenanceWindow.model_validate(window)


def test_quiet_hours_without_a_span_are_refused() -> None:
    with pytest.raises(ValidationError):
        QuietHours.model_validate({"start": "06:00", "end": "06:00"})


# What somebody starts


def test_what_somebody_starts_lasts_until_its_end(store: SqliteStore) -> None:
    start(store, PIPELINE.name, RESTORE, NOW)

    assert current(store, PIPELINE, RESTORE.until - timedelta(seconds=1)) == RESTORE
    assert current(store, PIPELINE, RESTORE.until) is None


def test_another_replaces_it_and_anybody_ends_it(store: SqliteStore) -> None:
    other = Hold(until=NOW + timedelta(minutes=5), reason="only a look", by="U0000002")
    start(store, PIPELINE.name, RESTORE, NOW)
    start(store, PIPELINE.name, other, NOW)

    assert current(store, PIPELINE, NOW) == other
    assert end(store, PIPELINE.name, NOW) == other
    assert end(store, PIPELINE.name, NOW) is None
    assert current(store, PIPELINE, NOW) is None


def broken() -> Report:
    return report_of(with_findings("trigger", flag("not-triggered", Severity.P1)))


def test_a_run_in_maintenance_posts_nothing_and_the_first_one_after_it_does(store: SqliteStore) -> None:
    incidents = Incidents(store, PIPELINE, AlertMessages(PIPELINE))
    start(store, PIPELINE.name, RESTORE, NOW)

    incidents.process(broken(), NOW)
    meanwhile = list(store.pending())
    incidents.process(replace(broken(), now=RESTORE.until), RESTORE.until)

    assert meanwhile == []
    assert len(store.pending()) == 1


def test_while_the_store_is_down_what_is_planned_still_applies(store: SqliteStore) -> None:
    window = MaintenanceWindow(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=1), reason="the store moves")
    rules = PIPELINE.notifications.model_copy(update={"maintenance": (window,)})  # type: ignore[union-attr]
    pipeline = PIPELINE.model_copy(update={"notifications": rules})

    assert Incidents(store, pipeline, AlertMessages(pipeline)).without_store(broken(), NOW) == ()
    assert Incidents(store, PIPELINE, AlertMessages(PIPELINE)).without_store(broken(), NOW)
