"""Copies of services against Cloud Run's own protocol: what is copied, and what a policy goes through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.cloud import run_v2
from google.cloud.run_v2.services.revisions import RevisionsClient
from google.cloud.run_v2.services.revisions.transports import RevisionsGrpcTransport
from google.cloud.run_v2.services.services import ServicesClient
from google.cloud.run_v2.services.services.transports import ServicesGrpcTransport
from google.iam.v1.policy_pb2 import Policy as IamPolicy  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from bot.google_cloud.clients import insecure_channel
from bot.sources.services.staging import ATTEMPTS, CloudRunStaging
from bot.staging.ports import Copied, WantedCopy
from checks.control_plane.grants import INVOKER
from checks.ports.services import SECRET
from checks.source import Problem, SourceError
from tests.servers.cloud_run import EVERYTHING, GET_SERVICE_POLICY, LIST_SERVICES
from tests.servers.cloud_run_writes import CREATE_SERVICE, SET_POLICY, WritableCloudRunServer
from tests.servers.scripted_grpc import Failure

CALLER = "serviceAccount:caller@example.com"
OURS = {"reveille-staging": "test"}
MERGED = {"DATASET_PREFIX": "test_", "MODE": "trial"}


def revision(**fields: Any) -> run_v2.Revision:
    secret = run_v2.EnvVarSource(secret_key_ref=run_v2.SecretKeySelector(secret="api-key", version="latest"))
    container = run_v2.Container(
        image="images.example.com/example-project/worker:7",
        command=["python", "main.py"],
        env=[
            run_v2.EnvVar(name="MODE", value="live"),
            run_v2.EnvVar(name="REGION", value="us-west2"),
            run_v2.EnvVar(name="API_KEY", value_source=secret),
        ],
        resources=run_v2.ResourceRequirements(limits={"memory": "2Gi"}),
        ports=[run_v2.ContainerPort(container_port=8080)],
    )
    return run_v2.Revision(
        **{
            "service_account": "worker@example.com",
            "containers": [container],
            "max_instance_request_concurrency": 4,
            "scaling": run_v2.RevisionScaling(min_instance_count=1, max_instance_count=9),
            "vpc_access": run_v2.VpcAccess(connector="projects/example-project/locations/us-west2/connectors/inner"),
            "labels": {"commit-sha": "abc"},
            **fields,
        }
    )


@contextmanager
def cloud_run() -> Iterator[tuple[WritableCloudRunServer, CloudRunStaging]]:
    with WritableCloudRunServer() as server:
        server.serve("worker", revision(), labels={"team": "data", "commit-sha": "abc", "goog-managed": "x"})
        channel = insecure_channel(server.address)
        adapter = CloudRunStaging(
            ServicesClient(transport=ServicesGrpcTransport(channel=channel)),
            RevisionsClient(transport=RevisionsGrpcTransport(channel=channel)),
            project="example",
            region="us-west2",
            request_seconds=5,
            retry_seconds=0.3,
        )
        try:
            yield server, adapter
        finally:
            adapter.close()


def deployed(adapter: CloudRunStaging) -> Copied:
    origin = adapter.running("worker")
    assert origin is not None
    return adapter.deploy(WantedCopy(origin=origin, name="worker-staging", environment=MERGED, labels=OURS))


def test_what_runs_is_the_revision_with_the_traffic_and_not_the_latest_template() -> None:
    with cloud_run() as (server, adapter):
        server.services["worker"].template = run_v2.RevisionTemplate(containers=[run_v2.Container(image="broken:8")])

        origin = adapter.running("worker")

    assert origin is not None
    assert (origin.revision, origin.image) == ("worker-00007", "images.example.com/example-project/worker:7")
    assert origin.environment == {"MODE": "live", "REGION": "us-west2", "API_KEY": SECRET}


def test_the_copy_keeps_the_settings_and_merges_the_variables() -> None:
    with cloud_run() as (server, adapter):
        copy = deployed(adapter)
        made = server.services["worker-staging"]

    (container,) = made.template.containers
    assert copy.ready
    assert copy.environment == {"REGION": "us-west2", "API_KEY": SECRET, **MERGED}
    assert container.env[1].value_source.secret_key_ref.secret == "api-key"
    assert list(container.command) == ["python", "main.py"]
    assert dict(container.resources.limits) == {"memory": "2Gi"}
    assert made.template.service_account == "worker@example.com"
    assert made.template.max_instance_request_concurrency == 4
    assert made.template.vpc_access.connector.endswith("/inner")


def test_the_copy_keeps_no_instance_warm_and_no_label_of_a_deployment() -> None:
    with cloud_run() as (server, adapter):
        deployed(adapter)
        made = server.services["worker-staging"]

    assert made.template.scaling.min_instance_count == 0
    assert made.template.scaling.max_instance_count == 9
    assert dict(made.labels) == {"team": "data", **OURS}


def test_production_is_not_written_to_by_a_deployment() -> None:
    with cloud_run() as (server, adapter):
        before = run_v2.Service.serialize(server.services["worker"])

        deployed(adapter)

        assert run_v2.Service.serialize(server.services["worker"]) == before


def test_a_second_deployment_updates_the_copy() -> None:
    with cloud_run() as (server, adapter):
        deployed(adapter)

        deployed(adapter)

        assert server.services["worker-staging"].generation == 2


def test_a_copy_that_does_not_start_is_not_ready_and_says_why() -> None:
    with cloud_run() as (server, adapter):
        server.starts = False

        copy = deployed(adapter)

    assert not copy.ready
    assert "failed to start" in copy.reason


def test_only_services_with_our_label_are_listed() -> None:
    with cloud_run() as (_, adapter):
        deployed(adapter)

        assert [copy.name for copy in adapter.copies()] == ["worker-staging"]


def test_a_list_with_a_part_missing_is_no_list() -> None:
    with cloud_run() as (server, adapter):
        server.unreachable = ["us-west2"]

        with pytest.raises(SourceError) as raised:
            adapter.copies()

    assert raised.value.problem is Problem.UNAVAILABLE


def test_what_is_not_there_is_none() -> None:
    with cloud_run() as (_, adapter):
        assert adapter.running("nobody") is None
        assert adapter.copied("nobody") is None


def test_a_service_without_traffic_has_nothing_to_copy() -> None:
    with cloud_run() as (server, adapter):
        server.services["worker"] = run_v2.Service(name="projects/example/locations/us-west2/services/worker")

        with pytest.raises(SourceError, match="no revision"):
            adapter.running("worker")


def test_no_permission_to_deploy_says_what_to_grant() -> None:
    with cloud_run() as (server, adapter):
        denied = Failure(grpc.StatusCode.PERMISSION_DENIED, "Permission 'run.services.create' denied")
        server.fail(CREATE_SERVICE, EVERYTHING, denied)

        with pytest.raises(SourceError) as raised:
            deployed(adapter)

    assert raised.value.problem is Problem.DENIED
    assert "run.services.create" in raised.value.advice
    assert "roles/run.admin" in raised.value.advice


def test_a_deleted_copy_is_gone() -> None:
    with cloud_run() as (_, adapter):
        deployed(adapter)

        adapter.delete("worker-staging")

        assert adapter.copied("worker-staging") is None


def test_a_grant_keeps_the_rest_of_the_policy_byte_for_byte() -> None:
    policy = IamPolicy(etag=b"1")
    policy.bindings.add(role="roles/run.admin", members=["user:someone@example.com"])
    conditional = policy.bindings.add(role=INVOKER, members=[CALLER])
    conditional.condition.expression = "request.time < timestamp('2026-01-01T00:00:00Z')"
    conditional.condition.title = "until January"
    with cloud_run() as (server, adapter):
        server.policies["worker"] = policy

        assert adapter.grant("worker", [CALLER])

        written = server.policies["worker"]
        assert [each.SerializeToString() for each in written.bindings[:2]] == [
            each.SerializeToString() for each in policy.bindings
        ]
        assert (written.bindings[2].role, list(written.bindings[2].members)) == (INVOKER, [CALLER])
        assert server.policy_versions == {3}
        assert written.version == 3
        assert adapter.invokers("worker") == {CALLER}


def test_a_grant_that_is_there_is_read_once_and_not_written() -> None:
    with cloud_run() as (server, adapter):
        server.policies["worker"] = IamPolicy(bindings=[{"role": INVOKER, "members": [CALLER]}])

        assert not adapter.grant("worker", [CALLER])

        assert server.calls[GET_SERVICE_POLICY, "worker"] == 1
        assert server.calls[SET_POLICY, "worker"] == 0


def test_a_race_for_the_policy_is_read_again_and_loses_nothing() -> None:
    other = "serviceAccount:other@example.com"
    with cloud_run() as (server, adapter):

        def somebody_else(name: str) -> None:
            server.race = None
            server.policies[name] = IamPolicy(etag=b"2", bindings=[{"role": INVOKER, "members": [other]}])

        server.race = somebody_else

        assert adapter.grant("worker", [CALLER])

        assert adapter.invokers("worker") == {CALLER, other}


def test_a_race_that_never_ends_is_given_up() -> None:
    with cloud_run() as (server, adapter):
        server.fail(SET_POLICY, "worker", Failure(grpc.StatusCode.ABORTED, "There were concurrent policy changes."))

        with pytest.raises(SourceError):
            adapter.grant("worker", [CALLER])

        assert server.calls[SET_POLICY, "worker"] == ATTEMPTS


MEMBERS = st.lists(st.sampled_from([f"user:{name}@example.com" for name in "abcdef"]), unique=True, max_size=4)
BINDINGS = st.lists(
    st.tuples(st.sampled_from([INVOKER, "roles/run.admin", "roles/viewer"]), MEMBERS, st.booleans()), max_size=4
)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[WritableCloudRunServer, CloudRunStaging]]:
    with cloud_run() as both:
        yield both


@given(bindings=BINDINGS, wanted=MEMBERS)
def test_a_grant_adds_the_members_and_removes_nothing_whatever_the_policy(
    shared: tuple[WritableCloudRunServer, CloudRunStaging],
    bindings: list[tuple[str, list[str], bool]],
    wanted: list[str],
) -> None:
    server, adapter = shared
    policy = IamPolicy(etag=b"1")
    for role, members, conditional in bindings:
        added = policy.bindings.add(role=role, members=members)
        if conditional:
            added.condition.expression = "true"
    server.policies["worker"] = policy

    adapter.grant("worker", wanted)
    again = adapter.grant("worker", wanted)

    written = server.policies["worker"]
    assert not again
    assert set(wanted) <= adapter.invokers("worker")
    for before, after in zip(policy.bindings, written.bindings, strict=False):
        assert set(before.members) <= set(after.members)
        assert set(after.members) - set(before.members) <= set(wanted)
    assert len(written.bindings) <= len(policy.bindings) + 1


def test_the_list_of_services_is_asked_for_once() -> None:
    with cloud_run() as (server, adapter):
        adapter.copies()

        assert server.calls[LIST_SERVICES, "us-west2"] == 1
