"""``reveille serve`` as a process of its own, as tests start, ask and end it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from bot.playground.slack.server import SlackServer
from tests.servers import forked

ROOT = Path(__file__).resolve().parents[3]

PATIENCE = 60.0
"""Seconds until something counts as not happening: a crowded machine starts a process ten times slower."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**variables: str) -> dict[str, str]:
    """An environment with nothing in it but what a process needs to run, and these."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "REVEILLE_PIPELINE": "nba", **variables}


def http_variables(slack: SlackServer, **more: str) -> dict[str, str]:
    """What lets a process be reached by a fake Slack over HTTP, and reach it."""
    return {
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "REVEILLE_STORE": "reveille.db",  # what a scenario leaves is there after a restart
        **more,
    }


class Served:
    """A process that serves while entered; ``lines`` is what it has logged once it has ended."""

    def __init__(self, directory: Path, variables: Mapping[str, str], *arguments: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._directory = directory
        self._arguments = arguments
        self._log = directory / f"log-{self.port}.jsonl"
        self._errors = directory / f"errors-{self.port}.txt"
        own = {"PORT": str(self.port), "REVEILLE_OPERATIONS_TOKEN": secrets.token_hex(16)}
        self._variables = environment(**{**own, **variables})
        self._token = self._variables["REVEILLE_OPERATIONS_TOKEN"]
        self._process: forked.Forked | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log, self._errors.open("wb") as errors:
            self._process = forked.start(
                "bot", "serve", *self._arguments, cwd=self._directory, env=self._variables, stdout=log, stderr=errors
            )
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @property
    def process(self) -> forked.Forked:
        assert self._process is not None
        return self._process

    @property
    def slack_url(self) -> str:
        return f"{self.url}/slack/events"

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]

    def get(self, path: str, *, token: str | None = None, port: int | None = None) -> tuple[int, str]:
        """Return status and body, seen with the token of operations; 0 when nobody listens."""
        shown = self._token if token is None else token
        url = f"http://127.0.0.1:{port or self.port}{path}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {shown}"} if shown else {})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_ready(self, seconds: float = PATIENCE) -> None:
        self.wait_for(lambda: self.get("/ready")[0] == 200, "to be ready", seconds)

    def wait_for(self, condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
        """Wait until something holds; fail with the log when it does not, or when the process has ended."""
        until = time.monotonic() + seconds
        while not condition():
            ended = self.process.poll()
            told = f"\n{self.log}\n{self.errors}\n{self.get('/ready')}"
            assert ended is None, f"The process ended with {ended} instead {what}:{told}"
            assert time.monotonic() < until, f"It took too long {what}:{told}"
            time.sleep(0.05)

    def workers(self) -> list[int]:
        """The processes that this one has started."""
        return [pid for pid, parent in _parents() if parent == self.process.pid]

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Ask the process to end; return its exit code and the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(how)
        return self.process.wait(20), time.monotonic() - began


def _parents() -> Iterator[tuple[int, int]]:
    """Yield every process of this machine with its parent. A Linux without procps has neither ps nor pgrep; a
    machine without /proc has ps."""
    stats = list(Path("/proc").glob("[0-9]*/stat"))
    for stat in stats:
        with suppress(OSError):  # it ended in the meantime
            yield int(stat.parent.name), int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    if not stats:
        listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        yield from ((int(pid), int(parent)) for pid, parent in map(str.split, listed.splitlines()))
