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
from tests.bench.slack_requests import AT_ONCE, PATIENCE, Answered, Sender, at_once, percentile
from tests.hostile.clients import SHAPES, Shape, send_all, slow_clients
from tests.hostile.requests import hostile_requests
from tests.servers.emulator import free_port

OK = 200
INTO_A_RUN = 0.05
START_PATIENCE = 30.0
RUN_PATIENCE = 60.0
LOOK_EVERY = 0.01
SETTLED_AFTER = 0.2
"""The share of the validations after which memory is expected to have settled."""

TOKEN = "operations-of-the-bench"
SLOW = 50
"""Slow clients of each shape at once, and commands beside them."""

WARM_SHARE = 0.5
"""Of the hostile requests, sent once more before memory is first looked at: what they make grow once is no leak."""

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Served:
    """A serving process, seen from outside."""

    def __init__(self, process: subprocess.Popen[bytes], sender: Sender, slack: Conversation) -> None:
        self.process = process
        self._sender = sender
        self._slack = slack
        self._address = f"http://127.0.0.1:{sender.port}"

    @property
    def port(self) -> int:
        return self._sender.port

    def get(self, path: str) -> tuple[int, str]:
        """Ask it something; status 0 means that nothing answers yet."""
        request = urllib.request.Request(f"{self._address}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        try:
            with _OPENER.open(request, timeout=5) as answer:
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
class Bare:
    """The web server without the product."""

    process: Conversation
    sender: Sender

    def burst(self) -> Sequence[Answered]:
        """Send commands in the middle of a validation, as ``_burst`` does."""
        self.process.tell("validate")
        time.sleep(INTO_A_RUN)
        answered = at_once(self.sender, ["unused"] * AT_ONCE)
        self.process.listen()
        return answered


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured, and the world around it. ``now`` is where the clock of each process begins."""

    python: str
    now: str
    date: str
    environment: Mapping[str, str]
    channel: str
    slack: Conversation

    @contextmanager
    def bare(self) -> Iterator[Bare]:
        """Start the web server with an empty handler, in a process that validates as well."""
        sender = Sender(port=free_port(), signing_secret="unused", channel=self.channel)
        options = ("--port", str(sender.port), "--now", self.now, "--date", self.date)
        with Conversation((self.python, "-m", "tests.bench.bare_process", *options), self.environment) as process:
            process.listen()
            yield Bare(process, sender)

    @contextmanager
    def serving(self) -> Iterator[Served]:
        """Start ``reveille serve`` on a new store; it ends with SIGTERM. It may not be ready yet."""
        port = free_port()
        sender = Sender(port=port, signing_secret=self.environment["SLACK_SIGNING_SECRET"], channel=self.channel)
        with TemporaryDirectory() as folder:
            store = str(Path(folder) / "bench.db")
            own = {"PORT": str(port), "REVEILLE_STORE": store, "REVEILLE_OPERATIONS_TOKEN": TOKEN}
            variables = {**self.environment, **own}
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


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is measured: starts, validations, rounds of commands at once, hostile requests."""

    starts: int
    validations: int
    rounds: int
    hostile: int


def measure(python: str, recorded: Mapping[str, Any], counts: Counts) -> Mapping[str, Any]:
    """Return the seconds of starts and acknowledgements, and the bytes of memory after validations."""
    if os.name != "posix" or not Path("/proc/self/smaps_rollup").exists():
        raise OSError("memory is measured through /proc, which this system does not have")
    with Conversation((sys.executable, "-m", "tests.bench.slack_server"), {}) as slack:
        listening = slack.listen()
        variables = {**recorded["environment"], **listening["environment"]}
        bench = Bench(python, recorded["now"], recorded["date"], variables, listening["channel"], slack)
        ready = [_start(bench) for _ in range(counts.starts)]
        with bench.serving() as served, bench.bare() as bare:
            served.await_ready()
            served.validate()
            # In turn, so that whatever else the machine does meets both; the first of each warms it up.
            bare.burst()
            rounds = [(bare.burst(), _burst(served)) for _ in range(counts.rounds)]
            slow = {name: _beside(served, shape) for name, shape in SHAPES.items()}
            memory = []
            for _ in range(counts.validations):
                served.validate()
                memory.append(served.memory())
            hostile = _hostile(served, bench.environment["SLACK_SIGNING_SECRET"], counts.hostile)
    answered = [each for _, answers in rounds for each in answers]
    seconds = [each.seconds for each in answered]
    return {
        "bare_p99": percentile([each.seconds for answers, _ in rounds for each in answers], 0.99),
        "slow": slow,
        "hostile": hostile,
        "ready": ready,
        "acknowledged": len(answered),
        "refused": sum(each.status != 200 for each in answered),
        "p50": percentile(seconds, 0.5),
        "p99": percentile(seconds, 0.99),
        "slowest": max(seconds),
        "memory": memory,
        "settled": memory[int(len(memory) * SETTLED_AFTER)],
    }


def _beside(served: Served, shape: Shape) -> float:
    """Return the slowest acknowledgement of commands that are sent beside slow clients."""
    with slow_clients(served.port, shape, SLOW):
        time.sleep(LOOK_EVERY)
        return max(each.seconds if each.status == OK else PATIENCE for each in served.command(SLOW))


def _hostile(served: Served, secret: str, count: int) -> Mapping[str, float]:
    """Send hostile requests; return how many were answered wrongly or not at all, and by how many bytes memory grew."""
    send_all(served.port, hostile_requests(secret, int(count * WARM_SHARE), seed=1))
    before = served.memory()
    outcome = send_all(served.port, hostile_requests(secret, count, seed=2))
    growth = served.memory() - before
    return {
        "count": count,
        "failed": outcome.failed,
        "hung": outcome.hung,
        "slowest": outcome.slowest,
        "growth": growth,
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
    time.sleep(INTO_A_RUN)
    answered = served.command(AT_ONCE)
    deadline = time.perf_counter() + RUN_PATIENCE
    while served.runs() <= before and time.perf_counter() < deadline:
        time.sleep(LOOK_EVERY)
    time.sleep(0.5)  # what the commands started ends before the next round
    return answered
