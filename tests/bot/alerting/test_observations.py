"""What a report says about each incident: what opens a thread, what closes one, and what leaves it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.alerting.alerts import Observation, Observed, decide
from bot.alerting.incident import key_of
from bot.alerting.observations import observe
from bot.alerting.run_view import RunView
from bot.store.model import Alert, AlertState
from checks.facts.orchestration import TriggerFacts
from checks.model import CheckResult, Finding, FindingKey, Outcome, Report, Severity
from tests.advice import advised
from tests.bot.alerting.incident_reports import (
    CHANNEL,
    GRADERS,
    NOTIFICATIONS,
    ONCALL,
    PIPELINE,
    TRIGGER,
    blind,
    failed,
    flag,
    moved_to,
    only,
    refused,
    report_of,
    with_findings,
)
from tests.bot.render.reports import NOW, ORCHESTRATORS, finding, healthy
from tests.bot.render.strategies import findings as any_findings
from tests.fakes import NIGHT, SLATE, day

UNGRADED = failed("partly-graded", "catboost_v8", "71 % are graded.", Severity.P2)


def failing(observations: Sequence[Observation]) -> list[Observation]:
    return [each for each in observations if each.observed is Observed.FAILING]


def opened(report: Report, **changes: Any) -> Alert:
    """The alert that the only incident of a report opens."""
    (observation,) = failing(observe(report, PIPELINE, ()))
    alert = decide(None, observation, NOW, NOTIFICATIONS.alerts).alert
    assert alert is not None
    return replace(alert, **{"version": 1, **changes})


def sight_of(report: Report, alert: Alert, phases: Sequence[str] = ()) -> Observed:
    (observed,) = [each.observed for each in observe(report, PIPELINE, [alert], phases=phases) if each.key == alert.key]
    return observed


def broken(code: str = "not-triggered", severity: Severity = Severity.P0) -> Report:
    return report_of(with_findings("trigger", flag(code, severity)))


def test_a_healthy_day_says_nothing() -> None:
    assert observe(report_of(healthy()), PIPELINE, ()) == ()


def test_a_cause_is_one_incident_with_all_that_it_explains() -> None:
    findings, cause = refused(*ORCHESTRATORS)

    (observation,) = failing(observe(report_of(findings, [cause]), PIPELINE, ()))

    assert observation.failure is not None
    assert observation.failure.extent == len(ORCHESTRATORS) + 1
    assert observation.key == key_of("nba", FindingKey("invoker", ORCHESTRATORS[0], None))
    assert (observation.failure.code, observation.failure.severity) == ("invoker-missing", Severity.P0)


def test_a_failure_without_a_cause_is_an_incident_of_its_own() -> None:
    findings, cause = refused(*ORCHESTRATORS)

    observations = failing(observe(report_of({**findings, "grading": [UNGRADED]}, [cause]), PIPELINE, ()))

    assert [each.failure.check for each in observations if each.failure] == ["invoker", "grading"]


@pytest.mark.parametrize(("severity", "opens"), [(Severity.P2, True), (Severity.P3, False)], ids=["at it", "below it"])
def test_failures_below_the_lowest_severity_open_nothing(severity: Severity, opens: bool) -> None:
    report = report_of(with_findings("grading", replace(UNGRADED, severity=severity)))

    assert bool(failing(observe(report, PIPELINE, ()))) == opens


@pytest.mark.parametrize("code", ["not-triggered", "bypassed", "flag-not-set", "processors-missing", "untracked"])
def test_a_false_flag_past_its_due_time_opens_a_thread_however_mild(code: str) -> None:
    report = report_of(with_findings("trigger", flag(code, Severity.P3)))

    assert len(failing(observe(report, PIPELINE, ()))) == 1


@pytest.mark.parametrize(
    ("due", "opens"),
    [(NOW, False), (NOW - timedelta(seconds=1), True), (NOW + timedelta(hours=1), False)],
    ids=["just due", "just past it", "not due"],
)
def test_a_false_flag_is_late_only_after_its_due_time(due: datetime, opens: bool) -> None:
    report = report_of(with_findings("trigger", replace(flag(), facts=TriggerFacts(triggered=False, due=due))))

    assert bool(failing(observe(report, PIPELINE, ()))) == opens


def test_a_missing_record_beside_the_data_is_no_false_flag() -> None:
    report = report_of(with_findings("trigger", flag("no-record")))

    assert failing(observe(report, PIPELINE, ())) == []


@pytest.mark.parametrize("outcome", [Outcome.WAITING, Outcome.SKIPPED, Outcome.PASSED])
def test_what_did_not_fail_opens_nothing(outcome: Outcome) -> None:
    report = report_of(with_findings("grading", replace(UNGRADED, outcome=outcome, severity=None)))

    assert observe(report, PIPELINE, ()) == ()


@pytest.mark.parametrize(("number", "threads"), [(5, 5), (6, 1)], ids=["told apart", "one more than that"])
def test_many_failures_of_one_check_are_one_message(number: int, threads: int) -> None:
    many = [replace(UNGRADED, subject=f"system-{index}") for index in range(number)]

    observations = failing(observe(report_of(with_findings("grading", *many)), PIPELINE, ()))

    assert len(observations) == threads
    assert sum(each.failure.extent for each in observations if each.failure) == number


def test_an_alert_is_routed_by_phase_before_severity() -> None:
    grave = failed("none", "games", "No game.", Severity.P0, phase="grading")
    report = report_of(
        {**with_findings("grading", grave, UNGRADED), "precompute-rows": [replace(UNGRADED, phase=None)]}
    )
    report = replace(report, results=tuple(replace(each, phase=None) for each in report.results))
    routed = [*failing(observe(report, PIPELINE, ())), *failing(observe(broken(), PIPELINE, ()))]

    channels = {(each.failure.check, each.failure.subject): each.failure.channel for each in routed if each.failure}

    assert channels == {
        ("grading", "games"): GRADERS,
        ("grading", "catboost_v8"): CHANNEL,
        ("precompute-rows", "catboost_v8"): CHANNEL,
        ("trigger", TRIGGER): ONCALL,
    }


def test_what_is_new_to_say_changes_the_fingerprint_and_what_is_only_counted_does_not() -> None:
    report = broken()
    same = report_of(with_findings("trigger", replace(flag("not-triggered", Severity.P0), summary="137 rows now.")))
    graver = broken(severity=Severity.P1)
    (first, again, other) = [failing(observe(each, PIPELINE, ()))[0].failure for each in (report, same, graver)]
    assert first is not None
    assert again is not None
    assert other is not None

    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint


def test_an_incident_keeps_its_key_when_its_first_finding_is_repaired() -> None:
    findings, cause = refused(*ORCHESTRATORS)
    alert = opened(report_of(findings, [cause]))
    findings, cause = refused(*ORCHESTRATORS[1:])

    (observation,) = failing(observe(report_of(findings, [cause]), PIPELINE, [alert]))

    assert observation.key == alert.key
    assert observation.failure is not None
    assert observation.failure.subject == ORCHESTRATORS[1]


def test_a_cause_that_is_found_later_joins_the_thread_of_its_symptom() -> None:
    findings, cause = refused(*ORCHESTRATORS)
    alert = opened(report_of({"trigger": findings["trigger"]}, partial=True))

    (observation,) = failing(observe(report_of(findings, [cause]), PIPELINE, [alert]))

    assert observation.key == alert.key
    assert observation.failure is not None
    assert observation.failure.code == "invoker-missing"


def test_a_thread_keeps_the_finding_that_opened_it_beside_the_cause_that_joined_later() -> None:
    findings, cause = refused(*ORCHESTRATORS)
    symptom = opened(report_of({"trigger": findings["trigger"]}, partial=True))
    (joined,) = failing(observe(report_of(findings, [cause]), PIPELINE, [symptom]))
    alert = decide(symptom, joined, NOW, NOTIFICATIONS.alerts).alert
    assert alert is not None
    apart = replace(cause, explains=tuple(each for each in cause.explains if each.check == "invoker"))

    (observation,) = failing(observe(report_of(findings, [apart]), PIPELINE, [alert]))

    assert observation.failure is not None
    assert (observation.key, observation.failure.extent) == (symptom.key, len(ORCHESTRATORS) + 1)


def test_a_run_of_a_few_checks_neither_shrinks_nor_renames_an_incident() -> None:
    findings, cause = refused(*ORCHESTRATORS)
    whole = report_of(findings, [cause])
    alert = opened(whole)

    (observation,) = failing(observe(only(whole, "trigger"), PIPELINE, [alert]))

    assert observation.failure is not None
    assert observation.key == alert.key
    assert (observation.failure.fingerprint, observation.failure.title) == (alert.fingerprint, alert.title)


def test_a_finding_that_another_incident_tells_is_superseded() -> None:
    symptom = opened(broken("bypassed", Severity.P2))
    findings, cause = refused(*ORCHESTRATORS)
    alert = opened(report_of(findings, [cause]))

    observations = observe(report_of(findings, [cause]), PIPELINE, [alert, symptom])

    states = {each.key: (each.observed, each.remarks.get("closing")) for each in observations}
    assert states == {alert.key: (Observed.FAILING, None), symptom.key: (Observed.SUPERSEDED, "superseded")}


def test_a_finding_of_an_incident_that_goes_on_alone_stays_in_its_thread() -> None:
    findings, cause = refused(*ORCHESTRATORS)
    alert = opened(report_of(findings, [cause]))
    repaired = report_of({**healthy(), "trigger": findings["trigger"]})

    (observation,) = failing(observe(repaired, PIPELINE, [alert]))

    assert (observation.key, observation.failure.extent if observation.failure else 0) == (alert.key, 1)


def waiting(outcome: Outcome) -> Report:
    severity = Severity.P0 if outcome is Outcome.UNKNOWN else None
    return report_of(with_findings("trigger", replace(flag(), outcome=outcome, severity=severity)))


@pytest.mark.parametrize(
    ("report", "observed"),
    [
        (report_of(healthy()), Observed.CLEAR),
        (only(report_of(healthy()), "trigger"), Observed.CLEAR),
        (only(report_of(healthy()), "grading"), Observed.UNSEEN),
        (report_of(healthy(), previous=day("2026-02-01")), Observed.CLEAR),
        (report_of(with_findings("trigger", flag("flag-not-set", subject="other"))), Observed.CLEAR),
        (report_of(with_findings("trigger", flag("flag-not-set", day=SLATE))), Observed.UNSEEN),
        (waiting(Outcome.WAITING), Observed.QUIET),
        (waiting(Outcome.SKIPPED), Observed.QUIET),
        (waiting(Outcome.UNKNOWN), Observed.BLIND),
        (waiting(Outcome.PASSED), Observed.CLEAR),
        (report_of(blind("Firestore", ["trigger"])), Observed.BLIND),
        (
            report_of(with_findings("trigger", finding(Outcome.SKIPPED, "off-day", "trigger", "No games."))),
            Observed.QUIET,
        ),
    ],
    ids=[
        "all clear",
        "clear in a run of its check",
        "its check did not run",
        "a run about another interval that lists its own",
        "others of its check fail",
        "its date was not looked at",
        "waiting",
        "skipped",
        "unknown",
        "passed",
        "its check could not run at all",
        "its check does not apply",
    ],
)
def test_an_alert_is_clear_only_when_it_was_really_looked_at(report: Report, observed: Observed) -> None:
    assert sight_of(report, opened(broken())) is observed


@pytest.mark.parametrize(
    ("phases", "observed"), [(["phase5"], Observed.UNSEEN), (["phase4"], Observed.CLEAR)], ids=["another", "its own"]
)
def test_a_run_of_some_phases_says_nothing_about_the_others(phases: list[str], observed: Observed) -> None:
    report = report_of(with_findings("trigger", flag("flag-not-set", subject="other")), partial=True)

    assert sight_of(report, opened(broken()), phases) is observed


def test_what_is_left_below_the_lowest_severity_closes_the_alert_as_a_note() -> None:
    alert = opened(report_of(with_findings("grading", UNGRADED)))
    report = report_of(with_findings("grading", replace(UNGRADED, severity=Severity.P3)))

    (observation,) = observe(report, PIPELINE, [alert])

    assert (observation.observed, observation.remarks["closing"]) == (Observed.CLEAR, "note")


@pytest.mark.parametrize(
    ("days", "partial", "observed"),
    [(1, False, Observed.CLEAR), (2, False, Observed.SUPERSEDED), (2, True, Observed.UNSEEN)],
    ids=["still looked at", "gone", "gone, but only the watch ran"],
)
def test_an_alert_ends_when_no_run_looks_at_its_date_any_more(days: int, partial: bool, observed: Observed) -> None:
    alert = opened(report_of(with_findings("trigger", flag("not-triggered", Severity.P0))))
    later = report_of(healthy(), partial=partial)
    moved = timedelta(days=days - 1)
    later = moved_to(NOW + moved, later)

    assert sight_of(later, alert) is observed


def test_a_report_about_an_older_interval_opens_nothing() -> None:
    old = day("2026-01-11")
    report = report_of(with_findings("trigger", flag("not-triggered", Severity.P0, day=old)), previous=old, current=old)

    assert observe(report, PIPELINE, ()) == ()


def test_a_resolved_alert_is_found_again_by_what_it_was_last_about() -> None:
    findings, cause = refused(*ORCHESTRATORS)
    alert = opened(report_of(findings, [cause]), key="nba:an-older-key", state=AlertState.RESOLVED, resolved_at=NOW)

    (observation,) = failing(observe(report_of(findings, [cause]), PIPELINE, [alert]))

    assert observation.key == alert.key


def test_a_source_that_gives_no_answer_is_one_incident_after_so_many_runs() -> None:
    (observation,) = observe(report_of(blind()), PIPELINE, ())

    assert observation.failure is not None
    assert (observation.key, observation.after_runs) == ("nba:cannot-look:BigQuery:-", 3)
    assert (observation.failure.check, observation.failure.severity) == ("cannot-look", Severity.P1)
    assert [each["check"] for each in observation.failure.details["findings"]] == ["predictions-exist", "grading"]


def test_which_checks_suffer_from_a_source_is_not_news() -> None:
    (one,), (other,) = (
        observe(report_of(blind(checks=each)), PIPELINE, ()) for each in (["grading"], ["games-tonight"])
    )

    assert one.failure is not None
    assert other.failure is not None
    assert one.failure.fingerprint == other.failure.fingerprint


def test_a_check_that_breaks_without_a_source_is_told_by_its_name() -> None:
    crashed = finding(Outcome.UNKNOWN, "crashed", "grading", "It broke.", severity=Severity.P2, interval=None)

    (observation,) = observe(report_of(with_findings("grading", crashed)), PIPELINE, ())

    assert (observation.key, observation.failure.severity if observation.failure else None) == (
        "nba:cannot-look:grading:-",
        Severity.P2,
    )


@pytest.mark.parametrize(
    ("report", "observed"),
    [
        (report_of(healthy()), Observed.CLEAR),
        (only(report_of(healthy()), "grading"), Observed.UNSEEN),
        (only(report_of(healthy()), "grading", "predictions-exist"), Observed.CLEAR),
        (report_of(blind("Firestore")), Observed.UNSEEN),
        (report_of(blind()), Observed.FAILING),
    ],
    ids=["answers", "not asked by all", "asked by those that could not", "blind for another reason", "as before"],
)
def test_a_source_is_back_when_every_check_could_look_that_could_not(report: Report, observed: Observed) -> None:
    (observation,) = observe(report_of(blind()), PIPELINE, ())
    current: Alert | None = None
    for _ in range(3):
        current = decide(current, observation, NOW, NOTIFICATIONS.alerts).alert
    assert current is not None

    assert sight_of(report, current) is observed


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("catboost_v9", "nba:grading:catboost_v9:2026-02-10"),
        ("a/b <!channel>", "nba:grading:a-b-channel--"),
        ("x" * 500, "nba:grading:" + "x" * 60 + "-"),
    ],
    ids=["plain", "with marks", "long"],
)
def test_a_key_is_safe_whatever_the_subject(subject: str, expected: str) -> None:
    key = key_of("nba", FindingKey("grading", subject, NIGHT.name))

    assert key.startswith(expected)
    assert len(key) < 200


def test_subjects_that_look_alike_have_different_keys() -> None:
    keys = {key_of("nba", FindingKey("a", subject, None)) for subject in ("a b", "a/b", "a-b", "", "-")}

    assert len(keys) == 5


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(any_findings(), max_size=6), st.lists(any_findings(), max_size=6), st.booleans())
def test_every_alert_has_exactly_one_answer_whatever_the_reports_say(
    first: list[Finding], second: list[Finding], partial: bool
) -> None:
    reports = [replace(report_of({}), results=results(each), partial=partial) for each in (first, second)]
    known: list[Alert] = []
    for report in reports:
        observations = observe(report, PIPELINE, known)
        keys = [each.key for each in observations]
        assert len(keys) == len(set(keys))
        assert {each.key for each in known} <= set(keys)
        by_key = {each.key: each for each in known}
        decided = [decide(by_key.get(each.key), each, report.now, NOTIFICATIONS.alerts).alert for each in observations]
        known = [each for each in decided if each is not None]
    again = observe(reports[-1], PIPELINE, known)
    assert not any(
        decide(
            next(a for a in known if a.key == each.key), replace(each, after_runs=1), NOW, NOTIFICATIONS.alerts
        ).speaks
        for each in again
        if each.failure is not None and next(a for a in known if a.key == each.key).state is not AlertState.RESOLVED
    )


def results(findings: list[Finding]) -> tuple[CheckResult, ...]:
    if not findings:
        return ()
    return (
        CheckResult(
            check="trigger", title="Trigger", phase=None, findings=tuple(findings), started_at=NOW, duration=0.1
        ),
    )


def test_a_pipeline_without_notifications_is_refused() -> None:
    with pytest.raises(ValueError, match="no notifications"):
        observe(report_of(healthy()), PIPELINE.model_copy(update={"notifications": None}), ())


def test_the_date_of_an_incident_is_that_of_the_finding_that_leads() -> None:
    assert opened(broken()).interval == "2026-02-10"


def test_a_run_of_a_few_checks_keeps_what_the_alert_says_and_advises() -> None:
    findings, cause = refused(*ORCHESTRATORS)
    advice = advised(text="Grant it.", command="gcloud run services add-iam-policy-binding a", repair="grant-invoker:a")
    linked = [replace(each, link="https://console.cloud.google.com/run") for each in findings["invoker"]]
    whole = report_of({**findings, "invoker": linked}, [replace(cause, action=advice)])
    alert = opened(whole)

    (observation,) = failing(observe(only(whole, "trigger"), PIPELINE, [alert]))

    assert observation.failure is not None
    names = ("what", "evidence", "impacts", "action", "repairs", "link")
    kept = {name: observation.failure.details[name] for name in names}
    assert kept == {name: alert.details[name] for name in kept}
    assert [name for name, value in kept.items() if not value] == []


def test_a_partial_run_that_is_blind_again_keeps_what_the_other_checks_could_not_see() -> None:
    (observation,) = observe(report_of(blind()), PIPELINE, ())
    alert = None
    for _ in range(3):
        alert = decide(alert, observation, NOW, NOTIFICATIONS.alerts).alert
    assert alert is not None

    (again,) = failing(observe(only(report_of(blind()), "grading"), PIPELINE, [alert]))

    assert again.failure is not None
    assert {each["check"] for each in again.failure.details["findings"]} == {"grading", "predictions-exist"}


def test_a_partial_run_does_not_bring_back_what_a_check_sees_again() -> None:
    (observation,) = observe(report_of(blind()), PIPELINE, ())
    alert = None
    for _ in range(3):
        alert = decide(alert, observation, NOW, NOTIFICATIONS.alerts).alert
    assert alert is not None

    (again,) = failing(observe(report_of(blind(checks=("grading",))), PIPELINE, [alert]))

    assert again.failure is not None
    assert {each["check"] for each in again.failure.details["findings"]} == {"grading"}


@pytest.mark.parametrize(
    ("outcome", "count", "subject", "looked"),
    [
        pytest.param(Outcome.UNKNOWN, 1, "a", False, id="the subject is unknown"),
        pytest.param(Outcome.UNKNOWN, 1, "grading", False, id="the whole check is"),
        pytest.param(Outcome.UNKNOWN, 1, "b", True, id="another subject is"),
        pytest.param(Outcome.UNKNOWN, 7, "b", False, id="several are, and it may be one of them"),
        pytest.param(Outcome.FAILED, 7, "b", True, id="several failed, which was seen"),
    ],
)
def test_a_check_could_look_at_what_is_not_among_its_unknown_findings(
    outcome: Outcome, count: int, subject: str, looked: bool
) -> None:
    found = replace(finding(outcome, "code", subject, "Words.", severity=Severity.P1), count=count)

    assert (
        RunView(report=report_of({"grading": [found]}), timeline=PIPELINE.timeline).could_look("grading", "a") is looked
    )
