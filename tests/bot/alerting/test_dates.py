"""One failure on two dates is one alert, as long as it fails on either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerting.alerts import decide
from bot.alerting.incident import incidents_of
from bot.alerting.incidents import Incidents
from bot.alerting.observations import observe
from bot.render.alert import AlertMessages, alert_message
from bot.store.model import Alert, AlertState
from bot.store.sqlite import SqliteStore
from checks.model import Cause, FindingKey, Interval, Outcome, Report, Severity
from tests.advice import advised
from tests.bot.alerting.incident_reports import NOTIFICATIONS, PIPELINE, failed, report_of
from tests.bot.render.alert_states import MINUTE
from tests.bot.render.reports import NOW, finding, healthy
from tests.fakes import NIGHT, SLATE

DATES = (NIGHT, SLATE)


def predicted(*failing: Interval) -> Report:
    findings = [
        failed("no-predictions", "games", f"No predictions for {day}.", Severity.P0, interval=day)
        if day in failing
        else finding(Outcome.PASSED, "predicted", "games", "Predictions are there.", interval=day)
        for day in DATES
    ]
    return report_of({**healthy(), "predictions-exist": findings})


def followed(mornings: list[set[Interval]], seen: Callable[..., Report] = predicted) -> list[list[Alert]]:
    alerts: dict[str, Alert] = {}
    states = []
    for number, failing in enumerate(mornings):
        now = NOW + number * 15 * MINUTE
        for each in observe(seen(*sorted(failing)), PIPELINE, list(alerts.values())):
            alert = decide(alerts.get(each.key), each, now, NOTIFICATIONS.alerts).alert
            if alert is not None:
                alerts[each.key] = alert
        states.append([each for each in alerts.values() if each.state is not AlertState.RESOLVED])
    return states


def test_two_dates_of_one_failure_are_one_alert_that_names_both() -> None:
    ((alert,),) = followed([set(DATES)])

    shown = str(alert_message(alert, PIPELINE, NOW).document)
    assert "Tue 10 Feb and Wed 11 Feb" in shown


@pytest.mark.parametrize("first", DATES, ids=["the earlier first", "the later first"])
def test_the_thread_goes_on_when_one_date_resolves_and_ends_with_the_other(first: Interval) -> None:
    (other,) = set(DATES) - {first}

    (before,), (during,), after = followed([set(DATES), {other}, set()])

    assert before.thread == during.thread
    assert after == []


@pytest.mark.parametrize("first", DATES, ids=["the earlier first", "the later first"])
def test_a_date_that_fails_later_joins_the_thread_of_the_first(first: Interval) -> None:
    (before,), (both,) = followed([{first}, set(DATES)])

    assert before.thread == both.thread


@settings(deadline=None)
@given(st.lists(st.sets(st.sampled_from(DATES)), min_size=1, max_size=8))
def test_there_is_one_open_alert_while_any_date_fails_and_none_else(mornings: list[set[Interval]]) -> None:
    for failing, alerts in zip(mornings, followed(mornings), strict=True):
        assert len(alerts) == bool(failing)


def caused(*failing: Interval, subject: str = "games") -> Report:
    causes = [
        Cause(
            code="no-games-read",
            subject=subject,
            sentence=f"The games of {day} were never read.",
            severity=Severity.P0,
            explains=(FindingKey("predictions-exist", "games", day.name),),
            action=advised(text="Run it.", repair=f"run-job:{day}"),
        )
        for day in failing
    ]
    report = predicted(*failing)
    return replace(report, causes=tuple(causes))


def test_one_cause_on_two_dates_is_one_incident_with_the_repairs_of_both() -> None:
    (incident,) = incidents_of(caused(*DATES))

    assert [each.interval for each in incident.members] == [NIGHT.name, SLATE.name]
    assert incident.statement["repairs"] == f"run-job:{NIGHT} run-job:{SLATE}"


def test_two_subjects_of_one_cause_are_two_incidents() -> None:
    both = caused(*DATES)
    first, second = both.causes

    assert len(incidents_of(replace(both, causes=(first, replace(second, subject="players"))))) == 2


def test_two_causes_of_one_date_are_two_incidents() -> None:
    report = caused(NIGHT)
    other = failed("no-predictions", "players", "None.", Severity.P0, interval=NIGHT)
    (result,) = (each for each in report.results if each.check == "predictions-exist")
    more = replace(result, findings=(*result.findings, other))
    results = tuple(more if each is result else each for each in report.results)
    (cause,) = report.causes
    twin = replace(cause, explains=(FindingKey("predictions-exist", "players", NIGHT.name),))

    assert len(incidents_of(replace(report, results=results, causes=(cause, twin)))) == 2


@settings(deadline=None)
@given(st.lists(st.sets(st.sampled_from(DATES)), min_size=1, max_size=8))
def test_one_cause_has_one_open_alert_while_it_fails_on_any_date(mornings: list[set[Interval]]) -> None:
    for failing, alerts in zip(mornings, followed(mornings, caused), strict=True):
        assert len(alerts) == bool(failing)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(0, NIGHT, id="on the day itself"),
        pytest.param(1, SLATE, id="after midnight, when runs look at the earlier date no more"),
        pytest.param(2, NIGHT, id="later, when no run looks at either"),
    ],
)
def test_a_recheck_looks_at_the_dates_that_still_count(days: int, expected: Interval) -> None:
    store = SqliteStore(":memory:")
    incidents = Incidents(store, PIPELINE, AlertMessages(PIPELINE))
    incidents.process(predicted(*DATES), NOW)
    (alert,) = store.open_alerts("nba")

    request = incidents.recheck(alert.key, NOW + timedelta(days=days))

    assert request.interval == expected.name
    store.close()
