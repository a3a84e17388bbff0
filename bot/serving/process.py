"""The life of the process: ports first, then everything else, signals, and an end in order.

There is one process. Should it die, whatever runs it starts it again: Cloud Run, ``restart: always``, systemd.
"""

from __future__ import annotations

import ctypes
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.end_signal import EndSignal
from bot.serving.bot_process import STOP_SECONDS, Bot
from bot.serving.connections import ConnectionLimits
from bot.serving.refusals import Refusals
from bot.serving.web_server import WebServer, bind
from bot.settings import SettingsError
from bot.store.model import StoreError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NOT_STARTED = 3
"""The exit code when something that a person has set does not work."""

BROKEN = 1

ARENAS = 2
_ARENA_MAX = -8
"""The name of the option in glibc's ``malloc.h``, ``M_ARENA_MAX``."""

DRAIN_SECONDS = 0.5
"""So long a request that has come whole may still take, once before the bot ends and once after."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a process serves: the bot, and an application for each of the ports."""

    bot: Bot
    applications: Mapping[int, WSGIApplication]
    refusals: Refusals = field(default_factory=Refusals)
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)


def serve(load: Callable[[], Serving], ports: Mapping[str, int]) -> int:
    """Serve until SIGTERM or SIGINT, then end within eight seconds; return the exit code.

    ``ports`` are what is listened on, by the setting that says so. The code is 0 after a signal, 3 when it could not
    start. Ends the process itself where something does not end: what is left over is taken over after its lease.
    """
    _share_memory()
    bound: dict[int, socket.socket] = {}
    for setting, port in ports.items():
        try:
            bound[port] = bind(port)
        except OSError as error:
            why = error.strerror or str(error)
            _logger.critical("Port %d cannot be listened on: %s. Set %s to another one.", port, why, setting)
            return NOT_STARTED
    try:
        serving = load()
    except (SettingsError, StoreError) as error:
        _logger.critical("%s", error)
        return NOT_STARTED
    return _leave(_run(serving, bound))


def _run(serving: Serving, bound: Mapping[int, socket.socket]) -> int:
    bot = serving.bot
    ending = EndSignal()
    bot.start()
    server = WebServer(serving.refusals, serving.limits)
    for port, application in serving.applications.items():
        server.listen(application, bound[port])
    broken = threading.Event()

    def loop() -> None:
        try:
            server.run()
        except Exception:
            _logger.exception("the web server broke")
        broken.set()
        ending.give()

    threading.Thread(target=loop, name="web", daemon=True).start()
    ending.wait()
    bot.announce_stop()
    _logger.info("stopping: no more work is taken, and what runs ends or is handed back")
    # Requests are still answered meanwhile: readiness says that this process is stopping.
    server.drain(DRAIN_SECONDS)
    if bot.stop(STOP_SECONDS):
        _logger.info("stopped: everything has ended")
    else:
        _logger.warning("not everything ended in time; what is left over is taken over after its lease")
    server.drain(DRAIN_SECONDS)
    return BROKEN if broken.is_set() else 0


def _share_memory() -> None:
    """Let all threads take memory from the same two places, where the C library can be told so (glibc).

    By itself it gives each thread a place of its own and keeps there what the largest request once needed: sixteen
    times ten megabytes. Only one thread at a time runs Python, so hardly any waits for another.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, ARENAS)


def _leave(code: int) -> int:
    """End the process here and now: a thread that hangs must not keep it."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
