"""The whole validation through Google's own clients and protocols, held against the embedded replay."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from subprocess import CompletedProcess

import pytest

from bot.composition.google import google_ports
from bot.composition.scenario import scenario_ports
from bot.definition.pipeline_file import shipped_pipeline
from bot.request import Request
from bot.scenarios.scenario import Scenario, load_scenario
from bot.scenarios.world import build_world
from bot.settings import Settings
from bot.validation import Validation
from checks.model import Report
from checks.pipeline import Pipeline
from checks.ports.audit import AUDIT
from checks.ports.logs import LOGS
from checks.ports.run_jobs import CLOUD_RUN_JOBS
from checks.source import Ports
from tests.servers import forked
from tests.servers.platform import on_github
from tests.servers.playback import played
from tests.validated import validated

pytestmark = pytest.mark.xdist_group("emulators")


@contextmanager
def on_google(scenario: Scenario, firestore_address: str, bigquery_address: str) -> Iterator[tuple[Pipeline, Ports]]:
    pipeline = on_github(shipped_pipeline())
    world = build_world(pipeline, scenario)
    with played(pipeline, world, firestore_address=firestore_address, bigquery_address=bigquery_address) as environment:
        ports = google_ports(pipeline, Settings.from_environment(environment))
        try:
            yield pipeline, ports
        finally:
            ports.close()


def validate(pipeline: Pipeline, ports: Ports, scenario: Scenario, now: datetime) -> Report:
    return validated(Validation(pipeline, ports, lambda: now), Request(interval=scenario.file.requested))


def facts(report: Report) -> list[tuple[str, str, str, str, str]]:
    """Return what a report says, in an order that does not depend on the order of rows."""
    return sorted(
        (result.check, finding.code, finding.subject, str(finding.interval), finding.summary)
        for result, finding in report.findings()
    )


@pytest.mark.parametrize("name", ["healthy-morning", "invoker-lost", "game-stuck", "off-day"])
@pytest.mark.slow
def test_google_clients_and_the_embedded_default_say_the_same(
    name: str, firestore_address: str, bigquery_address: str
) -> None:
    scenario = load_scenario(name)
    described = on_github(shipped_pipeline())
    embedded = scenario_ports(described, scenario)
    # The audit reads the files of a clone, and a recorded world has none.
    without_audit = Ports({source: port for source, port in embedded.connected.items() if source is not AUDIT})
    expected = validate(described, without_audit, scenario, embedded.now)
    embedded.close()

    with on_google(scenario, firestore_address, bigquery_address) as (pipeline, ports):
        # A world that says nothing of logs, or of Cloud Run's jobs, has none.
        unsaid = (LOGS, CLOUD_RUN_JOBS)
        said = Ports({source: port for source, port in ports.connected.items() if source not in unsaid})
        actual = validate(pipeline, said, scenario, embedded.now)

    assert actual.verdict is scenario.file.expect.verdict
    assert facts(actual) == facts(expected)
    assert actual.causes == expected.causes


@pytest.mark.slow
def test_each_question_is_asked_once_in_a_run(firestore_address: str, bigquery_address: str) -> None:
    scenario = load_scenario("healthy-morning")
    with on_google(scenario, firestore_address, bigquery_address) as (pipeline, ports):
        report = validate(pipeline, ports, scenario, build_world(pipeline, scenario).now)

    keys = [(look.source, look.key) for look in report.reads]
    assert len(keys) == len(set(keys))
    assert all(look.answered for look in report.reads)


@pytest.mark.slow
def test_the_documented_command_validates_a_scenario_through_the_emulators(
    firestore_address: str, bigquery_address: str
) -> None:
    """The addresses are unused: asking for them skips this test where the emulators cannot run."""
    now = build_world(shipped_pipeline(), load_scenario("invoker-lost")).now.isoformat()
    command = ["reveille", "validate", "2026-02-10", "--check", "invoker", "--now", now, "--format", "json"]

    ran = _servers("--scenario", "invoker-lost", "--", *command)

    assert ran.returncode == 1, ran.stderr
    assert json.loads(ran.stdout)["verdict"] == "BLOCKED"


def test_a_scenario_whose_sources_fail_cannot_be_played() -> None:
    ran = _servers("--scenario", "half-the-sources-down")

    assert ran.returncode == 3
    assert "reveille replay" in ran.stderr


@pytest.mark.parametrize(
    "arguments", [("--scenario", "healthy-mornin"), ("--scenario", "off-day", "--", "no-such-command")]
)
def test_a_name_that_does_not_exist_is_one_sentence(arguments: tuple[str, ...]) -> None:
    ran = _servers(*arguments)

    assert ran.returncode == 3
    assert ran.stderr.startswith("There is no ")
    assert len(ran.stderr.splitlines()) == 1


def _servers(*arguments: str) -> CompletedProcess[str]:
    return forked.run("tests.servers", *arguments, env=os.environ, timeout=300)
