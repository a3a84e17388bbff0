"""Processes that answer one line of JSON to each line: the servers, and what is measured."""

from __future__ import annotations

import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


SKEWING = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "DATASET_PREFIX", "COLLECTION_PREFIX")
SKEWING_FAMILIES = ("REVEILLE_", "GOOGLE_", "FIRESTORE_", "BIGQUERY_", "COVERAGE_")


def environment(extra: Mapping[str, str], root: Path = ROOT) -> Mapping[str, str]:
    """Return this process's environment with the repository importable, without what changes what is measured.

    That is the settings of the product, and a switch for Python: without bytecode it would compile the
    product at every start, which no installation does.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in SKEWING and not name.startswith(SKEWING_FAMILIES)
    }
    return {**kept, "PYTHONPATH": str(root), "REVEILLE_PIPELINE": "nba", **extra}


def reply(document: Mapping[str, Any]) -> None:
    """Answer whoever asked this process."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


class ProcessEndedError(RuntimeError):
    """A process that was asked has ended instead of answering; what it had to say is on the standard error."""


class Conversation:
    """A child process that is asked line by line. It ends when its input does, also when we die. ``root`` is the tree
    whose code it runs."""

    def __init__(self, command: Sequence[str], extra: Mapping[str, str], root: Path = ROOT) -> None:
        self._command = command
        around = environment(extra, root)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env=around
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def listen(self) -> Any:
        """Return the next answer. Raises ProcessEndedError."""
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise ProcessEndedError(f"The process {shlex.join(self._command)} ended without an answer.")
        return json.loads(line)

    def tell(self, command: str) -> None:
        """Send a command; ``listen`` returns the answer."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it has ended, and says so instead of an answer
                self._process.stdin.write(f"{command}\n")
                self._process.stdin.flush()

    def ask(self, command: str) -> Any:
        """Send a command and return the answer. Raises ProcessEndedError."""
        self.tell(command)
        return self.listen()


def start_seconds(command: Sequence[str], starts: int) -> float:
    """Return the median of so many starts in seconds, after one that is not counted."""
    taken = []
    for _ in range(starts + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, cwd=ROOT, env=environment({}), stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])
