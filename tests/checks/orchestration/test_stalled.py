from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from checks.model import Finding, Outcome, Severity
from checks.orchestration.stalled import SHOWN, stalled
from checks.source import Ports
from tests.checks.orchestration.previous import (
    CRITICAL,
    FIVE,
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
from tests.fakes import SLATE, down, run_check

THE_DOCUMENT = "phase3_completion/2026-02-10"
MINUTE = timedelta(minutes=1)
SOME = ("players", "offense")


def of(*processors: str, at: Any = None, answers: dict[str, Any] | None = None, **orchestrator: Any) -> Ports:
    return world({THE_DOCUMENT: document(*processors, completed_at=at, **orchestrator)}, **(answers or {}))


def document_finding(the_world: Ports, now: datetime | None = None) -> Finding:
    (finding,) = findings(stalled, the_world, now=now, run_history=None)
    return finding


@pytest.mark.parametrize(
    ("the_world", "now", "code"),
    [
        pytest.param(of(*SOME, at=local("06:00")), "06:30", "moving", id="silent for 30 minutes"),
        pytest.param(of(*SOME, at=local("06:00")), "06:31", "stalled", id="silent for 31 minutes"),
        pytest.param(of(*FIVE, at=local("05:00")), "08:00", "moving", id="complete: the trigger's business"),
        pytest.param(of(*CRITICAL, "offense", at=local("05:00")), "08:00", "moving", id="enough by majority"),
        pytest.param(of(*SOME, at=local("05:00"), triggered=True), "08:00", "moving", id="triggered"),
        pytest.param(
            of(*SOME, at=local("05:00"), triggered=True, triggered_at=local("10:00", 10)),
            "08:00",
            "stalled",
            id="triggered by an earlier run",
        ),
        pytest.param(
            of(*SOME, at=local("05:00"), answers={"phase4": rows(1)}), "08:00", "moving", id="the next phase has data"
        ),
        pytest.param(of(*SOME, at=local("22:00", 10)), "06:59", "moving", id="arrived before the window, not due"),
        pytest.param(of(*SOME, at=local("22:00", 10)), "07:01", "stalled", id="arrived before the window, past due"),
        pytest.param(of(*SOME, at="nonsense"), "07:00", "moving", id="unreadable times, not due"),
        pytest.param(of(*SOME, at="nonsense"), "07:01", "stalled", id="unreadable times, past due"),
        pytest.param(of(*SOME, at=local("05:00"), triggered="yes"), "08:00", "stalled", id="an unreadable flag"),
        pytest.param(of("surprise"), "08:00", "nothing-started", id="only a processor that nobody knows"),
        pytest.param(of(), "08:00", "nothing-started", id="an empty document"),
        pytest.param(world(), "08:00", "nothing-started", id="no document"),
        pytest.param(of(*SOME, answers={"games": [{"number": 0}]}), "08:00", "off-day", id="no games"),
    ],
)
def test_a_document_is_stuck_when_some_are_in_and_nothing_follows(the_world: Ports, now: str, code: str) -> None:
    finding = document_finding(the_world, now=local(now))

    assert finding.code == code
    assert (finding.outcome is Outcome.FAILED) == (code == "stalled")
    assert finding.checked  # also where nothing was expected, evidence was read


def test_a_stuck_document_names_what_is_missing_since_when_and_what_it_costs() -> None:
    finding = document_finding(of(*SOME, at=local("06:00")), now=local("08:00"))

    assert finding.severity is Severity.P1
    assert finding.evidence["missing"] == "upcoming_players, defense, upcoming_teams"
    assert finding.evidence["last_arrival"] == local("06:00")
    assert finding.evidence["silent_minutes"] == 120
    assert finding.impact == "No features for the next slate."
    assert finding.action is not None
    assert finding.link is not None


def test_the_latest_arrival_of_this_runs_processors_counts() -> None:
    data = {**document("players", at=None), **document("offense", completed_at=local("06:20"))}
    data |= document("surprise", completed_at=local("06:59"))

    finding = document_finding(world({THE_DOCUMENT: data}), now=local("06:51"))

    assert finding.code == "stalled"


def test_each_date_has_its_own_document() -> None:
    found = findings(stalled, of(*SOME), current=SLATE, run_history=None)

    assert [each.code for each in found] == ["stalled", "nothing-started"]


def test_a_mode_without_a_run_is_skipped() -> None:
    assert document_finding(of(*SOME), now=local("08:00", 9)).code == "no-run"


def test_documents_that_no_one_judges_are_left_alone() -> None:
    result = run_check(stalled, described(TWO_TO_THREE, FIVE_TO_SIX, run_history=None), world())

    assert [each.code for each in result.findings] == ["not-configured"]


def running(count: int = 1, started: Any = None, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "processor": "player_game_summary",
            "run_id": f"run-{number:03}",
            "phase": "phase3",
            "started_at": started if started is not None else local("05:00") + number * MINUTE,
            **more,
        }
        for number in range(count)
    ]


def history_findings(answer: Any, now: datetime | None = None) -> list[Finding]:
    found = findings(stalled, world(history=answer), TWO_TO_THREE, now=now)
    return [each for each in found if each.interval is None]


@pytest.mark.parametrize(
    ("now", "codes"),
    [
        pytest.param("05:30", ["no-unfinished-runs"], id="at the limit"),
        pytest.param("05:31", ["run-unfinished"], id="just past it"),
    ],
)
def test_a_run_may_take_so_long_and_no_longer(now: str, codes: list[str]) -> None:
    assert [each.code for each in history_findings(running(), now=local(now))] == codes


def test_an_unfinished_run_names_processor_run_and_duration() -> None:
    (finding,) = history_findings(running())

    assert (finding.subject, finding.phase, finding.severity) == (
        "player_game_summary/run-000",
        "phase3",
        Severity.P1,
    )
    assert finding.evidence["minutes"] == 180


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"started_at": None}, id="no start time"),
        pytest.param({"started_at": "nonsense"}, id="a start time that is none"),
        pytest.param({"started_at": local("23:00")}, id="a start time of the future"),
        pytest.param({"phase": "phase_3_analytics"}, id="a phase that nobody knows"),
        pytest.param({"phase": None}, id="no phase"),
        pytest.param({"phase": ["phase3"]}, id="a foreign phase"),
    ],
)
def test_an_odd_row_is_still_an_unfinished_run(row: dict[str, Any]) -> None:
    odd = [{**running()[0], **row}]

    assert [each.code for each in history_findings(odd)] == ["run-unfinished"]


@pytest.mark.parametrize(
    ("count", "codes"),
    [
        pytest.param(SHOWN, ["run-unfinished"] * SHOWN, id="as many as are listed"),
        pytest.param(SHOWN + 1, ["run-unfinished"] * SHOWN + ["more-runs-unfinished"], id="one more"),
    ],
)
def test_many_unfinished_runs_are_listed_up_to_a_number_and_then_counted(count: int, codes: list[str]) -> None:
    found = history_findings(running(count))

    assert [each.code for each in found] == codes
    assert found[0].subject == "player_game_summary/run-000"
    assert len({each.subject for each in found}) == len(found)


def test_a_run_that_both_dates_name_is_one_finding() -> None:
    found = findings(stalled, world(history=running()), TWO_TO_THREE, current=SLATE)

    assert [each.code for each in found if each.interval is None] == ["run-unfinished"]


def test_runs_of_phases_out_of_scope_are_not_reported() -> None:
    result = run_check(stalled, described(), world(history=running()), now=local("08:00"), phases=frozenset({"phase4"}))

    assert "run-unfinished" not in [each.code for each in result.findings]


@pytest.mark.parametrize(
    ("the_world", "codes"),
    [
        pytest.param(
            world(failure=down("Firestore")), ["source-unavailable", "no-unfinished-runs"], id="the documents"
        ),
        pytest.param(world(history=down()), ["nothing-started", "source-unavailable"], id="the run history"),
        pytest.param(
            of(*SOME, answers={"phase4": down()}), ["source-unavailable", "no-unfinished-runs"], id="the next phase"
        ),
    ],
)
def test_a_source_that_is_down_is_unknown_and_costs_only_what_needs_it(the_world: Ports, codes: list[str]) -> None:
    found = findings(stalled, the_world)

    assert [each.code for each in found] == codes
    assert {each.severity for each in found if each.outcome is Outcome.UNKNOWN} == {Severity.P1}


def test_one_transition_that_cannot_be_judged_costs_no_other() -> None:
    the_world = of(*SOME, answers={"phase5": down()})

    found = findings(stalled, the_world, FOUR_TO_FIVE, THREE_TO_FOUR, run_history=None)

    assert [each.code for each in found] == ["source-unavailable", "stalled"]


def test_runs_without_a_start_are_listed_first_then_the_oldest() -> None:
    rows_ = [*running(2), {**running(1)[0], "run_id": "lost", "started_at": None}]

    assert [each.subject.partition("/")[2] for each in history_findings(rows_)] == ["lost", "run-000", "run-001"]
