"""A tiny pipeline, and scenario files written for one test."""

from __future__ import annotations

from pathlib import Path

from bot.composition.scenario import ScenarioPorts, scenario_ports
from bot.scenarios.scenario import Scenario, load_scenario
from checks.orchestration_spec import Phase
from checks.pipeline import Pipeline, Table
from checks.services_spec import ServiceSpec

INVOKER = "serviceAccount:caller@example.com"

PIPELINE = Pipeline(
    name="tiny",
    title="Tiny",
    timezone="America/New_York",
    project="example-project",
    project_number="1",
    region="us-west2",
    invoker=INVOKER,
    datasets=("raw",),
    tables={
        "raw.games": Table(columns={"game": "STRING", "day": "DATE", "status": "INT64", "at": "TIMESTAMP"}),
        "raw.notes": Table(columns={"text": "STRING", "good": "BOOL", "share": "FLOAT64", "extra": "JSON"}),
    },
    phases=(Phase(id="phase1", title="First"),),
    transitions=(),
    services=(ServiceSpec(name="first-service"), ServiceSpec(name="second-service")),
)

HEAD = """\
name: {name}
title: A world
story: Nothing happens.
when: 11 Feb 2026
now: 2026-02-11 08:00
interval: yesterday
expect: {{verdict: ALL CLEAR}}
"""


def write(folder: Path, body: str, name: str = "mine") -> Path:
    """Write a scenario file whose head is as it must be."""
    path = folder / f"{name}.yaml"
    path.write_text(HEAD.format(name=name) + body, encoding="utf-8")
    return path


def loaded(folder: Path, body: str, name: str = "mine") -> Scenario:
    return load_scenario(write(folder, body, name))


def world(folder: Path, body: str, name: str = "mine") -> ScenarioPorts:
    return scenario_ports(PIPELINE, loaded(folder, body, name))
