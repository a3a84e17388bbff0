"""What the emulators have in common: a port, a guarded process, an answer to wait for."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from tests.servers import guarded

START_SECONDS = 90.0
"""A healthy start takes three seconds; a crowded machine much longer."""

JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""For emulators that live for two minutes: to compile them well costs more than it ever brings."""


class EmulatorUnavailable(Exception):  # noqa: N818 - a state of this machine rather than an error
    """An emulator cannot be started here; the message says why."""


def required() -> bool:
    """Whether a missing emulator is a failure rather than a reason to skip."""
    return os.environ.get("REVEILLE_REQUIRE_EMULATORS") == "1"


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], url: str, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run a command until the block ends, which begins when ``url`` answers. Raises EmulatorUnavailable."""
    with tempfile.TemporaryFile() as output:
        java = f"{JAVA_OPTIONS} {os.environ.get('JAVA_TOOL_OPTIONS', '')}".strip()
        guard = guarded.start(command, output, {"JAVA_TOOL_OPTIONS": java, **(environment or {})})
        try:
            _wait_for(url, guard, output)
            yield
        finally:
            guarded.stop(guard)


def _wait_for(url: str, guard: subprocess.Popen[bytes], output: IO[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if _answers(url):
            return
        if guard.poll() is not None:
            break
        time.sleep(0.05)
    output.seek(0)
    last_words = " / ".join(output.read().decode(errors="replace").split("\n")[-6:]).strip(" /")
    message = f"nothing answers at {url}: {last_words or 'the process said nothing'}"
    raise EmulatorUnavailable(message)


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
