"""Properties of the diagnosis over findings of any kind, with facts of any family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, get_args, get_type_hints

from hypothesis import given
from hypothesis import strategies as st

from checks.diagnosis import diagnose
from checks.diagnosis.board import CODES, OF_THE_CONTROL_PLANE
from checks.diagnosis.evidence import CauseFacts
from checks.facts import Crashed, Facts, Unread, Values
from checks.facts.control_plane import InventoryFacts, JobStatus
from checks.facts.orchestration import DataFacts, UnfinishedFacts
from checks.model import CheckResult, Finding, FindingKey, Outcome, Severity
from checks.ports.services import Revision
from checks.registry import COMMON_CODES
from tests.advice import advised
from tests.checks.diagnosed import (
    ABSENT,
    CALLER,
    CHECKS,
    CONTROL_PLANE,
    NIGHT,
    PIPELINE,
    SLATE,
    WRONG_FLAGS,
    finding,
    result,
)
from tests.fakes import day

CHECK_IDS = (
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
    "variable-misspelled",
    "no-identity",
    "target-missing",
    "none",
    "too-few",
    "one-too-many",
    "stale-commit",
    "build-failed",
    "trigger-missing",
    "behind",
    "jobs-failing",
    "jobs-refused",
    "too-few-jobs",
    "not-invoked",
    "rules-broken",
    "never-heard-of",
)
FAMILIES = sorted(
    {each.facts for each in CHECKS} - {Values} | {UnfinishedFacts, DataFacts, InventoryFacts, Unread, Crashed},
    key=lambda family: family.__name__,
)

FAMILY_OF = {each.id: each.facts for each in CHECKS if each.facts is not Values}

instants = st.datetimes(timezones=st.just(UTC)) | st.sampled_from(
    [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
names = st.lists(st.sampled_from(["player_game_summary", "other", CALLER, "worker", ""]), max_size=2).map(tuple)
revisions = st.builds(Revision, name=st.text(max_size=3), service=st.just("worker"), created_at=instants)
jobs = st.builds(JobStatus, st.sampled_from(["lines-add", "a"]), st.sampled_from(["INTERNAL", "UNAUTHENTICATED"]))
VALUES: Mapping[Any, st.SearchStrategy[Any]] = {
    datetime: instants,
    datetime | None: st.none() | instants,
    tuple[str, ...]: names,
    tuple[Revision, ...]: st.lists(revisions, max_size=6).map(tuple),
    tuple[JobStatus, ...]: st.lists(jobs, max_size=2).map(tuple),
    str: st.sampled_from(["", "worker", "a b"]) | st.text(max_size=3),
    float | None: st.none() | st.floats(allow_nan=False),
    Facts | None: st.none(),
}


def facts_of(family: type[Facts]) -> st.SearchStrategy[Facts]:
    """Any facts of a family."""
    hints = {name: hint for name, hint in get_type_hints(family).items() if not name.startswith("_")}
    return st.builds(family, **{name: _values(hint) for name, hint in hints.items()})


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if hint in VALUES:
        return VALUES[hint]
    part = next((each for each in get_args(hint) if isinstance(each, type) and issubclass(each, Facts)), None)
    return st.none() | facts_of(part) if part is not None else st.from_type(hint)


facts = st.sampled_from(FAMILIES).flatmap(facts_of) | st.builds(Values, values=st.just({"rows": 3}))
actions = st.none() | st.builds(
    advised,
    text=st.just("Repair it."),
    command=st.none() | st.just("command"),
    repair=st.sampled_from(["", "run-job:a"]),
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
        facts=draw(facts),
        action=draw(actions),
    )


def results(kind: st.SearchStrategy[Finding]) -> st.SearchStrategy[list[CheckResult]]:
    one = st.builds(lambda check, found: result(check, *found), st.sampled_from(CHECK_IDS), st.lists(kind, max_size=3))
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
        "environment-change": ["variable-lost", "required-variable-lost", "variable-misspelled"],
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
                facts=draw(facts_of(FAMILY_OF.get(check, Facts))),
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

    explained = [key for cause in diagnose(PIPELINE, CHECKS, given_results) for key in cause.explains]

    assert set(explained) <= failed
    assert len(explained) == len(set(explained))


@given(anything)
def test_every_cause_explains_something_and_is_as_loud_as_the_loudest_of_it(given_results: list[CheckResult]) -> None:
    severities: dict[FindingKey, list[Severity]] = {}
    for each in given_results:
        for one in each.findings:
            if one.outcome is Outcome.FAILED and one.severity is not None:
                severities.setdefault(one.key(each.check), []).append(one.severity)

    for cause in diagnose(PIPELINE, CHECKS, given_results):
        assert cause.code in CODES
        assert cause.sentence
        assert cause.explains
        assert cause.severity in {severity for key in cause.explains for severity in severities[key]}


@given(anything, st.randoms(use_true_random=False))
def test_the_order_of_results_and_findings_does_not_matter(given_results: list[CheckResult], chance: Random) -> None:
    shuffled = [result(each.check, *chance.sample(each.findings, len(each.findings))) for each in given_results]
    chance.shuffle(shuffled)

    assert diagnose(PIPELINE, CHECKS, shuffled) == diagnose(PIPELINE, CHECKS, given_results)


@given(anything)
def test_the_gravest_comes_first(given_results: list[CheckResult]) -> None:
    severities = [cause.severity for cause in diagnose(PIPELINE, CHECKS, given_results)]

    assert severities == sorted(severities)


@given(results(findings([each for each in Outcome if each is not Outcome.FAILED])))
def test_where_nothing_failed_there_is_no_cause(given_results: list[CheckResult]) -> None:
    assert diagnose(PIPELINE, CHECKS, given_results) == ()


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

    assert broken <= {key for cause in diagnose(PIPELINE, CHECKS, given_results) for key in cause.explains}


@given(incidents(), st.sets(st.sampled_from(CONTROL_PLANE), min_size=1))
def test_without_a_source_causes_stay_as_they_are_or_say_what_was_not_looked_up(
    given_results: list[CheckResult], hidden: set[str]
) -> None:
    unread = Unread(source="Cloud Run", problem="denied")
    blind = [
        result(each, finding("source-unavailable", each, Severity.P0, outcome=Outcome.UNKNOWN, facts=unread))
        for each in sorted(hidden)
    ]
    before = diagnose(PIPELINE, CHECKS, given_results)
    lost = {one.key(each.check) for each in given_results if each.check in hidden for one in each.findings}

    after = diagnose(PIPELINE, CHECKS, [*(each for each in given_results if each.check not in hidden), *blind])

    told = {key: (each.code, set(each.explains) - lost) for each in before for key in each.explains}
    # Of two faults of services that both stop the same work, the one that is still seen takes what followed from both.
    seen_before = {(each.code, each.subject) for each in before if each.code in OF_THE_CONTROL_PLANE}
    for cause in after:
        assert isinstance(cause.facts, CauseFacts)
        is_as_it_was = all(told.get(key) in (None, (cause.code, set(cause.explains))) for key in cause.explains)
        assert is_as_it_was or (cause.code, cause.subject) in seen_before or cause.facts.not_looked_up
