"""Runs of an orchestrator's tasks through all of it: the query, the graph, the cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.definition.pipeline_file import load_pipeline
from bot.replay import replay
from bot.scenarios.scenario import load_scenario

PIPELINE = """
version: 2
name: airflow
timezone: UTC
tables:
  airflow.task_instance:
    columns: {task_id: STRING, state: STRING, start_date: TIMESTAMP, log_url: STRING, logical_date: TIMESTAMP}
  mart.sales:
    date: sold_on
    columns: {sold_on: DATE, amount: INT64}
    expect: {volume: {at_least: 2}}
task_runs:
  query: |
    SELECT task_id AS task, state, start_date AS started, log_url AS log FROM {airflow}.task_instance
    WHERE logical_date >= @interval_start AND logical_date < @interval_end
  tasks:
    load: {}
    mart: {after: [load], writes: [mart.sales]}
"""
SCENARIO = """
version: 2
pipeline: pipeline.yaml
name: tasks
title: Tasks
story: The load failed.
when: an example
now: 2026-02-11 06:30
interval: previous
expect:
  verdict: %s
  findings: [%s]
  causes: [%s]
bigquery:
  airflow.task_instance:
    load: {row: {task_id: load, state: %s, start_date: 2026-02-11 02:00, logical_date: 2026-02-10 00:00}}
    mart: {row: {task_id: mart, state: %s, logical_date: 2026-02-10 00:00}}
  mart.sales:
    before: {repeat: 2, row: {sold_on: 2026-02-09, amount: 1}}
    night: {repeat: %s, row: {sold_on: 2026-02-10, amount: 1}}
"""
FAILED = "task-runs task-failed load"


@pytest.mark.parametrize(
    "said",
    [
        ("ALL CLEAR", "", "", "success", "success", 2),
        (
            "ACT",
            f"{FAILED}, mart-sales no-volume mart.sales volume",
            "task-failed load",
            "failed",
            "upstream_failed",
            0,
        ),
        (
            "ACT",
            f"{FAILED}, mart-sales low-volume mart.sales volume",
            "task-failed load",
            "failed",
            "upstream_failed",
            1,
        ),
    ],
    ids=["healthy", "failed, and nothing came", "failed, and a part came"],
)
def test_a_failed_task_is_the_cause_of_what_is_missing_after_it(said: tuple[object, ...], tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    (tmp_path / "tasks.yaml").write_text(SCENARIO % said)
    scenario = load_scenario(tmp_path / "tasks.yaml")

    assert scenario.pipeline is not None
    replayed = replay(scenario, load_pipeline(scenario.pipeline))

    assert replayed.agrees, [str(each) for each in replayed.report.causes]
