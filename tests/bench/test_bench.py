"""The bench in miniature. It asserts what is counted and never what is timed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.bench.estate import CHECKS
from tests.bench.figures import Figure, differences, wall_limit
from tests.bench.processes import ROOT, environment
from tests.bench.seen import Seen
from tests.hostile.clients import SHAPES

pytestmark = [
    pytest.mark.xdist_group("bench"),  # one worker, so that the fixture is made once
    pytest.mark.timeout(400),  # beside the other tests the whole bench takes its time
]

TINY = (
    *("--delay", "0.01", "--runs", "1", "--starts", "1", "--looks", "20"),
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


def test_each_thing_is_asked_for_once_a_run(document: Mapping[str, Any]) -> None:
    for run in (document["validation"]["cold"], *document["validation"]["warm"]):
        assert run["seen"]["repeated"] == []


def test_the_servers_saw_every_look_that_the_report_tells_of(document: Mapping[str, Any]) -> None:
    run = document["validation"]["warm"][-1]

    seen = {source: sum(requests.values()) for source, requests in run["seen"]["requests"].items()}

    # A look that no check waited for may come back after the report.
    assert seen.keys() == run["sources"].keys()
    assert all(seen[source] >= looked["looks"] > 0 for source, looked in run["sources"].items())


def test_all_completion_documents_travel_in_one_request(document: Mapping[str, Any]) -> None:
    requests = document["validation"]["warm"][-1]["seen"]["requests"]["Firestore"]

    assert requests["BatchGetDocuments"] == 1


def test_one_list_reads_every_service_and_the_project_is_read_once(document: Mapping[str, Any]) -> None:
    requests = document["validation"]["warm"][-1]["seen"]["requests"]

    assert requests["Cloud Run"]["ListServices"] == 1
    assert "GetService" not in requests["Cloud Run"]
    assert sum(requests["Resource Manager"].values()) == 1


def test_the_google_clients_bring_the_findings_of_the_embedded_default(document: Mapping[str, Any]) -> None:
    recorded, validation = document["recorded"], document["validation"]

    assert len(recorded["findings"]) > len(recorded["checks"])
    for run in (validation["cold"], *validation["warm"], validation["one_by_one"]):
        assert (run["verdict"], run["different"]) == (recorded["verdict"], 0)


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
        *("slow_clients", "hostile_failed", "hostile_hung", "hostile_growth"),
    }
    assert all(figure["title"] in document["printed"] for figure in document["figures"])
    assert {"date", "machine", "delay"} <= set(document)


def test_an_interpreter_that_cannot_run_the_product_is_said_and_not_measured() -> None:
    ended = bench("--python", "/bin/false")

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "/bin/false" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("value", "ok"),
    [pytest.param(0.3, True, id="at the limit"), pytest.param(0.301, False, id="just past it")],
)
def test_a_figure_holds_up_to_its_limit(value: float, ok: bool) -> None:
    assert Figure(key="start_help", title="reveille --help", value=value, unit="s", limit=0.3).ok is ok


def test_a_validation_may_take_a_little_more_than_its_slowest_chain() -> None:
    assert wall_limit(0.4) == pytest.approx(0.56)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        pytest.param(["a", "b", "b"], 0, id="the same in any order"),
        pytest.param(["a", "b"], 1, id="one of two equals is missing"),
        pytest.param(["a", "b", "b", "c"], 1, id="one more"),
        pytest.param(["a", "b", "c"], 2, id="another one"),
    ],
)
def test_findings_that_differ_are_counted(findings: list[str], expected: int) -> None:
    assert differences(findings, ["b", "a", "b"]) == expected


def test_something_asked_for_twice_is_named() -> None:
    seen = Seen()
    seen.add("Firestore", "BatchGetDocuments", "a/1", "a/2")
    seen.add("Firestore", "BatchGetDocuments", "a/2")

    taken = seen.take()

    assert taken["repeated"] == ["Firestore: BatchGetDocuments a/2"]
    assert taken["requests"] == {"Firestore": {"BatchGetDocuments": 2}}
    assert seen.take()["requests"] == {}
