"""The web server: gunicorn in this program, with one process that works and as many threads as requests need.

Gunicorn forks. The parent holds the port and starts the worker again should it die; everything else, every thread
and every client, is made in the worker, because neither survives a fork.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from bot.serving.running import STOP_SECONDS, Bot
from bot.settings import SettingsError
from bot.store.model import StoreError

THREADS = 16
"""Requests that are served at once. Each is answered within a millisecond of work, because all else happens elsewhere:
with more threads they would only take turns, and all end last."""

REQUEST_SECONDS = 1
"""So long a request that is being answered when the process is told to end may still take."""

START_SECONDS = 5
"""How long the threads of requests wait for each other when they start."""

KILL_SECONDS = 8
"""After so long the parent ends the worker by force; Cloud Run gives ten."""

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - not ours: where containers keep memory that is no disk

_logger = logging.getLogger(__name__)


def serve(load: Callable[[], tuple[Bot, Flask]], port: int) -> int:
    """Serve on every address until somebody ends it; return 0 after SIGTERM or SIGINT, 3 when it could not start."""
    obstacle = _obstacle(port)
    if obstacle is not None:
        _logger.critical("Port %d cannot be listened on: %s. Set PORT to another one.", port, obstacle)
        return int(Arbiter.WORKER_BOOT_ERROR)
    try:
        _Server(load, port).run()
    except SystemExit as leaving:
        # The worker leaves this way as well, out of the fork, and so does the parent when all is over. Gunicorn has
        # several codes for a start that failed, 1 for a port that is taken among them.
        return int(Arbiter.WORKER_BOOT_ERROR) if leaving.code else 0
    return 0


def _obstacle(port: int) -> str | None:
    """Return why a port cannot be had. Gunicorn would try for five seconds, and say so in lines of its own."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - as the server itself does
        except OSError as error:
            return error.strerror or str(error)
    return None


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, load: Callable[[], tuple[Bot, Flask]], port: int) -> None:
        self._load = load
        self._port = port
        self.bot: Bot | None = None
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"0.0.0.0:{self._port}",
            "workers": 1,
            "worker_class": _Worker,
            "threads": THREADS,
            "graceful_timeout": KILL_SECONDS,
            "keepalive": 5,
            "control_socket_disable": True,
            "logger_class": _Logger,
            "worker_tmp_dir": str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None,
            "worker_exit": _worker_exit,
            "proc_name": "reveille",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build everything, in the worker. What a person has set wrong is one sentence, and ends the parent too."""
        try:
            self.bot, flask = self._load()
        except (SettingsError, StoreError) as error:
            _logger.critical("%s", error)
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
        self.bot.start()
        return flask


class _Worker(ThreadWorker):  # type: ignore[misc]  # likewise
    """Tells the bot at the signal that it is to end, and not only when the last request is answered."""

    def init_process(self) -> None:
        # The configuration is the worker's own copy since the fork: the parent goes on waiting longer.
        self.cfg.set("graceful_timeout", REQUEST_SECONDS)
        super().init_process()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Return the threads of requests, all of them started: the first burst is not to wait for each to begin."""
        pool = ThreadPoolExecutor(THREADS, "request")
        together = threading.Barrier(THREADS)
        for _ in range(THREADS):
            pool.submit(together.wait, START_SECONDS)
        return pool

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.app.bot is not None:
            self.app.bot.announce_stop()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """Ctrl-C reaches parent and worker at once; end in the same order as after SIGTERM."""
        self.handle_exit(sig, frame)


def _worker_exit(_: Arbiter, worker: _Worker) -> None:
    """End the bot, then the process: what could not be ended must not keep it."""
    if os.getpid() == worker.ppid or worker.app.bot is None:
        return  # in the parent, or the worker has not come so far
    if not worker.app.bot.stop(STOP_SECONDS):
        _logger.warning("not everything ended in time; what is left over is taken over after its lease")
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0 if worker.booted else Arbiter.WORKER_BOOT_ERROR)


class _Logger(Logger):  # type: ignore[misc]  # likewise
    """Lets gunicorn's lines go where all others go."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        # Which signal came and which process started is for whoever looks for it.
        self.error_log.setLevel(logging.WARNING)
