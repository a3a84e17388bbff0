"""Traces for OpenTelemetry: a run with its reads, and each delivery from its decision to its answer.

They are told when it is over, from what is known then anyway, and handed to a thread that sends them in batches: a
collector that is slow or gone costs traces, and never time. Nothing here is imported unless traces are switched on.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context

from bot.store.model import Delivery
from checks.model import Report
from checks.source import ReadRecord

NAME = "reveille"

CLOSE_SECONDS = 2.0
"""So long the end of the process waits for the last batch."""

Attribute = str | int | float | bool


class Traces:
    """Sends traces to the collector that the ``OTEL_*`` variables name. Attributes are names of ours and figures: no
    text of the platform, no row, no key of a question."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        resource = Resource.create({SERVICE_NAME: NAME, SERVICE_VERSION: version(NAME)})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(NAME, version(NAME))

    def run_finished(self, report: Report, ended: datetime) -> None:
        """Tell a run that ended at an instant, with everything that it asked."""
        began = ended - timedelta(seconds=report.duration)
        run = self._span(
            "run",
            began,
            Context(),
            pipeline=report.pipeline,
            run=report.run,
            trigger=report.trigger.partition(":")[0],
            verdict=report.verdict.value,
            interval=report.previous.name,
            checks=len(report.results),
        )
        inside = set_span_in_context(run, Context())
        for each in report.reads:
            self._read(each, began, inside)
        run.end(_nanoseconds(ended))

    def delivery_sent(self, delivery: Delivery, sent: datetime) -> None:
        """Tell a delivery: it begins when it was decided, and ends when its sink has confirmed it."""
        span = self._span(
            "delivery",
            delivery.created_at,
            Context(),
            SpanKind.PRODUCER,
            sink=delivery.sink,
            kind=delivery.kind.value,
            attempts=delivery.attempts,
        )
        span.end(_nanoseconds(sent))

    def close(self) -> None:
        """Send what is left, for a moment at most."""
        closing = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)

    def _read(self, read: ReadRecord, began: datetime, inside: Context) -> None:
        started = began + timedelta(seconds=read.started)
        span = self._span("read", started, inside, SpanKind.CLIENT, source=read.source, depth=read.depth)
        if not read.answered:
            span.set_status(StatusCode.ERROR)
        span.end(_nanoseconds(started + timedelta(seconds=read.duration)))

    def _span(
        self, name: str, began: datetime, inside: Context, role: SpanKind = SpanKind.INTERNAL, **attributes: Attribute
    ) -> Span:
        named = {f"{NAME}.{key}": value for key, value in attributes.items()}
        return self._tracer.start_span(name, inside, role, named, start_time=_nanoseconds(began))


def _nanoseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000) * 1_000
