"""What Cloud Monitoring is told of the bot is what the bot really logs and counts, and every policy has its runbook."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.alerting.incidents import Incidents
from bot.composition.validation import on_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.playground.slack.server import rate_limited, refused
from bot.render.alert import AlertMessages
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.serving.measured import MeasuredValidation
from bot.serving.metrics import Metrics
from bot.store.health import StoreHealth
from bot.store.model import StoreError
from bot.store.sqlite import SqliteStore
from tests.bot.alerting.incident_reports import PIPELINE
from tests.bot.delivery.posting import OTHER, post, posting
from tests.bot.render.reports import NOW
from tests.bot.test_log_fields import BROKEN, Lines
from tests.sections import ROOT, anchors
from tests.test_docs_operating import PAGE, metrics

FOLDER = ROOT / "deploy" / "monitoring"
COUNTED: Mapping[str, Mapping[str, Any]] = {
    file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in (FOLDER / "metrics").iterdir()
}
POLICIES: Mapping[str, Mapping[str, Any]] = {
    file.stem: json.loads(file.read_text(encoding="utf-8")) for file in (FOLDER / "policies").iterdir()
}
DASHBOARD = (FOLDER / "dashboard.json").read_text(encoding="utf-8")
EVERYTHING = DASHBOARD + json.dumps(POLICIES)

SEVERITIES = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
TERM = re.compile(r'([\w.]+)(=~|>=|=|:)("(?:[^"\\]|\\.)*"|[\w*]+)')


def matches(condition: str, entry: Mapping[str, Any]) -> bool:
    """Whether a line meets a filter of Cloud Logging, as far as ours go: terms with AND between."""
    return all(_holds(term, {**entry, "type": "cloud_run_revision"}) for term in condition.split(" AND "))


def _holds(term: str, entry: Mapping[str, Any]) -> bool:
    found = TERM.fullmatch(term)
    assert found is not None, term
    name, sign, value = found[1].rpartition(".")[2], found[2], found[3].strip('"')
    has = entry.get(name)
    if sign == ":":
        return has is not None
    if name == "severity":
        levels = (SEVERITIES.index(str(has)), SEVERITIES.index(value))
        return levels[0] >= levels[1] if sign == ">=" else levels[0] == levels[1]
    if sign == ">=":
        return has is not None and float(has) >= float(value)
    return re.search(value, str(has)) is not None if sign == "=~" else has == value


class Down:
    def ping(self) -> None:
        message = "the disk is full"
        raise StoreError(message)


@pytest.fixture(scope="module")
def logged() -> Iterator[Sequence[Mapping[str, Any]]]:
    """What the bot logs of a run, an alert, a store that fails, and messages that are sent, refused and given up."""
    lines, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.INFO)
    try:
        _validate()
        store = SqliteStore(":memory:")
        Incidents(store, PIPELINE, AlertMessages(PIPELINE)).process(BROKEN, NOW)
        store.close()
        StoreHealth(Down()).problem()
        _send()
        yield lines.entries
    finally:
        root.removeHandler(lines)
        root.setLevel(level)


def _validate() -> None:
    pipeline = shipped_pipeline()
    with on_scenario(pipeline, load_scenario("healthy-morning")) as prepared:
        counted = Metrics().of(pipeline.name)
        validation = MeasuredValidation(pipeline, prepared.validation.ports, lambda: NOW, counted)
        validation.run(validation.plan(Request(checks=("invoker",), trigger="watch")))


def _send() -> None:
    with posting() as rig:
        rig.slack.tell("chat.postMessage", rate_limited(900), rate_limited(1))
        rig.put(post("digest:nba:2026-02-11"))
        rig.settle(seconds=2000, step=10)
        rig.slack.tell("chat.postMessage", refused("msg_too_long", times=None))
        rig.put(post("too-long", channel=OTHER))
        for _ in range(20):
            rig.outbox.pump()
            rig.clock.advance(minutes=5)


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_every_metric_counts_lines_that_are_really_logged(name: str, logged: Sequence[Mapping[str, Any]]) -> None:
    metric = COUNTED[name]

    found = [each for each in logged if matches(metric["filter"], each)]

    assert 0 < len(found) < len(logged)
    for extractor in (*metric.get("labelExtractors", {}).values(), metric.get("valueExtractor", "")):
        for field, pattern in re.findall(r'EXTRACT\(jsonPayload\.(\w+)(?:, "(.*)")?\)', extractor):
            assert all(field in each and re.search(pattern, str(each[field])) for each in found), (name, extractor)


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_every_label_of_a_metric_is_extracted(name: str) -> None:
    labels = {each["key"] for each in COUNTED[name]["metricDescriptor"].get("labels", ())}

    assert labels == COUNTED[name].get("labelExtractors", {}).keys()


def test_every_metric_that_is_shown_or_watched_is_one_and_every_one_is_used() -> None:
    used = set(re.findall(r"logging\.googleapis\.com/user/(\w+)|logging_googleapis_com:user_(\w+)", EVERYTHING))

    assert {one or other for one, other in used} == COUNTED.keys()


def test_every_scraped_metric_is_one_that_the_bot_has() -> None:
    queries = " ".join(re.findall(r'"prometheusQuery": "(.*)"', DASHBOARD))
    scraped = set(re.findall(r"reveille_\w+", queries))

    assert scraped
    assert scraped <= metrics()


def test_every_label_that_is_grouped_by_is_one_of_its_metric() -> None:
    for tile in json.loads(DASHBOARD)["mosaicLayout"]["tiles"]:
        for shown in tile["widget"].get("xyChart", {}).get("dataSets", ()):
            query = shown["timeSeriesQuery"].get("timeSeriesFilter")
            if query is not None:
                name = re.findall(r"user/(\w+)", query["filter"])[0]
                grouped = {each.rpartition(".")[2] for each in query["aggregation"].get("groupByFields", ())}
                assert grouped <= COUNTED[name].get("labelExtractors", {}).keys(), tile["widget"]["title"]


def test_every_policy_has_its_runbook_and_every_runbook_its_policy() -> None:
    page = ROOT / "docs" / "runbooks.md"
    named = {
        name: re.findall(r"docs/runbooks\.md#([\w-]+)$", each["documentation"]["content"])
        for name, each in POLICIES.items()
    }

    assert named == {name: [name] for name in POLICIES}
    assert anchors(page) - {"when-reveille-itself-is-ill"} == POLICIES.keys()


def test_every_policy_has_one_condition_at_least_and_closes_by_itself() -> None:
    for name, policy in POLICIES.items():
        assert policy["conditions"], name
        assert policy["combiner"] == "OR"
        assert policy["alertStrategy"]["autoClose"].endswith("s")


def test_the_commands_of_the_page_take_every_file_once(tmp_path: Path) -> None:
    (block,) = [each for each in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if "deploy/monitoring" in each]
    calls = tmp_path / "calls"
    stand_in = tmp_path / "gcloud"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n', encoding="utf-8")
    stand_in.chmod(0o755)

    subprocess.run(
        ["sh", "-eu", "-c", block], cwd=ROOT, check=True, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    )

    told = calls.read_text(encoding="utf-8")
    files = re.findall(r"--(?:config|policy)-from-file=(\S+)", told)
    assert sorted(files) == sorted(str(each.relative_to(ROOT)) for each in FOLDER.rglob("*") if each.is_file())
    assert set(re.findall(r"logging metrics create (\w+)", told)) == COUNTED.keys()
