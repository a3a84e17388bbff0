"""Run a command that cannot outlive whoever started it: ``python guarded.py COMMAND…``.

An emulator is a chain of processes, and a test run may be killed. So the command gets a process group of its
own, and the whole group ends as soon as this process's standard input does: that happens when its parent closes
it, and also when its parent is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import IO

PATIENCE = 1.0
"""Seconds that the group gets to end by itself: what it holds is in memory, and nobody needs it any more."""

END_SECONDS = 15.0
"""A crowded machine takes its time even to end what is killed."""


def start(
    command: list[str], output: IO[bytes] | int, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a command under guard; ``stop`` ends it."""
    return subprocess.Popen(
        [sys.executable, "-P", __file__, *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
    )


def stop(guard: subprocess.Popen[bytes]) -> None:
    """End a guarded command with all that it started."""
    if guard.stdin is not None:
        guard.stdin.close()
    guard.wait(timeout=END_SECONDS)


def main() -> int:
    """Run the command until it ends or the standard input does."""
    # The interrupt of a terminal goes to every process at once; the order of ending is ours.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)

    def until_input_ends() -> None:
        # Not through sys.stdin, whose lock would be held while the interpreter ends.
        while os.read(0, 1024):
            pass
        _end(child.pid)

    threading.Thread(target=until_input_ends, daemon=True).start()
    code = child.wait()
    _end(child.pid)
    return code


def _end(group: int) -> None:
    """End a group: politely, and with force once its time is over."""
    _signal(group, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while _signal(group, 0):
        if time.monotonic() > deadline:
            _signal(group, signal.SIGKILL)
            return
        time.sleep(0.05)


def _signal(group: int, number: int) -> bool:
    """Send a signal to a group; False when nothing is left of it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
