from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.staging.deployment import LONGEST_NAME, ORIGIN, leaks_of, merged, targets
from bot.staging.ports import Copied
from bot.staging.prefix import LABEL, StagingError
from bot.staging.steps import StepMark
from checks.control_plane_spec import Messaging
from checks.staging_spec import StagedService
from tests.bot.staging.staging_world import INVOKER, OURS, PREFIX, STAGING, World, staged_pipeline

WORKER = StagedService(name="worker", topics={"READY_TOPIC": "ready-prod"})


def test_the_copy_runs_the_same_image_with_the_variables_of_staging_merged() -> None:
    world = World()

    world.ground().deploy(["worker"])

    copy = world.services.others["worker-staging"]
    assert copy.image == "image:7"
    assert copy.service_account == "worker@example.com"
    assert copy.labels == {**OURS, ORIGIN: "worker-00007"}
    assert copy.environment == {
        "GCP_PROJECT": "example-project",
        "READY_TOPIC": "test_ready-prod",
        "DATASET_PREFIX": "test_",
        "COLLECTION_PREFIX": "test_",
    }
    assert world.topics.known == {"test_ready-prod": OURS}


def test_the_caller_is_granted_and_read_back() -> None:
    world = World()

    steps = world.ground().deploy(["worker"])

    assert steps[-1].mark is StepMark.DONE
    assert world.services.members == {"worker-staging": {INVOKER}}


def test_a_service_that_nobody_calls_gets_no_caller() -> None:
    world = World()

    world.ground().deploy(["exporter"])

    assert world.services.members == {}


def test_a_grant_that_does_not_arrive_fails_the_deployment() -> None:
    world = World()
    world.services.forgets_grants = True

    (_, step) = world.ground().deploy(["worker"])

    assert step.mark is StepMark.FAILED
    assert f"{INVOKER} cannot invoke it" in step.detail


def test_deploying_what_runs_already_writes_nothing() -> None:
    world = World()
    world.ground().deploy(["worker"])
    world.services.deployed.clear()

    steps = world.ground().deploy(["worker"])

    assert {step.mark for step in steps} == {StepMark.SAME}
    assert world.services.deployed == []


@pytest.mark.parametrize(
    "newer",
    [
        pytest.param({"image": "image:8", "revision": "worker-00008"}, id="another image"),
        pytest.param({"revision": "worker-00008"}, id="another setting"),
        pytest.param({"service_account": "new@example.com"}, id="another account"),
        pytest.param({"environment": {"READY_TOPIC": "ready-prod", "MODE": "new"}}, id="another variable"),
    ],
)
def test_a_newer_revision_of_production_is_deployed_again(newer: dict[str, Any]) -> None:
    world = World()
    world.ground().deploy(["worker"])
    world.services.originals["worker"] = replace(world.services.originals["worker"], **newer)
    world.services.deployed.clear()

    steps = world.ground().deploy(["worker"])

    assert steps[-1].mark is StepMark.DONE
    assert len(world.services.deployed) == 1


def test_a_dry_run_of_deploying_writes_nothing_and_shows_what_differs() -> None:
    world = World()

    steps = world.ground().deploy(["worker"], dry_run=True)

    assert {step.mark for step in steps} == {StepMark.WOULD}
    assert "READY_TOPIC=test_ready-prod" in steps[-1].detail
    assert world.services.deployed == []
    assert world.topics.known == {}


def test_a_copy_that_does_not_start_is_a_failure_with_its_reason() -> None:
    world = World()
    world.services.starts = False

    step = world.ground().deploy(["worker"])[-1]

    assert step.mark is StepMark.FAILED
    assert "failed to start" in step.detail


@pytest.mark.parametrize("labels", [{}, {LABEL: "dev"}], ids=["nobody's", "another prefix's"])
def test_a_service_of_that_name_that_is_not_ours_is_left_alone(labels: dict[str, str]) -> None:
    world = World()
    world.services.others["worker-staging"] = Copied(name="worker-staging", labels=labels)

    step = world.ground().deploy(["worker"])[-1]

    assert step.mark is StepMark.FAILED
    assert world.services.deployed == []


def test_a_topic_of_that_name_that_is_not_ours_stops_the_deployment() -> None:
    world = World()
    world.topics.known["test_ready-prod"] = {}

    (step,) = world.ground().deploy(["worker"])

    assert step.mark is StepMark.FAILED
    assert world.services.deployed == []


def test_a_service_that_is_gone_is_named() -> None:
    world = World()
    del world.services.originals["exporter"]

    (step,) = world.ground().deploy(["exporter"])

    assert "there is no service 'exporter'" in step.detail


def test_a_service_that_the_pipeline_file_does_not_allow_is_refused() -> None:
    with pytest.raises(StagingError, match="allows exporter, worker"):
        World().ground().deploy(["coordinator"])


@pytest.mark.parametrize(("length", "fits"), [(LONGEST_NAME - 8, True), (LONGEST_NAME - 7, False)], ids=["fits", "not"])
def test_the_name_of_the_copy_must_fit(length: int, fits: bool) -> None:
    name = "w" * length
    staging = STAGING.model_copy(update={"services": (StagedService(name=name),)})

    if fits:
        assert len(targets(staged_pipeline(), staging, [name])[0].name) == LONGEST_NAME
    else:
        with pytest.raises(StagingError, match="longer than"):
            targets(staged_pipeline(), staging, [name])


def test_the_prefixes_win_over_variables_of_the_file() -> None:
    spec = WORKER.model_copy(update={"variables": {"DATASET_PREFIX": "", "MODE": "trial"}})

    assert merged(PREFIX, STAGING, spec) == {
        "MODE": "trial",
        "READY_TOPIC": "test_ready-prod",
        "DATASET_PREFIX": "test_",
        "COLLECTION_PREFIX": "test_",
    }


@pytest.mark.parametrize(
    ("environment", "leak"),
    [
        pytest.param({"READY_TOPIC": "ready-prod"}, None, id="every topic is mapped"),
        pytest.param({"READY_TOPIC": "x", "DONE": "done-prod"}, "DONE of worker", id="a topic that is not mapped"),
        pytest.param(
            {"READY_TOPIC": "x", "DONE": "projects/p/topics/done-prod"}, "DONE of worker", id="by its whole name"
        ),
        pytest.param({"OTHER": "text"}, "worker has no variable READY_TOPIC", id="the topic may be in the code"),
    ],
)
def test_a_copy_that_would_publish_to_production_is_found(environment: dict[str, str], leak: str | None) -> None:
    pipeline = staged_pipeline(messaging=Messaging(topics={"ready-prod": 1, "done-prod": 1}))

    leaks = list(leaks_of(pipeline, WORKER, environment))

    assert len(leaks) == (leak is not None)
    assert leak is None or leak in leaks[0]


def test_a_copy_that_would_publish_to_production_is_not_deployed() -> None:
    world = World()
    worker = world.services.originals["worker"]
    environment = {**worker.environment, "DONE": "done-prod"}
    world.services.originals["worker"] = replace(worker, environment=environment)
    pipeline = staged_pipeline(messaging=Messaging(topics={"done-prod": 1}))

    step = world.ground(pipeline).deploy(["worker"])[-1]

    assert step.mark is StepMark.FAILED
    assert world.services.deployed == []
