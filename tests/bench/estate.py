"""The control plane of a large estate: the servers' process, and the measured run of its checks.

As a command it serves the estate, prints its environment as one line of JSON, and for each line that it reads how
often it was asked. ``measure`` runs in the measured interpreter.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.processes import reply
from tests.bench.remembering import remembering
from tests.bench.seen import Seen
from tests.servers.estate import NOW, WHOLE, Estate, Shape, described, estate, history

CHECKS = (
    *("invoker", "edges", "subscriptions", "scheduler-jobs"),
    *("service-ready", "service-traffic", "service-instances", "service-environment"),
    *("environment-change", "zero-invocations", "builds", "drift"),
)
"""Every check on the control plane; the deployment audit reads files and has figures of its own."""

CLONE, GITHUB = "clone", "GitHub"

CASES = {GITHUB: ("REVEILLE_REPOSITORY",), CLONE: ()}
"""Where the repository is read, and the variables that the case goes without: a clone wins where both are there."""

INSIDE = {CLONE: 0, GITHUB: 1}
"""Requests that a look waits for after its first: GitHub tells the files of commits once it has told which they are,
and the look for the commits that a service lacks includes them."""


def measure() -> Iterator[Mapping[str, Any]]:
    """Yield what each run took, in seconds. Google's clients are built once and kept; the repository is new each time,
    because it remembers the files of commits for as long as it lives."""
    from bot.composition.google import google_ports  # noqa: PLC0415 - its import is no part of what is measured
    from bot.google_cloud.clients import GoogleAccess  # noqa: PLC0415 - likewise
    from bot.settings import Settings  # noqa: PLC0415 - likewise
    from bot.sources.repository.live import connect  # noqa: PLC0415 - likewise
    from checks.catalog import PYTHON_CHECKS  # noqa: PLC0415 - likewise
    from checks.ports.repository import REPOSITORY  # noqa: PLC0415 - likewise
    from checks.reads import ReadCache  # noqa: PLC0415 - likewise
    from checks.runner import Run, run_checks  # noqa: PLC0415 - likewise
    from checks.source import Ports  # noqa: PLC0415 - likewise

    pipeline = described(WHOLE)
    settings = Settings.from_environment(os.environ)
    ports = google_ports(pipeline, settings)
    gc.freeze()  # as the product does once its clients are built
    inside = INSIDE[GITHUB if settings.repository is None else CLONE]
    chosen = [each for each in PYTHON_CHECKS if each.id in CHECKS]
    while True:
        repository = connect(GoogleAccess(pipeline=pipeline, settings=settings))
        unread = Ports({**ports.connected, REPOSITORY: repository})
        cpu, began = time.process_time(), time.perf_counter()
        cache = ReadCache(pipeline.limits)
        today = pipeline.timeline.at(NOW)
        about = Run(pipeline=pipeline, now=NOW, previous=today, current=today)
        results = list(run_checks(chosen, about, unread, cache))
        wall = time.perf_counter() - began
        cpu = time.process_time() - cpu
        cache.close()
        findings = [finding for result in results for finding in result.findings]
        yield {
            "wall": wall,
            "cpu": cpu,
            "looks": len(cache.records),
            "depth": max(look.depth for look in cache.records),
            "chain": max(look.depth + (inside if look.key.startswith("since ") else 0) for look in cache.records),
            "checks": {result.check: len(result.findings) for result in results},
            "passed": sum(finding.severity is None for finding in findings),
            "failed": [f"{finding.code} {finding.subject}" for finding in findings if finding.severity is not None],
            "skipped": [result.check for result in results if result.findings[0].code == "not-configured"],
        }


def clone(folder: Path, shape: Shape) -> Sequence[str]:
    """Make the repository of an estate in a folder; return the ids of its commits, the oldest first."""
    identity = {
        **{f"GIT_{who}_{what[0]}": what[1] for who in ("AUTHOR", "COMMITTER") for what in _PERSON},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": os.environ.get("PATH", os.defpath),
    }
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], env=identity, check=True)
    for commit in history(shape):
        for name in commit.files:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"# {commit.message}\n", encoding="utf-8")
        subprocess.run([*git, "add", "--all"], env=identity, check=True)
        moment = commit.at.isoformat()
        dated = {**identity, "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        subprocess.run([*git, "commit", "--quiet", f"--message={commit.message}"], env=dated, check=True)
    listed = subprocess.run(
        [*git, "rev-list", "--reverse", "main"], env=identity, check=True, capture_output=True, text=True
    )
    return listed.stdout.split()


_PERSON = (("NAME", "Ada Example"), ("EMAIL", "ada@example.com"))


@contextmanager
def served(delay: float) -> Iterator[tuple[Mapping[str, str], Callable[[], Mapping[str, Any]]]]:
    """Serve the whole estate; yield its environment, with the clone, and what tells the questions since last time."""
    seen = Seen()

    def note(address: str, method: str, asked: str) -> None:
        seen.add(sources[address], method.rpartition("/")[2], asked)

    with TemporaryDirectory() as folder:
        commits = clone(Path(folder), WHOLE)
        with estate(WHOLE, commits=commits) as servers:
            servers.github.delay = delay
            sources = {server.address: source for source, server in servers.by_source.items()}
            behind = {name: each for name, each in servers.environment.items() if each in sources}
            with remembering(behind, delay, note) as before:
                yield {**servers.environment, **before, "REVEILLE_REPOSITORY": folder}, lambda: _taken(seen, servers)


def _taken(seen: Seen, servers: Estate) -> Mapping[str, Any]:
    asked, servers.github.asked = servers.github.asked, Counter()
    for path in asked.elements():
        seen.add(GITHUB, "GET", path)
    return seen.take()


def main() -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, required=True, help="seconds until each answer")
    with served(parser.parse_args().delay) as (environment, take):
        reply({"environment": environment})
        for _ in sys.stdin:
            reply(take())


if __name__ == "__main__":
    main()
