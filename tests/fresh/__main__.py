"""Prove on a Debian without anything that a clean clone sets itself up, and that the image is built and serves.

    python -m tests.fresh

Needs root, debootstrap, and the registries of Debian and Python. What is committed is what is proved.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from packaging.markers import Marker
from packaging.version import Version

from tests.fresh.building import Builder
from tests.fresh.context import Context
from tests.fresh.debian import PATH, FreshError, Root, bootstrap, network
from tests.fresh.dockerfile import DockerfileError, stages
from tests.install.test_makefile import MATCHES_EXTRAS_SINCE
from tests.sections import ROOT

SERVE_SECONDS = 180

PRODUCT = "/opt/reveille"
"""Where the image has it; the rest is Debian and Python."""

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
    told = {"COMMIT": head(), "SOURCE_DATE_EPOCH": committed_at()}
    read = stages((source / "Dockerfile").read_text(encoding="utf-8"), told)
    image = builder.build(read)
    _say(f"the image holds {size(image.root.folder) >> 20} MB, {size(image.root.path(PRODUCT)) >> 20} MB of it its own")
    lists_itself(image.root)
    (again := work / "again").mkdir()
    second = replace(builder, work=again).build(read[:1])
    if digest(second.root.path(PRODUCT)) != digest(image.root.path(PRODUCT)):
        raise FreshError(f"built twice, {PRODUCT} differs.")
    _say(f"built twice, {PRODUCT} is the same, byte for byte: sha256 {digest(image.root.path(PRODUCT))}")
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


def lists_itself(root: Root) -> None:
    """Raise FreshError unless the bill of materials has every package of the lock, in its version, and no other."""
    bill = json.loads(root.path(f"{PRODUCT}/share/sbom.cdx.json").read_text(encoding="utf-8"))
    listed = {f"{each['name']}=={each['version']}" for each in bill["components"] if each["type"] == "library"}
    lock = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    here = {"sys_platform": "linux", "python_version": "3.11", "python_full_version": "3.11.2"}
    pins = (re.match(r"([\w.-]+)(?:\[[\w,-]+\])?(==\S+)(?: ; (.+?))?(?: \\)?$", line) for line in lock.splitlines())
    locked = {f"{pin[1]}{pin[2]}" for pin in pins if pin and (not pin[3] or Marker(pin[3]).evaluate(here))}
    if listed != locked:
        raise FreshError(f"the bill of materials and the lock differ in {sorted(listed ^ locked)}")


def head() -> str:
    return _git("rev-parse", "HEAD")


def committed_at() -> str:
    """Return the time of the commit, in seconds."""
    return _git("log", "-1", "--format=%ct")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def size(folder: Path) -> int:
    """Return the bytes of the files in a folder."""
    return sum(each.lstat().st_size for each in folder.rglob("*") if not each.is_dir() or each.is_symlink())


def digest(folder: Path) -> str:
    """Return one digest of all files in a folder: names, modes, times, contents."""
    found = hashlib.sha256()
    for each in sorted(folder.rglob("*")):
        about = each.lstat()
        found.update(f"{each.relative_to(folder)} {about.st_mode:o} {int(about.st_mtime)}\n".encode())
        if each.is_symlink():
            found.update(str(each.readlink()).encode())
        elif each.is_file():
            found.update(each.read_bytes())
    return found.hexdigest()


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
