"""The signal that ends a process is heard whichever thread the system gives it to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.sections import ROOT

PROCESS = """
import signal, threading, time
from bot.end_signal import EndSignal

said = []
ending = EndSignal(lambda: said.append("stopping"))
other = threading.Thread(target=time.sleep, args=(60,), daemon=True)
other.start()
threading.Timer(0.3, {end}).start()
ending.wait()
print("ended", *said)
"""


@pytest.mark.parametrize(
    ("end", "printed"),
    [
        ("lambda: signal.pthread_kill(other.ident, signal.SIGTERM)", "ended stopping"),
        ("lambda: signal.pthread_kill(other.ident, signal.SIGINT)", "ended stopping"),
        ("ending.give", "ended"),
    ],
)
def test_a_signal_that_another_thread_gets_ends_the_wait(end: str, printed: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROCESS.replace("{end}", end)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (ran.stdout.strip(), ran.stderr) == (printed, "")
