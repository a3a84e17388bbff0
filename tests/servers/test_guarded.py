import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.servers import guarded

CHILDREN = """
import os, subprocess, sys, time
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(f"{os.getpid()} {inner.pid}")
time.sleep(600)
"""

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def _alive(process: int) -> bool:
    """Whether a process still runs; one that has ended and was not yet waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end between the opening of its file and the reading
        return False


def _eventually_dead(processes: list[int]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not any(_alive(process) for process in processes):
            return True
        time.sleep(0.02)
    return False


def _read(file: Path) -> list[int]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if file.exists() and len(file.read_text().split()) == 2:
            return [int(word) for word in file.read_text().split()]
        time.sleep(0.02)
    raise AssertionError("the children did not start")


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the state of processes from /proc")


@needs_proc
@pytest.mark.parametrize("prelude", ["", STUBBORN], ids=["willing", "ignoring SIGTERM"])
@pytest.mark.slow
def test_stopping_ends_the_command_and_its_children(prelude: str, tmp_path: Path) -> None:
    with tempfile.TemporaryFile() as output:
        guard = guarded.start([sys.executable, "-c", prelude + CHILDREN, str(tmp_path / "ids")], output)
        children = _read(tmp_path / "ids")
        guarded.stop(guard)

    assert _eventually_dead(children)


@needs_proc
def test_a_parent_that_is_killed_takes_the_children_with_it(tmp_path: Path) -> None:
    program = f"""
import subprocess, sys, time
from tests.servers import guarded
guard = guarded.start([sys.executable, "-c", {CHILDREN!r}, sys.argv[1]], subprocess.DEVNULL)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "ids")], cwd=Path(__file__).parents[2])
    children = _read(tmp_path / "ids")
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()

    assert _eventually_dead(children)


def test_a_command_that_ends_by_itself_gives_its_exit_code() -> None:
    with tempfile.TemporaryFile() as output:
        guard = guarded.start([sys.executable, "-c", "raise SystemExit(7)"], output)
        guarded_code = guard.wait(timeout=30)
        guarded.stop(guard)

    assert guarded_code == 7
