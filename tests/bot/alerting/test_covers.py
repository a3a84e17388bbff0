"""What could not be checked beside an open P0: told in its thread, and by itself again when the P0 is over."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.alerting.alerts import Reason, decide
from bot.alerting.covers import Cover, Covers
from bot.alerting.incident import incidents_of, member_of
from bot.alerting.observations import observe
from bot.render.alert import alert_message
from bot.store.model import Alert, AlertState
from checks.facts import Unread
from checks.model import Cause, Finding, Outcome, Report, Severity
from tests.bot.alerting.incident_reports import NOTIFICATIONS, PIPELINE, failed, report_of, with_findings
from tests.bot.render.alert_states import MINUTE
from tests.bot.render.reports import NOW, finding, healthy
from tests.fakes import NIGHT

BLIND_KEY = "nba:cannot-look:BigQuery:-"


def unread(check: str = "grading", subject: str = "catboost_v9", source: str = "BigQuery") -> Finding:
    return finding(
        Outcome.UNKNOWN,
        "source-unavailable",
        subject,
        f"Could not check: {source} timed out.",
        severity=Severity.P0,
        interval=NIGHT,
        facts=Unread(source=source, problem="timed out"),
    )


def grave(subject: str = "catboost_v9", severity: Severity = Severity.P0) -> Finding:
    return failed("ungraded", subject, f"{subject} has no grades.", severity)


def morning(*findings: Finding, check: str = "grading") -> Report:
    return report_of(with_findings(check, *findings))


def followed(reports: Sequence[Report]) -> list[dict[str, Alert]]:
    """The alerts by key after each report."""
    alerts: dict[str, Alert] = {}
    states = []
    for number, report in enumerate(reports):
        now = NOW + number * 15 * MINUTE
        for each in observe(report, PIPELINE, list(alerts.values())):
            alert = decide(alerts.get(each.key), each, now, NOTIFICATIONS.alerts).alert
            if alert is not None:
                alerts[each.key] = alert
        states.append(dict(alerts))
    return states


def is_open(alerts: dict[str, Alert], key: str = BLIND_KEY) -> bool:
    return key in alerts and alerts[key].state is not AlertState.RESOLVED


@pytest.mark.parametrize(
    ("check", "subject", "cover"),
    [
        pytest.param("grading", "another", Cover.CHECK, id="the same check"),
        pytest.param("trigger", "catboost_v9", Cover.SUBJECT, id="the same subject"),
        pytest.param("trigger", "phase3_to_phase4", None, id="something else"),
    ],
)
def test_a_p0_covers_what_it_is_about(check: str, subject: str, cover: Cover | None) -> None:
    covers = Covers(incidents_of(morning(grave())), (), PIPELINE)

    found = covers.of(member_of(check, "A title", unread(subject=subject), Severity.P0, None))

    assert (None if found is None else found[1]) is cover


@pytest.mark.parametrize("severity", [each for each in Severity if each is not Severity.P0])
def test_what_is_less_than_a_p0_covers_nothing(severity: Severity) -> None:
    covers = Covers(incidents_of(morning(grave(severity=severity))), (), PIPELINE)

    assert covers.of(member_of("grading", "A title", unread(), Severity.P0, None)) is None


@pytest.mark.parametrize(
    ("of_cause", "of_unknown", "is_covered"),
    [
        pytest.param(Severity.P1, Severity.P0, True, id="as loud as the unknown would be"),
        pytest.param(Severity.P2, Severity.P2, True, id="both quiet"),
        pytest.param(Severity.P2, Severity.P1, False, id="the cause is quieter"),
    ],
)
def test_what_follows_from_a_cause_is_told_with_it(
    of_cause: Severity, of_unknown: Severity, *, is_covered: bool
) -> None:
    alerts = followed([behind_one_cause(of_cause, of_unknown)] * 5)[-1]

    (told,) = [each for each in alerts.values() if each.check == "grading"]
    assert is_open(alerts, "nba:cannot-look:predictions-exist:-") is not is_covered
    assert ("Predictions exist" in str(alert_message(told, PIPELINE, NOW).document)) is is_covered


def behind_one_cause(of_cause: Severity, of_unknown: Severity) -> Report:
    empty = failed("ungraded", "catboost_v9", "catboost_v9 has no grades.", of_cause)
    unknown = finding(Outcome.UNKNOWN, "no-games", "rates", "Nobody can tell.", severity=of_unknown, interval=NIGHT)
    explains = (empty.key("grading"), unknown.key("predictions-exist"))
    cause = Cause(code="upstream-check", subject="grading", sentence="No grades.", severity=of_cause, explains=explains)
    return report_of({"grading": [empty], "predictions-exist": [unknown]}, [cause])


def test_what_an_open_p0_covers_opens_no_thread_and_stands_in_that_of_the_p0() -> None:
    *_, alerts = followed([morning(grave("system_1"), unread())] * 5)

    (p0,) = [each for each in alerts.values() if each.check != "cannot-look"]
    assert not is_open(alerts)
    assert "Could not check" in str(alert_message(p0, PIPELINE, NOW).document)


def test_a_thread_that_was_open_goes_on_in_the_p0_that_covers_it() -> None:
    before, after = followed([morning(unread())] * 3 + [morning(grave("system_1"), unread())])[-2:]

    assert is_open(before)
    assert not is_open(after)
    assert after[BLIND_KEY].details["closing"] == "superseded"


def test_it_is_told_by_itself_in_the_run_in_which_the_p0_is_over() -> None:
    *_, before, after = followed([morning(grave("system_1"), unread())] * 4 + [morning(unread())])

    assert not is_open(before)
    # The P0 of the same check cannot be seen to be over: it stays open, and covers on.
    assert not is_open(after)

    graded = finding(Outcome.PASSED, "graded", "system_1", "Graded.", interval=NIGHT)
    elsewhere = report_of({**healthy(), "trigger": [unread(subject="phase3_to_phase4")], "grading": [graded]})
    with_p0 = report_of(
        {**healthy(), "trigger": [unread(subject="phase3_to_phase4")], "grading": [grave("phase3_to_phase4")]}
    )
    *_, folded, unfolded = followed([with_p0] * 4 + [elsewhere])

    assert not is_open(folded)
    assert is_open(unfolded)


def test_what_the_p0_does_not_cover_pages_beside_it() -> None:
    report = report_of({**healthy(), "grading": [grave()], "trigger": [unread(subject="phase3_to_phase4")]})

    *_, alerts = followed([report] * 3)

    assert is_open(alerts)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=10))
@example([(True, False)] * 3 + [(True, True), (True, False)])
def test_what_cannot_be_checked_is_never_silent(mornings: list[tuple[bool, bool]]) -> None:
    """Blind for three runs in a row, it has a thread of its own or an open P0 that covers it."""
    reports = [
        report_of(
            {
                **healthy(),
                "trigger": [unread(subject="phase3_to_phase4")] if is_blind else healthy()["trigger"],
                **({"grading": [grave("phase3_to_phase4")]} if is_grave else {}),
            }
        )
        for is_blind, is_grave in mornings
    ]

    states = followed(reports)

    for number in range(2, len(states)):
        if all(is_blind for is_blind, _ in mornings[number - 2 : number + 1]):
            p0 = any(
                each.severity is Severity.P0 and each.state is not AlertState.RESOLVED
                for each in states[number].values()
            )
            assert is_open(states[number]) != p0


def test_a_folded_observation_that_closes_says_where_it_goes_on() -> None:
    *_, alerts = followed([morning(unread())] * 3)
    (observation,) = [
        each
        for each in observe(morning(grave("system_1"), unread()), PIPELINE, list(alerts.values()))
        if each.key == BLIND_KEY
    ]

    assert decide(alerts[BLIND_KEY], observation, NOW, NOTIFICATIONS.alerts).reason is Reason.SUPERSEDED
