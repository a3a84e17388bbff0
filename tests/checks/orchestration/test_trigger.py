from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.intervals import Offset
from checks.model import Finding, Outcome, Severity
from checks.orchestration.trigger import trigger
from checks.orchestration.trigger_verdict import CODES
from checks.orchestration_spec import Run as RunSpec
from checks.orchestration_spec import Transition
from checks.ports.documents import FIRESTORE
from checks.ports.warehouse import BIGQUERY
from checks.registry import COMMON_CODES
from checks.services_spec import ServiceSpec
from checks.source import Ports
from tests.checks.orchestration.previous import (
    ANOTHER,
    CRITICAL,
    FIVE,
    FIVE_TO_SIX,
    FOUR_TO_FIVE,
    SAME_DAY,
    THREE_TO_FOUR,
    TWO_TO_THREE,
    described,
    document,
    entry,
    findings,
    local,
    log_row,
    rows,
    world,
)
from tests.checks.orchestration.test_completion import ANY_DOCUMENT
from tests.fakes import NIGHT, SLATE, FakeDocuments, FakeWarehouse, down, run_check
from tests.fakes import day as interval_of
from tests.thoroughness import examples

THE_DOCUMENT = "phase3_completion/2026-02-10"
COMPLETE = document(*FIVE)
TRIGGERED = document(*FIVE, triggered=True, triggered_at=local("06:12"), trigger_reason="all_complete")
LOGGED = [log_row("phase3_to_phase4", 1, local("06:12"))]
MINUTE = timedelta(minutes=1)


def judged(of: Ports, *transitions: Transition, **about: Any) -> Finding:
    (finding,) = findings(trigger, of, *transitions, **about)
    return finding


def of(data: dict[str, Any] | None, **answers: Any) -> Ports:
    return world({} if data is None else {THE_DOCUMENT: data}, **answers)


@pytest.mark.parametrize(
    ("the_world", "now", "code", "severity"),
    [
        pytest.param(of(TRIGGERED, phase4=rows(137), log=LOGGED), "08:00", "triggered", None, id="healthy"),
        pytest.param(of(TRIGGERED), "06:59", "effect-pending", None, id="triggered, rows not due"),
        pytest.param(of(TRIGGERED), "07:01", "triggered-without-effect", Severity.P0, id="triggered, no rows"),
        pytest.param(of(COMPLETE), "06:39", "trigger-pending", None, id="complete, within grace"),
        pytest.param(of(COMPLETE), "08:00", "not-triggered", Severity.P0, id="complete, nothing moved"),
        pytest.param(of(COMPLETE, phase4=rows(137)), "08:00", "bypassed", Severity.P2, id="moved around"),
        pytest.param(
            of(COMPLETE, phase4=rows(137), log=LOGGED), "08:00", "flag-not-set", Severity.P3, id="logged, flag false"
        ),
        pytest.param(of(document("players")), "06:59", "processors-running", None, id="still running"),
        pytest.param(of(document(*CRITICAL)), "08:00", "processors-missing", Severity.P1, id="optional ones missing"),
        pytest.param(of(document("offense")), "08:00", "processors-missing", Severity.P0, id="a critical one missing"),
        pytest.param(of(document("offense"), phase4=rows(1)), "08:00", "untracked", Severity.P3, id="backfilled"),
        pytest.param(of(None, phase4=rows(1)), "08:00", "no-record", Severity.P3, id="rows without a document"),
        pytest.param(of(None), "08:00", "not-started", Severity.P0, id="nothing at all"),
        pytest.param(of(None), "06:00", "not-started-yet", None, id="nothing yet"),
        pytest.param(of(None, games=[{"number": 0}]), "08:00", "off-day", None, id="no games"),
        pytest.param(of({}), "08:00", "processors-missing", Severity.P0, id="an empty document"),
    ],
)
def test_flag_and_data_are_judged_together(the_world: Ports, now: str, code: str, severity: Severity | None) -> None:
    finding = judged(the_world, now=local(now))

    assert (finding.code, finding.severity) == (code, severity)
    assert (finding.subject, finding.phase, finding.interval) == ("phase3_to_phase4", "phase4", NIGHT)


def test_the_evidence_holds_what_the_diagnosis_needs() -> None:
    data = document("players", "surprise", triggered=False, trigger_reason=None)

    finding = judged(of(data, phase4=rows(0), log=[log_row("phase3_to_phase4", 0, None, local("06:12", 9))]))

    assert finding.evidence == {
        "run": "overnight",
        "processors_in": 1,
        "expected": 5,
        "missing": "upcoming_players, offense, defense, upcoming_teams",
        "critical_missing": "upcoming_players",
        "enough_since": None,
        "triggered": False,
        "triggered_at": None,
        "trigger_reason": None,
        "stale_trigger": False,
        "source_rows": None,
        "effect_rows": 0,
        "effect_last_at": None,
        "log_row": False,
        "last_good_trigger": local("06:12", 9),
        "window_opens": local("00:00"),
        "due": local("07:00"),
        "not_counted": "surprise is not part of this run",
    }


def test_a_bypassed_orchestrator_reads_well_in_the_morning() -> None:
    finding = judged(of(COMPLETE, phase4=rows(137)))

    assert [fact for fact in ("Phase 4", "5 of 5", "137 rows") if fact not in finding.summary] == []


def test_a_blocked_phase_says_since_when_what_it_costs_and_what_to_run() -> None:
    finding = judged(of(COMPLETE))

    assert [fact for fact in ("Phase 4", "5 of 5", "06:10 EST") if fact not in finding.summary] == []
    assert finding.impact == "No features for the next slate."
    assert finding.action is not None
    assert finding.action.command == (
        "gcloud run services get-iam-policy three-to-four --region=us-west2 --project=example-project"
    )
    assert finding.link is not None
    assert finding.link.endswith("/data/panel/phase3_completion/2026-02-10?project=example-project")


@pytest.mark.parametrize(
    "the_world",
    [
        of(TRIGGERED),
        of(COMPLETE),
        of(COMPLETE, phase4=rows(1)),
        of(COMPLETE, phase4=rows(1), log=LOGGED),
        of(document("offense")),
        of(document("offense"), phase4=rows(1)),
        of(None),
        of(None, phase4=rows(1)),
    ],
    ids=[
        "triggered-without-effect",
        "not-triggered",
        "bypassed",
        "flag-not-set",
        "processors-missing",
        "untracked",
        "not-started",
        "no-record",
    ],
)
def test_every_failure_says_what_it_means_and_what_to_do(the_world: Ports) -> None:
    finding = judged(the_world)

    assert finding.outcome is Outcome.FAILED
    assert finding.impact
    assert finding.action is not None
    assert "{" not in f"{finding.summary}{finding.impact}{finding.action.text}{finding.action.command}"


def test_a_transition_without_orchestrator_or_services_still_gets_its_sentences() -> None:
    bare = THREE_TO_FOUR.model_copy(update={"orchestrator": None, "impact": ""})

    finding = judged(of(TRIGGERED), bare, services=())

    assert finding.code == "triggered-without-effect"
    assert finding.impact
    assert finding.action is not None
    assert finding.action.command is None
    assert "whatever triggers phase4" in str(judged(of(COMPLETE), bare, services=()).action)
    assert "can still call three-to-four" in str(judged(of(COMPLETE)).action)


@pytest.mark.parametrize(
    ("triggered_at", "code", "stale"),
    [
        pytest.param(local("00:00") - MINUTE, "bypassed", True, id="just before the window"),
        pytest.param(local("00:00"), "triggered", False, id="as the window opens"),
    ],
)
def test_a_trigger_of_an_earlier_run_counts_as_false_and_says_so(
    triggered_at: datetime, code: str, stale: bool
) -> None:
    data = document(*FIVE, triggered=True, triggered_at=triggered_at)

    finding = judged(of(data, phase4=rows(137)))

    assert (finding.code, finding.evidence["stale_trigger"]) == (code, stale)
    assert finding.evidence["triggered"] is True
    assert ("earlier run" in finding.summary) is stale


def test_a_log_row_of_an_earlier_run_is_no_row_for_this_one() -> None:
    earlier = [log_row("phase3_to_phase4", 1, local("10:40", 10))]

    finding = judged(of(COMPLETE, phase4=rows(137), log=earlier))

    assert (finding.code, finding.evidence["log_row"]) == ("bypassed", False)


def test_two_log_rows_of_a_double_start_are_one_trigger() -> None:
    twice = [log_row("phase3_to_phase4", 2, local("06:13"))]

    assert judged(of(TRIGGERED, phase4=rows(137), log=twice)).code == "triggered"
    assert judged(of(COMPLETE, phase4=rows(137), log=twice)).code == "flag-not-set"


def test_a_late_run_is_pending_within_its_grace_and_blocked_past_it() -> None:
    late = of(document(*FIVE, completed_at=local("08:30")))

    assert judged(late, now=local("09:00")).code == "trigger-pending"
    assert judged(late, now=local("09:00") + timedelta(seconds=1)).code == "not-triggered"


def test_the_critical_ones_and_the_majority_are_enough_though_others_are_missing() -> None:
    finding = judged(of(document(*CRITICAL, "offense")))

    assert finding.code == "not-triggered"
    assert finding.evidence["missing"] == "defense, upcoming_teams"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("yes", "'yes' (str)", id="text"),
        pytest.param(1, "1 (int)", id="a number"),
        pytest.param(None, "null", id="null"),
        pytest.param({"value": True}, "{'value': True} (dict)", id="a map"),
    ],
)
def test_a_foreign_flag_is_unknown_and_named(value: Any, shown: str) -> None:
    finding = judged(of({**COMPLETE, "_triggered": value}))

    assert (finding.outcome, finding.code, finding.severity) == (Outcome.UNKNOWN, "flag-unreadable", Severity.P0)
    assert f"_triggered is {shown}" in finding.summary
    assert finding.evidence["triggered"] is None


def test_a_foreign_flag_is_a_note_where_the_data_is_there() -> None:
    finding = judged(of({**COMPLETE, "_triggered": "yes"}, phase4=rows(137)))

    assert (finding.outcome, finding.code, finding.severity) == (Outcome.FAILED, "flag-unreadable", Severity.P3)
    assert "_triggered is 'yes' (str)" in finding.summary


def test_what_does_not_count_is_named() -> None:
    data = {**document("players"), "upcoming_players": entry(status="failed"), "offense": "done", "defense": {}}

    finding = judged(of(data))

    assert finding.code == "processors-missing"
    assert finding.evidence["processors_in"] == 1
    assert finding.evidence["not_counted"] == (
        "defense has no status, offense is 'done' (str) instead of a map, "
        "upcoming_players has the status 'failed' (str)"
    )


@pytest.mark.parametrize(
    ("days", "code"),
    [pytest.param(30, "not-started", id="at the limit"), pytest.param(31, "expired", id="just past it")],
)
def test_a_document_past_its_retention_proves_nothing(days: int, code: str) -> None:
    assert judged(of(None), now=local("08:00", 10) + timedelta(days=days)).code == code


def test_an_old_document_that_still_exists_is_judged() -> None:
    finding = judged(of(TRIGGERED, phase4=rows(137)), now=local("08:00", 10) + timedelta(days=40))

    assert finding.code == "triggered"


def test_each_interval_is_judged_by_its_own_run_and_against_its_own_due_time() -> None:
    documents = {
        THE_DOCUMENT: TRIGGERED,
        "phase3_completion/2026-02-11": document("upcoming_players", completed_at=local("17:10", 10)),
    }
    answers = {"phase4": lambda query: rows(137 if query.parameters["date"].value == NIGHT.day else 0)}

    found = findings(trigger, world(documents, **answers), current=SLATE)

    assert [(each.interval, each.evidence["run"], each.code) for each in found] == [
        (NIGHT, "overnight", "triggered"),
        (SLATE, "same_day", "trigger-pending"),
    ]


def test_the_slate_without_games_is_an_off_day_while_the_night_is_judged() -> None:
    games = {"games": lambda query: [{"number": 6 if query.parameters["date"].value == NIGHT.day else 0}]}

    found = findings(trigger, world({THE_DOCUMENT: TRIGGERED}, phase4=rows(1), **games), current=SLATE)

    assert [each.code for each in found] == ["triggered", "off-day"]


def test_an_interval_of_which_no_run_has_opened_is_skipped() -> None:
    finding = judged(of(None), now=local("08:00", 9))

    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "no-run")


def test_a_tier_is_enough_only_after_its_wait() -> None:
    four = {"phase4_completion/2026-02-10": document(*FIVE[:4], completed_at=local("07:30"))}

    waiting = judged(world(four), FOUR_TO_FIVE, now=local("08:29"))
    enough = judged(world(four), FOUR_TO_FIVE, now=local("08:30"))
    blocked = judged(world(four), FOUR_TO_FIVE, now=local("09:01"))

    assert [each.code for each in (waiting, enough, blocked)] == [
        "processors-missing",
        "trigger-pending",
        "not-triggered",
    ]


SIX_ON_THE_DAY = FIVE_TO_SIX.model_copy(
    update={"runs": {"same_day": RunSpec(opens=Offset("08:00"), due=Offset("13:00"))}}
)
SIX_LOGGED = [log_row("phase5_to_phase6", 1, local("13:02", 10))]


@pytest.mark.parametrize(
    ("answers", "now", "code", "severity"),
    [
        pytest.param({"log": SIX_LOGGED, "phase5": rows(230)}, "15:00", "triggered", None, id="logged"),
        pytest.param({"log": [ANOTHER], "phase5": rows(230)}, "15:00", "not-triggered", Severity.P0, id="not logged"),
        pytest.param({"log": [ANOTHER], "phase5": rows(230)}, "12:00", "trigger-pending", None, id="not due"),
        pytest.param({"phase5": rows(230)}, "15:00", "no-evidence", Severity.P0, id="the whole log is empty"),
        pytest.param({"phase5": rows(230)}, "12:00", "trigger-pending", None, id="the whole log is empty, not due"),
        pytest.param({"log": [ANOTHER], "phase5": rows(9)}, "15:00", "too-few-rows", None, id="just too few rows"),
        pytest.param(
            {"log": [ANOTHER], "phase5": rows(0)}, "15:00", "processors-missing", Severity.P1, id="no row at all"
        ),
        pytest.param({"log": [ANOTHER], "phase5": rows(9)}, "12:00", "processors-running", None, id="rows to come"),
        pytest.param(
            {"log": [ANOTHER], "phase5": rows(10)}, "15:00", "not-triggered", Severity.P0, id="just enough rows"
        ),
        pytest.param(
            {"log": [log_row("phase5_to_phase6", 1, local("07:59", 10))], "phase5": rows(230)},
            "15:00",
            "not-triggered",
            Severity.P0,
            id="logged before the window",
        ),
    ],
)
def test_without_documents_the_log_row_is_the_effect(
    answers: dict[str, Any], now: str, code: str, severity: Severity | None
) -> None:
    finding = judged(world(**answers), SIX_ON_THE_DAY, now=local(now, 10))

    assert (finding.code, finding.severity) == (code, severity)


ONE_TO_TWO = FIVE_TO_SIX.model_copy(
    update={"id": "phase1_to_phase2", "source": "phase1", "target": "phase2", "logged": False, "orchestrator": None}
)


@pytest.mark.parametrize(
    ("count", "code"),
    [pytest.param(40, "triggered", id="rows"), pytest.param(0, "processors-missing", id="no rows")],
)
def test_a_transition_that_is_never_logged_is_judged_by_its_rows(count: int, code: str) -> None:
    assert judged(world(phase2=rows(count)), ONE_TO_TWO).code == code


def test_a_logged_transition_with_rows_and_without_documents_uses_both() -> None:
    logged = ONE_TO_TWO.model_copy(update={"logged": True, "minimum_rows": 1})
    row = [log_row("phase1_to_phase2", 1, local("09:00", 10))]

    fine = judged(world(phase1=rows(5), phase2=rows(40), log=row), logged)
    hollow = judged(world(phase1=rows(5), log=row), logged)
    around = judged(world(phase1=rows(5), phase2=rows(40), log=[log_row("phase3_to_phase4")]), logged)
    silent = judged(world(phase1=rows(5), phase2=rows(40)), logged)

    assert [each.code for each in (fine, hollow, around, silent)] == [
        "triggered",
        "triggered-without-effect",
        "bypassed",
        "triggered",
    ]


def test_where_neither_rows_nor_a_log_exist_nothing_can_be_told() -> None:
    nowhere = FIVE_TO_SIX.model_copy(update={"source": "phase6"})

    blind = judged(of({"_triggered": True}), THREE_TO_FOUR.model_copy(update={"target": "phase6"}), phase_log=None)
    empty = judged(world(), nowhere, phase_log=None)
    silent = judged(world(log=[ANOTHER]), nowhere)

    assert (blind.outcome, blind.code) == (Outcome.UNKNOWN, "no-evidence")
    assert [each.code for each in (empty, silent)] == ["processors-missing", "processors-missing"]


@pytest.mark.parametrize(
    ("count", "now", "outcome", "code"),
    [
        pytest.param(139, "08:00", Outcome.PASSED, "data-present", id="rows"),
        pytest.param(0, "06:30", Outcome.WAITING, "data-pending", id="no rows, at the limit"),
        pytest.param(0, "06:31", Outcome.FAILED, "data-missing", id="no rows, just past it"),
    ],
)
def test_a_phase_whose_orchestrator_only_watches_is_judged_by_its_data(
    count: int, now: str, outcome: Outcome, code: str
) -> None:
    watching, data = findings(trigger, world(phase3=rows(count)), TWO_TO_THREE, now=local(now))

    assert (watching.outcome, watching.code, watching.subject) == (
        Outcome.SKIPPED,
        "monitoring-only",
        "phase2_to_phase3",
    )
    assert (data.outcome, data.code, data.subject) == (outcome, code, "phase3")


def test_a_watching_orchestrator_fails_neither_on_an_off_day_nor_without_a_run_nor_by_its_document() -> None:
    off_day = findings(trigger, world(games=[{"number": 0}]), TWO_TO_THREE)
    no_run = findings(trigger, world(), TWO_TO_THREE.model_copy(update={"runs": {}}))
    stuck = findings(trigger, world({"phase2_completion/2026-02-10": COMPLETE}, phase3=rows(1)), TWO_TO_THREE)

    no_rows = findings(trigger, world(), TWO_TO_THREE.model_copy(update={"target": "phase6"}))

    assert [each.code for each in no_rows] == ["monitoring-only"]
    assert [each.code for each in off_day] == ["monitoring-only"]
    assert [each.code for each in no_run] == ["monitoring-only"]
    assert [each.code for each in stuck] == ["monitoring-only", "data-present"]


@pytest.mark.parametrize(
    ("the_world", "source"),
    [
        pytest.param(world(failure=down("Firestore")), "Firestore", id="Firestore"),
        pytest.param(of(COMPLETE, phase4=down()), "BigQuery", id="the next phase's rows"),
        pytest.param(of(COMPLETE, games=down()), "BigQuery", id="the games"),
    ],
)
def test_a_source_that_is_down_is_unknown_and_named(the_world: Ports, source: str) -> None:
    finding = judged(the_world)

    assert (finding.outcome, finding.code, finding.severity) == (Outcome.UNKNOWN, "source-unavailable", Severity.P0)
    assert finding.evidence["source"] == source


def test_an_off_day_needs_no_document() -> None:
    assert judged(world(failure=down("Firestore"), games=[{"number": 0}])).code == "off-day"


def test_without_the_log_it_is_still_judged_where_the_log_is_not_needed() -> None:
    assert judged(of(TRIGGERED, phase4=rows(1), log=down())).code == "triggered"
    assert judged(of(COMPLETE, log=down())).code == "not-triggered"


def test_without_the_log_what_only_it_tells_is_unknown_but_no_louder_than_what_it_could_tell() -> None:
    around = judged(of(COMPLETE, phase4=rows(1), log=down()))
    export = judged(world(phase5=rows(230), log=down()), SIX_ON_THE_DAY, now=local("15:00", 10))

    assert (around.code, around.severity) == ("source-unavailable", Severity.P2)
    assert around.evidence["effect_rows"] == 1
    assert (export.code, export.severity) == ("source-unavailable", Severity.P0)


def test_one_transition_that_cannot_be_judged_costs_no_other() -> None:
    found = findings(trigger, of(TRIGGERED, phase4=rows(1), phase5=down()), THREE_TO_FOUR, FOUR_TO_FIVE)

    assert [each.code for each in found] == ["triggered", "source-unavailable"]


@pytest.mark.parametrize("value", ["137", None, {}], ids=repr)
def test_a_row_count_that_is_no_number_is_no_crash(value: Any) -> None:
    finding = judged(of(COMPLETE, phase4=[{"row_count": value}]))

    assert finding.code == ("not-triggered" if value is None else "source-unavailable")


def test_a_pipeline_without_transitions_says_that_nothing_is_configured() -> None:
    result = run_check(trigger, described(transitions=()), world())

    assert [finding.code for finding in result.findings] == ["not-configured"]


def test_only_the_phases_in_scope_are_judged() -> None:
    result = run_check(
        trigger,
        described(THREE_TO_FOUR, FOUR_TO_FIVE),
        of(TRIGGERED, phase4=rows(1)),
        now=local("08:00"),
        phases=frozenset({"phase4"}),
    )

    assert [finding.subject for finding in result.findings] == ["phase3_to_phase4"]


def test_all_looks_are_under_way_before_the_first_is_read_and_documents_travel_together() -> None:
    of_both = world({THE_DOCUMENT: TRIGGERED}, phase4=rows(1), phase5=rows(1))

    findings(trigger, of_both, THREE_TO_FOUR, FOUR_TO_FIVE, current=SLATE)

    documents, warehouse = of_both[FIRESTORE], of_both[BIGQUERY]
    assert isinstance(documents, FakeDocuments)
    assert isinstance(warehouse, FakeWarehouse)
    assert [len(request) for request in documents.requests] == [4]
    assert len({query.key for query in warehouse.queries}) == len(warehouse.queries)


DST = THREE_TO_FOUR.model_copy(
    update={"runs": {"same_day": SAME_DAY.model_copy(update={"opens": Offset("00:30"), "due": Offset("02:30")})}}
)


@pytest.mark.parametrize(
    ("day", "month", "clock", "code"),
    [
        # On 8 March there is no 02:30; the due time lies after the gap, at 03:30 EDT.
        pytest.param(8, 3, "07:30", "not-started-yet", id="spring: at the limit"),
        pytest.param(8, 3, "07:31", "not-started", id="spring: just past it"),
        # On 1 November 01:30 comes twice and 02:30 once, at 07:30 UTC.
        pytest.param(1, 11, "07:30", "not-started-yet", id="autumn: at the limit"),
        pytest.param(1, 11, "07:31", "not-started", id="autumn: just past it"),
    ],
)
def test_due_times_hold_on_the_days_on_which_the_clock_changes(day: int, month: int, clock: str, code: str) -> None:
    now = datetime.fromisoformat(f"2026-{month:02}-{day:02}T{clock}:00+00:00")

    assert judged(world(), DST, now=now, previous=interval_of(f"2026-{month:02}-{day:02}")).code == code


@pytest.mark.parametrize(
    ("triggered_at", "stale"),
    [
        pytest.param("2026-11-01T05:29:00+00:00", True, id="01:29 the first time"),
        pytest.param("2026-11-01T05:30:00+00:00", False, id="01:30 the first time"),
        pytest.param("2026-11-01T06:29:00+00:00", False, id="01:29 the second time"),
    ],
)
def test_a_window_that_opens_in_the_doubled_hour_opens_the_first_time(triggered_at: str, stale: bool) -> None:
    autumn = DST.model_copy(
        update={"runs": {"same_day": SAME_DAY.model_copy(update={"opens": Offset("01:30"), "due": Offset("04:00")})}}
    )
    documents = {"phase3_completion/2026-11-01": document(triggered=True, triggered_at=triggered_at)}
    now = datetime.fromisoformat("2026-11-01T08:00:00+00:00")

    finding = judged(world(documents, phase4=rows(1)), autumn, now=now, previous=interval_of("2026-11-01"))

    assert finding.evidence["stale_trigger"] is stale


@settings(max_examples=examples(60), deadline=None)
@given(
    data=st.none() | ANY_DOCUMENT,
    effect=st.booleans(),
    games=st.booleans(),
    minutes=st.integers(min_value=-24 * 60, max_value=40 * 24 * 60),
)
def test_whatever_the_document_holds_there_is_one_honest_judgement(
    data: dict[str, Any] | None, effect: bool, games: bool, minutes: int
) -> None:
    now = local("07:00") + minutes * MINUTE
    the_world = of(data, phase4=rows(int(effect)), games=[{"number": int(games)}])

    finding = judged(the_world, now=now)

    assert finding.code in {**CODES, **COMMON_CODES}
    assert finding.code != "crashed"
    assert finding.outcome is not Outcome.PASSED or effect
    assert games or finding.code in ("off-day", "no-run")
    assert "{" not in finding.impact


SERVICES = (
    ServiceSpec(name="three", phase="phase3"),
    ServiceSpec(name="three-to-four", phase="phase4"),
    ServiceSpec(name="backfill", phase="phase4", optional=True),
    ServiceSpec(name="four", phase="phase4"),
    ServiceSpec(name="five", phase="phase5"),
)
READ_LOG, READ_POLICY = "gcloud run services logs read", "gcloud run services get-iam-policy"


@pytest.mark.parametrize(
    ("the_world", "code", "advised"),
    [
        pytest.param(of(TRIGGERED), "triggered-without-effect", f"{READ_LOG} four", id="its own worker's log"),
        pytest.param(of(COMPLETE), "not-triggered", f"{READ_POLICY} three-to-four", id="who can call it"),
        pytest.param(of(COMPLETE, phase4=rows(1)), "bypassed", f"{READ_POLICY} three-to-four", id="likewise"),
        pytest.param(of(None, phase4=rows(1)), "no-record", f"{READ_LOG} three-to-four", id="the orchestrator's log"),
        pytest.param(of(COMPLETE, phase4=rows(1), log=LOGGED), "flag-not-set", None, id="nothing to run"),
        pytest.param(of(document("offense")), "processors-missing", None, id="nor here"),
    ],
)
def test_the_advised_command_names_the_service_to_look_at(the_world: Ports, code: str, advised: str | None) -> None:
    finding = judged(the_world, services=SERVICES)

    assert finding.code == code
    assert finding.action is not None
    command = finding.action.command
    assert (None if command is None else command.partition(" --region=")[0]) == advised
