from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import Finding, Outcome, Severity, Verdict, badness, verdict_of, worst_of

LOUD = (Outcome.FAILED, Outcome.UNKNOWN)


def finding(outcome: Outcome, severity: Severity | None = None, read: bool | None = None) -> Finding:
    return Finding(
        outcome=outcome, code="a-code", subject="a subject", summary="A sentence.", severity=severity, read=read
    )


PASSED = finding(Outcome.PASSED)
outcomes = st.sampled_from(Outcome).flatmap(
    lambda outcome: st.builds(
        finding,
        st.just(outcome),
        st.sampled_from(Severity) if outcome in LOUD else st.none(),
        st.sampled_from([None, True, False]),
    )
)


@pytest.mark.parametrize(
    ("outcome", "severity", "verdict"),
    [
        (Outcome.FAILED, Severity.P0, Verdict.BLOCKED),
        (Outcome.FAILED, Severity.P1, Verdict.ACT),
        (Outcome.UNKNOWN, Severity.P0, Verdict.UNKNOWN),
        (Outcome.UNKNOWN, Severity.P1, Verdict.UNKNOWN),
        (Outcome.FAILED, Severity.P2, Verdict.WATCH),
        (Outcome.UNKNOWN, Severity.P2, Verdict.WATCH),
        (Outcome.UNKNOWN, Severity.P3, Verdict.WATCH),
        (Outcome.FAILED, Severity.P3, Verdict.ALL_CLEAR),
        (Outcome.WAITING, None, Verdict.ALL_CLEAR),
        (Outcome.PASSED, None, Verdict.ALL_CLEAR),
        (Outcome.SKIPPED, None, Verdict.ALL_CLEAR),
    ],
)
def test_one_finding_decides_the_verdict(outcome: Outcome, severity: Severity | None, verdict: Verdict) -> None:
    assert verdict == verdict_of([finding(outcome, severity), PASSED])


def test_a_report_without_findings_is_unknown() -> None:
    assert verdict_of([]) == Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("outcome", "severity", "read"),
    [
        pytest.param(Outcome.SKIPPED, None, None, id="not configured"),
        pytest.param(Outcome.WAITING, None, None, id="not due, and not looked at"),
        pytest.param(Outcome.UNKNOWN, Severity.P3, None, id="a lesser thing could not be checked"),
        pytest.param(Outcome.PASSED, None, False, id="passed without proving anything"),
    ],
)
def test_where_nothing_was_looked_at_the_verdict_is_unknown(
    outcome: Outcome, severity: Severity | None, read: bool | None
) -> None:
    assert verdict_of([finding(outcome, severity, read)]) == Verdict.UNKNOWN


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.WAITING])
def test_what_an_answer_set_aside_was_looked_at(outcome: Outcome) -> None:
    assert verdict_of([finding(outcome, read=True)]) == Verdict.ALL_CLEAR


@given(st.lists(outcomes))
def test_a_verdict_other_than_unknown_has_a_finding_that_was_looked_at(findings: list[Finding]) -> None:
    assert verdict_of(findings) == Verdict.UNKNOWN or any(each.checked for each in findings)


@given(st.lists(outcomes))
def test_beside_something_looked_at_the_worst_finding_alone_gives_the_verdict(findings: list[Finding]) -> None:
    every = [*findings, PASSED]

    assert verdict_of([worst_of(every), PASSED]) == verdict_of(every)


@given(st.lists(outcomes), outcomes)
def test_another_finding_never_makes_a_verdict_better(findings: list[Finding], another: Finding) -> None:
    order, every = list(Verdict), [*findings, PASSED]

    assert order.index(verdict_of([*every, another])) <= order.index(verdict_of(every))


@given(st.lists(outcomes, min_size=1))
def test_what_could_not_be_looked_at_is_never_all_clear(findings: list[Finding]) -> None:
    if any(each.outcome is Outcome.UNKNOWN for each in findings):
        assert verdict_of(findings) != Verdict.ALL_CLEAR


def test_an_unknown_that_could_have_been_p1_outranks_a_known_p2() -> None:
    assert badness(Outcome.UNKNOWN, Severity.P1) < badness(Outcome.FAILED, Severity.P2)


@pytest.mark.parametrize("outcome", LOUD)
def test_a_failure_needs_a_severity(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match="a-code"):
        finding(outcome)


@pytest.mark.parametrize("outcome", [each for each in Outcome if each not in LOUD])
def test_what_did_not_fail_has_no_severity(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match="a-code"):
        finding(outcome, Severity.P3)
