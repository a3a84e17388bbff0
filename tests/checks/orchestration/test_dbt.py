"""What a run of dbt comes to: models, tests, sources, and whether it is of this interval."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from checks.facts import known
from checks.facts.tasks import TasksFacts, TaskState
from checks.model import Finding, Outcome, Severity
from checks.orchestration.dbt import dbt, stopped_by_tests
from checks.places import Place, PlaceKind
from checks.ports.dbt import DBT, DbtKind, DbtNode, DbtProject
from checks.source import Ports, SourceError
from checks.tasks_spec import DbtSpec
from tests import fakes

RAN = fakes.MORNING - timedelta(hours=3)
OK, FAILED, BLOCKED = TaskState.SUCCEEDED, TaskState.FAILED, TaskState.BLOCKED


class FakeDbt:
    def __init__(self, project: DbtProject | SourceError) -> None:
        self._project = project

    def project(self) -> DbtProject:
        if isinstance(self._project, SourceError):
            raise self._project
        return self._project


def model(name: str, *after: str, state: TaskState | None = OK, **more: Any) -> DbtNode:
    return DbtNode(id=name, name=name, table=f"mart.{name}", after=after, state=state, ended_at=RAN, **more)


def data_test(name: str, *after: str, state: TaskState = OK, kind: DbtKind = DbtKind.TEST, **more: Any) -> DbtNode:
    return DbtNode(
        id=name, name=name, kind=kind, table=f"mart.{after[0]}", after=after, state=state, test="unique", **more
    )


def source(state: TaskState, looked: datetime | None = RAN) -> DbtNode:
    return DbtNode(id="s", name="raw.s", kind=DbtKind.SOURCE, table="raw.s", state=state, ended_at=looked)


def findings(
    *nodes: DbtNode, ran_at: datetime | None = RAN, now: datetime = fakes.MORNING, due: str | None = None
) -> tuple[Finding, ...]:
    described = fakes.pipeline(dbt=DbtSpec.model_validate({"artifacts": "target", "due": due}))
    world = Ports({DBT: FakeDbt(DbtProject(name="shop", nodes=nodes, ran_at=ran_at))})
    return fakes.run_check(dbt, described, world, now=now).findings


def told(*nodes: DbtNode, **more: Any) -> list[tuple[str, str]]:
    return [(each.code, each.subject) for each in findings(*nodes, **more) if each.subject != "dbt"]


def test_a_failed_model_says_what_was_not_built_for_it_and_the_rest_says_nothing() -> None:
    found = findings(
        model("c", "b", state=BLOCKED),
        model("b", "a", state=BLOCKED),
        model("a", state=FAILED, message="no such column"),
        model("d"),
        data_test("t", "b", state=BLOCKED),
    )

    (failed,) = [each for each in found if each.outcome is Outcome.FAILED]
    assert (failed.code, failed.severity, failed.place) == ("task-failed", Severity.P1, Place(PlaceKind.TASK, "a"))
    assert failed.evidence["not_run"] == "b, c"
    assert "b and c were not run because of it" in failed.summary


def test_a_model_that_was_left_out_for_no_known_reason_is_told_itself() -> None:
    assert told(model("a", state=None), model("b", "a", state=BLOCKED)) == [("task-blocked", "b")]


def test_a_failed_test_is_a_finding_on_its_table_and_stops_what_was_not_built() -> None:
    found = findings(model("a"), model("b", "a", state=BLOCKED), data_test("t", "a", state=FAILED, failures=2))

    (failed,) = [each for each in found if each.outcome is Outcome.FAILED]
    assert (failed.code, failed.place) == ("test-stopped", Place(PlaceKind.TABLE, "mart.a"))
    assert failed.summary.startswith("2 rows of mart.a fail the test unique")
    assert failed.evidence["not_run"] == "b"


def test_a_failed_test_after_which_everything_was_built_only_harms() -> None:
    assert told(model("a"), model("b", "a"), data_test("t", "a", state=FAILED)) == [("test-failed", "t")]


def test_what_a_failed_model_explains_is_not_the_tests_doing() -> None:
    nodes = (
        model("a"),
        model("x", state=FAILED),
        model("b", "a", "x", state=BLOCKED),
        data_test("t", "a", state=FAILED),
    )

    assert stopped_by_tests(nodes) == {}


def test_a_unit_test_stops_its_own_model() -> None:
    unit = data_test("u", "a", state=FAILED, kind=DbtKind.UNIT_TEST)

    assert told(model("a", state=BLOCKED), model("b", "a", state=BLOCKED), unit) == [("test-stopped", "u")]


@pytest.mark.parametrize(
    ("state", "code", "severity"),
    [
        (TaskState.WARNED, "test-warned", Severity.P3),
        (TaskState.UNKNOWN, "test-not-judged", Severity.P2),
        (TaskState.FAILED, "test-failed", Severity.P1),
    ],
)
def test_a_test_is_as_loud_as_dbt_says(state: TaskState, code: str, severity: Severity) -> None:
    (found,) = [each for each in findings(model("a"), data_test("t", "a", state=state)) if each.subject == "t"]

    assert (found.code, found.severity) == (code, severity)


@pytest.mark.parametrize(
    ("node", "code"),
    [
        (source(TaskState.FAILED), "source-stale"),
        (source(TaskState.WARNED), "source-old"),
        (source(TaskState.UNKNOWN), "source-not-judged"),
        (source(OK, looked=RAN - timedelta(days=3)), "source-not-judged"),
        (source(TaskState.FAILED, looked=None), "source-not-judged"),
    ],
)
def test_a_source_is_judged_by_a_look_of_this_interval(node: DbtNode, code: str) -> None:
    (found,) = [each for each in findings(node) if each.subject != "dbt"]

    assert (found.code, found.place) == (code, Place(PlaceKind.TABLE, "raw.s"))


NIGHT_END = fakes.NIGHT.end


@pytest.mark.parametrize(
    ("ran_at", "due", "code"),
    [
        (NIGHT_END, None, "built"),
        (NIGHT_END - timedelta(seconds=1), "+1d 00:00", "not-run"),
        (NIGHT_END - timedelta(seconds=1), "+1d 23:00", "run-not-due"),
        (None, "+1d 00:00", "not-run"),
        (fakes.NIGHT.start, None, "built"),
        (fakes.NIGHT.start - timedelta(seconds=1), None, "results-old"),
        (None, None, "no-results"),
    ],
)
def test_results_of_another_interval_are_no_evidence(ran_at: datetime | None, due: str | None, code: str) -> None:
    whole = findings(model("a"), ran_at=ran_at, due=due)[0]

    assert whole.code == code
    assert whole.checked == (code not in ("results-old", "no-results"))


def test_the_run_brings_the_lineage_along() -> None:
    facts = known(findings(source(OK), model("a", "s"), model("b", "a"))[0].facts, TasksFacts)

    assert facts is not None
    assert {each.task: (each.reads, each.writes) for each in facts.works} == {
        "a": (("raw.s",), ("mart.a",)),
        "b": (("mart.a",), ("mart.b",)),
    }


def test_artifacts_that_cannot_be_read_are_unknown() -> None:
    described = fakes.pipeline(dbt=DbtSpec(artifacts="target"))

    (found,) = fakes.run_check(dbt, described, Ports({DBT: FakeDbt(fakes.down(DBT))})).findings

    assert (found.outcome, found.severity) == (Outcome.UNKNOWN, Severity.P1)


def test_without_the_section_nothing_is_looked_at() -> None:
    (found,) = fakes.run_check(dbt, fakes.pipeline(), Ports({})).findings

    assert found.code == "not-configured"
