"""What belongs to the whole process, put back as it was."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """Put the log and what becomes of a broken thread back afterwards: a command sets both for as long as it lives, and
    would write what later ones log to a stream that is closed."""
    root = logging.getLogger()
    handlers, level, of_threads = root.handlers[:], root.level, threading.excepthook
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        root.setLevel(level)
        threading.excepthook = of_threads
