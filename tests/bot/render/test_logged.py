"""What services logged is shown below its cause: three lines, escaped, wherever they are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.alerting.incident import incidents_of, recalled
from bot.composition.validation import on_scenario, pipeline_of
from bot.render.alert import alert_message
from bot.render.alert_details import detail_parts
from bot.render.blocks import messages_json, slack_message
from bot.render.post import Post
from bot.render.reading import Reading
from bot.render.report import message_of
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.sinks.slack.format import formatted
from checks.model import Report
from checks.pipeline import Pipeline
from tests.bot.render.alert_states import OPEN
from tests.bot.render.test_alert import check
from tests.plain import terminal_text
from tests.validated import validated

SCENARIO = r"""
version: 2
name: logged
title: A crash
story: The worker crashes.
when: 11 Feb 2026
now: 2026-02-11 13:00
interval: yesterday
base: no-predictions
expect: {verdict: BLOCKED}
services:
  prediction-worker: {revision: prediction-worker-2, deployed_at: <now-9h>, deployed_by: build@example.com}
logs:
  errors:
    prediction-worker:
      - {text: "a <!channel> *b* \x1b[31m& <https://evil.example|c>", count: 1200, first: <now-5h>, last: <now-4m>}
      - {text: "KeyError - no recommendation", count: 3, first: <now-5h>, last: <now-5m>}
      - {text: "out of memory", last: <now-6m>}
      - {text: "the fourth", last: <now-7m>}
  changes: [{at: <now-9h>, by: dev@example.com, service: prediction-worker}]
"""


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return pipeline_of(Path("nba"))


@pytest.fixture(scope="module")
def report(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Report:
    file = tmp_path_factory.mktemp("logged") / "logged.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    with on_scenario(pipeline, load_scenario(str(file))) as ready:
        return validated(ready.validation, Request(interval=ready.interval))


@pytest.mark.slow
def test_the_page_shows_the_newest_lines_with_their_counts_and_who_deployed(pipeline: Pipeline, report: Report) -> None:
    page = terminal_text(message_of(Reading(report=report, pipeline=pipeline, checks=())), width=400)

    assert "prediction-worker logged 1,205 errors since 11 Feb 08:00 EST" in page
    assert "none before its deploy of 11 Feb 04:00 EST by dev@example.com (prediction-worker-2" in page
    assert "“KeyError - no recommendation” (3 times, last 11 Feb 12:55 EST)" in page
    assert "“out of memory” (once, 11 Feb 12:54 EST)" in page
    assert "the fourth" not in page
    assert "\x1b" not in page


def test_slack_shows_them_in_the_report_the_details_and_the_alert_and_obeys_none(
    pipeline: Pipeline, report: Report
) -> None:
    incident = next(each for each in incidents_of(report) if "logged" in each.statement)
    alert = replace(OPEN, details={**OPEN.details, "logged": incident.statement["logged"]})
    body = dict(formatted(alert_message(alert, pipeline, report.now).document))
    details = slack_message(Post((), tuple(detail_parts(alert, pipeline, report.now))))

    check(body)
    assert "<!channel>" not in str(body)
    for text in (str(details.blocks), messages_json(message_of(Reading(report=report, pipeline=pipeline, checks=())))):
        assert "&lt;!channel&gt;" in text
        assert "out of memory" in text
        assert "the fourth" not in text


def test_an_alert_recalls_what_it_was_told_with(report: Report) -> None:
    incident = next(each for each in incidents_of(report) if "logged" in each.statement)
    alert = replace(OPEN, details={**OPEN.details, "logged": incident.statement["logged"]})

    assert recalled(alert).statement["logged"] == incident.statement["logged"]
