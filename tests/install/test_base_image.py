"""The base of the image is pinned at a release: what writes the digest, what refuses a base without one, the steps."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.sections import ROOT

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
TAG = "python:3.11-slim-bookworm"
PAGE = (ROOT / "docs" / "releasing.md").read_text(encoding="utf-8")
STEPS = [re.sub(r"(?m)^ {3}", "", block) for block in re.findall(r"(?ms)^ {3}```sh\n(.*?)^ {3}```", PAGE)]
NAMED = ("Dockerfile", "cloudbuild.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of a release, and in ``bin`` what stands for a registry and for git."""
    (tmp_path / "requirements").mkdir()
    for name in (*NAMED, "Makefile", "requirements/base_image.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    command(tmp_path, "git", "")
    return tmp_path


def command(folder: Path, name: str, says: str, code: int = 0) -> None:
    """Put a command into ``bin`` that notes how it is called."""
    file = folder / "bin" / name
    file.write_text(f'#!/bin/sh\necho "{name} $*" >> "{folder}/calls"\necho \'{says}\'\nexit {code}\n')
    file.chmod(0o755)


def run(folder: Path, *words: str) -> CompletedProcess[str]:
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(
        words, cwd=folder, env={"PATH": path}, capture_output=True, text=True, check=False, timeout=60
    )


def base_image(folder: Path, *words: str) -> CompletedProcess[str]:
    return run(folder, sys.executable, "requirements/base_image.py", *words)


def dockerfile(folder: Path, text: str) -> None:
    (folder / "Dockerfile").write_text(text)
    base = re.search(r"ARG PYTHON_IMAGE=(\S+)", text)
    (folder / "cloudbuild.yaml").write_text(f"substitutions:\n  _PYTHON_IMAGE: {base[1] if base else 'nowhere'}\n")


def test_the_base_of_this_repository_is_pinned() -> None:
    done = base_image(ROOT, "check")

    assert (done.returncode, done.stderr) == (0, "")


def test_the_digest_of_the_tag_is_written_wherever_the_base_is_named(folder: Path) -> None:
    command(folder, "docker", f'"{DIGEST}"')

    done = run(folder, "make", "pin")

    assert (done.returncode, done.stdout) == (0, f"{TAG}@{DIGEST}\n"), done.stderr
    assert f"ARG PYTHON_IMAGE={TAG}@{DIGEST}\n" in (folder / "Dockerfile").read_text()
    assert f"  _PYTHON_IMAGE: {TAG}@{DIGEST}\n" in (folder / "cloudbuild.yaml").read_text()
    assert TAG in (folder / "calls").read_text().split()
    assert base_image(folder, "check").returncode == 0


def test_a_newer_digest_takes_the_place_of_the_one_before(folder: Path) -> None:
    for digest in (f"sha256:{'1' * 64}", DIGEST):
        command(folder, "docker", f'"{digest}"')
        base_image(folder, "pin")

    assert (folder / "Dockerfile").read_text().count("@sha256:") == 1
    assert f"ARG PYTHON_IMAGE={TAG}@{DIGEST}\n" in (folder / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("says", "code"), [("", 0), ("sha256:12", 0), ("Name: python\nDigest: x", 0), (f'"{DIGEST}"', 1)]
)
def test_what_is_no_digest_is_written_nowhere(folder: Path, says: str, code: int) -> None:
    command(folder, "docker", says, code)

    done = base_image(folder, "pin")

    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert all((folder / name).read_text() == (ROOT / name).read_text() for name in NAMED)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param(f"ARG PYTHON_IMAGE={TAG}@{DIGEST}\nFROM ${{PYTHON_IMAGE}}\n", "", id="pinned"),
        pytest.param(f"ARG PYTHON_IMAGE={TAG}\nFROM ${{PYTHON_IMAGE}}\n", "Dockerfile:2", id="a tag"),
        pytest.param(f"ARG PYTHON_IMAGE={TAG}@sha256:12\nFROM $PYTHON_IMAGE\n", "Dockerfile:2", id="half a digest"),
        pytest.param(
            f"ARG PYTHON_IMAGE={TAG}@{DIGEST}\nFROM $PYTHON_IMAGE AS build\nFROM debian:12\n",
            "Dockerfile:3",
            id="another",
        ),
        pytest.param(
            f"ARG PYTHON_IMAGE={TAG}@{DIGEST}\nFROM $PYTHON_IMAGE AS build\nFROM build\nFROM scratch\n", "", id="stages"
        ),
        pytest.param(
            f"ARG PYTHON_IMAGE={TAG}@{DIGEST}\nFROM --platform=linux/amd64 busybox AS a\n",
            "Dockerfile:2",
            id="a platform",
        ),
    ],
)
def test_a_base_without_a_digest_is_refused_by_its_line(folder: Path, text: str, named: str) -> None:
    dockerfile(folder, text)

    done = base_image(folder, "check")

    assert (done.returncode, done.stderr.startswith(named)) == (1 if named else 0, True), done.stderr
    assert len(done.stderr.splitlines()) == (1 if named else 0)


def test_a_build_on_another_base_than_the_dockerfile_is_refused(folder: Path) -> None:
    dockerfile(folder, f"ARG PYTHON_IMAGE={TAG}@{DIGEST}\nFROM $PYTHON_IMAGE\n")
    (folder / "cloudbuild.yaml").write_text(f"substitutions:\n  _PYTHON_IMAGE: {TAG}\n")

    assert "cloudbuild.yaml names the base" in base_image(folder, "check").stderr


@pytest.mark.parametrize("is_pinned", [False, True])
def test_the_steps_of_a_release_end_at_a_base_without_a_digest(folder: Path, *, is_pinned: bool) -> None:
    (tagging,) = (each for each in STEPS if "git tag" in each)
    dockerfile(folder, f"ARG PYTHON_IMAGE={TAG}{f'@{DIGEST}' if is_pinned else ''}\nFROM ${{PYTHON_IMAGE}}\n")

    done = run(folder, "bash", "-c", tagging)

    calls = (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []
    assert [each.split()[1] for each in calls] == (["tag", "verify-tag", "push"] if is_pinned else [])
    assert (done.returncode == 0) == is_pinned


def test_what_renews_the_base_finds_it_with_and_without_a_digest() -> None:
    settings: Any = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
    (manager,) = settings["customManagers"]
    pattern = re.compile(manager["matchStrings"][0].replace("(?<", "(?P<"))
    text = (ROOT / "cloudbuild.yaml").read_text(encoding="utf-8")

    found = pattern.search(text)
    pinned = pattern.search(f"  _PYTHON_IMAGE: {TAG}@{DIGEST}\n")

    assert found is not None
    assert pinned is not None
    assert (found["depName"], found["currentValue"]) == ("python", TAG.partition(":")[2])
    assert pinned["currentDigest"] == DIGEST
    locks = re.compile(settings["pip_requirements"]["managerFilePatterns"][0].strip("/"))
    assert {
        each.name for each in (ROOT / "requirements").glob("*.txt") if locks.search(f"requirements/{each.name}")
    } == {
        *("dev.txt", "demo.txt", "runtime.txt"),
    }
