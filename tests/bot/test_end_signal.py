"""The signal that ends a process is heard whichever thread the system gives it to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.sections import ROOT

PROCESS = """
import os, signal, threading, time
from bot.end_signal import EndSignal

ending = EndSignal()
other = threading.Thread(target=time.sleep, args=(60,), daemon=True)
other.start()
threading.Timer(0.3, {end}).start()
ending.wait()
print("ended")
"""


@pytest.mark.parametrize(
    "end",
    [
        "lambda: signal.pthread_kill(other.ident, signal.SIGTERM)",
        "lambda: signal.pthread_kill(other.ident, signal.SIGINT)",
        "lambda: [os.kill(os.getpid(), signal.SIGTERM) for _ in range(2000)]",
        "ending.give",
    ],
)
def test_a_signal_that_another_thread_gets_ends_the_wait_however_often_it_comes(end: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROCESS.replace("{end}", end)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (ran.stdout.strip(), ran.stderr) == ("ended", "")
