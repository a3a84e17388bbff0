"""``reveille demo`` as a process: the commands of its page, a port that is taken, and an end at once and in silence."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import forked

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "playground.md"
COMMANDS = re.findall(r"^reveille (demo[^#\n]*)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
PATIENCE = 60.0
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\S{20,}/")


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[tuple[forked.Forked, Path, Path]]:
    """Run a command in a folder; yield the process, and the files of what it says and complains of."""
    said, wrong = folder / "said.txt", folder / "wrong.txt"
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with said.open("wb") as output, wrong.open("wb") as errors:
        process = forked.start(
            "bot", *arguments, cwd=folder, env={**environment, "PYTHONPATH": str(ROOT)}, stdout=output, stderr=errors
        )
        try:
            yield process, said, wrong
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def address_in(said: Path, process: forked.Forked) -> re.Match[str]:
    until = time.monotonic() + PATIENCE
    while (found := ADDRESS.search(said.read_text())) is None:
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("command", [each for each in COMMANDS if "--once" not in each])
def test_each_command_of_the_page_serves_one_until_ctrl_c_and_ends_in_silence(tmp_path: Path, command: str) -> None:
    with running(tmp_path, *command.split(), "--no-browser") as (process, said, wrong):
        address = address_in(said, process)[0]
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            page = answer.read()
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        code = process.wait(20)

        assert b"Reveille playground" in page
        assert (code, wrong.read_text()) == (0, "")
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("command", [each for each in COMMANDS if "--once" in each] + ["demo"])
def test_it_prints_the_incident_where_it_is_asked_to_or_nobody_sits_at_a_terminal(tmp_path: Path, command: str) -> None:
    with running(tmp_path, *command.split()) as (process, said, wrong):
        code = process.wait(PATIENCE)

    assert (code, wrong.read_text()) == (0, "")
    assert "BLOCKED" in said.read_text()


def test_a_port_that_is_taken_is_a_sentence_and_the_usual_one_is_replaced(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with running(tmp_path, "demo", "--port", port) as (process, _, wrong):
            assert process.wait(PATIENCE) != 0
        assert wrong.read_text().count("\n") == 1
        assert f"Port {port} is taken" in wrong.read_text()


def test_no_setting_of_the_environment_is_read_and_nothing_is_left_behind(tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    with running(tmp_path, "demo", "--no-browser") as (process, said, _):
        address_in(said, process)
        process.send_signal(signal.SIGTERM)
        process.wait(20)

    assert {each.name for each in set(tmp_path.iterdir()) - before} == {"said.txt", "wrong.txt"}


def cpu_seconds(process: forked.Forked) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this machine")
@pytest.mark.slow
def test_it_is_there_after_a_few_seconds_of_work_and_then_rests(tmp_path: Path) -> None:
    with running(tmp_path, "demo", "--no-browser") as (process, said, _):
        address = address_in(said, process)[0]
        begun = cpu_seconds(process)
        with urllib.request.urlopen(f"{address}breakable", timeout=PATIENCE) as answer:
            answer.read()  # the last thing that it works out by itself
        time.sleep(3)
        before = cpu_seconds(process)
        time.sleep(4)
        idle = cpu_seconds(process) - before

    assert begun < 8  # about 2 on a quiet machine
    assert idle < 0.4  # a tenth of a core; it is less than a hundredth on a quiet machine
