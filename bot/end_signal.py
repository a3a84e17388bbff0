"""Waiting for the signal that ends this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


class EndSignal:
    """SIGTERM or SIGINT, from the moment on at which this is made in the main thread; ``said`` is called there at once.

    A signal may reach any thread, and interrupts only that one: whoever waits reads from a pipe instead.
    """

    def __init__(self, said: Callable[[], object] = lambda: None) -> None:
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: said())
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def give(self) -> None:
        """End the wait as a signal would, from any thread."""
        os.write(self._wake, b"!")

    def wait(self) -> None:
        os.read(self._woken, 1)
