"""Cloud Build is read in its region and globally, page by page, and each refusal is named."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.cloud.devtools.cloudbuild_v1 import types
from google.cloud.devtools.cloudbuild_v1.services.cloud_build import CloudBuildClient
from google.cloud.devtools.cloudbuild_v1.services.cloud_build.transports import CloudBuildGrpcTransport

from bot.google_cloud.clients import insecure_channel
from bot.sources.builds.live import GoogleBuilds, build_of, trigger_of
from checks.ports.builds import Build, BuildTrigger
from checks.source import Problem, SourceError
from tests.servers.cloud_build import LIST_BUILDS, LIST_TRIGGERS, CloudBuildServer
from tests.servers.scripted_grpc import EVERYTHING, NOT_ENABLED, Failure

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
SINCE = NOW - timedelta(days=14)
REGIONAL = BuildTrigger(
    id="1",
    name="deploy-worker",
    repository="example/platform",
    branch="^main$",
    included=("worker/**", "shared/**"),
    ignored=("**/*.md",),
    location="us-west2",
)
GLOBAL = BuildTrigger(id="2", name="deploy-api", disabled=True, repository="example/platform", branch="^main$")


def build(number: int, **changes: Any) -> Build:
    described: dict[str, Any] = {
        "id": f"build-{number}",
        "trigger": "1",
        "status": "SUCCESS",
        "commit": f"{number:040x}",
        "created_at": NOW - timedelta(hours=number),
        "finished_at": NOW - timedelta(hours=number) + timedelta(minutes=5),
        "log_url": f"https://example.com/logs/{number}",
        "by": "builder@example.com",
    }
    return Build(**{**described, **changes})


@contextmanager
def builds(address: str, *, request_seconds: float = 5.0, region: str = "us-west2") -> Iterator[GoogleBuilds]:
    adapter = GoogleBuilds(
        CloudBuildClient(transport=CloudBuildGrpcTransport(channel=insecure_channel(address))),
        project="example-project",
        region=region,
        request_seconds=request_seconds,
        retry_seconds=0.3,
    )
    try:
        yield adapter
    finally:
        adapter.close()


def test_triggers_of_the_region_and_global_ones_come_together_by_name() -> None:
    with CloudBuildServer([REGIONAL, GLOBAL]) as server, builds(server.address) as adapter:
        assert adapter.triggers() == [GLOBAL, REGIONAL]
        assert server.calls == {(LIST_TRIGGERS, "us-west2"): 1, (LIST_TRIGGERS, "global"): 1}


def test_builds_come_newest_first_from_both_places_and_from_no_earlier_than_asked() -> None:
    of_global = build(2, trigger="2", status="FAILURE", detail="step 3 failed")
    old = build(900, created_at=SINCE - timedelta(seconds=1))
    with (
        CloudBuildServer([REGIONAL, GLOBAL], [build(3), of_global, build(1), old]) as server,
        builds(server.address) as adapter,
    ):
        assert adapter.recent(SINCE) == [build(1), of_global, build(3)]
        assert server.filters == {'create_time>="2026-01-28T13:00:00Z"'}


def test_every_page_is_read() -> None:
    triggers = [BuildTrigger(id=str(number), name=f"deploy-{number:02}", location="us-west2") for number in range(7)]
    recent = [build(number) for number in range(1, 8)]
    with CloudBuildServer([REGIONAL, *triggers], recent, page_size=3) as server, builds(server.address) as adapter:
        assert len(adapter.triggers()) == 8
        assert len(adapter.recent(SINCE)) == 7
        assert server.calls[LIST_TRIGGERS, "us-west2"] == server.calls[LIST_BUILDS, "us-west2"] == 3


def test_a_project_that_builds_globally_is_asked_once() -> None:
    with CloudBuildServer([GLOBAL]) as server, builds(server.address, region="global") as adapter:
        assert adapter.triggers() == [GLOBAL]


def test_nothing_built_is_an_empty_list() -> None:
    with CloudBuildServer() as server, builds(server.address) as adapter:
        assert adapter.triggers() == []
        assert adapter.recent(SINCE) == []


def test_both_places_are_asked_at_once() -> None:
    with CloudBuildServer([REGIONAL], delay=0.5) as server, builds(server.address) as adapter:
        began = time.monotonic()
        adapter.triggers()

    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize(
    ("failure", "problem", "words"),
    [
        pytest.param(
            Failure(grpc.StatusCode.PERMISSION_DENIED, "no"),
            Problem.DENIED,
            "roles/cloudbuild.builds.viewer",
            id="denied",
        ),
        pytest.param(
            NOT_ENABLED, Problem.NOT_ENABLED, "gcloud services enable cloudbuild.googleapis.com", id="not enabled"
        ),
        pytest.param(
            Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many"), Problem.THROTTLED, "quota", id="throttled"
        ),
        pytest.param(Failure(grpc.StatusCode.INTERNAL, "broken"), Problem.UNAVAILABLE, "Run it again", id="broken"),
    ],
)
def test_one_place_that_refuses_is_named(failure: Failure, problem: Problem, words: str) -> None:
    with CloudBuildServer([REGIONAL, GLOBAL]) as server, builds(server.address) as adapter:
        for method in (LIST_TRIGGERS, LIST_BUILDS):
            server.fail(method, "us-west2", failure)
        for ask in (adapter.triggers, lambda: adapter.recent(SINCE)):
            with pytest.raises(SourceError) as raised:
                ask()

            assert (raised.value.source, raised.value.problem) == ("Cloud Build", problem)
            assert "us-west2" in raised.value.detail
            assert words in raised.value.advice


def test_a_server_that_hangs_costs_the_time_out_and_no_more() -> None:
    with CloudBuildServer() as server, builds(server.address, request_seconds=0.3) as adapter:
        server.hang(LIST_TRIGGERS, EVERYTHING)
        began = time.monotonic()
        with pytest.raises(SourceError) as raised:
            adapter.triggers()

        assert raised.value.problem is Problem.TIMED_OUT
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(types.Build(substitutions={"COMMIT_SHA": "abc"}), id="what the trigger says"),
        pytest.param(types.Build(substitutions={"REVISION_ID": "abc"}), id="its other name"),
        pytest.param(
            types.Build(source_provenance={"resolved_repo_source": {"commit_sha": "abc"}}), id="what it was resolved to"
        ),
        pytest.param(types.Build(source={"repo_source": {"commit_sha": "abc"}}), id="what was asked for"),
    ],
)
def test_the_commit_is_found_wherever_it_stands(message: types.Build) -> None:
    assert build_of(message).commit == "abc"


def test_why_a_build_failed_is_told_in_its_own_words() -> None:
    message = types.Build(status=types.Build.Status.FAILURE, failure_info={"detail": "step 2"}, status_detail="failed")

    assert (build_of(message).status, build_of(message).detail) == ("FAILURE", "step 2")


@pytest.mark.parametrize(
    ("message", "repository"),
    [
        pytest.param(
            types.BuildTrigger(trigger_template={"repo_name": "mirror", "branch_name": "main"}), "mirror", id="mirrored"
        ),
        pytest.param(
            types.BuildTrigger(repository_event_config={"repository": "connected", "push": {"branch": "main"}}),
            "connected",
            id="connected",
        ),
        pytest.param(
            types.BuildTrigger(github={"owner": "a", "name": "b", "push": {"branch": "main"}}), "a/b", id="GitHub"
        ),
    ],
)
def test_repository_and_branch_are_read_from_every_kind_of_trigger(
    message: types.BuildTrigger, repository: str
) -> None:
    found = trigger_of(message, "global")

    assert (found.repository, found.branch) == (repository, "main")
