"""Processes of ``reveille`` that are forked off one in which everything is imported: ``start`` and ``run``.

A start of Python with all that the bot imports costs a second of a core, and the tests start a hundred. Each of these
is a process of its own nevertheless, with its own environment, folder and files, which can be killed; and it ends as a
Python that was started for it does. What a fresh Python alone can show, such as what is imported, is tested with one.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).parents[2]

PACKAGES = ("bot", "checks", "handlers")

LONGEST = 1 << 16
"""Bytes that are read at once."""


class Forked:
    """A process of a module; asked and ended like a ``subprocess.Popen``."""

    def __init__(self, life: int) -> None:
        self._life = os.fdopen(life, encoding="ascii")  # the number of the process, and how it has ended
        self.pid = int(self._life.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, negative for a signal; None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended. Raises TimeoutExpired after so many seconds."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._life], [], [], seconds)[0]:
            self.returncode = int(self._life.readline())
            self._life.close()
        return self.returncode


def start(
    module: str,
    *arguments: str,
    cwd: Path = ROOT,
    env: Mapping[str, str],
    stdin: int | IO[Any] = subprocess.DEVNULL,
    stdout: int | IO[Any],
    stderr: int | IO[Any],
) -> Forked:
    """Start ``python -m MODULE ARGUMENTS…``, with files that are open already."""
    asked = json.dumps({"module": module, "arguments": arguments, "cwd": str(cwd.resolve()), "env": dict(env)})
    with Path(os.devnull).open("rb") as nothing:
        streams = [nothing if each == subprocess.DEVNULL else each for each in (stdin, stdout, stderr)]
        numbers = [each if isinstance(each, int) else each.fileno() for each in streams]
        life, told = os.pipe()
        lock, parent = _parent()
        try:
            with lock:
                socket.send_fds(parent, [f"{asked}\n".encode()], [*numbers, told])
        finally:
            os.close(told)
        return Forked(life)


def run(
    module: str, *arguments: str, cwd: Path = ROOT, env: Mapping[str, str], timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a module to its end and return what it printed. Raises TimeoutExpired after so many seconds."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = start(module, *arguments, cwd=cwd, env=env, stdout=stdout, stderr=stderr)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
            process.wait()
        return subprocess.CompletedProcess(arguments, code, *(_written(each) for each in (stdout, stderr)))


def _written(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


@cache
def _parent() -> tuple[Lock, socket.socket]:
    """Start the process that the others are forked off. It ends when this one does."""
    ours, its = socket.socketpair()
    process = subprocess.Popen([sys.executable, "-m", __name__, str(its.fileno())], cwd=ROOT, pass_fds=[its.fileno()])
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return Lock(), ours


class Asked(NamedTuple):
    """What a process shall run, and the files that are its own."""

    module: str
    arguments: list[str]
    cwd: str
    env: dict[str, str]
    streams: list[int]


def _import_everything() -> None:
    """Import all but what needs DuckDB: it starts threads as it is imported, which no child would have."""
    sys.modules["duckdb"] = None  # type: ignore[assignment]  # an import of it fails
    for package in map(importlib.import_module, PACKAGES):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not each.name.endswith("__main__"):
                with suppress(ImportError):
                    importlib.import_module(each.name)
    del sys.modules["duckdb"]


def _next_process(requests: socket.socket) -> Asked | None:
    """Return what to run, in the process that is to run it; None in the parent, once nobody asks any more."""
    lives: dict[int, int] = {}
    woken, wake = socket.socketpair()
    for each in (woken, wake):
        each.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            woken.recv(LONGEST)
            _bury(lives)
        if requests in ready:
            data, streams, _, _ = socket.recv_fds(requests, LONGEST, 4)
            if not data:
                return None
            while not data.endswith(b"\n"):
                data += requests.recv(LONGEST)
            *streams, life = streams
            child = os.fork()
            if not child:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for number in (*lives.values(), life, *(each.fileno() for each in (requests, woken, wake))):
                    os.close(number)
                return Asked(**json.loads(data), streams=streams)
            for number in streams:
                os.close(number)
            os.write(life, f"{child}\n".encode())
            lives[child] = life


def _bury(lives: dict[int, int]) -> None:
    """Tell of every process that has ended how it did."""
    for child in list(lives):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            life = lives.pop(child)
            with suppress(BrokenPipeError):  # nobody wants to know
                os.write(life, f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os.close(life)


def _become(asked: Asked) -> None:
    for number, stream in enumerate(asked.streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked.env)
    time.tzset()
    os.chdir(asked.cwd)
    own = asked.env.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[0:1] = [asked.cwd, *filter(None, own)]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=os.isatty(1))
    sys.argv[1:] = asked.arguments


def main() -> None:
    _import_everything()
    gc.freeze()
    asked = _next_process(socket.socket(fileno=int(sys.argv[1])))
    if asked is not None:
        _become(asked)
        runpy.run_module(asked.module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
