from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import Finding, Outcome, Severity
from checks.orchestration.phase_gap import CODES, Completed, judge, phase_gap
from checks.orchestration_spec import PhaseGap
from checks.source import Ports
from tests.checks.orchestration.previous import (
    FIVE_TO_SIX,
    FOUR_TO_FIVE,
    THREE_TO_FOUR,
    TWO_TO_THREE,
    described,
    document,
    findings,
    local,
    rows,
    world,
)
from tests.fakes import SLATE, day, down, run_check

LIMITS = PhaseGap(watch_minutes=60, act_minutes=120)
SIX = datetime(2026, 2, 11, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(minutes: float) -> Completed:
    moment = SIX + timedelta(minutes=minutes)
    return Completed(moment, moment)


def between(first: float, last: float) -> Completed:
    return Completed(SIX + timedelta(minutes=first), SIX + timedelta(minutes=last))


@pytest.mark.parametrize(
    ("target", "code", "severity"),
    [
        pytest.param(at(0), "gap-usual", None, id="at once"),
        pytest.param(at(59.9), "gap-usual", None, id="just below an hour"),
        pytest.param(at(60), "gap-long", Severity.P2, id="an hour"),
        pytest.param(at(120), "gap-long", Severity.P2, id="two hours"),
        pytest.param(at(120.1), "gap-too-long", Severity.P1, id="just above two hours"),
        pytest.param(at(-0.1), "earlier-run", None, id="completed before"),
        pytest.param(between(20, 600), "gap-usual", None, id="rows that began soon, whenever they ended"),
        pytest.param(between(130, 140), "gap-too-long", Severity.P1, id="rows that began late"),
        pytest.param(between(-600, 30), "gap-usual", None, id="rows of an earlier run and of this one"),
        pytest.param(between(-600, 60), "earlier-run", None, id="rows of earlier and later runs"),
        pytest.param(between(-600, -1), "earlier-run", None, id="rows of an earlier run alone"),
        pytest.param(None, "no-times", None, id="not completed"),
    ],
)
def test_the_gap_decides(target: Completed | None, code: str, severity: Severity | None) -> None:
    judgement = judge(at(0), target, LIMITS)

    assert (judgement.code, judgement.severity) == (code, severity)


def test_a_source_that_has_not_completed_has_no_gap() -> None:
    assert judge(None, at(5), LIMITS).code == "no-times"


@pytest.mark.parametrize(
    ("due", "code", "minutes"),
    [
        pytest.param(at(150), "gap-usual", 30, id="due later than the source completed"),
        pytest.param(at(120), "gap-long", 60, id="begun an hour after it was due"),
        pytest.param(at(59), "gap-too-long", 121, id="begun two hours after it was due"),
        pytest.param(at(0), "gap-too-long", 180, id="due as the source completed"),
        pytest.param(at(180), "gap-usual", 0, id="begun as it was due"),
        pytest.param(at(181), "gap-too-long", 180, id="due after it began"),
    ],
)
def test_the_gap_counts_from_when_the_target_was_due(due: Completed, code: str, minutes: int) -> None:
    judgement = judge(at(0), at(180), LIMITS, [due.first])

    assert (judgement.code, judgement.gap) == (code, timedelta(minutes=minutes))


def test_the_last_due_before_the_target_began_counts() -> None:
    assert judge(at(0), at(180), LIMITS, [at(30).first, at(150).first, at(300).first]).gap == timedelta(minutes=30)


MOMENTS = st.integers(-3000, 3000)
COMPLETED = st.none() | st.tuples(MOMENTS, MOMENTS).map(lambda pair: between(min(pair), max(pair)))


@given(COMPLETED, COMPLETED)
def test_a_failure_has_a_gap_that_was_measured(source: Completed | None, target: Completed | None) -> None:
    judgement = judge(source, target, LIMITS)

    assert judgement.code in CODES
    assert (judgement.severity is not None) == (judgement.outcome is Outcome.FAILED)
    if judgement.outcome is Outcome.FAILED:
        assert source is not None
        assert target is not None
        assert judgement.gap == target.first - source.last
        assert judgement.gap >= timedelta(minutes=60)


def documents(four_at: Any, three_at: Any = None) -> dict[str, Any]:
    return {
        "phase3_completion/2026-02-10": document("players", "offense", completed_at=three_at or local("06:00")),
        "phase4_completion/2026-02-10": document("ml_feature_store", completed_at=four_at),
    }


def gap(of: Ports, *transitions: Any, **about: Any) -> list[Finding]:
    return findings(phase_gap, of, *(transitions or (THREE_TO_FOUR, FOUR_TO_FIVE)), **about)


def test_completion_documents_tell_when_phases_completed() -> None:
    finding = gap(world(documents(local("06:01"), local("04:00"))))[0]

    assert (finding.code, finding.subject, finding.phase) == ("gap-too-long", "phase3_to_phase4", "phase4")
    assert finding.evidence["gap_minutes"] == 121
    assert finding.impact
    assert finding.action is not None


def test_a_target_that_is_due_later_is_not_late() -> None:
    finding = gap(world(documents(local("07:40"), local("04:00"))))[0]

    assert (finding.code, finding.evidence["gap_minutes"]) == ("gap-usual", 40)


def test_rows_stand_in_for_a_phase_without_a_document() -> None:
    found = gap(world(documents(local("06:20")), phase5=rows(230, local("06:40"), local("07:50"))))

    assert [each.code for each in found] == ["gap-usual", "gap-usual"]
    assert [each.evidence["gap_minutes"] for each in found] == [20, 20]


def test_rows_stand_in_for_a_document_without_readable_times() -> None:
    found = gap(world(documents("nonsense", local("05:00")), phase4=rows(1, local("06:30"))))

    assert (found[0].code, found[0].evidence["gap_minutes"]) == ("gap-long", 90)


def test_a_phase_that_completed_before_is_an_earlier_run_and_not_judged() -> None:
    finding = gap(world(documents(local("10:50", 10))))[0]

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "earlier-run")
    assert finding.evidence["gap_minutes"] is None


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({}, id="no rows"),
        pytest.param({"phase5": rows(5)}, id="rows without times"),
        pytest.param({"phase5": rows(5, "nonsense")}, id="rows with nonsense for times"),  # type: ignore[arg-type]
    ],
)
def test_a_phase_that_cannot_say_when_is_not_judged(answers: dict[str, Any]) -> None:
    assert gap(world(documents(local("06:20")), **answers))[1].code == "no-times"


def test_a_document_is_found_also_when_its_own_transition_is_out_of_scope() -> None:
    result = run_check(
        phase_gap,
        described(THREE_TO_FOUR, FOUR_TO_FIVE),
        world(documents(local("06:50"), local("05:40"))),
        now=local("08:00"),
        phases=frozenset({"phase4"}),
    )

    assert [(each.subject, each.code) for each in result.findings] == [("phase3_to_phase4", "gap-long")]


def test_transitions_that_only_watch_have_no_gap() -> None:
    assert [each.code for each in gap(world(), TWO_TO_THREE)] == ["not-configured"]


def test_a_phase_that_shows_neither_rows_nor_document_is_not_judged() -> None:
    assert [each.code for each in gap(world(phase5=rows(1, local("06:00"))), FIVE_TO_SIX)] == ["no-times"]


def test_a_day_without_games_is_off() -> None:
    found = gap(world(documents(local("09:00")), games=[{"number": 0}]), current=SLATE)

    assert {each.code for each in found} == {"off-day"}


def test_the_gap_counts_real_minutes_when_the_clock_changes() -> None:
    # 01:50 EST and 03:10 EDT are 20 minutes apart.
    spring = {
        "phase3_completion/2026-03-07": document("players", completed_at="2026-03-08T01:50:00-05:00"),
        "phase4_completion/2026-03-07": document("ml_feature_store", completed_at="2026-03-08T03:10:00-04:00"),
    }

    found = gap(world(spring), now=local("08:00", 8, 3), previous=day("2026-03-07"))

    assert found[0].evidence["gap_minutes"] == 20


@pytest.mark.parametrize(
    ("the_world", "codes"),
    [
        pytest.param(
            world(failure=down("Firestore")), ["source-unavailable", "source-unavailable"], id="the documents"
        ),
        pytest.param(
            world(documents(local("06:20")), phase5=down()), ["gap-usual", "source-unavailable"], id="rows needed"
        ),
        pytest.param(world(documents(local("06:20")), phase4=down()), ["gap-usual", "no-times"], id="rows not needed"),
    ],
)
def test_a_source_that_is_down_costs_only_what_needs_it(the_world: Ports, codes: list[str]) -> None:
    assert [each.code for each in gap(the_world)] == codes
