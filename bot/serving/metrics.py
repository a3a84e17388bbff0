"""What Prometheus reads: counted as it happens, or looked up in the store when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from bot.serving.refusals import Refused
from bot.store.model import Delivery, StoreError
from checks.model import CheckResult, Report

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 80)
"""Bounds for durations; a source is given up before the last."""


class Deliveries(Protocol):
    """What the metrics ask of the store."""

    def pending(self) -> Sequence[Delivery]: ...


PIPELINE = "pipeline"
"""The label of what each of the pipelines of one process has of its own."""


class Metrics:
    """The metrics of one process, in a registry of their own. Safe from several threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(f"reveille_{name}", what, labels, registry=self.registry)

        def histogram(name: str, what: str, *labels: str) -> Histogram:
            return Histogram(f"reveille_{name}", what, labels, buckets=SECONDS, registry=self.registry)

        self._runs = counter("runs", "Validations by who asked and verdict.", PIPELINE, "trigger", "verdict")
        self._run_seconds = histogram("run_seconds", "How long a validation took.", PIPELINE, "trigger")
        self._check_seconds = histogram("check_seconds", "How long a check took.", PIPELINE, "check")
        self._outcomes = counter("check_outcomes", "What checks came to.", PIPELINE, "check", "outcome")
        self._deliveries = counter("deliveries", "Messages that left the outbox.", "kind", "result")
        self._rate_limited = counter("slack_rate_limited", "Answers 429 of Slack, or of a webhook.", "method")
        self._jobs = counter("jobs", "Scheduled jobs that did not do their work.", PIPELINE, "job", "result")
        self._refused = counter("requests_refused", "Requests that were not taken, by reason.", "reason")
        for reason in Refused:
            self._refused.labels(reason)  # a rate needs a beginning
        self._digest = Gauge(
            "reveille_digest_last_timestamp_seconds",
            "When Slack last confirmed a digest of this process; 0 before the first.",
            (PIPELINE,),
            registry=self.registry,
        )
        self._turns = _Turns()
        self.registry.register(self._turns)

    def of(self, pipeline: str) -> PipelineMetrics:
        """Return what is counted of one pipeline."""
        self._digest.labels(pipeline)  # 0 before the first
        return PipelineMetrics(self, pipeline)

    def text(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)

    def watch(
        self,
        store: Deliveries,
        clock: Callable[[], datetime],
        problems: Callable[[], Mapping[str, str]] = dict,
        store_problem: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Show what waits in the store, whether that can be written, and why Slack takes nothing, as it is at each
        look."""
        self.registry.register(_Outbox(store, clock, store_problem))
        refused = Gauge(
            "reveille_delivery_problems",
            "What keeps messages from Slack, or events from webhooks, until somebody repairs it; /ready names it.",
            registry=self.registry,
        )
        refused.set_function(lambda: len(problems()))

    def watch_turns(self, pipeline: str, counts: Callable[[], Mapping[str, int]]) -> None:
        """Show how often in a row each step of the round of a pipeline failed."""
        self._turns.counts[pipeline] = counts

    def delivery_sent(self, delivery: Delivery) -> None:
        self._deliveries.labels(_kind(delivery), "sent").inc()

    def delivery_buried(self, delivery: Delivery) -> None:
        self._deliveries.labels(_kind(delivery), "buried").inc()

    def rate_limited(self, method: str) -> None:
        self._rate_limited.labels(method).inc()

    def request_refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def digest_posted(self, pipeline: str, at: datetime) -> None:
        self._digest.labels(pipeline).set(at.timestamp())

    def check_finished(self, pipeline: str, result: CheckResult) -> None:
        self._check_seconds.labels(pipeline, result.check).observe(result.duration)
        self._outcomes.labels(pipeline, result.check, result.outcome).inc()

    def run_finished(self, report: Report) -> None:
        trigger = report.trigger.partition(":")[0]  # what follows may name a person, and would be a series of its own
        self._runs.labels(report.pipeline, trigger, report.verdict).inc()
        self._run_seconds.labels(report.pipeline, trigger).observe(report.duration)

    def job_ended(self, pipeline: str, job: str, result: str) -> None:
        self._jobs.labels(pipeline, job, result).inc()


class PipelineMetrics:
    """What is counted of one pipeline: its runs, and the jobs of its timetable."""

    def __init__(self, metrics: Metrics, pipeline: str) -> None:
        self._metrics = metrics
        self._pipeline = pipeline

    def check_finished(self, result: CheckResult) -> None:
        self._metrics.check_finished(self._pipeline, result)

    def run_finished(self, report: Report) -> None:
        self._metrics.run_finished(report)

    def job_missed(self, job: str) -> None:
        self._metrics.job_ended(self._pipeline, job, "missed")

    def job_failed(self, job: str) -> None:
        self._metrics.job_ended(self._pipeline, job, "failed")


def _kind(delivery: Delivery) -> str:
    return "event" if "event" in delivery.body else delivery.kind


class _Outbox(Collector):
    """Asked at each scrape; a store that does not answer is a metric as well, and never an error."""

    def __init__(
        self, store: Deliveries, clock: Callable[[], datetime], store_problem: Callable[[], str | None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._store_problem = store_problem

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name the metrics without a look at the store."""
        return _gauges()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        works, waiting, oldest = _gauges()
        try:
            pending = self._store.pending()
        except StoreError:
            works.add_metric((), 0)
            yield works
            return
        works.add_metric((), 0 if self._store_problem() is not None else 1)
        waiting.add_metric((), len(pending))
        now = self._clock()
        oldest.add_metric((), max((max((now - one.created_at).total_seconds(), 0) for one in pending), default=0))
        yield from (works, waiting, oldest)


class _Turns(Collector):
    def __init__(self) -> None:
        self.counts: dict[str, Callable[[], Mapping[str, int]]] = {}

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return (_turns_gauge(),)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        failures = _turns_gauge()
        for pipeline, counts in self.counts.items():
            for step, count in counts().items():
                failures.add_metric((pipeline, step), count)
        yield failures


def _turns_gauge() -> GaugeMetricFamily:
    what = "How often in a row a step of the round failed; nothing for one that works."
    return GaugeMetricFamily("reveille_turn_failures", what, labels=(PIPELINE, "step"))


def _gauges() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily("reveille_store_up", "Whether the store answers and can be written."),
        GaugeMetricFamily("reveille_deliveries_pending", "Messages and events that wait to be sent."),
        GaugeMetricFamily("reveille_delivery_oldest_seconds", "How long the oldest of them has waited."),
    )
