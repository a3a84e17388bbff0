"""Traces: what they say, that they hide what they must, and that no collector can hold anything up."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from bot.composition.notifier import Prepared, notifier_of
from bot.composition.validation import on_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.redaction.known import known_secrets
from bot.render.json import report_document
from bot.render.reading import Reading
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.serving.measured import MeasuredValidation, Traced
from bot.serving.metrics import Metrics
from bot.serving.serving_settings import ServingSettings, SlackSettings
from bot.serving.traces import CLOSE_SECONDS, Traces
from bot.settings import Settings, SettingsError
from bot.store.model import Delivery, DeliveryKind
from bot.timetable.slots import notifications_of
from checks.model import Report
from tests.bench.processes import ROOT, environment

NOW = datetime(2026, 2, 11, 13, 10, tzinfo=UTC)
LATER = timedelta(seconds=4)


@pytest.fixture(scope="module")
def report() -> Report:
    """A report in which a source did not answer, and rows were read."""
    with on_scenario(shipped_pipeline(), load_scenario("half-the-sources-down")) as prepared:
        validation = prepared.validation
        return replace(validation.run(validation.plan(Request(depth="quick", trigger="command:U0PERSON"))), run="4f")


def traced(report: Report) -> Sequence[ReadableSpan]:
    exporter = InMemorySpanExporter()
    traces = Traces(exporter)
    traces.run_finished(report, NOW)
    traces.close()
    return exporter.get_finished_spans()


def test_a_run_is_one_trace_with_every_question_that_it_asked(report: Report) -> None:
    spans = traced(report)

    (run,) = [each for each in spans if each.name == "run"]
    reads = [each for each in spans if each.name == "read"]
    assert len(reads) == len(report.reads) > 10
    assert {each.parent.span_id for each in reads if each.parent is not None} == {run.context.span_id}
    assert {each.status.status_code for each in reads} == {StatusCode.ERROR, StatusCode.UNSET}
    assert dict(run.attributes or {}) == {
        "reveille.pipeline": "nba",
        "reveille.run": "4f",
        "reveille.trigger": "command",
        "reveille.verdict": report.verdict.value,
        "reveille.interval": report.previous.name,
        "reveille.checks": len(report.results),
    }


def test_a_trace_lies_where_its_run_lay(report: Report) -> None:
    spans = traced(replace(report, duration=3.0))

    (run,) = [each for each in spans if each.name == "run"]
    assert run.end_time == int(NOW.timestamp() * 1e9)
    assert run.start_time == int((NOW - timedelta(seconds=3)).timestamp() * 1e9)


def test_no_question_no_row_and_nobodys_name_is_in_an_attribute(report: Report) -> None:
    values = {value for each in traced(report) for value in (each.attributes or {}).values()}

    sources = {each.source for each in report.reads}
    own = {"nba", "4f", "command", report.verdict.value, report.previous.name}
    assert {each for each in values if isinstance(each, str)} == sources | own


def test_a_delivery_lasts_from_its_decision_to_its_answer() -> None:
    exporter = InMemorySpanExporter()
    traces = Traces(exporter)
    delivery = Delivery(
        key="alert:nba:a:secret-row:-:0",
        kind=DeliveryKind.POST,
        channel="C0EXAMPLE1",
        body={"text": "secret"},
        created_at=NOW,
    )

    traces.delivery_sent(delivery, NOW + LATER)
    traces.close()

    (span,) = exporter.get_finished_spans()
    assert (span.end_time or 0) - (span.start_time or 0) == 4_000_000_000
    assert dict(span.attributes or {}) == {"reveille.sink": "slack", "reveille.kind": "post", "reveille.attempts": 0}


class Hanging(SpanExporter):
    """A collector that never answers."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        del spans
        self.over.wait(60)
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Nothing to end."""


def test_a_collector_that_hangs_slows_no_run_and_not_the_end(report: Report) -> None:
    hanging = Hanging()
    traces = Traces(hanging)

    began = time.monotonic()
    for _ in range(100):
        traces.run_finished(report, NOW)
    told = time.monotonic() - began
    traces.close()
    closed = time.monotonic() - began - told
    hanging.over.set()

    assert told / 100 < 0.1
    assert closed < CLOSE_SECONDS + 1


def test_a_collector_that_is_gone_breaks_nothing(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{taken.getsockname()[1]}")
        traces = Traces()
        traces.run_finished(report, NOW)
        began = time.monotonic()
        traces.close()

    assert time.monotonic() - began < CLOSE_SECONDS + 1


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, ExportTraceServiceRequest, Mapping[str, str]]]]]:
    """A collector on loopback: its address, and what it was sent."""
    taken: list[tuple[str, ExportTraceServiceRequest, Mapping[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((self.path, ExportTraceServiceRequest.FromString(body), dict(self.headers)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_is_sent_follows_opentelemetrys_own_variables(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    with collector() as (address, taken):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20key")
        traces = Traces()
        traces.run_finished(report, NOW)
        traces.close()

    ((path, request, headers),) = taken
    spans = request.resource_spans[0].scope_spans[0].spans
    assert (path, headers["authorization"], len(spans)) == ("/v1/traces", "Bearer key", 1 + len(report.reads))


def test_runs_are_counted_and_traced() -> None:
    exporter, pipeline = InMemorySpanExporter(), shipped_pipeline()
    traces = Traces(exporter)
    with on_scenario(pipeline, load_scenario("healthy-morning")) as prepared:
        told = Traced(Metrics().of(pipeline.name), traces, lambda: NOW)
        validation = MeasuredValidation(pipeline, prepared.validation.ports, lambda: NOW, told)
        report = validation.run(validation.plan(Request(checks=("invoker",))))
    traces.close()

    (run,) = [each for each in exporter.get_finished_spans() if each.name == "run"]
    assert (run.attributes or {})["reveille.run"] == report.run != ""
    assert "run" not in report_document(Reading(report=report, pipeline=pipeline, checks=validation.checks))


def prepared(**changes: Any) -> Prepared:
    pipeline = shipped_pipeline()
    return Prepared(
        settings=Settings(),
        serving=ServingSettings(**changes),
        slack=SlackSettings.silent(),
        pipeline=pipeline,
        notifications=notifications_of(pipeline),
        scenario=load_scenario("healthy-morning"),
    )


def test_a_bot_with_traces_sends_those_of_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with collector() as (address, taken):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        told = notifier_of(prepared(traces=True))
        told.validation.run(told.validation.plan(Request(checks=("invoker",))))
        told.close()

    names = {span.name for _, request, _ in taken for span in request.resource_spans[0].scope_spans[0].spans}
    assert names == {"run", "read"}


def test_traces_without_their_package_are_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.composition.telemetry.find_spec", lambda name: None)

    with pytest.raises(SettingsError, match=r"reveille\[telemetry\]"):
        notifier_of(prepared(traces=True))


@pytest.mark.slow
def test_nothing_of_opentelemetry_is_imported_by_a_bot_without_traces() -> None:
    code = (
        "import sys, bot.composition.serve; "
        "sys.exit(any(name.startswith(('opentelemetry', 'bot.serving.traces')) for name in sys.modules))"
    )
    ended = subprocess.run(
        (sys.executable, "-c", code), cwd=ROOT, env=environment({}), capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("value", "wanted"), [("otlp", True), ("", False)])
def test_traces_are_off_unless_somebody_wants_them(value: str, wanted: bool) -> None:
    assert ServingSettings.from_environment({"REVEILLE_TRACES": value}).traces is wanted


def test_another_word_for_traces_is_refused() -> None:
    with pytest.raises(SettingsError, match="REVEILLE_TRACES"):
        ServingSettings.from_environment({"REVEILLE_TRACES": "yes"})


def test_the_key_of_a_collector_is_a_secret() -> None:
    headers = {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20coll3ctor-key,x-team=data"}

    secrets = known_secrets({**headers, "OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:passw0rd@collector.example.com"})

    assert {"coll3ctor-key", "passw0rd"} <= secrets
