"""Prove on a Debian without anything that a clean clone sets itself up, and that the image is built and serves.

    python -m tests.fresh

Needs root, debootstrap, and the registries of Debian and Python. What is committed is what is proved.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from packaging.version import Version

from tests.fresh.building import Builder
from tests.fresh.context import Context
from tests.fresh.debian import PATH, FreshError, Root, bootstrap, network
from tests.fresh.dockerfile import DockerfileError, stages
from tests.install.test_makefile import MATCHES_EXTRAS_SINCE
from tests.sections import ROOT

SERVE_SECONDS = 180

_T = TypeVar("_T")


def main() -> int:
    work = Path(tempfile.mkdtemp(prefix="reveille-fresh-"))
    try:
        base = _timed("a Debian without anything", lambda: bootstrap(work / "base"))
        _timed("make demo, and the tests of the set-up", lambda: sets_itself_up(base.copy(work / "machine")))
        _timed("the image", lambda: builds_and_serves(base, work))
    except (FreshError, DockerfileError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        shutil.rmtree(work)
    return 0


def sets_itself_up(machine: Root) -> None:
    """Clone into a machine and let a user of it follow the README. Raises FreshError."""
    home = "/home/alice"
    environment = {"PATH": PATH, "HOME": home, "NO_COLOR": "1", "PIP_NO_CACHE_DIR": "1", **network()}
    machine.run(["useradd", "--create-home", "alice"], environment)
    clone(machine.path(f"{home}/reveille"))
    machine.run(["chown", "--recursive", "alice:alice", home], environment)

    def as_alice(*words: str) -> str:
        return machine.run(words, environment, folder=f"{home}/reveille", user="alice")

    demonstrated = as_alice("make", "demo")
    python, pip = as_alice(".venv/bin/python", "--version"), as_alice(".venv/bin/python", "-m", "pip", "--version")
    _say(f"{python.strip()}, pip {pip.split()[1]}")
    if Version(pip.split()[1]) >= MATCHES_EXTRAS_SINCE:
        raise FreshError(f"pip {pip.split()[1]} proves nothing: it was meant to be older than {MATCHES_EXTRAS_SINCE}.")
    if "BLOCKED" not in demonstrated:
        raise FreshError(f"make demo shows no verdict:\n{demonstrated}")
    as_alice("make", ".venv/dev.stamp")
    _say(as_alice(".venv/bin/pytest", "-n0", "tests/install").strip().splitlines()[-1])


def builds_and_serves(base: Root, work: Path) -> None:
    """Work the Dockerfile on a copy of the base, and start what comes out. Raises FreshError, DockerfileError."""
    source = work / "source"
    clone(source)
    stand_in = base.copy(work / "stand-in")  # for the official image, whose Python is called python
    stand_in.path("/usr/local/bin/python").symlink_to("/usr/bin/python3")
    builder = Builder(base=stand_in, context=Context.of(source), work=work, network=network())
    image = builder.build(stages((source / "Dockerfile").read_text(encoding="utf-8")))
    volume = work / "volume"
    shutil.copytree(image.root.path(image.configuration.folder), volume)
    uid, gid = map(int, image.root.account(image.configuration.user).split(":"))
    os.chown(volume, uid, gid)
    command = [sys.executable, "-m", "tests.fresh.serving", str(image.root.folder), str(volume)]
    served = subprocess.run(
        ["unshare", "--net", *command],
        input=json.dumps(dataclasses.asdict(image.configuration)),
        capture_output=True,
        text=True,
        check=False,
        timeout=SERVE_SECONDS,
        cwd=ROOT,
    )
    if served.returncode != 0:
        raise FreshError(served.stderr)
    _say(served.stdout.strip())


def clone(folder: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(folder)], check=True)


def _timed(what: str, work: Callable[[], _T]) -> _T:
    began = time.monotonic()
    _say(f"{what} ...")
    done = work()
    _say(f"{what}: {time.monotonic() - began:.0f} s")
    return done


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
