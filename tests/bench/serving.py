"""Measures a process that serves: how soon it is ready, how fast it acknowledges, whether its memory stays flat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.processes import ROOT, Conversation, ProcessEndedError, environment
from tests.bench.slack_requests import AT_ONCE, Answered, Sender, at_once, percentile
from tests.servers.emulator import free_port

START_PATIENCE = 30.0
RUN_PATIENCE = 60.0
LOOK_EVERY = 0.01
SETTLED_AFTER = 0.2
"""The share of the validations after which memory is expected to have settled."""

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Served:
    """A serving process, seen from outside."""

    def __init__(self, process: subprocess.Popen[bytes], sender: Sender, slack: Conversation) -> None:
        self.process = process
        self._sender = sender
        self._slack = slack
        self._address = f"http://127.0.0.1:{sender.port}"

    def get(self, path: str) -> tuple[int, str]:
        """Ask it something; status 0 means that nothing answers yet."""
        try:
            with _OPENER.open(f"{self._address}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def await_ready(self) -> None:
        """Return when ``/ready`` says so. Raises ProcessEndedError."""
        deadline = time.perf_counter() + START_PATIENCE
        while self.get("/ready")[0] != 200:
            if self.process.poll() is not None or time.perf_counter() > deadline:
                raise ProcessEndedError("The serving process did not become ready.")
            time.sleep(LOOK_EVERY)

    def runs(self) -> int:
        """Return how many validations it has finished."""
        lines = self.get("/metrics")[1].splitlines()
        return int(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("reveille_runs_total")))

    def command(self, count: int) -> Sequence[Answered]:
        """Send so many commands at once, the first of them a full validation."""
        return at_once(self._sender, self._slack.ask(str(count))["response_urls"])

    def validate(self) -> None:
        """Ask for a full validation and wait for its end. Raises TimeoutError."""
        before, deadline = self.runs(), time.perf_counter() + RUN_PATIENCE
        self.command(1)
        while self.runs() <= before:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"A validation did not end in {RUN_PATIENCE:g} s.")
            time.sleep(LOOK_EVERY)

    def memory(self) -> int:
        """Return the bytes that the process and its children have for themselves; what they share counts once."""
        return sum(_proportional_bytes(each) for each in _family(self.process.pid))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended since has no children
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from _family(int(child))


def _proportional_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured, and the world around it. ``now`` is where the clock of each process begins."""

    python: str
    now: str
    environment: Mapping[str, str]
    channel: str
    slack: Conversation

    @contextmanager
    def serving(self) -> Iterator[Served]:
        """Start ``reveille serve`` on a new store; it ends with SIGTERM. It may not be ready yet."""
        port = free_port()
        sender = Sender(port=port, signing_secret=self.environment["SLACK_SIGNING_SECRET"], channel=self.channel)
        with TemporaryDirectory() as folder:
            variables = {**self.environment, "PORT": str(port), "REVEILLE_STORE": str(Path(folder) / "bench.db")}
            process = subprocess.Popen(
                (self.python, "-m", "tests.bench.serving_process", "--now", self.now),
                cwd=ROOT,
                env=environment(variables),
                stdout=subprocess.DEVNULL,
            )
            try:
                yield Served(process, sender, self.slack)
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def measure(
    python: str, now: str, sources: Mapping[str, str], starts: int, validations: int, rounds: int
) -> Mapping[str, Any]:
    """Return the seconds of starts and acknowledgements, and the bytes of memory after validations."""
    if os.name != "posix" or not Path("/proc/self/smaps_rollup").exists():
        raise OSError("memory is measured through /proc, which this system does not have")
    with Conversation((sys.executable, "-m", "tests.bench.slack_server"), {}) as slack:
        listening = slack.listen()
        bench = Bench(python, now, {**sources, **listening["environment"]}, listening["channel"], slack)
        ready = [_start(bench) for _ in range(starts)]
        with bench.serving() as served:
            served.await_ready()
            served.validate()
            answered = [each for _ in range(rounds) for each in _burst(served)]
            memory = []
            for _ in range(validations):
                served.validate()
                memory.append(served.memory())
    seconds = [each.seconds for each in answered]
    return {
        "ready": ready,
        "acknowledged": len(answered),
        "refused": sum(each.status != 200 for each in answered),
        "p50": percentile(seconds, 0.5),
        "p99": percentile(seconds, 0.99),
        "slowest": max(seconds),
        "memory": memory,
        "settled": memory[int(len(memory) * SETTLED_AFTER)],
    }


def _start(bench: Bench) -> float:
    began = time.perf_counter()
    with bench.serving() as served:
        served.await_ready()
        return time.perf_counter() - began


def _burst(served: Served) -> Sequence[Answered]:
    """Start a full validation, and send all commands in the middle of it."""
    before = served.runs()
    served.command(1)
    time.sleep(0.05)
    answered = served.command(AT_ONCE)
    deadline = time.perf_counter() + RUN_PATIENCE
    while served.runs() <= before and time.perf_counter() < deadline:
        time.sleep(LOOK_EVERY)
    time.sleep(0.5)  # what the commands started ends before the next round
    return answered
