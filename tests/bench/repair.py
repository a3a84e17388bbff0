"""How long a repair takes from plan to verified, propagation aside: a grant on servers that are slow to answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from bot.composition.google import google_ports
from bot.composition.repairs import repairs_of
from bot.definition.pipeline_file import shipped_pipeline
from bot.repairs.model import RepairOutcome
from bot.settings import Settings
from bot.store.sqlite import SqliteStore
from bot.validation import Validation
from tests.bench.figures import Figure
from tests.bot.repairs.cloud import cloud

LIMIT = 2.0
"""Seconds from the click to the verified repair, at 200 ms an answer."""

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)


def measure(delay: float, runs: int) -> Sequence[float]:
    """Return the seconds that each of ``runs`` repairs took; every answer takes ``delay`` seconds."""
    pipeline = shipped_pipeline()
    bounds = pipeline.repairs
    services = bounds.invoker if bounds is not None else ()
    with cloud(delay=delay) as served, ExitStack() as closing:
        settings = Settings.from_environment(served.environment)
        ports = google_ports(pipeline, settings)
        closing.callback(ports.close)
        validation = Validation(pipeline, ports, lambda: NOW)
        repairs = repairs_of(validation, SqliteStore(":memory:"), settings)
        # The clients of a process that serves are warm.
        repairs.plan(f"grant-invoker:{services[-1]}", "bench", NOW)
        taken = []
        for service in services[:runs]:
            began = time.monotonic()
            run = repairs.apply(repairs.plan(f"grant-invoker:{service}", "bench", NOW), "bench", NOW)
            seen = repairs.verify(run, NOW + timedelta(seconds=1))
            taken.append(time.monotonic() - began)
            if seen.run.outcome is not RepairOutcome.VERIFIED:
                raise RuntimeError(f"the repair of {service} was not verified: {seen.seen}")
    return taken


def figures(taken: Sequence[float]) -> list[Figure]:
    """Judge the repairs."""
    return [
        Figure(
            key="repair_median",
            title=f"Repair from plan to verified, median of {len(taken)}",
            value=statistics.median(taken),
            unit="s",
            limit=LIMIT,
        ),
        Figure(key="repair_worst", title="Repair, worst", value=max(taken), unit="s", limit=LIMIT),
    ]
