"""Many rows that fail are one alert, whichever rows they are in a later run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.alerting.alerts import Observed, Reason, decide
from bot.alerting.incident import MEMBERS_KEPT, members_of, total
from bot.alerting.observations import observe
from bot.render.alert import alert_message
from bot.render.alert_details import detail_parts
from bot.store.model import Alert
from checks.folding import Folding
from checks.model import Cause, Finding, Outcome, Report, Severity
from tests.bot.alerting.incident_reports import NOTIFICATIONS, PIPELINE, failed, report_of, with_findings
from tests.bot.render.reports import NOW, finding

CHECK = "grading"


def rows(number: int, first: int = 0, severity: Severity = Severity.P1) -> list[Finding]:
    return [
        failed("no-team", f"row {each}", f"Row {each} has no team.", severity) for each in range(first, first + number)
    ]


def crowd(findings: Sequence[Finding]) -> Report:
    folding = Folding(CHECK)
    for each in findings:
        folding.add(each)
    return report_of(with_findings(CHECK, *folding.findings()))


def opened(report: Report) -> list[Alert]:
    transitions = [decide(None, each, NOW, NOTIFICATIONS.alerts) for each in observe(report, PIPELINE, ())]
    return [replace(each.alert, version=1) for each in transitions if each.alert is not None]


def test_they_are_one_alert_that_counts_them_all() -> None:
    (alert,) = opened(crowd(rows(4000)))

    assert alert.title.endswith("4,000 failures")
    assert total(members_of(alert)) + alert.details["more"] == 4000
    assert len(members_of(alert)) <= MEMBERS_KEPT
    assert "Row 0 has no team." in str(alert_message(alert, PIPELINE, NOW).document)
    assert "4,000 findings" in str([*detail_parts(alert, PIPELINE, NOW)])


def test_as_many_other_rows_in_a_later_run_are_neither_a_new_alert_nor_news() -> None:
    (alert,) = opened(crowd(rows(4000)))

    (observation,) = observe(crowd(rows(4000, first=10_000)), PIPELINE, [alert])

    assert observation.key == alert.key
    assert observation.failure is not None
    assert observation.failure.fingerprint == alert.fingerprint


def test_more_rows_are_a_moving_count_of_the_same_alert() -> None:
    (alert,) = opened(crowd(rows(4000)))
    (observation,) = observe(crowd(rows(4100, first=10_000)), PIPELINE, [alert])

    first = decide(alert, observation, NOW, NOTIFICATIONS.alerts)
    assert first.alert is not None
    (observation,) = observe(crowd(rows(4200)), PIPELINE, [first.alert])
    second = decide(first.alert, observation, NOW + timedelta(minutes=15), NOTIFICATIONS.alerts)

    assert (first.reason, second.reason) == (Reason.WORSENED, Reason.COUNTED)
    assert second.alert is not None
    assert second.alert.title.endswith("4,200 failures")


def test_a_few_that_grow_to_many_stay_in_a_thread_they_had_and_the_others_hand_over() -> None:
    few = opened(crowd(rows(3)))

    observations = observe(crowd(rows(4000, first=10_000) + rows(3)), PIPELINE, few)

    states = sorted((each.observed, each.key in {alert.key for alert in few}) for each in observations)
    assert states == [(Observed.FAILING, True), (Observed.SUPERSEDED, True), (Observed.SUPERSEDED, True)]


def test_many_that_shrink_to_one_that_was_not_named_stay_in_their_thread() -> None:
    (alert,) = opened(crowd(rows(4000)))

    (observation,) = observe(crowd(rows(1, first=3000)), PIPELINE, [alert])

    assert (observation.observed, observation.key) == (Observed.FAILING, alert.key)


def test_when_all_rows_are_in_order_the_alert_closes() -> None:
    (alert,) = opened(crowd(rows(4000)))
    passed = [finding(Outcome.PASSED, "as-expected", f"row {each}", "It has a team.") for each in range(4000)]

    (observation,) = observe(crowd(passed), PIPELINE, [alert])

    assert (observation.observed, observation.key) == (Observed.CLEAR, alert.key)


def test_a_row_that_is_only_counted_among_notes_is_not_resolved_but_a_note() -> None:
    (alert,) = opened(crowd(rows(1, first=99)))

    (observation,) = observe(crowd(rows(100, severity=Severity.P3)), PIPELINE, [alert])

    assert (observation.observed, observation.remarks["closing"]) == (Observed.CLEAR, "note")


def test_a_cause_of_many_rows_keeps_its_alert_whichever_rows_they_are() -> None:
    def explained(first: int) -> Report:
        report = crowd(rows(500, first=first))
        keys = [each.key(result.check) for result, each in report.findings() if each.outcome is Outcome.FAILED]
        cause = Cause(
            code="upstream-check",
            subject=CHECK,
            sentence=f"Row {first} has no team. That explains more.",
            severity=Severity.P1,
            explains=tuple(keys),
        )
        return replace(report, causes=(cause,))

    (alert,) = opened(explained(0))

    (observation,) = observe(explained(10_000), PIPELINE, [alert])

    assert observation.key == alert.key
    assert observation.failure is not None
    assert observation.failure.fingerprint == alert.fingerprint
