"""Start the entry point of an image as its user, on files that cannot be written, in a network where nobody answers.

Run in a network of its own: ``unshare --net python -m tests.fresh.serving ROOT VOLUME``, with the image's
configuration on standard input.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.fresh.debian import FreshError, Root

READY_SECONDS = 60
END_SECONDS = 10
"""Cloud Run gives so long after SIGTERM."""

VOLUME = "/var/lib/reveille"
CREDENTIALS = "google.json"

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

_WRITES = """
import os, sys
assert os.geteuid() != 0, "it runs as root"
assert os.statvfs("/").f_flag & os.ST_RDONLY, "the root can be written"
for folder in (sys.argv[1], "/tmp"):
    open(os.path.join(folder, "written"), "w").close()
    os.unlink(os.path.join(folder, "written"))
"""


def main(arguments: Sequence[str], given: str) -> int:
    folder, volume = map(Path, arguments)
    loopback()
    try:
        serves(Root(folder), volume, json.loads(given))
    except FreshError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def loopback() -> None:
    """Bring this machine's own addresses up: a new network has them, asleep."""
    with socket.socket() as any_socket:
        name = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, name))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def serves(root: Root, volume: Path, configuration: Mapping[str, Any]) -> None:
    """Raise FreshError unless the image helps, serves and ends."""

    def command(*words: str) -> list[str]:
        as_in_it = {"folder": configuration["folder"], "user": configuration["user"]}
        return root.command(words, writable={VOLUME: volume}, **as_in_it)

    environment = {"HOME": VOLUME, **configuration["environment"], **settings(volume)}
    for words in (("python", "-c", _WRITES, VOLUME), (*configuration["entry_point"], "--help")):
        done = subprocess.run(command(*words), env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise FreshError(f"{words[0]} exits with {done.returncode}: {done.stdout}{done.stderr}")
    log = volume.parent / "serve.log"
    with log.open("w") as written:
        words = (*configuration["entry_point"], *configuration["command"])
        process = subprocess.Popen(command(*words), env=environment, stdout=written, stderr=subprocess.STDOUT)
    try:
        seconds = ready(process, int(configuration["environment"]["PORT"]))
        spent = computed(process.pid)
        finds_itself_healthy(command(*configuration["health"]), environment)
        memory = resident(process.pid)
        process.send_signal(signal.SIGTERM)
        code = process.wait(END_SECONDS)
    except (FreshError, subprocess.TimeoutExpired) as error:
        raise FreshError(f"{error}\n{log.read_text(encoding='utf-8')}") from error
    finally:
        process.kill()
    if code != 0 or not (volume / "reveille.db").exists():
        raise FreshError(f"It ends with {code}, store {sorted(volume.iterdir())}:\n{log.read_text(encoding='utf-8')}")
    took = f"ready after {seconds:.1f} s, {spent:.1f} s of CPU, with {memory} MB"
    print(f"{took}: without Slack and Google, on a read-only root, without rights; SIGTERM ends it with 0")  # noqa: T201


def settings(volume: Path) -> dict[str, str]:
    """Return settings as for production, with tokens that nobody would take: nobody is there who could."""
    account = {"type": "authorized_user", "client_id": "id", "client_secret": "none", "refresh_token": "none"}
    (volume / CREDENTIALS).write_text(json.dumps(account), encoding="utf-8")
    return {
        "GOOGLE_APPLICATION_CREDENTIALS": f"{VOLUME}/{CREDENTIALS}",
        "REVEILLE_PIPELINE": "nba",
        "SLACK_BOT_TOKEN": "xoxb-nobody",
        "SLACK_SIGNING_SECRET": "nobody",
    }


def finds_itself_healthy(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raise FreshError unless the health check of the image says so."""
    asked = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        raise FreshError(f"its health check exits with {asked.returncode}: {asked.stderr}")


def computed(pid: int) -> float:
    """Return the CPU that a process has taken, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Return the memory of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:"))


def ready(process: subprocess.Popen[bytes], port: int) -> float:
    """Return the seconds until /ready answered 200. Raises FreshError."""
    began = time.monotonic()
    while time.monotonic() - began < READY_SECONDS:
        if process.poll() is not None:
            raise FreshError(f"It ended with {process.returncode} instead of serving.")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
                if answer.status == 200:
                    return time.monotonic() - began
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise FreshError(f"/ready did not answer 200 in {READY_SECONDS} s.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin.read()))
