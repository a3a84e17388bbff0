"""The shipped pipeline at 1, 4 and 16 times its checks and services, on a bad morning: the servers' process, and the
measured one.

As a command it serves the scenario so many times over. ``measure`` runs in the measured interpreter.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.bench.growing import copied, copies, grown

TIMES = (1, 4, 16)

SCENARIO = "invoker-lost"

DELAY = 0.02
"""Seconds until each answer: what a run waits for does not grow, so that what it does shows."""

ROUNDS = 3
"""Each step is done so often, and the fastest counts: the others waited for somebody else."""


def measure(times: int, now: datetime, date: str, peak_memory: Callable[[], int]) -> Mapping[str, Any]:
    """Validate with Google's clients, then do every step that follows; return what each took, in seconds of the
    processor, the seconds of the validation, and the memory."""
    from bot.composition.validation import on_google  # noqa: PLC0415 - its import is no part of what is measured
    from bot.definition.pipeline_file import shipped_pipeline  # noqa: PLC0415 - likewise
    from bot.request import Request  # noqa: PLC0415 - likewise
    from bot.settings import Settings  # noqa: PLC0415 - likewise
    from tests.bench.growing_steps import OF_A_DIGEST, STEPS, Case  # noqa: PLC0415 - likewise

    pipeline = grown(shipped_pipeline(), times)
    validation = on_google(pipeline, Settings.from_environment(), now).validation
    gc.freeze()
    walls, cpus = [], []
    for _ in range(ROUNDS):
        cpu, began = time.process_time(), time.perf_counter()
        report = validation.run(validation.plan(Request(interval=date)))
        walls.append(time.perf_counter() - began)
        cpus.append(time.process_time() - cpu)
    validated = peak_memory()
    case = Case(report=report, pipeline=pipeline, checks=validation.checks)
    steps = {name: min(_seconds(step, case) for _ in range(ROUNDS)) for name, step in STEPS.items()}
    return {
        "times": times,
        "wall": min(walls),
        "cpu": min(cpus),
        "validated_memory": validated,
        "steps": steps,
        "digest": sum(steps[name] for name in OF_A_DIGEST),
        "checks": len(report.results),
        "services": len(pipeline.services),
        "findings": sum(finding.count for _, finding in report.findings()),
        "failed": sum(finding.severity is not None for _, finding in report.findings()),
        "timed_out": sum(finding.code == "timed-out" for _, finding in report.findings()),
        "verdict": str(report.verdict),
    }


def _seconds(step: Callable[[Any], object], case: Any) -> float:
    fresh = replace(case)  # it remembers its document
    gc.collect()
    gc.disable()
    try:
        began = time.process_time()
        step(fresh)
        return time.process_time() - began
    finally:
        gc.enable()


def main() -> None:
    """Serve until the input ends."""
    from tests.bench.recording import Recorder  # noqa: PLC0415 - the measured interpreter has no servers
    from tests.bench.serve import recorded, serve  # noqa: PLC0415 - likewise

    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, required=True)
    parser.add_argument("--delay", type=float, required=True, help="seconds until each answer")
    options = parser.parse_args()
    times: int = options.times

    def multiply(recorder: Recorder) -> None:
        for (sql, parameters), rows in tuple(recorder.answers.items()):
            recorder.answers.update({(copied(sql, number), parameters): rows for number in range(times)})
        for name, service in tuple(recorder.known_services.items()):
            recorder.known_services.update({copy: replace(service, name=copy) for copy in copies(name, times)})
        for kept in (recorder.policies, recorder.latest):
            for name, known in tuple(kept.items()):
                kept.update(dict.fromkeys(copies(name, times), known))  # type: ignore[arg-type]

    from bot.definition.pipeline_file import shipped_pipeline  # noqa: PLC0415 - as above

    pipeline = shipped_pipeline()
    recorder, world, again = recorded(pipeline, SCENARIO)
    multiply(recorder)
    asyncio.run(serve(grown(pipeline, times), recorder, world, again, options.delay))


if __name__ == "__main__":
    main()
