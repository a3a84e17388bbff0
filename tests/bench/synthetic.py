"""Many slow looks through the real cache and the real runner: what the machinery itself costs.

Runs in the measured interpreter; imports nothing but the product and the standard library.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import NoReturn

from checks.context import Context
from checks.model import Finding, Outcome, Severity
from checks.orchestration_spec import Phase
from checks.pipeline import Limits, Pipeline
from checks.ports.documents import FIRESTORE, Document
from checks.ports.policies import RESOURCE_MANAGER, Policy
from checks.ports.services import CLOUD_RUN, Service
from checks.ports.warehouse import BIGQUERY, Query, Row, read_rows
from checks.reads import ReadCache
from checks.registry import Check
from checks.runner import Run, run_checks
from checks.source import Ports
from tests.fakes import day

NIGHT = day("2026-02-11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """So many looks, spread evenly over so many checks; ``seconds`` is what each look takes."""

    reads: int = 1000
    checks: int = 1000
    bound: int = 100
    seconds: float = 0.1

    @property
    def ideal(self) -> float:
        """Seconds that the looks take when ``bound`` of them are always under way."""
        return -(-self.reads // self.bound) * self.seconds


class SleepingPorts:
    """A warehouse that answers every query after the same time, and nothing else."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def query(self, query: Query) -> Sequence[Row]:
        time.sleep(self._seconds)
        return ({"number": 1},)

    def dry_run(self, query: Query) -> NoReturn:
        raise NotImplementedError

    def columns(self, table: str) -> NoReturn:
        raise NotImplementedError

    def get(self, paths: Sequence[str]) -> dict[str, Document | None]:
        raise NotImplementedError

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        raise NotImplementedError

    def service(self, name: str) -> Service | None:
        raise NotImplementedError

    def services(self) -> NoReturn:
        raise NotImplementedError

    def revisions(self, service: str, limit: int) -> NoReturn:
        raise NotImplementedError

    def service_policy(self, name: str) -> Policy | None:
        raise NotImplementedError

    def project_policy(self) -> Policy:
        raise NotImplementedError


def _pipeline(shape: Shape) -> Pipeline:
    return Pipeline(
        name="synthetic",
        title="Synthetic",
        timezone="UTC",
        project="example",
        project_number="1",
        region="us-west2",
        invoker="serviceAccount:caller@example.com",
        limits=Limits(bigquery=shape.bound),
        datasets=(),
        tables={},
        phases=(Phase(id="phase1", title="One"),),
        transitions=(),
    )


def _check(number: int, reads: int) -> Check:
    def judge(context: Context) -> Iterator[Finding]:
        asked = [read_rows(context.reads, Query(f"SELECT {number}, {each}")) for each in range(reads)]
        for look in asked:
            rows = look.result()
            yield Finding(outcome=Outcome.PASSED, code="seen", subject=f"check {number}", summary=str(rows[0]))

    return Check(id=f"check-{number}", title="", rationale="", worst=Severity.P3, run=judge)


def measure(shape: Shape) -> dict[str, float]:
    """Run the looks once. Returns the shape, ``wall``, ``ideal`` and ``cpu`` in seconds, and how many passed."""
    pipeline = _pipeline(shape)
    checks = [_check(number, shape.reads // shape.checks) for number in range(shape.checks)]
    sleeping = SleepingPorts(shape.seconds)
    ports = Ports(dict.fromkeys((FIRESTORE, BIGQUERY, CLOUD_RUN, RESOURCE_MANAGER), sleeping))
    run = Run(pipeline=pipeline, now=datetime(2026, 2, 12, 13, tzinfo=UTC), previous=NIGHT, current=NIGHT)
    cpu, began = time.process_time(), time.monotonic()
    cache = ReadCache(pipeline.limits)
    try:
        results = list(run_checks(checks, run, ports, cache))
    finally:
        cache.close()
    wall = time.monotonic() - began
    passed = sum(finding.outcome is Outcome.PASSED for result in results for finding in result.findings)
    return {
        **asdict(shape),
        "wall": wall,
        "ideal": shape.ideal,
        "cpu": time.process_time() - cpu,
        "answered": sum(record.answered for record in cache.records),
        "passed": passed,
    }
