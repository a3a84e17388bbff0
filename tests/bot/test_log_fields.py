"""The log: one line for each run, alert, delivery and request, and every line says what it belongs to."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.alerting.clicks import Click
from bot.alerting.incidents import Incidents
from bot.composition.validation import on_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.delivery.outbox import pipeline_of
from bot.log_fields import current_fields, extra, logged_with
from bot.redaction.redactor import Redactor
from bot.render.alert import AlertMessages
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.serving.logs import CloudFormatter
from bot.serving.measured import MeasuredValidation
from bot.serving.metrics import Metrics
from bot.store.sqlite import SqliteStore
from checks.model import Severity
from checks.pools import BoundedPool
from handlers.request_log import asked_in
from tests.bot.alerting.incident_reports import PIPELINE, flag, report_of, with_findings
from tests.bot.delivery.posting import post, posting, update
from tests.bot.render.reports import NOW, healthy
from tests.handlers.rig import running

BROKEN = report_of(with_findings("trigger", flag("not-triggered", Severity.P1)))
WELL = report_of(healthy())


class Lines(logging.Handler):
    """The lines of a log, as Cloud Logging reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(CloudFormatter(Redactor(())))
        self.entries: list[Mapping[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entries.append(json.loads(self.format(record)))

    def of(self, logger: str) -> list[Mapping[str, Any]]:
        return [each for each in self.entries if each["logger"] == logger]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO)
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_fields_hold_inside_and_are_gone_outside() -> None:
    with logged_with(pipeline="nba", run=""), logged_with(run="4f"):
        inside = dict(current_fields())

    assert (inside, dict(current_fields())) == ({"pipeline": "nba", "run": "4f"}, {})


def test_what_is_empty_is_no_field() -> None:
    assert extra(incident=None, kind="post", sink="", attempts=0) == {"json_fields": {"kind": "post", "attempts": 0}}


def test_a_thread_of_a_pool_logs_for_whoever_gave_it_work(lines: Lines) -> None:
    pool = BoundedPool("check", 1)
    for run in ("one", "two"):
        with logged_with(run=run):
            pool.submit(lambda: logging.getLogger("of-a-check").error("it crashed"))
    over = threading.Event()
    pool.submit(over.set)
    assert over.wait(10)
    pool.close()

    assert [each["run"] for each in lines.of("of-a-check")] == ["one", "two"]


def test_a_run_is_one_line_with_its_pipeline_and_its_id(lines: Lines) -> None:
    pipeline = shipped_pipeline()
    with on_scenario(pipeline, load_scenario("healthy-morning")) as prepared:
        counted = Metrics().of(pipeline.name)
        validation = MeasuredValidation(pipeline, prepared.validation.ports, lambda: NOW, counted)
        report = validation.run(validation.plan(Request(checks=("invoker",), trigger="watch")))

    (line,) = lines.of("bot.serving.measured")
    told = {name: line[name] for name in ("pipeline", "run", "trigger", "verdict")}
    assert told == {"pipeline": "nba", "run": report.run, "trigger": "watch", "verdict": report.verdict.value}


def test_two_runs_have_two_ids() -> None:
    pipeline = shipped_pipeline()
    with on_scenario(pipeline, load_scenario("healthy-morning")) as prepared:
        validation = MeasuredValidation(pipeline, prepared.validation.ports, lambda: NOW, Metrics().of(pipeline.name))
        plan = validation.plan(Request(checks=("invoker",)))

        assert validation.run(plan).run != validation.run(plan).run


def test_an_alert_is_a_line_when_it_opens_and_when_it_ends_and_none_in_between(lines: Lines) -> None:
    store = SqliteStore(":memory:")
    incidents = Incidents(store, PIPELINE, AlertMessages(PIPELINE))
    report = replace(BROKEN, run="4f")
    later = [NOW + timedelta(minutes=minutes) for minutes in (0, 5, 10)]

    incidents.process(report, later[0])
    incidents.process(report, later[1])
    incidents.process(replace(WELL, run="50"), later[2])
    (alert,) = store.recent_alerts(PIPELINE.name, NOW - timedelta(days=1))
    store.close()

    told = [
        (each["message"].split(":")[0], each["incident"], each["run"]) for each in lines.of("bot.alerting.incidents")
    ]
    assert told == [("alert opened", alert.thread, "4f"), ("alert resolved", alert.thread, "50")]


def test_a_click_is_a_line_with_who_did_it(lines: Lines) -> None:
    store = SqliteStore(":memory:")
    incidents = Incidents(store, PIPELINE, AlertMessages(PIPELINE))
    incidents.process(BROKEN, NOW)
    (alert,) = store.open_alerts(PIPELINE.name)

    incidents.acknowledge(Click(key=alert.key, actor="U0PERSON", now=NOW, action_key="1"))
    store.close()

    line = lines.of("bot.alerting.incidents")[-1]
    assert (line["message"].split(":")[0], line["user"], line["incident"]) == (
        "alert acknowledged",
        "U0PERSON",
        alert.thread,
    )


def test_a_delivery_is_a_line_with_the_incident_that_it_tells(lines: Lines) -> None:
    thread = "alert:nba:a:b:-:0"
    with posting() as rig:
        rig.put(post(thread), update(f"{thread}:v2", thread), post("digest:nba:2026-02-11"))
        rig.settle()

    told = {each["message"]: each.get("incident") for each in lines.of("bot.delivery.outbox")}
    sent = {f"{thread} is sent": thread, f"{thread}:v2 is sent": thread, "digest:nba:2026-02-11 is sent": None}
    assert told == sent
    assert {each["pipeline"] for each in lines.of("bot.delivery.outbox")} == {"nba"}


@pytest.mark.parametrize(
    ("key", "target", "pipeline"),
    [
        ("alert:nba:a:b:-:0:v2", None, "nba"),
        ("digest:my-shop:2026-02-11:detail:1", None, "my-shop"),
        ("page:pager:alert:my_shop:a:b:-:0:v1:trigger", None, "my_shop"),
        ("answer:1", "digest-late:nba:2026-02-11", "nba"),
        ("nothing", None, ""),
    ],
)
def test_the_pipeline_of_a_delivery_is_that_of_its_key_or_of_what_it_answers(
    key: str, target: str | None, pipeline: str
) -> None:
    assert pipeline_of(replace(post(key), target=target)) == pipeline


def test_a_command_is_a_line_without_its_words(lines: Lines) -> None:
    with running() as rig:
        rig.done("/validate-daily", "something private")

    (line,) = lines.of("handlers.request_log")
    assert line["message"] == "asked: /validate-daily"
    assert line["user"].startswith("U0")
    assert "private" not in json.dumps(lines.of("handlers.request_log"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"command": "/alerts", "text": "x"}, "/alerts", id="a command"),
        pytest.param(
            {"type": "block_actions", "actions": [{"action_id": "alert:repair"}]}, "button alert:repair", id="a button"
        ),
        pytest.param({"type": "view_submission", "view": {"callback_id": "snooze"}}, "form snooze", id="a form"),
        pytest.param({"type": "view_submission"}, "form ", id="a form without a name"),
        pytest.param({"type": "shortcut", "callback_id": "report"}, "button report", id="a shortcut"),
        pytest.param({"event": {"type": "app_mention"}}, "mention", id="a mention"),
        pytest.param({"event": {"type": "app_home_opened"}}, "", id="an event"),
        pytest.param({"actions": []}, "", id="nothing"),
    ],
)
def test_what_was_asked_is_named(body: Mapping[str, Any], expected: str) -> None:
    assert asked_in(body) == expected
