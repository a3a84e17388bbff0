import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.cloud import run_v2
from google.cloud.resourcemanager_v3.services.projects import ProjectsClient
from google.cloud.resourcemanager_v3.services.projects.transports import ProjectsGrpcTransport
from google.cloud.run_v2.services.revisions import RevisionsClient
from google.cloud.run_v2.services.revisions.transports import RevisionsGrpcTransport
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.run_v2.services.services.transports import ServicesGrpcTransport
from google.iam.v1.policy_pb2 import Policy as IamPolicy  # type: ignore[import-untyped]

from bot.google_cloud.clients import insecure_channel
from bot.sources.policies.live import GooglePolicies, policy_of
from bot.sources.services.live import FUNCTION_ANNOTATION, FUNCTION_LABEL, GoogleControlPlane, service_of
from checks.ports.policies import Binding, Policy
from checks.ports.services import SECRET, Revision, Service
from checks.source import Problem, SourceError
from tests.servers.cloud_run import (
    EVERYTHING,
    GET_PROJECT_POLICY,
    GET_SERVICE,
    GET_SERVICE_POLICY,
    LIST_REVISIONS,
    LIST_SERVICES,
    Failure,
    GoogleControlPlaneServer,
)
from tests.servers.scripted_grpc import NOT_ENABLED

PARENT = "projects/example-project/locations/us-west2/services/worker"
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
BY_NAME = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
STATE = run_v2.Condition.State

WORKER = Service(
    name="worker",
    ready=True,
    latest_created_revision="worker-2",
    latest_ready_revision="worker-2",
    traffic={"worker-2": 100},
)


@contextmanager
def control_plane(
    address: str, *, request_seconds: float = 5.0, retry_seconds: float = 0.3, page_size: int = 100
) -> Iterator[GoogleControlPlane]:
    adapter = GoogleControlPlane(
        ServicesClient(transport=ServicesGrpcTransport(channel=insecure_channel(address))),
        RevisionsClient(transport=RevisionsGrpcTransport(channel=insecure_channel(address))),
        project="example-project",
        region="us-west2",
        request_seconds=request_seconds,
        retry_seconds=retry_seconds,
        page_size=page_size,
    )
    try:
        yield adapter
    finally:
        adapter.close()


@contextmanager
def project_policies(address: str) -> Iterator[GooglePolicies]:
    client = ProjectsClient(transport=ProjectsGrpcTransport(channel=insecure_channel(address)))
    with closing(GooglePolicies(client, project="example-project", request_seconds=5.0, retry_seconds=0.3)) as adapter:
        yield adapter


def service(**fields: Any) -> run_v2.Service:
    return run_v2.Service(
        **{
            "name": PARENT,
            "latest_ready_revision": f"{PARENT}/revisions/worker-2",
            "latest_created_revision": f"{PARENT}/revisions/worker-2",
            "terminal_condition": run_v2.Condition(state=STATE.CONDITION_SUCCEEDED),
            **fields,
        }
    )


def test_traffic_to_latest_stands_under_the_revision_that_is_latest() -> None:
    targets = [
        run_v2.TrafficTargetStatus(type_=LATEST, percent=90),
        run_v2.TrafficTargetStatus(type_=BY_NAME, revision="worker-1", percent=10),
    ]

    assert service_of(service(traffic_statuses=targets)).traffic == {"worker-2": 90, "worker-1": 10}


def test_two_targets_on_one_revision_add_up() -> None:
    targets = [
        run_v2.TrafficTargetStatus(type_=LATEST, percent=60),
        run_v2.TrafficTargetStatus(type_=BY_NAME, revision="worker-2", percent=40),
        run_v2.TrafficTargetStatus(type_=BY_NAME, revision="worker-1", tag="old"),
    ]

    assert service_of(service(traffic_statuses=targets)).traffic == {"worker-2": 100}


def test_wanted_traffic_counts_while_none_is_reported() -> None:
    wanted = [run_v2.TrafficTarget(type_=BY_NAME, revision="worker-1", percent=100)]

    assert service_of(service(traffic=wanted)).traffic == {"worker-1": 100}


def test_no_traffic_target_at_all_means_everything_to_the_latest_ready() -> None:
    assert service_of(service()).traffic == {"worker-2": 100}


def test_a_service_that_was_never_ready_has_no_traffic() -> None:
    assert service_of(service(latest_ready_revision="")).traffic == {}


@pytest.mark.parametrize(
    ("on_service", "on_revision", "expected"), [(0, 0, 0), (2, 0, 2), (0, 3, 3), (2, 3, 3), (3, 2, 3)]
)
def test_the_greater_minimum_of_instances_counts(on_service: int, on_revision: int, expected: Any) -> None:
    message = service(
        scaling=run_v2.ServiceScaling(min_instance_count=on_service),
        template=run_v2.RevisionTemplate(scaling=run_v2.RevisionScaling(min_instance_count=on_revision)),
    )

    assert service_of(message).minimum_instances == expected


def test_a_variable_of_the_serving_container_wins_and_a_secret_is_never_read() -> None:
    secret = run_v2.EnvVarSource(secret_key_ref=run_v2.SecretKeySelector(secret="key", version="1"))
    serving = run_v2.Container(
        ports=[run_v2.ContainerPort(container_port=8080)],
        env=[
            run_v2.EnvVar(name="MODEL", value="right"),
            run_v2.EnvVar(name="API_KEY", value_source=secret),
            run_v2.EnvVar(name="EMPTY", value=""),
        ],
    )
    sidecar = run_v2.Container(env=[run_v2.EnvVar(name="MODEL", value="wrong"), run_v2.EnvVar(name="LEVEL", value="1")])

    for containers in ([serving, sidecar], [sidecar, serving]):
        environment = service_of(service(template=run_v2.RevisionTemplate(containers=containers))).environment

        assert environment == {"MODEL": "right", "API_KEY": SECRET, "EMPTY": "", "LEVEL": "1"}


def test_a_service_that_is_not_ready_says_why() -> None:
    failed = run_v2.Condition(state=STATE.CONDITION_FAILED, message="the container failed to start")

    result = service_of(service(terminal_condition=failed))

    assert not result.ready
    assert result.reason == "the container failed to start"


def test_the_reason_comes_from_the_failed_condition_where_the_service_itself_says_nothing() -> None:
    terminal = run_v2.Condition(state=STATE.CONDITION_FAILED)
    conditions = [
        run_v2.Condition(state=STATE.CONDITION_SUCCEEDED, message="routes are ready"),
        run_v2.Condition(state=STATE.CONDITION_FAILED, message="image not found"),
    ]

    assert service_of(service(terminal_condition=terminal, conditions=conditions)).reason == "image not found"


def test_a_condition_without_words_gives_its_state() -> None:
    pending = run_v2.Condition(state=STATE.CONDITION_PENDING)

    assert service_of(service(terminal_condition=pending)).reason == "CONDITION_PENDING"


def test_a_change_that_nobody_has_looked_at_yet_is_on_its_way() -> None:
    assert service_of(service(generation=3, observed_generation=2)).reconciling
    assert not service_of(service(generation=3, observed_generation=3)).reconciling


def test_times_are_plain_and_aware() -> None:
    moment = datetime(2026, 2, 10, 7, 13, 0, 123456, tzinfo=UTC)

    deployed_at = service_of(service(update_time=moment)).deployed_at

    assert deployed_at == moment
    assert type(deployed_at) is datetime


def test_who_deployed_falls_back_to_who_created() -> None:
    assert service_of(service(creator="a@example.com")).deployed_by == "a@example.com"
    assert service_of(service(creator="a@example.com", last_modifier="b@example.com")).deployed_by == "b@example.com"


def test_a_condition_is_kept_even_when_it_is_empty() -> None:
    policy = IamPolicy()
    policy.bindings.add(role="roles/run.invoker", members=["user:a@example.com"]).condition.SetInParent()

    (binding,) = policy_of(policy).bindings

    assert binding.condition


def test_policies_are_asked_for_with_version_three() -> None:
    with (
        GoogleControlPlaneServer({"worker": WORKER}) as server,
        control_plane(server.address) as adapter,
        project_policies(server.address) as policies,
    ):
        adapter.service_policy("worker")
        policies.project_policy()

        assert server.policy_versions == {3}


def test_a_grant_of_the_project_is_read() -> None:
    policy = Policy((Binding("roles/run.invoker", frozenset({"serviceAccount:a@example.com"}), "request.time < x"),))
    with GoogleControlPlaneServer(project_policy=policy) as server, project_policies(server.address) as adapter:
        assert adapter.project_policy().bindings == policy.bindings
        assert server.calls == {(GET_PROJECT_POLICY, "example-project"): 1}


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, Problem.DENIED),
        (grpc.StatusCode.UNAUTHENTICATED, Problem.UNAUTHENTICATED),
        (grpc.StatusCode.UNAVAILABLE, Problem.UNAVAILABLE),
        (grpc.StatusCode.INTERNAL, Problem.UNAVAILABLE),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Problem.THROTTLED),
        (grpc.StatusCode.INVALID_ARGUMENT, Problem.INVALID),
    ],
)
def test_a_refusal_is_named(code: grpc.StatusCode, problem: Problem) -> None:
    with GoogleControlPlaneServer({"worker": WORKER}) as server, control_plane(server.address) as adapter:
        server.fail(GET_SERVICE, EVERYTHING, Failure(code, "refused"))
        server.fail(GET_SERVICE_POLICY, EVERYTHING, Failure(code, "refused"))

        for ask in (adapter.service, adapter.service_policy):
            with pytest.raises(SourceError) as raised:
                ask("worker")

            assert raised.value.source == "Cloud Run"
            assert raised.value.problem is problem
            assert "worker" in raised.value.detail


def test_a_project_policy_that_does_not_exist_is_an_error_and_not_an_empty_policy() -> None:
    with GoogleControlPlaneServer() as server, project_policies(server.address) as adapter:
        server.fail(GET_PROJECT_POLICY, EVERYTHING, Failure(grpc.StatusCode.NOT_FOUND, "no such project"))

        with pytest.raises(SourceError) as raised:
            adapter.project_policy()

        assert raised.value.source == "Resource Manager"
        assert raised.value.problem is Problem.NOT_FOUND


def test_a_service_that_is_busy_for_a_moment_is_asked_again() -> None:
    with GoogleControlPlaneServer({"worker": WORKER}) as server:
        server.fail(GET_SERVICE, "worker", Failure(grpc.StatusCode.UNAVAILABLE, "busy", times=1))
        with control_plane(server.address, retry_seconds=3.0) as adapter:
            assert adapter.service("worker") is not None

        assert server.calls == {(GET_SERVICE, "worker"): 2}


def test_a_denial_is_not_asked_again() -> None:
    with GoogleControlPlaneServer({"worker": WORKER}) as server, control_plane(server.address) as adapter:
        server.fail(GET_SERVICE, "worker", Failure(grpc.StatusCode.PERMISSION_DENIED, "no"))
        with pytest.raises(SourceError):
            adapter.service("worker")

        assert server.calls == {(GET_SERVICE, "worker"): 1}


def test_a_server_that_hangs_costs_the_time_out_and_no_more() -> None:
    with GoogleControlPlaneServer({"worker": WORKER}) as server:
        server.hang(GET_SERVICE, "worker")
        with control_plane(server.address, request_seconds=0.3, retry_seconds=0.3) as adapter:
            began = time.monotonic()
            with pytest.raises(SourceError) as raised:
                adapter.service("worker")

            assert raised.value.problem is Problem.TIMED_OUT
            assert time.monotonic() - began < 2
            assert adapter.service_policy("worker") == Policy(())


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with GoogleControlPlaneServer() as server:
        address = server.address
    with control_plane(address) as adapter, pytest.raises(SourceError) as raised:
        adapter.service("worker")

    assert raised.value.problem is Problem.UNREACHABLE
    assert raised.value.retryable


def test_a_grown_bearer_token_in_a_refusal_does_not_get_through() -> None:
    with GoogleControlPlaneServer({"worker": WORKER}) as server, control_plane(server.address) as adapter:
        server.fail(
            GET_SERVICE, EVERYTHING, Failure(grpc.StatusCode.PERMISSION_DENIED, "denied for Bearer ya29.secret")
        )
        with pytest.raises(SourceError) as raised:
            adapter.service("worker")

    assert "ya29" not in f"{raised.value} {raised.value.advice}"


def test_fifty_questions_travel_at_once() -> None:
    with GoogleControlPlaneServer({"worker": WORKER}, delay=0.3) as server, control_plane(server.address) as adapter:
        threads = [threading.Thread(target=adapter.service, args=("worker",)) for _ in range(50)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert time.monotonic() - began < 3  # one after another they would take 15 seconds
        assert server.calls == {(GET_SERVICE, "worker"): 50}


def named(number: int) -> Service:
    return replace(WORKER, name=f"service-{number:03}")


def test_all_services_of_the_region_come_over_several_pages_each_asked_for_once() -> None:
    wanted = [named(number) for number in range(25)]
    with (
        GoogleControlPlaneServer({each.name: each for each in wanted}, page_size=10) as server,
        control_plane(server.address) as adapter,
    ):
        assert adapter.services() == wanted
        assert server.calls == {(LIST_SERVICES, "us-west2"): 3}


def test_a_region_without_services_has_none() -> None:
    with GoogleControlPlaneServer() as server, control_plane(server.address) as adapter:
        assert adapter.services() == []


def test_a_list_of_services_with_gaps_is_no_answer() -> None:
    with GoogleControlPlaneServer({"worker": WORKER}) as server, control_plane(server.address) as adapter:
        server.unreachable = ["projects/example-project/locations/us-west2"]
        with pytest.raises(SourceError) as raised:
            adapter.services()

    assert (raised.value.source, raised.value.problem) == ("Cloud Run", Problem.UNAVAILABLE)
    assert raised.value.retryable
    assert "us-west2" in raised.value.detail


@pytest.mark.parametrize(
    ("failure", "problem"),
    [
        (Failure(grpc.StatusCode.PERMISSION_DENIED, "denied"), Problem.DENIED),
        (Failure(grpc.StatusCode.UNAVAILABLE, "later"), Problem.UNAVAILABLE),
        (NOT_ENABLED, Problem.NOT_ENABLED),
    ],
)
def test_a_list_that_is_refused_is_named(failure: Failure, problem: Problem) -> None:
    with GoogleControlPlaneServer({"worker": WORKER}) as server, control_plane(server.address) as adapter:
        server.fail(LIST_SERVICES, EVERYTHING, failure)
        server.fail(LIST_REVISIONS, EVERYTHING, failure)
        asked: tuple[Callable[[], Any], ...] = (adapter.services, lambda: adapter.revisions("worker", 2))

        for ask in asked:
            with pytest.raises(SourceError) as raised:
                ask()

            assert raised.value.problem is problem
            assert (
                problem is not Problem.NOT_ENABLED or "gcloud services enable run.googleapis.com" in raised.value.advice
            )


def test_every_address_of_a_service_is_read_once() -> None:
    urls = ["https://worker-1.us-west2.run.app", "https://worker-x-wl.a.run.app"]

    read = service_of(service(uri=urls[1], urls=urls))

    assert (read.uri, read.urls) == (urls[1], (urls[1], urls[0]))


@pytest.mark.parametrize(
    ("fields", "function"),
    [
        pytest.param({"annotations": {FUNCTION_ANNOTATION: "On_Write"}}, "On_Write", id="annotation"),
        pytest.param({"labels": {FUNCTION_LABEL: "on_write"}}, "on_write", id="label"),
        pytest.param(
            {"annotations": {FUNCTION_ANNOTATION: "On_Write"}, "labels": {FUNCTION_LABEL: "on_write"}},
            "On_Write",
            id="the annotation first, which keeps capitals",
        ),
        pytest.param({}, "", id="no function"),
    ],
)
def test_the_function_of_a_service_is_read(fields: Any, function: str) -> None:
    assert service_of(service(**fields)).function == function


REVISIONS = [
    Revision(
        name=f"worker-{number}",
        service="worker",
        created_at=datetime(2026, 2, 10, number, 13, tzinfo=UTC),
        created_by="deployer@example.com",
        ready=number != 2,
        image=f"example/worker:{number}",
        environment={"MODEL": "path", "API_KEY": SECRET},
        labels={"commit-sha": str(number)},
    )
    for number in (3, 2, 1)
]


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_the_latest_revisions_come_first_and_cost_one_question(limit: int) -> None:
    server = GoogleControlPlaneServer({"worker": WORKER}, revisions={"worker": REVISIONS})
    with server, control_plane(server.address) as adapter:
        assert adapter.revisions("worker", limit) == REVISIONS[:limit]
        assert server.calls == {(LIST_REVISIONS, "worker"): 1}


def test_a_service_that_does_not_exist_has_no_revisions() -> None:
    with GoogleControlPlaneServer() as server, control_plane(server.address) as adapter:
        assert adapter.revisions("nobody", 2) == []
