"""Waiting for the signal that ends this process."""

from __future__ import annotations

import os
import signal


class EndSignal:
    """SIGTERM or SIGINT, from the moment on at which this is made in the main thread.

    A signal may reach any thread, and interrupts only that one: whoever waits reads from a pipe instead. Nothing is
    done when it comes: it may come twice, as ``timeout`` sends it, and whatever took a lock then would wait for itself.
    """

    def __init__(self) -> None:
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)

    def give(self) -> None:
        """End the wait as a signal would, from any thread."""
        os.write(self._wake, b"!")

    def wait(self) -> None:
        os.read(self._woken, 1)
