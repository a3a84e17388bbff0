"""Properties of the diagnosis over findings of any kind, foreign evidence included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from checks.diagnosis import diagnose
from checks.diagnosis.board import CODES
from checks.model import Action, CheckResult, Finding, FindingKey, Outcome, Severity
from checks.registry import COMMON_CODES
from tests.checks.diagnosed import ABSENT, CALLER, CONTROL_PLANE, NIGHT, PIPELINE, SLATE, WRONG_FLAGS, result
from tests.fakes import day

CHECKS = (
    *CONTROL_PLANE,
    *(each.id for each in PIPELINE.checks),
    "edges",
    "environment-change",
    "drift",
    "scheduler-jobs",
    "zero-invocations",
    "deployment-audit",
    "trigger",
    "phase-log",
    "phase-gap",
    "stalled",
    "heartbeats",
    "never-heard-of",
)
AROUND_SERVICES = ("edges", "environment-change", "builds", "drift", "zero-invocations")
SUBJECTS = (
    *(each.name for each in PIPELINE.services),
    *(each.id for each in PIPELINE.transitions),
    *CONTROL_PLANE,
    "phase3",
    "games-final",
    "player_game_summary",
    "analytics-done",
    "jobs",
    "topics",
    "",
)
FINDING_CODES = (
    *ABSENT,
    *WRONG_FLAGS,
    *COMMON_CODES,
    "bypassed",
    "data-missing",
    "caller-refused",
    "conditional-grant",
    "deleted-member",
    "public",
    "service-missing",
    "not-ready",
    "stuck-reconciling",
    "stale-revision",
    "variable-missing",
    "variable-empty",
    "required-variable-lost",
    "no-identity",
    "target-missing",
    "none",
    "too-few",
    "one-too-many",
    "stale-commit",
    "build-failed",
    "behind",
    "jobs-failing",
    "jobs-refused",
    "too-few-jobs",
    "not-invoked",
    "rules-broken",
    "never-heard-of",
)
KEYS = (
    "caller",
    "revision",
    "deployed_at",
    "deployed_by",
    "last_good_trigger",
    "triggered_at",
    "effect_rows",
    "missing",
    "empty",
    "critical_missing",
    "processor",
    "source",
    "problem",
    "reason",
    "traffic",
    "started_at",
    "stale_trigger",
    "failing",
    "behind",
    "behind_since",
    "commit",
    "surplus",
    "removed",
    "revision_1",
    "revision_1_at",
    "revision_1_by",
    "revision_2",
    "revision_2_at",
    "never-heard-of",
)

instants = st.datetimes(timezones=st.none() | st.just(UTC)) | st.sampled_from(
    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 5),
    st.floats(),
    st.sampled_from(["", ",", "player_game_summary, other", CALLER, "lines-add (INTERNAL)", "a (UNAUTHENTICATED)"]),
    st.text(max_size=5),
    instants,
    st.dates(),
)
actions = st.none() | st.builds(
    Action, text=st.just("Repair it."), command=st.none() | st.just("command"), repair=st.none() | st.just("repair")
)


EXTREMES = (day("2000-01-01"), day("2100-12-31"))


@st.composite
def findings(draw: st.DrawFn, outcomes: Sequence[Outcome] = tuple(Outcome)) -> Finding:
    outcome = draw(st.sampled_from(outcomes))
    loud = outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    return Finding(
        outcome=outcome,
        code=draw(st.sampled_from(FINDING_CODES)),
        subject=draw(st.sampled_from(SUBJECTS)),
        summary=draw(st.sampled_from(["", "It failed.", "it failed"])),
        severity=draw(st.sampled_from(Severity)) if loud else None,
        phase=draw(st.sampled_from([None, *(each.id for each in PIPELINE.phases), "never-heard-of"])),
        interval=draw(st.sampled_from([None, NIGHT, SLATE, *EXTREMES])),
        evidence=draw(st.dictionaries(st.sampled_from(KEYS), values, max_size=6)),
        action=draw(actions),
    )


def results(kind: st.SearchStrategy[Finding]) -> st.SearchStrategy[list[CheckResult]]:
    one = st.builds(lambda check, found: result(check, *found), st.sampled_from(CHECKS), st.lists(kind, max_size=3))
    return st.lists(one, max_size=12)


@st.composite
def incidents(draw: st.DrawFn) -> list[CheckResult]:
    """Findings as the checks really make them, so that the rules meet each other."""
    subjects = {
        "trigger": [*(each.id for each in PIPELINE.transitions), "phase3"],
        **{check: [each.name for each in PIPELINE.services] for check in CONTROL_PLANE},
        **{each.id: [each.id, "second row"] for each in PIPELINE.checks},
        "stalled": ["player_game_summary", "phase3_to_phase4"],
        "subscriptions": ["analytics-done", "precompute-done", "elsewhere-done"],
        **{check: [each.name for each in PIPELINE.services] for check in AROUND_SERVICES},
        "scheduler-jobs": ["jobs", "number of jobs"],
        "deployment-audit": ["bin/deploy.sh", "cloudbuild.yaml"],
    }
    codes = {
        "trigger": [*ABSENT, *WRONG_FLAGS, "bypassed", "data-missing"],
        "invoker": ["caller-refused", "deleted-member", "service-missing", "public"],
        "service-ready": ["not-ready", "service-missing"],
        "service-traffic": ["stale-revision", "service-missing"],
        "service-environment": ["variable-missing", "service-missing"],
        "subscriptions": ["none", "too-few", "one-too-many", "topic-missing"],
        "edges": ["no-identity", "target-missing"],
        "environment-change": ["variable-lost", "required-variable-lost"],
        "builds": ["build-failed", "stale-commit", "trigger-missing"],
        "drift": ["behind", "documentation-behind", "commit-unknown"],
        "zero-invocations": ["not-invoked"],
        "scheduler-jobs": ["jobs-failing", "jobs-refused", "too-few-jobs"],
        "deployment-audit": ["rules-broken", "rules-bent"],
    }
    undated = {*CONTROL_PLANE, *AROUND_SERVICES, "scheduler-jobs", "deployment-audit"}
    made: dict[str, list[Finding]] = {}
    for check in draw(st.lists(st.sampled_from(sorted(subjects)), max_size=14)):
        known = {each.id: each.phase for each in PIPELINE.checks}
        finding = draw(findings([Outcome.FAILED, Outcome.FAILED, Outcome.UNKNOWN]))
        made.setdefault(check, []).append(
            Finding(
                outcome=finding.outcome,
                code=draw(st.sampled_from(codes.get(check, ["bad"]))),
                subject=draw(st.sampled_from(subjects[check])),
                summary="It failed.",
                severity=finding.severity,
                phase=known.get(check, finding.phase),
                interval=None if check in undated else draw(st.sampled_from([NIGHT, SLATE])),
                evidence=finding.evidence,
                action=finding.action,
            )
        )
    return [result(check, *found) for check, found in made.items()]


anything = results(findings()) | incidents()


@given(anything)
def test_it_explains_only_what_failed_and_nothing_twice(given_results: list[CheckResult]) -> None:
    failed = {
        finding.key(each.check)
        for each in given_results
        for finding in each.findings
        if finding.outcome is Outcome.FAILED
    }

    explained = [key for cause in diagnose(PIPELINE, given_results) for key in cause.explains]

    assert set(explained) <= failed
    assert len(explained) == len(set(explained))


@given(anything)
def test_every_cause_explains_something_and_is_as_loud_as_the_loudest_of_it(given_results: list[CheckResult]) -> None:
    severities: dict[FindingKey, list[Severity]] = {}
    for each in given_results:
        for finding in each.findings:
            if finding.outcome is Outcome.FAILED and finding.severity is not None:
                severities.setdefault(finding.key(each.check), []).append(finding.severity)

    for cause in diagnose(PIPELINE, given_results):
        assert cause.code in CODES
        assert cause.sentence
        assert cause.explains
        assert cause.severity in {severity for key in cause.explains for severity in severities[key]}


@given(anything, st.randoms(use_true_random=False))
def test_the_order_of_results_and_findings_does_not_matter(given_results: list[CheckResult], chance: Random) -> None:
    shuffled = [result(each.check, *chance.sample(each.findings, len(each.findings))) for each in given_results]
    chance.shuffle(shuffled)

    assert diagnose(PIPELINE, shuffled) == diagnose(PIPELINE, given_results)


@given(anything)
def test_the_gravest_comes_first(given_results: list[CheckResult]) -> None:
    severities = [cause.severity for cause in diagnose(PIPELINE, given_results)]

    assert severities == sorted(severities)


@given(results(findings([each for each in Outcome if each is not Outcome.FAILED])))
def test_where_nothing_failed_there_is_no_cause(given_results: list[CheckResult]) -> None:
    assert diagnose(PIPELINE, given_results) == ()


@given(incidents())
def test_a_trigger_that_failed_gravely_always_has_a_cause(given_results: list[CheckResult]) -> None:
    judged = {"phase3", *(each.id for each in PIPELINE.transitions if not each.monitoring_only)}
    broken = {
        finding.key(each.check)
        for each in given_results
        if each.check == "trigger"
        for finding in each.findings
        if finding.outcome is Outcome.FAILED
        and finding.severity in (Severity.P0, Severity.P1, Severity.P2)
        and finding.subject in judged
    }

    assert broken <= {key for cause in diagnose(PIPELINE, given_results) for key in cause.explains}
