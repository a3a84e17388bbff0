from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from checks.model import Finding, Outcome, Severity
from checks.orchestration.completion import ProcessorReport
from checks.orchestration.processors import judge, processors
from checks.orchestration_spec import Phase
from checks.places import Place, PlaceKind
from tests.checks.orchestration.previous import (
    FIVE,
    FIVE_TO_SIX,
    THREE_TO_FOUR,
    TWO_TO_THREE,
    document,
    entry,
    findings,
    local,
    rows,
    world,
)
from tests.fakes import down

THE_DOCUMENT = "phase3_completion/2026-02-10"


@pytest.mark.parametrize("critical", [True, False], ids=["critical", "optional"])
@pytest.mark.parametrize(
    ("report", "code"),
    [
        pytest.param(ProcessorReport("success", 1), None, id="one record"),
        pytest.param(ProcessorReport("success", 0), "processor-empty", id="no record"),
        pytest.param(ProcessorReport("success"), None, id="it does not say how many"),
        pytest.param(ProcessorReport("partial", 171), "processor-partial", id="partial"),
        pytest.param(ProcessorReport("partial", 0), "processor-empty", id="partial, no record"),
        pytest.param(ProcessorReport("failed", 171), "processor-failed", id="failed"),
        pytest.param(ProcessorReport("nonsense"), "processor-failed", id="a status that is none of success"),
    ],
)
def test_a_report_decides(report: ProcessorReport, code: str | None, *, critical: bool) -> None:
    judgement = judge(report, critical=critical)

    assert (None if judgement is None else judgement.code) == code
    if judgement is not None:
        loud = Severity.P1 if critical else Severity.P2
        assert judgement.severity is (Severity.P3 if code == "processor-partial" else loud)


def judged(data: Any, *transitions: Any, **about: Any) -> list[Finding]:
    return findings(
        processors, world({THE_DOCUMENT: data} if data else {}), *(transitions or (THREE_TO_FOUR,)), **about
    )


def test_processors_with_records_are_fine() -> None:
    (finding,) = judged(document(*FIVE))

    assert (finding.outcome, finding.code, finding.subject) == (Outcome.PASSED, "processors-fine", "phase3_to_phase4")


def test_each_processor_that_is_not_fine_is_a_finding_of_its_own() -> None:
    empty = {**entry(), "record_count": 0}
    data = {**document(*FIVE), "players": empty, "offense": empty, "defense": entry(status="failed")}

    found = judged(data)

    assert {each.subject: (each.code, each.severity) for each in found} == {
        "players": ("processor-empty", Severity.P1),
        "offense": ("processor-empty", Severity.P2),
        "defense": ("processor-failed", Severity.P2),
    }
    assert all(each.impact and each.action for each in found)
    assert {each.subject: each.evidence["records"] for each in found} == {"players": 0, "offense": 0, "defense": 1}


def test_a_processor_without_which_the_next_phase_was_started_is_noted() -> None:
    data = {name: value for name, value in document(*FIVE, triggered=True).items() if name != "offense"}

    (finding,) = judged(data)
    waiting = judged({**data, "_triggered": False})

    assert (finding.code, finding.severity, finding.subject) == ("processor-unreported", Severity.P3, "offense")
    assert [each.code for each in waiting] == ["processors-fine"]


@pytest.mark.parametrize(
    ("ahead", "codes"),
    [(timedelta(minutes=5), ["processors-fine"]), (timedelta(minutes=6), ["completed-in-future"])],
    ids=["as far as clocks may differ", "just past it"],
)
def test_a_time_that_is_yet_to_come_is_noted(ahead: timedelta, codes: list[str]) -> None:
    at = (local("08:00") + ahead).isoformat()

    found = judged({**document(*FIVE), "defense": {**entry(), "completed_at": at}})

    assert [each.code for each in found] == codes


@pytest.mark.parametrize(
    ("hours", "codes"),
    [(3, ["processors-fine"]), (3.1, ["processor-without-rows"])],
    ids=["as long as a run may take", "longer"],
)
def test_a_report_of_records_that_no_row_shows_is_told_at_the_table(hours: float, codes: list[str]) -> None:
    data = document(*FIVE, completed_at=local("06:10"))
    written = rows(9, local("06:10") - timedelta(hours=hours))
    shown = (Phase(id="phase3", title="3", rows="SELECT 3 FROM {data}.players"), Phase(id="phase4", title="4"))

    found = findings(processors, world({THE_DOCUMENT: data}, phase3=written), THREE_TO_FOUR, phases=shown)

    assert [each.code for each in found] == codes
    assert found[0].place == (Place(PlaceKind.TABLE, "data.players") if hours > 3 else Place(PlaceKind.PHASE, "phase3"))


def test_a_processor_that_nobody_knows_is_not_judged() -> None:
    (finding,) = judged({**document(*FIVE), "stranger": entry(status="failed")})

    assert finding.code == "processors-fine"


@pytest.mark.parametrize("data", [None, {"_triggered": False}], ids=["no document", "no processor in it"])
def test_what_has_not_reported_is_not_judged(data: Any) -> None:
    (finding,) = judged(data)

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "nothing-reported")


@pytest.mark.parametrize("transition", [FIVE_TO_SIX, TWO_TO_THREE], ids=["without documents", "only watched"])
def test_a_transition_without_documents_of_its_own_is_not_configured(transition: Any) -> None:
    assert [each.code for each in judged(document(*FIVE), transition)] == ["not-configured"]


def test_documents_that_cannot_be_read_are_unknown() -> None:
    (finding,) = findings(processors, world(failure=down("Firestore")), THREE_TO_FOUR)

    assert (finding.outcome, finding.code, finding.severity) == (Outcome.UNKNOWN, "source-unavailable", Severity.P2)
