"""A change on trial, in a copy of the tree: which test of its area fails with it and passes without it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.area import rounds, test_texts
from tests.mutants.changes import Change

SECONDS_A_TEST = 60
"""A test that takes longer hangs: the slowest one of every day takes a third of it on a busy machine."""

NEAREST = 2
"""Rounds whose slow tests are run, too, for what no test of every day has noticed."""

_FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/\S+?\.py(?:::.*?)?)(?: - .*)?$", re.MULTILINE)
_NO_TESTS = 5
"""pytest's exit code where every test is deselected."""
_NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "*.db*")


class GroundError(Exception):
    """Tests that do not run at all cannot judge; the message says which."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a change fared: ``by`` names the test that noticed it, and is empty where none did. A ``slow`` one is not run
    every day."""

    by: str = ""
    in_time: bool = True
    slow: bool = False

    @property
    def noticed(self) -> bool:
        """Whether a test noticed it."""
        return bool(self.by)


@dataclass(frozen=True, slots=True)
class _Round:
    """Tests that a change of a file is put to, ``until`` an instant of the clock."""

    file: Path
    source: str
    changed: str
    tests: Sequence[str]
    until: float
    slow: bool


class Ground:
    """A copy of a tree in which one file at a time is changed.

    A test that fails without the change, too, says nothing about it: it is remembered and left out from then on.
    """

    def __init__(self, tree: Path, copy: Path, clock: Callable[[], float] = time.monotonic) -> None:
        shutil.copytree(tree, copy, ignore=_NOT_COPIED, dirs_exist_ok=True)
        self._copy = copy
        self._tests = test_texts(copy)
        self._clock = clock
        self._trusted: set[str] = set()
        self._failing: set[str] = set()

    @property
    def failing(self) -> frozenset[str]:
        """Tests that failed without any change."""
        return frozenset(self._failing)

    def judge(self, path: str, change: Change, seconds: float) -> Verdict:
        """Put a change of a file to the tests of its area, for so many seconds at most. Raises GroundError."""
        file = self._copy / path
        source = file.read_text("utf-8")
        until = self._clock() + seconds
        every_day = rounds(path, self._tests)
        try:
            for slow, files in (
                *((False, each) for each in every_day),
                *((True, each) for each in every_day[:NEAREST]),
            ):
                verdict = self._round(_Round(file, source, change.applied(source), files, until, slow))
                if verdict.noticed or not verdict.in_time:
                    return verdict
            return Verdict()
        finally:
            _write(file, source)

    def _round(self, at: _Round) -> Verdict:
        while True:
            _write(at.file, at.changed)
            failed = self._failed(at.tests, at.until, slow=at.slow)
            if failed is None:
                return Verdict(in_time=False)
            if not failed:
                return Verdict()
            _write(at.file, at.source)
            alone = self._clock() + 2 * SECONDS_A_TEST
            if failed in self._trusted or self._failed([failed], alone, slow=at.slow) == "":
                self._trusted.add(failed)
                return Verdict(failed, slow=at.slow)
            if "::" not in failed:
                raise GroundError(f"{failed} cannot even be read by pytest without a change; run it by itself.")
            self._failing.add(failed)

    def _failed(self, tests: Sequence[str], until: float, *, slow: bool) -> str | None:
        """Return the first test that fails, nothing if none does, or None if time runs out."""
        wanted = [each for each in tests if each not in self._failing]
        left_out = [f"--deselect={each}" for each in sorted(self._failing)]
        marks = ["-m", "slow" if slow else "not slow"]
        options = [*marks, "-n0", "-x", "-rfE", "--tb=no", "-p", "no:cacheprovider", f"--timeout={SECONDS_A_TEST}"]
        if not wanted:
            return ""
        code, said = _run(
            [sys.executable, "-m", "pytest", *options, *left_out, *wanted], self._copy, until - self._clock()
        )
        if code is None:
            return None
        if code in (0, _NO_TESTS):
            return ""
        match = _FAILED.search(said)
        return match[1] if match else wanted[0]


def _run(command: Sequence[str], folder: Path, seconds: float) -> tuple[int | None, str]:
    """Run a command in a session of its own, and end all of it when the time is over; then there is no exit code."""
    settings = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "1000"}
    with subprocess.Popen(
        command, cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            said, _ = process.communicate(timeout=max(seconds, 1))
        except subprocess.TimeoutExpired:
            return None, ""
        else:
            return process.returncode, said
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _write(file: Path, text: str) -> None:
    """Write a source, and drop what was compiled of it: Python compares whole seconds, and trials may take less."""
    file.write_text(text, "utf-8")
    Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)
