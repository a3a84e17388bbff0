"""Cloud Logging as a scenario states it: the embedded port keeps the contract of the one on Google's client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.composition.scenario import ScenarioPorts, scenario_ports
from bot.definition.files import PipelineFileError
from bot.scenarios.scenario import load_scenario
from checks.control_plane_spec import Errors
from checks.facts.logs import GrantChange
from checks.places import Place, PlaceKind
from checks.ports.logs import LOGS
from checks.services_spec import ServiceSpec
from tests import fakes

NOW = fakes.MORNING
SINCE = NOW - timedelta(hours=24)
HEAD = """
version: 2
name: logged
title: Logged
story: Something was logged.
when: 11 Feb 2026
now: 2026-02-11 08:00
interval: 2026-02-10
expect: {verdict: UNKNOWN}
"""


@contextmanager
def on(path: Path, text: str) -> Iterator[ScenarioPorts]:
    file = path / "logged.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    described = fakes.pipeline(services=(ServiceSpec(name="worker"),), errors=Errors())
    ports = scenario_ports(described, load_scenario(str(file)))
    try:
        yield ports
    finally:
        ports.close()


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def test_lines_are_spread_from_first_to_last_and_the_newest_come_first(tmp_path: Path) -> None:
    text = (
        "logs: {errors: {worker: [{text: it broke, count: 3, first: <now-30m>, last: <now-10m>, revision: worker-2}]}}"
    )
    with on(tmp_path, text) as ports:
        found = ports[LOGS].errors(["worker", "other"], SINCE, 10)

    assert [(each.text, each.at, each.revision) for each in found.lines] == [
        ("it broke", ago(minutes), "worker-2") for minutes in (10, 20, 30)
    ]
    assert found.began == {}


def test_of_more_lines_than_are_read_the_newest_are_given_and_when_they_began(tmp_path: Path) -> None:
    text = "logs: {errors: {worker: [{text: it broke, count: 5, first: <now-50m>, last: <now-10m>}]}}"
    with on(tmp_path, text) as ports:
        found = ports[LOGS].errors(["worker"], SINCE, 4)

    assert [each.at for each in found.lines] == [ago(minutes) for minutes in (10, 20, 30, 40)]
    assert found.began == {"worker": ago(50)}


def test_what_is_too_old_or_of_another_service_is_not_given(tmp_path: Path) -> None:
    text = "logs: {errors: {worker: [{text: old, last: <now-25h>}], other: [{text: it broke}]}}"
    with on(tmp_path, text) as ports:
        assert ports[LOGS].errors(["worker"], SINCE, 10).lines == []


def test_changes_are_given_the_newest_first(tmp_path: Path) -> None:
    text = """
logs:
  changes:
    - {at: <now-3h>, by: dev@example.com, service: worker}
    - {at: <now-1h>, by: admin@example.com, service: worker, took: {roles/run.invoker: [<invoker>]}}
    - {at: <now-2h>, what: paused, job: nightly}
    - {at: <now-30h>, service: worker}
    - {at: <now-4h>, gave: {roles/editor: [user:a@example.com]}}
"""
    with on(tmp_path, text) as ports:
        found = ports[LOGS].changes(SINCE, 10)

    assert [(each.place, each.verb, each.actor) for each in found] == [
        (Place(PlaceKind.PERMISSION, "worker"), "changed the policy", "admin@example.com"),
        (Place(PlaceKind.JOB, "nightly"), "paused", ""),
        (Place(PlaceKind.SERVICE, "worker"), "deployed", "dev@example.com"),
        (Place(PlaceKind.PERMISSION, "example-project"), "changed the policy", ""),
    ]
    assert found[0].grants == (
        GrantChange(added=False, role="roles/run.invoker", member="serviceAccount:invoker@example.com"),
    )


@pytest.mark.parametrize(
    ("text", "there"),
    [
        pytest.param("", False, id="nothing said"),
        pytest.param("logs: {}", True, id="nothing held"),
        pytest.param("faults: [{source: Cloud Logging, problem: denied}]", True, id="a fault"),
    ],
)
def test_it_is_connected_where_the_scenario_says_something_of_it(tmp_path: Path, text: str, there: bool) -> None:
    with on(tmp_path, text) as ports:
        assert (LOGS in ports) is there


def test_a_gap_that_nothing_fills_is_named_with_its_line(tmp_path: Path) -> None:
    with (
        pytest.raises(PipelineFileError, match="nowhere"),
        on(tmp_path, "logs: {errors: {worker: [{text: it broke, last: <nowhere>}]}}"),
    ):
        pass
