"""What only some sections of a pipeline file need is asked for by those alone."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import pytest

from bot.composition.google import google_ports
from bot.definition.pipeline_file import load_pipeline
from bot.definition.pipeline_references import reference_problems
from bot.settings import Settings, SettingsError
from bot.yaml_tree import Path
from checks.control_plane_spec import Deployment, Invocations, Messaging, SchedulerJobs
from checks.orchestration_spec import Phase, Transition
from checks.ports.audit import AUDIT
from checks.ports.warehouse import BIGQUERY
from checks.repairs_spec import Repairs
from checks.services_spec import ServiceSpec
from checks.sql_check_spec import Advice, SqlCheck
from tests import fakes

WAREHOUSE_ONLY = """\
name: orders
title: Orders
timezone: Europe/London
project: example-project
datasets: [sales]
tables:
  sales.orders: {columns: {day: DATE, amount: FLOAT64}}
checks:
  - id: orders-exist
    title: Orders of the day exist
    rationale: Without them the report is empty.
    query: SELECT COUNT(*) AS number FROM {sales}.orders WHERE day = @date
    subject: orders
    summary: "{number} orders"
    rules: [{if: {number: {at_most: 0}}, severity: P1, code: missing}]
    expected: At least one order.
"""
NOTHING: dict[str, Any] = {"region": "", "invoker": "", "project_number": "", "project": ""}
CHECK: dict[str, Any] = {
    "id": "rows",
    "title": "Rows",
    "rationale": "They count.",
    "query": "SELECT 1 AS number",
    "subject": "rows",
    "summary": "{number}",
    "expected": "Rows.",
}


def lacking(**sections: Any) -> set[tuple[str, str]]:
    """Return which section lacks which part of the top of the file."""
    described = fakes.pipeline(**sections).model_copy(update=NOTHING)
    told = {
        "region": "the region",
        "invoker": "the account",
        "project_number": "the project's number",
        "project": "the Google Cloud project",
    }
    return {
        (str(path[0]), part)
        for path, text in reference_problems(described)
        for part, words in told.items()
        if text.startswith(f"needs {words}")
    }


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        pytest.param({}, set(), id="data alone"),
        pytest.param(
            {"services": (ServiceSpec(name="worker"),)},
            {("services", "project"), ("services", "region"), ("services", "invoker")},
            id="a service",
        ),
        pytest.param(
            {"services": (ServiceSpec(name="worker", callers=()),)},
            {("services", "project"), ("services", "region")},
            id="a service that says who calls it",
        ),
        pytest.param(
            {"messaging": Messaging(topics={"orders": 1})},
            {
                ("messaging", "project"),
                ("messaging", "region"),
                ("messaging", "invoker"),
                ("messaging", "project_number"),
            },
            id="topics",
        ),
        pytest.param(
            {"scheduler": SchedulerJobs()},
            {
                ("scheduler", "project"),
                ("scheduler", "region"),
                ("scheduler", "invoker"),
                ("scheduler", "project_number"),
            },
            id="jobs",
        ),
        pytest.param(
            {"invocations": Invocations()},
            {
                ("invocations", "project"),
                ("invocations", "region"),
                ("invocations", "invoker"),
                ("invocations", "project_number"),
            },
            id="request counts",
        ),
        pytest.param({"deployment": Deployment()}, {("deployment", "project"), ("deployment", "region")}, id="builds"),
        pytest.param({"repairs": Repairs()}, {("repairs", "project"), ("repairs", "region")}, id="repairs"),
        pytest.param(
            {
                "transitions": (
                    Transition.model_validate(
                        {"id": "first", "title": "First", "from": "phase1", "to": "phase2", "orchestrator": "mover"}
                    ),
                )
            },
            {("transitions", "project"), ("transitions", "region"), ("transitions", "invoker")},
            id="an orchestrator",
        ),
        pytest.param(
            {"checks": (SqlCheck(**CHECK, action=Advice(text="Look into {region}.")),)},
            {("checks", "region")},
            id="a check that names the region",
        ),
        pytest.param(
            {"checks": (SqlCheck(**CHECK, action=Advice(text="Look into {project}.")),)},
            {("checks", "project")},
            id="a check that names the project",
        ),
        pytest.param({"checks": (SqlCheck(**CHECK),)}, set(), id="a check that names none"),
    ],
)
def test_a_section_asks_for_what_it_needs(sections: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    assert lacking(**sections) == expected


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        pytest.param((), [("services", 0, "phase")], id="no phase at all"),
        pytest.param((Phase(id="phase1", title="One"),), [], id="the phase that is named"),
    ],
)
def test_phases_are_needed_where_one_is_named(phases: tuple[Phase, ...], expected: list[Path]) -> None:
    described = fakes.pipeline(phases=phases, conditions={}, services=(ServiceSpec(name="worker", phase="phase1"),))

    assert [path for path, _ in reference_problems(described)] == expected


def test_a_pipeline_with_a_warehouse_alone_is_right_and_connects_nothing_else(tmp_path: FilePath) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(WAREHOUSE_ONLY, encoding="utf-8")

    described = load_pipeline(path)
    ports = google_ports(described, Settings(bigquery_emulator="127.0.0.1:1", repository=tmp_path))
    ports.close()

    assert set(ports.connected) == {BIGQUERY, AUDIT}


def test_what_is_asked_on_google_cloud_needs_a_project(tmp_path: FilePath) -> None:
    file = tmp_path / "pipeline.yaml"
    file.write_text(WAREHOUSE_ONLY.replace("project: example-project\n", "").replace("title: Orders\n", "", 1))
    described = load_pipeline(file)

    assert described.title == "orders"
    with pytest.raises(SettingsError, match="names no Google Cloud project"):
        google_ports(described, Settings())
