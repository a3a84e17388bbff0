import json
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth.credentials import Credentials

from bot.composition.google import google_ports
from bot.google_cloud.credentials import SharedCredentials
from bot.settings import Settings, SettingsError
from checks.control_plane_spec import Deployment, Errors, Invocations, Messaging, SchedulerJobs
from checks.orchestration_spec import Heartbeats
from checks.ports.builds import CLOUD_BUILD, BuildTrigger
from checks.ports.policies import RESOURCE_MANAGER
from checks.ports.requests import MONITORING
from checks.ports.warehouse import BIGQUERY, Query
from checks.services_spec import ServiceSpec
from checks.source import Problem, SourceError
from tests import fakes
from tests.servers.cloud_build import CloudBuildServer
from tests.servers.cloud_monitoring import CloudMonitoringServer
from tests.servers.cloud_run import GoogleControlPlaneServer
from tests.servers.json_http import Answer, JsonHttpServer

EMULATED = Settings(
    firestore_emulator="127.0.0.1:1",
    bigquery_emulator="127.0.0.1:1",
    run_endpoint="127.0.0.1:1",
    resource_manager_endpoint="127.0.0.1:1",
    pubsub_emulator="127.0.0.1:1",
    scheduler_endpoint="127.0.0.1:1",
    build_endpoint="127.0.0.1:1",
    monitoring_endpoint="127.0.0.1:1",
    logging_endpoint="127.0.0.1:1",
)
SECTIONS: dict[str, Any] = {
    "heartbeats": Heartbeats(collection="beats", bad_id="_None_"),
    "messaging": Messaging(topics={"orders": 1}),
    "scheduler": SchedulerJobs(),
    "deployment": Deployment(),
    "invocations": Invocations(),
    "errors": Errors(),
}


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment in which looking up credentials fails at once."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))


def test_missing_credentials_are_one_sentence_that_says_what_to_do(no_credentials: None) -> None:
    with pytest.raises(SettingsError) as raised:
        google_ports(fakes.pipeline(), Settings())

    message = str(raised.value)
    assert "gcloud auth application-default login" in message
    assert "--scenario" in message
    assert "\n" not in message


@pytest.mark.parametrize("text", [None, "{", "{}", '{"type": "service_account"}'])
def test_a_key_file_that_is_missing_or_broken_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    key = tmp_path / "key.json"
    if text is not None:
        key.write_text(text, encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))

    with pytest.raises(SettingsError) as raised:
        google_ports(fakes.pipeline(), Settings())

    assert str(key) in str(raised.value)
    assert ("no such file" in str(raised.value)) is (text is None)


def test_credentials_that_cannot_be_read_are_one_sentence_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"type": "service_account", "private_key": "secret"')
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(broken))

    with pytest.raises(SettingsError) as raised:
        google_ports(fakes.pipeline(), Settings())

    assert "secret" not in str(raised.value)


def test_emulators_for_everything_need_no_credentials(no_credentials: None) -> None:
    google_ports(fakes.pipeline(**SECTIONS), EMULATED).close()


def test_what_the_pipeline_file_has_no_section_for_is_not_connected(no_credentials: None) -> None:
    nothing: Any = dict.fromkeys(
        ("pubsub_emulator", "scheduler_endpoint", "build_endpoint", "monitoring_endpoint", "logging_endpoint"), None
    )
    ports = google_ports(fakes.pipeline(), replace(EMULATED, **nothing))
    ports.close()

    assert set(ports.connected) == {BIGQUERY}


@pytest.mark.parametrize(
    "source",
    [
        "firestore_emulator",
        "bigquery_emulator",
        "run_endpoint",
        "resource_manager_endpoint",
        "pubsub_emulator",
        "scheduler_endpoint",
        "build_endpoint",
        "monitoring_endpoint",
        "logging_endpoint",
    ],
)
def test_one_source_of_googles_own_needs_credentials(no_credentials: None, source: str) -> None:
    nothing: Any = {source: None}
    with pytest.raises(SettingsError):
        google_ports(fakes.pipeline(**SECTIONS), replace(EMULATED, **nothing))


def test_the_project_of_the_settings_replaces_the_pipelines() -> None:
    with GoogleControlPlaneServer() as control_plane, JsonHttpServer(Answer(404)) as bigquery:
        ports = google_ports(
            fakes.pipeline(services=(ServiceSpec(name="worker"),)),
            Settings(
                project="other-project",
                firestore_emulator="127.0.0.1:1",
                bigquery_emulator=bigquery.address,
                run_endpoint=control_plane.address,
                resource_manager_endpoint=control_plane.address,
            ),
        )
        ports[RESOURCE_MANAGER].project_policy()
        with pytest.raises(SourceError):
            ports[BIGQUERY].query(Query("SELECT 1"))
        ports.close()

        assert [name for _, name in control_plane.calls] == ["other-project"]
        assert "/projects/other-project/" in bigquery.requests[0].path


def test_builds_and_request_counts_are_read_where_the_settings_say() -> None:
    trigger = BuildTrigger(id="1", name="deploy-worker", location="us-west2")
    with CloudBuildServer([trigger]) as cloud_build, CloudMonitoringServer({"worker": 7}) as monitoring:
        ports = google_ports(
            fakes.pipeline(**SECTIONS),
            replace(EMULATED, build_endpoint=cloud_build.address, monitoring_endpoint=monitoring.address),
        )

        assert ports[CLOUD_BUILD].triggers() == [trigger]
        assert ports[MONITORING].counts(fakes.MORNING - timedelta(hours=1), fakes.MORNING) == {"worker": 7}
        ports.close()


def test_the_settings_decide_about_emulators_and_not_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:2")
    with JsonHttpServer(Answer(404)) as wanted, JsonHttpServer(Answer(404)) as unwanted:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://{unwanted.address}")
        ports = google_ports(
            fakes.pipeline(),
            Settings(
                firestore_emulator="127.0.0.1:1",
                bigquery_emulator=wanted.address,
                run_endpoint="127.0.0.1:1",
                resource_manager_endpoint="127.0.0.1:1",
            ),
        )
        with pytest.raises(SourceError):
            ports[BIGQUERY].query(Query("SELECT 1"))
        ports.close()

        assert len(wanted.requests) == 1
        assert not unwanted.requests


@pytest.mark.slow
def test_importing_and_connecting_open_no_connection() -> None:
    program = """
import socket, sys
def refuse(*arguments) -> None: sys.exit("a connection was opened")
socket.socket.connect = socket.socket.connect_ex = socket.create_connection = refuse
from bot.composition.google import google_ports
from bot.settings import Settings
from tests import fakes
address = "127.0.0.1:1"
google_ports(fakes.pipeline(), Settings(firestore_emulator=address, bigquery_emulator=address,
    run_endpoint=address, resource_manager_endpoint=address))
print("connected")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)

    assert (ran.returncode, ran.stdout) == (0, "connected\n"), ran.stderr


class _CountingCredentials(Credentials):
    """Credentials whose refresh takes a while, and that count it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.refreshed = 0
        self._together = threading.Event()

    def refresh(self, request: object) -> None:
        self.refreshed += 1
        self._together.wait(0.2)
        self.token = f"token-{self.refreshed}"
        self.expiry = (datetime.now(UTC) + timedelta(hours=1)).replace(tzinfo=None)


def test_one_thread_fetches_the_token_that_all_need() -> None:
    inner = _CountingCredentials()
    shared: Any = SharedCredentials(inner)
    headers: list[dict[str, str]] = [{} for _ in range(20)]
    threads = [
        threading.Thread(target=shared.before_request, args=(None, "GET", "https://example.com", each))
        for each in headers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert inner.refreshed == 1
    assert [each["authorization"] for each in headers] == ["Bearer token-1"] * 20


def test_an_expired_token_is_fetched_anew() -> None:
    inner = _CountingCredentials()
    shared: Any = SharedCredentials(inner)
    shared.refresh(None)
    inner.expiry = shared.expiry = (datetime.now(UTC) - timedelta(hours=1)).replace(tzinfo=None)
    headers: dict[str, str] = {}
    shared.before_request(None, "GET", "https://example.com", headers)

    assert headers["authorization"] == "Bearer token-2"


def test_credentials_that_are_no_longer_accepted_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with JsonHttpServer(Answer(400, {"error": "invalid_grant", "error_description": "hidden"})) as token_server:
        account = {
            "type": "service_account",
            "client_email": "reveille@example.com",
            "private_key": key.decode(),
            "token_uri": f"http://{token_server.address}/token",
        }
        file = tmp_path / "account.json"
        file.write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
        ports = google_ports(fakes.pipeline(), Settings())
        with pytest.raises(SourceError) as raised:
            ports[BIGQUERY].query(Query("SELECT 1"))
        ports.close()

        assert len(token_server.requests) == 1
    assert raised.value.problem is Problem.UNAUTHENTICATED
    assert "hidden" not in f"{raised.value} {raised.value.advice}"
