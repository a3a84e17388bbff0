"""The measured process: one line of JSON out for each command that comes in, until its input ends.

``validate`` runs the whole validation against the servers that the environment names, ``one-by-one`` does
it with one look at a time, ``synthetic`` runs the synthetic looks, ``control-plane`` the checks on a large
estate, ``growth`` the pipeline so many times over. Runs in an interpreter that has the runtime dependencies only.
"""

from __future__ import annotations

import argparse
import os
import queue
import resource
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.bench.processes import reply

if TYPE_CHECKING:
    from bot.validation import Validation
    from checks.model import Report


class OneByOne:
    """A port whose calls wait for their turn, one at a time whatever the source."""

    def __init__(self, port: object, turn: threading.Lock) -> None:
        self._port = port
        self._turn = turn

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def alone(*arguments: Any) -> Any:
            with self._turn:
                return method(*arguments)

        return alone


class Subject:
    """The product as an operator runs it, its clients built once and kept."""

    def __init__(self, now: datetime, date: str) -> None:
        self._now = now
        self._date = date
        self._ready: Validation | None = None

    def _validation(self) -> Validation:
        from bot.composition.validation import on_google  # noqa: PLC0415 - its import is part of the first run
        from bot.definition.pipeline_file import shipped_pipeline  # noqa: PLC0415 - likewise
        from bot.settings import Settings  # noqa: PLC0415 - likewise

        if self._ready is None:
            self._ready = on_google(shipped_pipeline(), Settings.from_environment(), self._now).validation
        return self._ready

    def validate(self) -> Mapping[str, Any]:
        """Run everything once and return what it took, in seconds."""
        return self._time(self._validation)

    def validate_one_by_one(self) -> Mapping[str, Any]:
        """As ``validate``, with one look at a time and all the time that this needs."""
        from bot.validation import Validation  # noqa: PLC0415 - as above
        from checks.pipeline import Limits  # noqa: PLC0415 - as above
        from checks.source import Ports  # noqa: PLC0415 - as above

        validation = self._validation()
        turn = threading.Lock()
        ports = Ports({source: OneByOne(port, turn) for source, port in validation.ports.connected.items()})
        patient = Limits().model_copy(update={"check_seconds": 600.0, "run_seconds": 600.0})
        pipeline = validation.pipeline.model_copy(update={"limits": patient})
        return self._time(lambda: Validation(pipeline, ports, lambda: self._now))

    def _time(self, build: Callable[[], Validation]) -> Mapping[str, Any]:
        cpu, began = time.process_time(), time.perf_counter()
        validation = build()
        from bot.request import Request  # noqa: PLC0415 - the clock has started before the first import

        report = validation.run(validation.plan(Request(interval=self._date)))
        wall = time.perf_counter() - began
        return {"wall": wall, "cpu": time.process_time() - cpu, **figures_of(report)}


def figures_of(report: Report) -> Mapping[str, Any]:
    """Return what a report tells about its own cost, and enough to see that it is the recorded one."""
    sources: dict[str, dict[str, float]] = defaultdict(lambda: {"looks": 0, "seconds": 0.0, "cpu": 0.0})
    for look in report.reads:
        source = sources[look.source]
        source["looks"] += 1
        source["seconds"] += look.duration
        source["cpu"] += look.cpu
    return {
        "verdict": str(report.verdict),
        "findings": sorted(f"{result.check} {finding.code} {finding.subject}" for result, finding in report.findings()),
        "depth": max((look.depth for look in report.reads), default=0),
        "sources": dict(sorted(sources.items())),
        "checks": {result.check: result.cpu for result in report.results},
    }


def peak_memory() -> int:
    """Return the most memory that this process has had so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def commands() -> Iterator[str]:
    """Yield the lines that come in. The process ends with its input, whatever it is doing then."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield lines.get()


def main() -> None:
    """Answer commands until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--now", type=datetime.fromisoformat, default=None)
    parser.add_argument("--date", default="yesterday")
    options = parser.parse_args()
    subject = Subject(options.now, options.date)
    control_plane: Iterator[Mapping[str, Any]] | None = None
    for line in commands():
        match line.split():
            case ["validate"]:
                answer = subject.validate()
            case ["one-by-one"]:
                answer = subject.validate_one_by_one()
            case ["synthetic", reads, checks, bound, seconds]:
                from tests.bench.synthetic import Shape, measure  # noqa: PLC0415 - not in the first run's time

                answer = measure(Shape(reads=int(reads), checks=int(checks), bound=int(bound), seconds=float(seconds)))
            case ["control-plane"]:
                from tests.bench import estate  # noqa: PLC0415 - likewise

                control_plane = control_plane or estate.measure()
                answer = next(control_plane)
            case ["growth", times]:
                from tests.bench import growth  # noqa: PLC0415 - likewise

                answer = growth.measure(int(times), options.now, options.date, peak_memory)
            case command:
                sys.exit(f"unknown command: {command}")
        reply({**answer, "peak_memory": peak_memory()})


if __name__ == "__main__":
    main()
