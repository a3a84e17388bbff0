"""Where a cause on data is: the table that its check judges, with the row that failed; and whoever writes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from checks.catalog import checks_of
from checks.causes import Dependency, Fact, Graph, engine
from checks.changes import Change
from checks.diagnosis import diagnose
from checks.diagnosis.lineage import WAITS, graph_of
from checks.effects import FailureEffect
from checks.facts.control_plane import SubscriptionFacts, TopicFacts
from checks.facts.logs import ChangeFacts, GrantChange, LoggedChange
from checks.model import Cause, CheckResult, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind
from checks.services_spec import ServiceSpec
from checks.sql_check_spec import SqlCheck
from tests.checks.causes.test_signs import BROKEN, DUE, GOOD, no_predictions
from tests.checks.diagnosed import PIPELINE, SLATE, causes, complete, deployed, finding, result
from tests.pipelines.nba_world import NBA

MOMENT = timedelta(seconds=1)
TABLE = "predictions.rows"
WRITER = ServiceSpec(name="writer", phase="phase5", writes=(TABLE,))
OTHERS = tuple(each for each in PIPELINE.services if each.name != "worker")
GRADES = PIPELINE.checks[0].model_copy(update={"id": "grades", "phase": "phase5", "place": TABLE, "explains": ()})
WITH_TABLE: Pipeline = PIPELINE.model_copy(update={"services": (*OTHERS, WRITER), "checks": (*PIPELINE.checks, GRADES)})


def partly(subject: str = "system_01") -> CheckResult:
    return result("grades", finding("some-missing", subject, phase="phase5", day=SLATE))


def found(*results: CheckResult, pipeline: Pipeline = WITH_TABLE) -> tuple[Cause, ...]:
    return diagnose(pipeline, checks_of(pipeline), complete(results))


@pytest.mark.parametrize(("subject", "facet"), [("system_01", "system_01"), ("rows", "")])
def test_the_cause_is_the_table_with_the_row_that_failed(subject: str, facet: str) -> None:
    (cause,) = found(partly(subject))

    assert cause.place == Place(PlaceKind.TABLE, TABLE, facet)


def test_what_judges_no_table_is_itself_the_place() -> None:
    assert isinstance(GRADES, SqlCheck)
    no_table = WITH_TABLE.model_copy(update={"checks": (GRADES.model_copy(update={"place": None}),)})
    (cause,) = found(partly(), pipeline=no_table)

    assert cause.place == Place(PlaceKind.DATA, "system_01")


@pytest.mark.parametrize(
    ("written", "established"),
    [(BROKEN - MOMENT, True), (BROKEN, False), (BROKEN + MOMENT, False), (None, False)],
    ids=["not since", "at once", "since", "nobody knows when"],
)
def test_a_deploy_is_established_for_damage_where_nothing_was_written_since(
    written: datetime | None, established: bool
) -> None:
    table, writer = Place(PlaceKind.TABLE, TABLE), Place(PlaceKind.SERVICE, "writer")
    change = Change(place=writer, at=BROKEN, kind="deploy")
    harmed = Fact(
        place=table,
        effect=FailureEffect.HARMS,
        severity=Severity.P1,
        rank=0,
        interval=SLATE,
        due=DUE,
        last_good=written,
    )
    (root,) = engine.diagnose(Graph([Dependency(writer, table)]), [harmed], changes=[change])

    assert root.suspects == ((change, established),)


def test_a_deploy_of_the_writer_is_suspected_of_damage() -> None:
    (cause,) = found(partly(), deployed("writer", BROKEN))

    assert cause.code == "upstream-check"
    assert "writer" in cause.evidence["suspects"]  # type: ignore[operator]


@pytest.mark.parametrize("service", ["four-to-five", "precompute"])
def test_deploys_of_others_are_not_suspected_of_damage(service: str) -> None:
    (cause,) = found(partly(), deployed(service, BROKEN))

    assert not cause.evidence.get("suspects")


def test_who_took_a_permission_of_a_service_is_suspected_like_its_deploy() -> None:
    place = Place(PlaceKind.PERMISSION, "worker")
    grant = GrantChange(added=False, role="roles/run.invoker", member="user:someone@example.com")
    facts = ChangeFacts(changes=(LoggedChange(place=place, at=BROKEN, verb="changed", grants=(grant,)),))
    told = replace(finding("changed", "policy", None, outcome=Outcome.PASSED, facts=facts), place=place)
    (cause,) = causes(no_predictions(GOOD), result("recent-changes", told))

    assert "worker" in cause.evidence["suspects"]  # type: ignore[operator]


def reported(processor: str, code: str = "processor-empty") -> CheckResult:
    return result("processors", finding(code, processor, Severity.P2, phase="phase5", day=SLATE, records=0))


@pytest.mark.parametrize("code", ["processor-empty", "processor-failed"])
@pytest.mark.parametrize(
    ("processor", "followed"),
    [("rows", "some-missing"), ("of another name", "bad")],
    ids=["named after its table, which is damaged", "of a phase that wrote nothing"],
)
def test_a_processor_without_records_is_why_its_rows_are_wrong(processor: str, followed: str, code: str) -> None:
    (cause,) = found(
        result("grades", finding(followed, "system_01", phase="phase5", day=SLATE)), reported(processor, code)
    )

    assert (cause.code, cause.subject) == ("processor-failed", processor)
    assert {key.check for key in cause.explains} == {"processors", "grades"}


def test_a_processor_that_wrote_nothing_is_a_cause_also_where_nothing_follows_from_it() -> None:
    (cause,) = found(reported("rows"))

    assert (cause.code, cause.subject) == ("processor-failed", "rows")


def detached(topic: str = "precompute-done") -> CheckResult:
    facts = SubscriptionFacts(topic=topic)
    return result("subscriptions", finding("detached-subscription", "push-1", Severity.P2, facts=facts))


def test_a_detached_subscription_is_why_its_service_did_nothing() -> None:
    listened = {"precompute-done": ("worker",)}
    assert PIPELINE.messaging is not None
    messaging = PIPELINE.messaging.model_copy(update={"targets": listened})
    heard = PIPELINE.model_copy(update={"messaging": messaging})
    (cause,) = found(no_predictions(), detached(), pipeline=heard)

    assert (cause.code, cause.subject) == ("subscription-missing", "precompute-done")
    assert {key.check for key in cause.explains} == {"subscriptions", "trigger"}


@pytest.mark.parametrize("code", ["detached-subscription", "orphan-subscription"])
@pytest.mark.parametrize(("idle", "together"), [(("push-1",), True), (("push-2",), False)], ids=["it", "another"])
def test_a_subscription_that_gets_nothing_is_told_with_the_topic_that_it_is_missing_from(
    idle: tuple[str, ...], code: str, *, together: bool
) -> None:
    facts = TopicFacts(expected=1, found=0, idle=idle)
    unheard = finding("none", "precompute-done", Severity.P0, facts=facts)
    cut_off = finding(code, "push-1", Severity.P2, facts=SubscriptionFacts())
    (cause,) = causes(result("subscriptions", unheard, cut_off))

    assert cause.code == "subscription-missing"
    assert ("push-1" in {key.subject for key in cause.explains}) is together


@pytest.mark.parametrize(
    ("missing", "code", "told"),
    [
        (("worker",), "none", {"service-not-ready"}),
        (("worker", "another"), "too-few", {"service-not-ready", "subscription-missing"}),
        (("worker",), "topic-missing", {"service-not-ready", "subscription-missing"}),
        ((), "none", {"service-not-ready", "subscription-missing"}),
    ],
    ids=["it alone", "another one, too", "the topic is gone as well", "nobody knows whom"],
)
def test_a_subscription_that_was_deleted_with_its_service_is_told_with_it(
    missing: tuple[str, ...], code: str, told: set[str]
) -> None:
    facts = TopicFacts(expected=1, found=0, missing=missing)
    found = causes(
        result("subscriptions", finding(code, "precompute-done", Severity.P0, facts=facts)),
        result("edges", finding("target-missing", "worker", Severity.P1)),
    )

    assert {each.code for each in found} == told


@pytest.mark.parametrize("topic", ["precompute-done", "unknown"])
def test_a_detached_subscription_from_which_nothing_follows_is_no_cause(topic: str) -> None:
    assert causes(detached(topic)) == ()


def test_a_deploy_after_the_rows_were_due_is_not_suspected() -> None:
    (cause,) = causes(no_predictions(), deployed("worker", DUE + timedelta(seconds=1)))

    assert not cause.evidence.get("suspects")


def test_no_transition_waits_for_what_the_next_phase_writes_too() -> None:
    graph = graph_of(NBA, NBA.checks)

    waited = {edge.before.name for edge in graph.before(Place(PlaceKind.TRANSITION, "phase5_to_phase6", WAITS))}

    assert "nba_predictions.player_prop_predictions" in waited
    assert "nba_predictions.signal_best_bets_picks" not in waited
