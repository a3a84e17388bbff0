"""Runs of tasks, as Airflow, Dagster and Prefect write them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from checks.facts.tasks import TaskState
from checks.model import Finding, Outcome, Severity
from checks.orchestration.task_runs import STATES, task_runs
from checks.orchestration.tasks import Task, code_of, left_out
from checks.places import Place, PlaceKind
from checks.ports.warehouse import BIGQUERY
from checks.source import Ports
from checks.tasks_spec import TaskRuns
from tests import fakes

NOW = fakes.MORNING
HOUR = timedelta(hours=1)
QUERY = "SELECT task, state FROM {data}.task_instance WHERE day = @date"


def findings(rows: Any, tasks: dict[str, Any] | None = None, now: datetime = NOW) -> tuple[Finding, ...]:
    described = fakes.pipeline(task_runs=TaskRuns.model_validate({"query": QUERY, "tasks": tasks or {}}))
    world = Ports({BIGQUERY: fakes.FakeWarehouse({"task-runs": rows})})
    return fakes.run_check(task_runs, described, world, now=now).findings


def row(task: str, state: str, **more: Any) -> dict[str, Any]:
    return {"task": task, "state": state, "started": NOW - HOUR, **more}


def told(rows: Any, tasks: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    return [(each.code, each.subject) for each in findings(rows, tasks) if each.subject != "task runs"]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("success", "task-succeeded"),
        ("TaskInstanceState.SUCCESS", "task-succeeded"),
        ("FAILURE", "task-failed"),
        ("Crashed", "task-failed"),
        ("upstream_failed", "task-blocked"),
        ("skipped", "task-left-out"),
        ("STARTED", "task-under-way"),
        ("up_for_retry", "task-under-way"),
        ("CANCELED", "task-cancelled"),
        ("Late", "task-under-way"),
        ("dreaming", "task-state-unknown"),
        (None, "task-under-way"),
    ],
)
def test_states_are_known_by_the_words_of_each_orchestrator(word: str, code: str) -> None:
    assert told([row("load", word)]) == [(code, "load")]


def test_no_word_means_two_states() -> None:
    assert set(STATES.values()) == set(TaskState) - {TaskState.UNKNOWN}


def test_what_a_retry_repaired_is_no_failure() -> None:
    rows = [row("load", "success", started=NOW - HOUR), row("load", "failed", started=NOW - 2 * HOUR)]

    assert told(rows) == told(rows[::-1]) == [("task-succeeded", "load")]


def test_a_task_that_the_file_names_is_p1_and_its_log_is_linked() -> None:
    (found,) = findings([row("load", "failed", log="https://airflow.example.com/log/1")], {"load": {}})[1:]

    assert (found.severity, found.place) == (Severity.P1, Place(PlaceKind.TASK, "load"))
    assert found.link == "https://airflow.example.com/log/1"
    assert findings([row("load", "failed", log="javascript:alert(1)")])[1].link is None
    assert findings([row("load", "failed")])[1].severity is Severity.P2


@pytest.mark.parametrize(("due", "code"), [("00:30", "task-not-run"), ("+9d 00:00", "task-not-due")])
def test_a_task_without_a_run_is_told_once_it_is_due(due: str, code: str) -> None:
    assert told([], {"load": {"due": due}}) == [(code, "load")]
    assert told([], {"load": {}}) == []


def test_a_run_that_takes_too_long_is_told_just_past_its_limit() -> None:
    task = Task(name="load", state=TaskState.RUNNING, started_at=NOW - HOUR, longest=HOUR)

    assert code_of(task, NOW) == "task-under-way"
    assert code_of(task, NOW + timedelta(seconds=1)) == "task-too-long"


def test_rows_of_another_interval_are_left_out() -> None:
    rows = [
        row("load", "failed", period=fakes.NIGHT.day - timedelta(days=1)),
        row("sync", "success", period=fakes.NIGHT.day),
    ]

    assert told(rows) == [("task-succeeded", "sync")]


def test_what_was_left_out_is_told_with_what_failed_before_it() -> None:
    rows = [row("load", "failed"), row("mart", "upstream_failed"), row("report", "upstream_failed")]
    tasks = {"load": {}, "mart": {"after": ["load"]}, "report": {"after": ["mart"]}}

    assert told(rows, tasks) == [("task-failed", "load")]
    assert "mart and report were not run because of it" in findings(rows, tasks)[1].summary


def test_with_two_failures_nobody_guesses_which_one_it_was() -> None:
    failed = [Task(name=name, state=TaskState.FAILED) for name in ("a", "b")]
    blocked = Task(name="c", state=TaskState.BLOCKED)

    assert left_out([*failed, blocked]) == {}
    assert left_out([failed[0], blocked]) == {"a": ["c"]}


@pytest.mark.parametrize("rows", [[{"task": "load"}], fakes.down(), [{"state": "success"}]])
def test_what_cannot_be_read_is_unknown(rows: Any) -> None:
    (found,) = findings(rows)

    assert (found.outcome, found.place.kind if found.place else None) == (Outcome.UNKNOWN, PlaceKind.SOURCE)


def test_no_run_proves_nothing() -> None:
    (found,) = findings([])

    assert (found.code, found.checked) == ("no-runs", False)
