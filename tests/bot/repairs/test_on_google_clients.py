"""Repairs through Google's own clients: etags, conditions, races between read and write, refusals, speed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic

import grpc
import pytest
from google.cloud import run_v2
from google.iam.v1.policy_pb2 import Policy as PolicyMessage  # type: ignore[import-untyped]

from bot.composition.google import google_ports, google_repair_platform
from bot.composition.repairs import repairs_of
from bot.definition.pipeline_file import shipped_pipeline
from bot.repairs.model import RepairOutcome, RepairRefusal, RepairRefusedError
from bot.repairs.ports import TrafficTarget, Variable, WriteConflictError
from bot.repairs.service import RepairService
from bot.settings import Settings
from bot.sources.services.repairs import GoogleRepairPlatform
from bot.store.sqlite import SqliteStore
from bot.validation import Validation
from checks.source import SourceError
from tests.bot.repairs.cloud import BY_NAME, CALLER, INVOKER, LATEST, SERVICE, Cloud, cloud
from tests.bot.repairs.worlds import passing
from tests.servers.cloud_run import GET_SERVICE, GET_SERVICE_POLICY
from tests.servers.cloud_run_writes import SET_POLICY, UPDATE_SERVICE
from tests.servers.repairable import RUN_JOB
from tests.servers.scripted_grpc import EVERYTHING, Failure

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
GRANT = f"grant-invoker:{SERVICE}"
DENIED = Failure(grpc.StatusCode.PERMISSION_DENIED, "Permission 'run.services.setIamPolicy' denied on resource.")


@pytest.fixture
def served() -> Iterator[Cloud]:
    with cloud() as each:
        yield each


@pytest.fixture
def platform(served: Cloud) -> Iterator[GoogleRepairPlatform]:
    made = google_repair_platform(shipped_pipeline(), Settings.from_environment(served.environment))
    yield made
    made.close()


@pytest.fixture
def repairs(platform: GoogleRepairPlatform) -> RepairService:
    return RepairService(shipped_pipeline(), platform, SqliteStore(":memory:"), passing, pause=lambda _: None)


def test_a_grant_is_written_with_etag_and_version_and_keeps_conditions(served: Cloud, repairs: RepairService) -> None:
    served.grant(SERVICE, CALLER, condition="request.time < timestamp('2026-01-01T00:00:00Z')")
    served.grant(SERVICE, "user:admin@example.com", role="roles/run.admin")
    before = PolicyMessage()
    before.CopyFrom(served.run.policies[SERVICE])

    run = repairs.apply(repairs.plan(GRANT, "slack:U1", NOW), "slack:U1", NOW)

    after = served.run.policies[SERVICE]
    assert run.outcome is RepairOutcome.APPLIED
    assert list(after.bindings)[:2] == list(before.bindings)
    assert served.members(SERVICE) == {CALLER}
    assert (after.version, served.run.policy_versions) == (3, {3})


def test_what_is_right_is_read_once_and_not_written(served: Cloud, repairs: RepairService) -> None:
    served.grant(SERVICE, CALLER)

    assert not repairs.plan(GRANT, "slack:U1", NOW).needed
    assert served.run.calls == {(GET_SERVICE_POLICY, SERVICE): 1}


def test_a_race_between_read_and_write_loses_nobody(served: Cloud, repairs: RepairService) -> None:
    plan = repairs.plan(GRANT, "slack:U1", NOW)
    intruders = ["user:one@example.com", "user:two@example.com"]
    served.run.race = lambda name: served.grant(name, intruders.pop()) if intruders else None

    run = repairs.apply(plan, "slack:U1", NOW)

    assert run.outcome is RepairOutcome.APPLIED
    assert served.members(SERVICE) == {CALLER, "user:one@example.com", "user:two@example.com"}
    assert served.run.calls[SET_POLICY, SERVICE] == 3


def test_a_stale_etag_each_time_is_given_up_with_nothing_half_done(served: Cloud, repairs: RepairService) -> None:
    plan = repairs.plan(GRANT, "slack:U1", NOW)
    served.run.race = lambda name: served.grant(name, "user:somebody@example.com")

    with pytest.raises(RepairRefusedError) as caught:
        repairs.apply(plan, "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.CONFLICT
    assert CALLER not in served.members(SERVICE)
    assert served.run.calls[SET_POLICY, SERVICE] == 5


def test_a_missing_permission_is_named_with_the_command_of_an_administrator(
    served: Cloud, repairs: RepairService
) -> None:
    plan = repairs.plan(GRANT, "slack:U1", NOW)
    served.run.fail(SET_POLICY, EVERYTHING, DENIED)

    with pytest.raises(RepairRefusedError) as caught:
        repairs.apply(plan, "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.DENIED
    assert "run.services.setIamPolicy" in caught.value.text
    assert caught.value.command.startswith("gcloud run services add-iam-policy-binding")


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        pytest.param(
            grpc.StatusCode.FAILED_PRECONDITION,
            "One or more users named in the policy do not belong to a permitted customer, perhaps due to an "
            "organization policy.",
            "organization policy",
            id="an organization policy",
        ),
        pytest.param(
            grpc.StatusCode.INVALID_ARGUMENT,
            "Service account caller@example.iam.gserviceaccount.com does not exist.",
            "Create the account",
            id="an account that does not exist",
        ),
        pytest.param(
            grpc.StatusCode.INVALID_ARGUMENT,
            "The policy contains bindings to members that do not exist",
            "Remove the members",
            id="old members that do not exist",
        ),
        pytest.param(
            grpc.StatusCode.PERMISSION_DENIED,
            "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x",
            "perimeter",
            id="a perimeter",
        ),
    ],
)
@pytest.mark.sampled(2)
def test_a_rule_that_forbids_the_write_is_named_as_such(
    served: Cloud, repairs: RepairService, code: grpc.StatusCode, text: str, words: str
) -> None:
    plan = repairs.plan(GRANT, "slack:U1", NOW)
    served.run.fail(SET_POLICY, EVERYTHING, Failure(code, text))

    with pytest.raises(RepairRefusedError) as caught:
        repairs.apply(plan, "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.NOT_POSSIBLE
    assert words in caught.value.advice
    assert CALLER not in served.members(SERVICE)


def test_a_failed_precondition_that_names_no_policy_is_blamed_on_none(served: Cloud, repairs: RepairService) -> None:
    plan = repairs.plan(GRANT, "slack:U1", NOW)
    served.run.fail(SET_POLICY, EVERYTHING, Failure(grpc.StatusCode.FAILED_PRECONDITION, "The service is busy."))

    with pytest.raises(RepairRefusedError) as caught:
        repairs.apply(plan, "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.UNREACHABLE


def test_a_perimeter_that_forbids_the_look_is_no_missing_permission(served: Cloud, repairs: RepairService) -> None:
    text = "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x"
    served.run.fail(GET_SERVICE_POLICY, EVERYTHING, Failure(grpc.StatusCode.PERMISSION_DENIED, text))

    with pytest.raises(RepairRefusedError) as caught:
        repairs.plan(GRANT, "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.NOT_POSSIBLE


def test_a_policy_that_may_not_even_be_read_is_refused(served: Cloud, repairs: RepairService) -> None:
    served.run.fail(GET_SERVICE_POLICY, EVERYTHING, DENIED)

    with pytest.raises(RepairRefusedError) as caught:
        repairs.plan(GRANT, "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.DENIED
    assert "run.services.getIamPolicy" in caught.value.text


def test_a_service_that_vanishes_between_plan_and_apply_is_said(served: Cloud, repairs: RepairService) -> None:
    plan = repairs.plan(GRANT, "slack:U1", NOW)
    del served.run.services[SERVICE]

    with pytest.raises(RepairRefusedError) as caught:
        repairs.apply(plan, "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.VANISHED


def test_a_service_that_vanishes_between_read_and_write_is_said(served: Cloud, repairs: RepairService) -> None:
    plan = repairs.plan(GRANT, "slack:U1", NOW)
    gone = Failure(grpc.StatusCode.NOT_FOUND, "Resource does not exist.")
    served.run.fail(SET_POLICY, SERVICE, gone)

    with pytest.raises(RepairRefusedError) as caught:
        repairs.apply(plan, "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.VANISHED


def test_a_write_is_never_repeated_by_itself(served: Cloud, repairs: RepairService) -> None:
    plan = repairs.plan(GRANT, "slack:U1", NOW)
    served.run.fail(SET_POLICY, SERVICE, Failure(grpc.StatusCode.UNAVAILABLE, "try again", times=1))

    with pytest.raises(RepairRefusedError) as caught:
        repairs.apply(plan, "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.UNREACHABLE
    assert served.run.calls[SET_POLICY, SERVICE] == 1


def test_traffic_goes_to_the_latest_and_back_and_keeps_its_tags(served: Cloud, repairs: RepairService) -> None:
    old = run_v2.TrafficTarget(type_=BY_NAME, revision=f"{SERVICE}-00000", percent=100, tag="stable")
    served.run.services[SERVICE].traffic = [old]
    template = run_v2.RevisionTemplate(served.run.services[SERVICE].template)

    run = repairs.apply(repairs.plan(f"route-to-latest:{SERVICE}", "slack:U1", NOW), "slack:U1", NOW)

    after = served.run.services[SERVICE]
    assert [(each.type_, each.percent, each.tag) for each in after.traffic] == [
        (LATEST, 100, ""),
        (BY_NAME, 0, "stable"),
    ]
    assert after.template == template
    repairs.apply(repairs.plan_undo(run.id, "slack:U1", NOW), "slack:U1", NOW)
    assert list(served.run.services[SERVICE].traffic) == [old]


def test_a_variable_comes_back_as_a_reference_in_the_container_that_serves(
    served: Cloud, repairs: RepairService
) -> None:
    serving = run_v2.Container(
        image="app",
        ports=[run_v2.ContainerPort(container_port=8080)],
        env=[run_v2.EnvVar(name="GCP_PROJECT", value="x")],
    )
    sidecar = run_v2.Container(image="sidecar", env=[run_v2.EnvVar(name="MODE", value="y")])
    template = served.run.services["live-export"].template
    template.containers = [sidecar, serving]
    template.revision = "live-export-by-hand"
    served.run.services["live-export"].template = template

    repairs.apply(repairs.plan("restore-variables:live-export", "slack:U1", NOW), "slack:U1", NOW)

    after = served.run.services["live-export"].template
    assert after.containers[0] == sidecar
    assert after.containers[1].env[0] == serving.env[0]
    selector = after.containers[1].env[1].value_source.secret_key_ref
    assert (after.containers[1].env[1].name, selector.secret, selector.version) == (
        "BDL_API_KEY",
        "bdl-api-key",
        "latest",
    )
    assert after.revision == ""


def test_a_job_runs(served: Cloud, repairs: RepairService) -> None:
    run = repairs.apply(repairs.plan("run-job:line-enrichment", "slack:U1", NOW), "slack:U1", NOW)

    assert served.scheduler.calls[RUN_JOB, "line-enrichment"] == 1
    assert repairs.verify(run, NOW + timedelta(seconds=5)).run.outcome is RepairOutcome.VERIFIED


def test_a_job_that_does_not_exist_is_never_run(served: Cloud, repairs: RepairService) -> None:
    served.scheduler.jobs = []

    with pytest.raises(RepairRefusedError) as caught:
        repairs.plan("run-job:line-enrichment", "slack:U1", NOW)

    assert caught.value.refusal is RepairRefusal.VANISHED
    assert served.scheduler.calls[RUN_JOB, "line-enrichment"] == 0


def test_a_service_that_another_deploy_changed_is_a_conflict(served: Cloud, platform: GoogleRepairPlatform) -> None:
    with pytest.raises(WriteConflictError):
        platform.write_traffic(SERVICE, [TrafficTarget(percent=100)], '"0"')
    assert served.run.calls[UPDATE_SERVICE, SERVICE] == 0

    def deploy(name: str) -> None:
        served.run.services[name].etag = '"9"'

    served.run.race = deploy
    with pytest.raises(WriteConflictError):
        platform.write_variables(SERVICE, {"A": Variable(value="1")}, '"1"')


def test_variables_keep_their_places(served: Cloud, platform: GoogleRepairPlatform) -> None:
    names = ("FIRST", "SECOND", "THIRD")
    template = served.run.services[SERVICE].template
    template.containers = [run_v2.Container(env=[run_v2.EnvVar(name=name, value=name) for name in names])]
    served.run.services[SERVICE].template = template

    platform.write_variables(SERVICE, {"SECOND": Variable(value="2"), "THIRD": None, "NEW": Variable(value="n")}, '"1"')

    env = served.run.services[SERVICE].template.containers[0].env
    assert [(each.name, each.value) for each in env] == [("FIRST", "FIRST"), ("SECOND", "2"), ("NEW", "n")]


def test_a_source_that_does_not_answer_is_a_source_error(served: Cloud, platform: GoogleRepairPlatform) -> None:
    served.run.fail(GET_SERVICE, EVERYTHING, Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "too late"))

    with pytest.raises(SourceError):
        platform.configuration(SERVICE)


def test_from_plan_to_verified_takes_less_than_two_seconds_at_200_milliseconds_a_call() -> None:
    pipeline = shipped_pipeline()
    with cloud(delay=0.2) as served:
        settings = Settings.from_environment(served.environment)
        ports = google_ports(pipeline, settings)
        validation = Validation(pipeline, ports, lambda: NOW)
        repairs = repairs_of(validation, SqliteStore(":memory:"), settings)
        repairs.plan("grant-invoker:nba-scrapers", "warm-up", NOW)

        began = monotonic()
        run = repairs.apply(repairs.plan(GRANT, "slack:U1", NOW), "slack:U1", NOW)
        seen = repairs.verify(run, NOW + timedelta(seconds=1))
        took = monotonic() - began

    assert seen.run.outcome is RepairOutcome.VERIFIED, seen
    assert CALLER in served.members(SERVICE, INVOKER)
    assert took < 2.0
