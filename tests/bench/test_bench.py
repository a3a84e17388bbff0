"""The whole bench in miniature. It asserts what is counted and never what is timed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.bench.estate import CHECKS
from tests.bench.processes import ROOT, environment
from tests.hostile.clients import SHAPES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("bench"),  # one worker, so that the fixture is made once
    pytest.mark.timeout(400),  # beside the other tests the whole bench takes its time
]

TINY = (
    *("--delay", "0.01", "--runs", "1", "--starts", "1", "--reads", "20"),
    *("--validations", "2", "--rounds", "1", "--hostile", "62", "--audit-files", "60", "--growth", "1", "2"),
)


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "tests.bench", *TINY, *options)
    return subprocess.run(command, cwd=ROOT, env=environment({}), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What the bench writes as JSON, with the table that it prints under ``printed``."""
    file: Path = tmp_path_factory.mktemp("bench") / "bench.json"
    ended = bench("--json", str(file))
    assert ended.returncode == 0, ended.stderr
    written: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {**written, "printed": ended.stdout}


def test_a_larger_pipeline_is_measured_with_what_fails_in_it(document: Mapping[str, Any]) -> None:
    one, two = document["growth"]

    assert (one["times"], two["times"]) == (1, 2)
    assert two["services"] == 2 * one["services"]
    assert two["failed"] > one["failed"] > 0
    assert (one["verdict"], two["verdict"]) == ("BLOCKED", "BLOCKED")
    assert one["timed_out"] == two["timed_out"] == 0
    assert all(f"growth_{name}" in {each["key"] for each in document["figures"]} for name in ("digest", "steepest"))


@pytest.mark.parametrize("where", ["GitHub", "clone"])
def test_every_check_on_the_control_plane_asks_each_thing_once(document: Mapping[str, Any], where: str) -> None:
    (run,) = document["control_plane"][where]

    assert set(run["checks"]) == set(CHECKS)
    assert (run["failed"], run["skipped"], run["seen"]["repeated"]) == ([], [], [])
    asked = run["seen"]["requests"]
    assert asked["Cloud Run"] == {"GetIamPolicy": 40 + 1, "ListRevisions": 20, "ListServices": 1}
    assert asked["Cloud Build"] == {"ListBuildTriggers": 2, "ListBuilds": 2}
    assert ("GitHub" in asked) is (where == "GitHub")


def test_every_command_is_acknowledged(document: Mapping[str, Any]) -> None:
    assert (document["serving"]["acknowledged"], document["serving"]["refused"]) == (50, 0)


def test_no_slow_client_keeps_a_command_from_its_answer_and_nothing_hostile_is_answered_wrongly(
    document: Mapping[str, Any],
) -> None:
    serving = document["serving"]

    assert set(serving["slow"]) == set(SHAPES)
    assert max(serving["slow"].values()) < 30
    assert (serving["hostile"]["count"], serving["hostile"]["failed"], serving["hostile"]["hung"]) == (62, 0, 0)


def test_a_thread_follows_its_due_hour_within_a_watch_interval(document: Mapping[str, Any]) -> None:
    delay = document["serving"]["delay"]

    assert 0 < delay["worst"] - delay["run"] <= delay["watch"]


def test_all_synthetic_looks_are_answered(document: Mapping[str, Any]) -> None:
    assert [(run["answered"], run["passed"]) for run in document["synthetic"]] == [(20, 20)] * 3


def test_every_limit_is_judged_in_table_and_json(document: Mapping[str, Any]) -> None:
    judged = {figure["key"] for figure in document["figures"] if figure["ok"] is not None}

    assert judged == {
        *("wall_median", "wall_worst", "repeated", "different", "memory", "synthetic_ratio", "start_help"),
        *("control_plane_github", "control_plane_clone", "control_plane_repeated", "control_plane_failed"),
        *("growth_validation", "growth_digest", "growth_steepest", "growth_memory", "growth_timed_out"),
        *("audit_median", "audit_worst", "audit_missed", "repair_median", "repair_worst"),
        *("ready", "acknowledged_ratio", "refused", "serving_memory", "serving_growth", "due_to_thread"),
        *("slow_clients", "hostile_failed", "hostile_hung", "hostile_growth", "causes"),
    }
    assert all(figure["title"] in document["printed"] for figure in document["figures"])
    assert {"date", "machine", "delay"} <= set(document)


def test_an_interpreter_that_cannot_run_the_product_is_said_and_not_measured() -> None:
    ended = bench("--python", "/bin/false")

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "/bin/false" in ended.stderr
    assert "Traceback" not in ended.stderr
