"""Processes that are forked: each has what it was given, and ends as a process does."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.servers import forked

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"


def program(folder: Path, text: str) -> dict[str, str]:
    """An environment in which the module ``bot.__main__`` is left alone and this program can be run as a module."""
    (folder / "program.py").write_text(text, encoding="utf-8")
    return {"PATH": os.environ["PATH"], "OWN": "mine"}


def run(folder: Path, text: str, *arguments: str, **more: float) -> subprocess.CompletedProcess[str]:
    return forked.run("program", *arguments, cwd=folder, env=program(folder, text), **more)


def test_it_has_its_own_arguments_environment_and_folder(tmp_path: Path) -> None:
    ended = run(tmp_path, "import os, sys; print(sys.argv[1:], sorted(os.environ), os.getcwd())", "one", "two")

    assert ended.stdout == f"['one', 'two'] ['OWN', 'PATH'] {tmp_path}\n"
    assert (ended.returncode, ended.stderr) == (0, "")


def test_two_do_not_share_what_they_change(tmp_path: Path) -> None:
    text = "import checks, os; print(getattr(checks, 'seen', None)); checks.seen = os.getpid()"

    assert [run(tmp_path, text).stdout for _ in range(2)] == ["None\n", "None\n"]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("raise SystemExit(7)", 7, ""),
        ("raise ValueError('no')", 1, "ValueError: no"),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
        ("import atexit, sys; atexit.register(sys.stderr.write, 'end')", 0, "end"),
    ],
    ids=["an exit code", "an error", "a signal", "something to do at the end"],
)
def test_it_ends_as_a_process_does(text: str, code: int, said: str, tmp_path: Path) -> None:
    ended = run(tmp_path, text)

    assert ended.returncode == code
    assert ended.stderr.endswith(f"{said}\n" if code == 1 else said)


def test_one_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run(tmp_path, SLEEPER, timeout=0.2)


def test_it_can_be_asked_for_and_ended(tmp_path: Path) -> None:
    environment = program(tmp_path, SLEEPER)
    with tempfile.TemporaryFile() as output:
        process = forked.start("program", cwd=tmp_path, env=environment, stdout=output, stderr=output)
        running = process.poll()
        process.terminate()
        code = process.wait(20)
        process.kill()  # of one that has ended: nothing

    assert (running, code, process.poll()) == (None, -signal.SIGTERM, -signal.SIGTERM)


def test_it_reads_its_own_standard_input(tmp_path: Path) -> None:
    source, target = os.pipe()
    os.write(target, b"a word\n")
    os.close(target)
    environment = program(tmp_path, "print(input())")
    with tempfile.TemporaryFile("w+") as output:
        process = forked.start("program", cwd=tmp_path, env=environment, stdin=source, stdout=output, stderr=output)
        os.close(source)
        code = process.wait(20)
        output.seek(0)

        assert (code, output.read()) == (0, "a word\n")
