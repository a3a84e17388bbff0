"""The roles of the account hold what the product's calls take, and nothing else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

import pytest
import yaml

from bot.definition.pipeline_file import shipped_pipeline
from bot.scenarios.scenario import load_scenario
from bot.scenarios.world import build_world
from tests.bot.repairs.cloud import SERVICE, cloud, reveille_of
from tests.deploy.client_calls import JOBS, PERMISSIONS, READS, REPAIRS, STORE, WAKER, calls_in, client_calls
from tests.sections import ROOT
from tests.servers.platform import platform_servers
from tests.servers.scripted_grpc import ScriptedGrpcServer

PLATFORM_CHECKS = (
    "scheduler-jobs",
    "run-jobs",
    "builds",
    "delivery",
    "error-rate",
    "service-errors",
    "environment-change",
    "drift",
)

OF_OTHER_SERVERS = {
    *("batch_get_documents", "commit", "run_query"),  # Firestore
    *("get_job", "get_routine", "get_table", "query", "query_and_wait"),  # BigQuery
    *("get", "post"),  # Cloud Tasks
}

ROLES = ROOT / "deploy" / "roles"


def derived() -> Mapping[str, set[str]]:
    permissions: defaultdict[str, set[str]] = defaultdict(set)
    for call in client_calls():
        permissions[call.role] |= set(PERMISSIONS[call.name])
    return permissions


def scripted(role: str) -> list[str]:
    return list(yaml.safe_load((ROLES / f"{role}.yaml").read_text(encoding="utf-8"))["includedPermissions"])


def called_of(servers: Iterable[ScriptedGrpcServer]) -> set[str]:
    """Return the methods that servers heard, as the clients name them."""
    # Who was given up may ask still: the copy is made at once.
    heard = {method for each in servers for method, _ in tuple(each.calls)}
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", method.rpartition(".")[2]).lower() for method in heard}


def test_every_call_of_a_client_has_its_permissions() -> None:
    assert {call.name for call in client_calls()} == set(PERMISSIONS)


def test_every_role_has_its_file() -> None:
    assert {path.stem for path in ROLES.iterdir()} == set(derived()) == {READS, STORE, REPAIRS, JOBS, WAKER}


@pytest.mark.parametrize("role", [READS, STORE, REPAIRS, JOBS, WAKER])
def test_a_role_holds_exactly_what_its_calls_take(role: str) -> None:
    assert scripted(role) == sorted(derived()[role])


def test_what_reads_can_write_nothing() -> None:
    verbs = {permission.rpartition(".")[2] for permission in scripted(READS) if permission != "bigquery.jobs.create"}

    assert verbs <= {"get", "getData", "getIamPolicy", "list"}


def test_a_call_that_is_new_is_seen() -> None:
    code = """
from google.cloud.run_v2 import ServicesClient
from google.cloud import bigquery

class A:
    services: ServicesClient
    name: str

    def __init__(self, warehouse: bigquery.Client) -> None:
        self._warehouse = warehouse

    def act(self) -> None:
        ask(self.services.delete_service, self.name.lower())
        self._warehouse.delete_table("t")
        self.services.transport.close()
"""

    assert set(calls_in(code)) == {"ServicesClient.delete_service", "Client.delete_table"}


@pytest.mark.slow
def test_what_the_servers_hear_is_what_the_code_was_read_to_call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is examined, a platform looked at, a deploy verified, a caller let in, and a job run, through Google's
    own clients. What examines it takes no role that writes."""
    known = {call.name.partition(".")[2] for call in client_calls()}
    world = build_world(shipped_pipeline(), load_scenario("healthy-morning"))
    with cloud() as platform, platform_servers(shipped_pipeline(), world) as others:
        own = {"REVEILLE_SCHEDULER_ENDPOINT": platform.scheduler.address, "REVEILLE_STORE": ":memory:"}
        for name, value in {**platform.environment, **others.environment, **own}.items():
            monkeypatch.setenv(name, value)
        run = reveille_of(capsys)
        servers = (platform.run, platform.scheduler, *others.by_source.values())
        run("doctor")
        asked = called_of(servers)
        run("validate", *(f"--check={each}" for each in PLATFORM_CHECKS))
        run("iam", "ensure", SERVICE)
        run("deploy", "verify", SERVICE, "--wait", "0")
        run("env", "merge", SERVICE, "LEVEL=info")
        run("repair", "run-job:line-enrichment", "--yes")
        called = called_of(servers)

    assert asked, "the doctor asked nothing"
    assert asked <= {call.name.partition(".")[2] for call in client_calls() if call.role in (READS, STORE)}
    assert called <= known
    assert called >= known - OF_OTHER_SERVERS
