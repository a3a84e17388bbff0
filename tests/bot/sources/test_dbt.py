"""dbt's artifacts, from a folder and from a bucket, of each version and none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.google_cloud.clients import GoogleAccess
from bot.settings import Settings
from bot.sources.dbt.artifacts import Artifacts, project_of, telling
from bot.sources.dbt.folder import FolderArtifacts
from bot.sources.dbt.live import connect
from checks.facts.tasks import TaskState
from checks.ports.dbt import DbtKind, DbtNode
from checks.source import Problem, SourceError
from checks.tasks_spec import DbtSpec
from tests import fakes
from tests.sections import ROOT
from tests.servers.json_http import Answer, JsonHttpServer

TARGET = ROOT / "examples" / "finance-dbt" / "target"
SCHEMA = "https://schemas.getdbt.com/dbt/{}/v{}.json"


def example(file: str) -> dict[str, Any]:
    return dict(json.loads((TARGET / file).read_text(encoding="utf-8")))


def manifest(nodes: Mapping[str, Any], version: int = 12, **more: Any) -> bytes:
    metadata = {"dbt_schema_version": SCHEMA.format("manifest", version), "project_name": "shop"}
    return json.dumps({"metadata": metadata, "nodes": nodes, **more}).encode()


def results(*found: Mapping[str, Any], version: int = 6) -> bytes:
    metadata = {"dbt_schema_version": SCHEMA.format("run-results", version), "generated_at": "2026-02-11T03:10:00Z"}
    return json.dumps({"metadata": metadata, "results": found}).encode()


def model(name: str, **more: Any) -> dict[str, Any]:
    return {"resource_type": "model", "name": name, "schema": "mart", "alias": name, "package_name": "shop", **more}


def nodes_of(nodes: Mapping[str, Any], *found: Mapping[str, Any], version: int = 12) -> dict[str, DbtNode]:
    read = project_of(Artifacts(manifest=manifest(nodes, version), run_results=results(*found)))
    return {each.id: each for each in read.nodes}


def test_the_example_is_read_with_what_each_node_is_made_of() -> None:
    project = FolderArtifacts(TARGET).project()

    nodes = {each.name: each for each in project.nodes}
    assert project.name == "finance"
    assert nodes["fct_balances"].table == "mart.fct_balances"
    assert nodes["fct_balances"].after == ("model.finance.stg_entries", "model.finance.stg_accounts")
    assert nodes["ledger.entries"].kind is DbtKind.SOURCE
    assert nodes["ledger.entries"].newest_at is not None
    assert {each.state for each in project.nodes} == {TaskState.SUCCEEDED}
    assert nodes["unique_stg_entries_entry_id"].column == "entry_id"


@pytest.mark.parametrize("version", [9, 10, 11, 12, 13])
def test_a_test_is_about_the_model_that_it_is_written_at(version: int) -> None:
    relationship = {
        "resource_type": "test",
        "name": "relationships_orders",
        "test_metadata": {"name": "relationships"},
        "depends_on": {"nodes": ["model.shop.orders", "model.shop.customers"]},
        **({"attached_node": "model.shop.orders"} if version > 10 else {"file_key_name": "models.orders"}),
    }
    nodes = {
        "model.shop.orders": model("orders"),
        "model.shop.customers": model("customers"),
        "test.shop.r": relationship,
    }

    assert nodes_of(nodes, version=version)["test.shop.r"].table == "mart.orders"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("success", TaskState.SUCCEEDED),
        ("error", TaskState.FAILED),
        ("skipped", TaskState.BLOCKED),
        ("partial success", TaskState.WARNED),
        ("whatever comes next", TaskState.UNKNOWN),
        (None, TaskState.UNKNOWN),
    ],
)
def test_a_status_that_nobody_knows_is_unknown(status: str | None, state: TaskState) -> None:
    found = nodes_of({"model.shop.orders": model("orders")}, {"unique_id": "model.shop.orders", "status": status})

    assert found["model.shop.orders"].state is state


def test_a_test_that_could_not_be_run_is_no_failed_test() -> None:
    found = nodes_of(
        {"test.shop.t": {"resource_type": "test", "name": "t"}},
        {
            "unique_id": "test.shop.t",
            "status": "error",
            "message": "Database Error in test t (x.sql)\n  no such column",
        },
    )

    assert found["test.shop.t"].state is TaskState.UNKNOWN
    assert found["test.shop.t"].message == "no such column"


def test_what_makes_no_table_and_what_is_no_model_are_told_apart() -> None:
    found = nodes_of(
        {
            "model.shop.inner": model("inner", config={"materialized": "ephemeral"}),
            "model.shop.orders.v2": model("orders", version=2, alias="orders_v2"),
            "model.other.orders": model("orders", package_name="other", schema="other"),
            "model.shop.orders": model("orders"),
            "analysis.shop.x": {"resource_type": "analysis", "name": "x"},
            "odd": "text",
        }
    )

    assert found["model.shop.inner"].table == ""
    assert found["model.shop.orders.v2"].name == "orders.v2"
    assert found["model.other.orders"].name == "other.orders"
    assert found["model.shop.orders"].name == "orders"
    assert set(found).isdisjoint({"analysis.shop.x", "odd"})


def test_an_error_is_told_by_the_line_that_says_what_is_wrong() -> None:
    said = 'Runtime Error in model stg (models/stg.sql)\n  Binder Error: "amount" not found\n  Candidates: x'

    assert telling(said) == 'Binder Error: "amount" not found'
    assert telling("") == ""


@pytest.mark.parametrize(
    ("artifacts", "said"),
    [
        (Artifacts(manifest=b"{"), "manifest.json is no JSON"),
        (Artifacts(manifest=b"[]"), "manifest.json holds nothing of dbt's"),
        (Artifacts(manifest=results()), "manifest.json holds what dbt calls run-results"),
        (Artifacts(manifest=manifest({}, 2)), "manifest.json is of version 2; read are those from 4 on"),
        (Artifacts(manifest=manifest({}), run_results=manifest({})), "run_results.json holds what dbt calls manifest"),
    ],
)
def test_what_is_no_artifact_is_refused_in_one_sentence(artifacts: Artifacts, said: str) -> None:
    with pytest.raises(SourceError) as refused:
        project_of(artifacts)

    assert refused.value.detail == said
    assert refused.value.problem is Problem.INVALID


@pytest.mark.parametrize("nodes", [{}, None, [], {"x": {}}, {"x": {"resource_type": ["model"], "depends_on": 3}}])
def test_odd_content_never_crashes(nodes: Any) -> None:
    metadata = {"dbt_schema_version": SCHEMA.format("manifest", 12)}
    text = json.dumps({"metadata": metadata, "nodes": nodes, "sources": 7}).encode()
    odd = results({"unique_id": 5}, {"unique_id": "x", "timing": [1, {"started_at": 3}], "failures": "2"})

    assert project_of(Artifacts(manifest=text, run_results=odd)).nodes == ()


def test_a_folder_without_a_manifest_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"there is no manifest\.json") as refused:
        FolderArtifacts(tmp_path).project()

    assert refused.value.problem is Problem.NOT_FOUND


NO_OBJECT = Answer(404, {"error": {"message": "No such object: bucket/target/sources.json"}})


def in_bucket(*answers: Answer) -> tuple[Any, list[str]]:
    described = fakes.pipeline(dbt=DbtSpec(artifacts="gs://example-bucket/of/target/"))
    with JsonHttpServer(*answers) as server:
        access = GoogleAccess(pipeline=described, settings=Settings(storage_emulator=server.address))
        port = connect(access)
        assert port is not None
        try:
            found: Any = port.project()
        except SourceError as error:
            found = error
    return found, [each.path for each in server.requests]


def test_a_bucket_is_read_object_by_object() -> None:
    found, paths = in_bucket(Answer(200, example("manifest.json")), NO_OBJECT)

    assert isinstance(found, SourceError) or found.name == "finance"
    assert sorted(paths) == [
        f"/storage/v1/b/example-bucket/o/of%2Ftarget%2F{file}?alt=media"
        for file in ("manifest.json", "run_results.json", "sources.json")
    ]


@pytest.mark.parametrize(
    ("answer", "problem", "said"),
    [
        (NO_OBJECT, Problem.NOT_FOUND, "there is no manifest.json in gs://example-bucket/of/target/"),
        (Answer(404, {"error": {"message": "The specified bucket does not exist."}}), Problem.NOT_FOUND, "bucket"),
        (Answer(403, {"error": {"message": "caller has no storage.objects.get access"}}), Problem.DENIED, "gs://"),
        (Answer(401, {}), Problem.UNAUTHENTICATED, "credentials"),
        (Answer(429, {}), Problem.THROTTLED, "gs://"),
        (Answer(503, {}), Problem.UNAVAILABLE, "gs://"),
        (Answer(200, {"hello": 1}), Problem.INVALID, "holds nothing of dbt's"),
    ],
)
def test_a_bucket_that_does_not_answer_says_why(answer: Answer, problem: Problem, said: str) -> None:
    found, _ = in_bucket(answer)

    assert isinstance(found, SourceError)
    assert (found.problem, said in found.detail) == (problem, True), found
