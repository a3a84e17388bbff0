"""The pipelines of examples/: each validates from its scenarios, on the emulators, and has its digest."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.alerting.incidents import Incidents
from bot.composition.google import google_ports
from bot.composition.scenario import scenario_ports
from bot.definition.pipeline_file import load_pipeline
from bot.render.alert import AlertMessages
from bot.replay import replay
from bot.request import Request
from bot.scenarios.scenario import Scenario, load_scenario
from bot.scenarios.world import build_world
from bot.settings import Settings
from bot.store.sqlite import SqliteStore
from bot.timetable.digest import Digests
from bot.timetable.digest_deliveries import posting_key
from bot.timetable.done import Done
from bot.validation import Validation
from checks.intervals import Offset
from checks.model import Report, Verdict
from checks.notifications import DigestTimes
from checks.pipeline import Pipeline
from tests.sections import ROOT
from tests.servers.playback import played
from tests.validated import validated

SCENARIOS = sorted((ROOT / "examples").glob("*/scenarios/*.yaml"))
DIGESTS = {
    "events-hourly/scenarios/healthy": ("2026-03-04", "2026-03-04T13"),
    "events-hourly/scenarios/app-silent": ("2026-03-04", "2026-03-04T13"),
    "finance-load/scenarios/monday": ("2026-03-09", "2026-03-06"),
    "finance-load/scenarios/load-missing": ("2026-03-09", "2026-03-06"),
}
"""The interval that the digest belongs to, and the one that it judges. The hourly scenarios are of the afternoon."""
AFTERNOON = DigestTimes(post=Offset("14:20"), refresh=())


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT / "examples").with_suffix(""))


def scenario_of(name: str) -> Scenario:
    return load_scenario(ROOT / "examples" / f"{name}.yaml")


def pipeline_of(scenario: Scenario) -> Pipeline:
    assert scenario.pipeline is not None
    return load_pipeline(scenario.pipeline)


def told(report: Report) -> list[tuple[str, str, str, str]]:
    return sorted(
        (result.check, finding.code, finding.subject, finding.summary) for result, finding in report.findings()
    )


@pytest.mark.parametrize("path", SCENARIOS, ids=name_of)
@pytest.mark.sampled(3)
def test_a_scenario_says_what_it_must(path: Path) -> None:
    scenario = load_scenario(path)

    assert replay(scenario, pipeline_of(scenario)).agrees


def test_every_example_has_a_healthy_and_a_broken_scenario() -> None:
    verdicts: dict[str, set[bool]] = {}
    for path in SCENARIOS:
        expected = load_scenario(path).file.expect.verdict
        verdicts.setdefault(path.parts[-3], set()).add(expected is Verdict.ALL_CLEAR)

    named = {each.parent.name for each in (ROOT / "examples").glob("*/pipeline.yaml")}
    assert named == verdicts.keys()
    assert all(each == {True, False} for each in verdicts.values()), verdicts


@pytest.mark.parametrize("name", sorted(each.parent.name for each in (ROOT / "examples").glob("*/pipeline.yaml")))
def test_the_readme_names_every_example(name: str) -> None:
    assert f"`examples/{name}`" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_smallest_example_has_at_most_25_lines() -> None:
    assert len((ROOT / "examples/minimal/pipeline.yaml").read_text(encoding="utf-8").splitlines()) <= 25


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_the_digest_is_posted_and_judges_the_interval_before(name: str) -> None:
    scenario = scenario_of(name)
    pipeline = pipeline_of(scenario)
    if not pipeline.cadence.has_dates and pipeline.notifications is not None:
        at_its_time = pipeline.notifications.model_copy(update={"digest": AFTERNOON})
        pipeline = pipeline.model_copy(update={"notifications": at_its_time})
    ports = scenario_ports(pipeline, scenario)
    store = SqliteStore(":memory:")
    of, judged = DIGESTS[name]
    try:
        validation = Validation(pipeline, ports, lambda: ports.now)
        digests = Digests(
            validation, store, Incidents(store, pipeline, AlertMessages(pipeline)), lambda: ports.now, "test"
        )

        done = digests.run_owed()

        (head,) = store.report_heads(pipeline.name, "digest", ports.now - timedelta(days=1), 10)
        assert done is Done.POSTED
        assert store.delivery(posting_key(pipeline.name, of)) is not None
        assert (head.previous, head.verdict) == (judged, str(scenario.file.expect.verdict))
    finally:
        store.close()
        ports.close()


@pytest.mark.xdist_group("emulators")
@pytest.mark.parametrize("name", ["events-hourly/scenarios/app-silent", "finance-load/scenarios/out-of-balance"])
def test_the_emulators_say_the_same(name: str, firestore_address: str, bigquery_address: str) -> None:
    scenario = scenario_of(name)
    pipeline = pipeline_of(scenario)
    recorded = scenario_ports(pipeline, scenario)
    request = Request(interval=scenario.file.requested)
    expected = validated(Validation(pipeline, recorded, lambda: recorded.now), request)
    recorded.close()

    world = build_world(pipeline, scenario)
    with played(pipeline, world, firestore_address=firestore_address, bigquery_address=bigquery_address) as environment:
        ports = google_ports(pipeline, Settings.from_environment(environment))
        try:
            actual = validated(Validation(pipeline, ports, lambda: recorded.now), request)
        finally:
            ports.close()

    assert told(actual) == told(expected)
    assert actual.verdict is scenario.file.expect.verdict
