from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import Finding, Outcome, Severity
from checks.orchestration.phase_log import CODES, judge, phase_log
from checks.source import Ports
from tests.checks.orchestration.previous import (
    ANOTHER,
    FIVE,
    FIVE_TO_SIX,
    FOUR_TO_FIVE,
    THREE_TO_FOUR,
    TWO_TO_THREE,
    described,
    document,
    findings,
    local,
    log_row,
    rows,
    world,
)
from tests.fakes import NIGHT, SLATE, down, run_check

THE_DOCUMENT = "phase3_completion/2026-02-10"
TRIGGERED = {THE_DOCUMENT: document(*FIVE, triggered=True, triggered_at=local("06:12"))}
RAN = [{"phase": "phase4", "run_count": 5, "last_at": local("06:40")}]


def judged(of: Ports, **about: Any) -> Finding:
    (finding,) = findings(phase_log, of, **about)
    return finding


@pytest.mark.parametrize(
    ("the_world", "now", "code", "severity"),
    [
        pytest.param(world(log=[log_row("phase3_to_phase4")]), "08:00", "logged", None, id="its row is there"),
        pytest.param(world(log=[log_row("phase3_to_phase4")]), "06:00", "logged", None, id="its row is early"),
        pytest.param(world(log=[ANOTHER]), "07:00", "not-due", None, id="no row, at the limit"),
        pytest.param(world(log=[ANOTHER]), "07:01", "not-logged", Severity.P1, id="no row, just past it, no data"),
        pytest.param(
            world(log=[ANOTHER], phase4=rows(1)), "08:00", "not-logged-with-data", Severity.P3, id="no row, data"
        ),
        pytest.param(
            world(TRIGGERED, log=[ANOTHER], succeeded=RAN),
            "08:00",
            "not-logged",
            Severity.P1,
            id="no row beside others: only the data speaks for it",
        ),
        pytest.param(world(), "08:00", "log-empty-without-trace", Severity.P1, id="empty log, no trace"),
        pytest.param(world(), "07:00", "not-due", None, id="empty log, not due"),
        pytest.param(world(phase4=rows(1)), "08:00", "log-empty", Severity.P3, id="empty log, rows"),
        pytest.param(world(TRIGGERED), "08:00", "log-empty", Severity.P3, id="empty log, the document says so"),
        pytest.param(world(succeeded=RAN), "08:00", "log-empty", Severity.P3, id="empty log, the run history says so"),
        pytest.param(
            world(succeeded=[{"phase": "phase5", "run_count": 5}, {"phase": "phase4", "run_count": 0}]),
            "08:00",
            "log-empty-without-trace",
            Severity.P1,
            id="empty log, only another phase ran",
        ),
        pytest.param(
            world({THE_DOCUMENT: document(triggered=True, triggered_at=local("10:00", 10))}),
            "08:00",
            "log-empty-without-trace",
            Severity.P1,
            id="empty log, the document's trigger is an earlier run's",
        ),
        pytest.param(
            world(log=[log_row("phase3_to_phase4", 0, None, local("06:12", 9))]),
            "08:00",
            "log-empty-without-trace",
            Severity.P1,
            id="rows of other dates are none of this one",
        ),
        pytest.param(world(games=[{"number": 0}]), "08:00", "off-day", None, id="no games"),
    ],
)
def test_a_transition_is_logged_or_its_absence_is_explained(
    the_world: Ports, now: str, code: str, severity: Severity | None
) -> None:
    finding = judged(the_world, now=local(now))

    assert (finding.code, finding.severity) == (code, severity)
    assert (finding.subject, finding.phase, finding.interval) == ("phase3_to_phase4", "phase4", NIGHT)


def test_a_judgement_without_the_log_says_so_and_by_what() -> None:
    finding = judged(world(TRIGGERED, phase4=rows(137), succeeded=RAN))

    assert finding.evidence["log_empty"] is True
    assert finding.summary == (
        "The phase log is empty for this date; judged without it: Phase 4 has 137 rows, "
        "the completion document says triggered, the run history has a successful run of phase4."
    )


def test_the_last_good_trigger_is_evidence() -> None:
    finding = judged(world(log=[ANOTHER, log_row("phase3_to_phase4", 0, None, local("06:12", 9))]))

    assert finding.evidence["last_good_trigger"] == local("06:12", 9)


def test_each_date_is_judged_against_its_own_due_time() -> None:
    found = findings(phase_log, world(log=[ANOTHER]), current=SLATE)

    assert [(each.interval, each.code) for each in found] == [(NIGHT, "not-logged"), (SLATE, "not-due")]


def test_a_mode_without_a_run_is_skipped() -> None:
    assert judged(world(log=[ANOTHER]), now=local("08:00", 9)).code == "no-run"


def test_a_transition_without_documents_is_judged_too() -> None:
    found = findings(phase_log, world(log=[ANOTHER]), FIVE_TO_SIX)

    assert [each.code for each in found] == ["not-logged"]


def test_what_is_never_logged_is_not_asked_for() -> None:
    unlogged = THREE_TO_FOUR.model_copy(update={"logged": False})

    found = findings(phase_log, world(log=[ANOTHER]), TWO_TO_THREE, unlogged)

    assert [each.code for each in found] == ["not-configured"]


def test_without_a_phase_log_nothing_is_configured() -> None:
    result = run_check(phase_log, described(phase_log=None), world())

    assert [each.code for each in result.findings] == ["not-configured"]


@pytest.mark.parametrize(
    ("the_world", "source"),
    [
        pytest.param(world(log=down()), "BigQuery", id="the log"),
        pytest.param(world(log=[ANOTHER], phase4=down()), "BigQuery", id="the data beside the log"),
        pytest.param(world(failure=down("Firestore")), "Firestore", id="the documents instead of the log"),
        pytest.param(world(succeeded=down()), "BigQuery", id="the run history instead of the log"),
        pytest.param(world(log=[{"transition": "phase3_to_phase4", "rows_for_date": "1"}]), "BigQuery", id="foreign"),
    ],
)
def test_what_cannot_be_read_is_unknown(the_world: Ports, source: str) -> None:
    finding = judged(the_world)

    assert (finding.outcome, finding.code, finding.severity) == (Outcome.UNKNOWN, "source-unavailable", Severity.P1)
    assert finding.evidence["source"] == source


def test_a_stand_in_that_the_pipeline_file_does_not_describe_is_left_out() -> None:
    stateless = THREE_TO_FOUR.model_copy(update={"state": None})
    (finding,) = findings(phase_log, world(phase4=rows(1)), stateless, run_history=None)

    assert finding.code == "log-empty"


def test_a_stand_in_that_is_down_does_not_matter_when_another_speaks() -> None:
    finding = judged(world(failure=down("Firestore"), succeeded=down(), phase4=rows(1)))

    assert finding.code == "log-empty"


def test_one_transition_that_cannot_be_judged_costs_no_other() -> None:
    found = findings(phase_log, world(log=[ANOTHER], phase4=down()), THREE_TO_FOUR, FOUR_TO_FIVE, now=local("09:00"))

    assert [each.code for each in found] == ["source-unavailable", "not-logged"]


@pytest.mark.parametrize(
    "the_world",
    [
        world(log=[ANOTHER]),
        world(log=[ANOTHER], phase4=rows(1)),
        world(),
        world(phase4=rows(1)),
    ],
    ids=["not-logged", "not-logged-with-data", "log-empty-without-trace", "log-empty"],
)
def test_every_failure_says_what_it_means_and_what_to_do(the_world: Ports) -> None:
    finding = judged(the_world)

    assert finding.outcome is Outcome.FAILED
    assert finding.impact
    assert finding.action is not None


@given(st.integers(0, 3), st.booleans(), st.booleans(), st.booleans())
def test_only_a_row_passes_and_only_past_due_fails(rows_: int, log_empty: bool, moved: bool, past_due: bool) -> None:
    judgement = judge(rows=rows_, log_empty=log_empty, moved=moved, past_due=past_due)

    assert judgement.code in CODES
    assert (judgement.outcome is Outcome.PASSED) == (rows_ > 0)
    assert judgement.outcome is not Outcome.FAILED or past_due


SIX_ON_THE_DAY = FIVE_TO_SIX.model_copy(update={"runs": {"same_day": FIVE_TO_SIX.runs["overnight"]}})


@pytest.mark.parametrize(
    ("count", "now", "code"),
    [
        pytest.param(9, "15:00", "too-few-rows", id="just too few rows"),
        pytest.param(10, "15:00", "not-logged", id="just enough rows"),
        pytest.param(0, "15:00", "not-logged", id="no row"),
        pytest.param(9, "12:00", "not-due", id="too few rows, not due"),
    ],
)
def test_a_phase_that_has_nothing_to_do_owes_no_row(count: int, now: str, code: str) -> None:
    (finding,) = findings(phase_log, world(log=[ANOTHER], phase5=rows(count)), SIX_ON_THE_DAY, now=local(now, 10))

    assert finding.code == code
