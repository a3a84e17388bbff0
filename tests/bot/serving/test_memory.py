"""Many threads take memory from few places: each place keeps what it once needed, for as long as the process lives."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.serving.process import ARENAS
from tests.bench.processes import ROOT, environment

MANY_THREADS = """
import ctypes, threading
from bot.serving.process import _share_memory

_share_memory()
together = threading.Barrier(24)

def work():
    together.wait()
    kept = [bytes(4096) for _ in range(64)]
    together.wait()

threads = [threading.Thread(target=work) for _ in range(24)]
[each.start() for each in threads]
[each.join() for each in threads]
ctypes.CDLL(None).malloc_info(0, ctypes.c_void_p.in_dll(ctypes.CDLL(None), "stdout"))
ctypes.CDLL(None).fflush(None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the C library of Linux how many places there are")
def test_threads_share_the_places_of_the_c_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MANY_THREADS],
        cwd=ROOT, env=environment({}), capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert 0 < done.stdout.count("<heap nr=") <= ARENAS
