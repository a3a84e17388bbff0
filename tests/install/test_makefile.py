"""How the targets of the Makefile set themselves up, on an index of wheels made by hand: the lock decides, alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.version import Version

from tests.install.wheels import wheel
from tests.sections import ROOT

STAMP = ".venv-runtime/runtime.stamp"
"""The set-up that is the same as the others, and needs nothing but a lock."""

MATCHES_EXTRAS_SINCE = Version("23.3")
"""Since this release pip matches a package's extra to the pin of the package. Python 3.11.2 of Debian 12 has 23.0.1."""

SECONDS = 120


@dataclass(frozen=True, slots=True)
class Clone:
    """A folder with the Makefile and a lock, and an index of packages beside it."""

    folder: Path
    index: Path

    def lock(self, lines: Iterable[str]) -> None:
        (self.folder / "requirements" / "runtime.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        settings = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.index),
        }
        return subprocess.run(
            command, cwd=self.folder, env=settings, capture_output=True, text=True, check=False, timeout=SECONDS
        )

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("make", f"PYTHON={sys.executable}", *words)

    def pip(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(self.folder / ".venv-runtime" / "bin" / "python", "-m", "pip", *words)

    def installed(self, *modules: str) -> dict[str, str]:
        code = f"import {', '.join(modules)}; print(*({', '.join(f'{each}.VERSION' for each in modules)},))"
        said = self.run(self.folder / ".venv-runtime" / "bin" / "python", "-c", code)
        return dict(zip(modules, said.stdout.split(), strict=False))


def cloned(parent: Path) -> Clone:
    folder = parent / "clone"
    (folder / "requirements").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "requirements" / "environment.sh", folder / "requirements")
    return Clone(folder, parent / "index")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return cloned(tmp_path)


@pytest.fixture(scope="module")
def overtaken(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone that was set up when its index had a newer release of everything that it locks."""
    clone = cloned(tmp_path_factory.mktemp("overtaken"))
    lock = [
        wheel(clone.index, "client", "1", requires=["auth[tls]"]),
        wheel(clone.index, "auth", "1", requires=["tls; extra == 'tls'"], extras=["tls"]),
        wheel(clone.index, "tls", "1"),
    ]
    for name in ("client", "auth", "tls"):
        wheel(clone.index, name, "2", extras=["tls"])
    clone.lock(lock)
    made = clone.make(STAMP)
    assert made.returncode == 0, made.stderr
    return clone


@pytest.mark.slow
def test_a_newer_release_than_the_pin_changes_nothing_with_the_pip_of_this_python(overtaken: Clone) -> None:
    again = ("install", "--dry-run", "--ignore-installed", "--require-hashes", "-r", "requirements/runtime.txt")

    resolved = overtaken.pip(*again)
    pip = Version(overtaken.pip("--version").stdout.split()[1])

    assert overtaken.installed("client", "auth", "tls") == {"client": "1", "auth": "1", "tls": "1"}
    # With an older pip this is what a clean clone meets without --no-deps. A newer one shows only that the commands
    # work; that none of them resolves is asserted below, for every pip.
    assert (resolved.returncode == 0) == (pip >= MATCHES_EXTRAS_SINCE), f"pip {pip}: {resolved.stderr}"


@pytest.mark.parametrize("target", ["demo", "test", "test-all", "lint", "fresh", "bench", "picture", "lock"])
def test_no_installation_of_a_target_resolves_anything(target: str, clone: Clone) -> None:
    for name in ("runtime", "demo", "dev"):
        (clone.folder / "requirements" / f"{name}.txt").touch()

    commands = clone.make("--dry-run", target).stdout
    installations = re.findall(r"^.* -m pip .*\binstall\b.*$", commands, re.MULTILINE)

    assert installations
    for command in installations:
        assert "--no-deps" in command
        assert "--require-hashes" in command or "--no-build-isolation --editable ." in command


def test_every_target_that_the_pages_name_is_there(clone: Clone) -> None:
    pages = (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"(?:^|`)make ((?:[A-Z]+=\S+ )*[a-z][a-z-]*)", text, re.MULTILINE))

    listed = set(re.findall(r"^make ([\w-]+)", clone.make("help").stdout, re.MULTILINE))

    assert {words.split()[-1] for words in named} <= listed
    assert {"demo", "test", "test-all", "lint", "fresh"} <= {words.split()[-1] for words in named}


@pytest.mark.slow
def test_what_the_lock_lacks_is_said_and_leaves_nothing_that_counts_as_set_up(clone: Clone) -> None:
    clone.lock([wheel(clone.index, "client", "1", requires=["auth"])])
    wheel(clone.index, "auth", "1")

    made = clone.make(STAMP)

    assert made.returncode == 2
    assert "client 1 requires auth" in made.stderr
    assert clone.make("--question", STAMP).returncode == 1


@pytest.mark.slow
def test_a_set_up_that_was_interrupted_is_made_anew(clone: Clone) -> None:
    clone.lock([wheel(clone.index, "client", "1")])
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = clone.folder / ".venv-runtime" / "lib" / version / "site-packages"
    # As if the process had ended while it wrote the package: pip takes it for installed, and it has no module.
    wheel(packages, "client", "1")
    with zipfile.ZipFile(packages / "client-1-py3-none-any.whl") as half:
        half.extract("client-1.dist-info/METADATA", packages)

    made = clone.make(STAMP)

    assert made.returncode == 0, made.stderr
    assert clone.installed("client") == {"client": "1"}


@pytest.mark.slow
def test_an_environment_is_kept_until_its_python_its_folder_or_the_lock_changes(overtaken: Clone) -> None:
    up_to_date = [overtaken.make("--question", STAMP).returncode]

    python = overtaken.folder / ".venv-runtime" / "bin" / "python"
    interpreter = python.readlink()
    python.unlink()
    python.symlink_to("/nonexistent/python")
    up_to_date.append(overtaken.make("--question", STAMP).returncode)
    python.unlink()
    python.symlink_to(interpreter)
    moved = Clone(overtaken.folder.rename(overtaken.folder.with_name("moved")), overtaken.index)
    up_to_date.append(moved.make("--question", STAMP).returncode)
    moved.folder.rename(overtaken.folder)
    up_to_date.append(overtaken.make("--question", STAMP).returncode)
    later = (overtaken.folder / STAMP).stat().st_mtime + 1
    os.utime(overtaken.folder / "requirements" / "runtime.txt", (later, later))
    up_to_date.append(overtaken.make("--question", STAMP).returncode)

    assert up_to_date == [0, 1, 1, 0, 1]
