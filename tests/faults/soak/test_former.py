"""The version before in a soak: taken from the repository's history, or refused in one sentence."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.processes import ROOT, environment
from tests.faults.soak.days import REFUSES, Setting
from tests.faults.soak.former import PRODUCT, FormerError, former_commit, former_tree
from tests.faults.soak.plan import SOAK
from tests.faults.soak.run import run

AUTHOR = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false")


def committed(repository: Path) -> None:
    subprocess.run(("git", "init", "--quiet", "."), cwd=repository, check=True)
    subprocess.run(("git", "add", "."), cwd=repository, check=True)
    subprocess.run(("git", *AUTHOR, "commit", "--quiet", "--message=Begin"), cwd=repository, check=True)


def tagged(repository: Path, *tags: str) -> None:
    for tag in tags:
        (repository / "bot" / "__init__.py").write_text(f'"""{tag}."""\n', encoding="utf-8")
        subprocess.run(("git", *AUTHOR, "commit", "--quiet", "--all", f"--message={tag}"), cwd=repository, check=True)
        subprocess.run(("git", "tag", tag), cwd=repository, check=True)


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A repository with a product that can do nothing."""
    repository = tmp_path / "repository"
    for name in PRODUCT:
        (repository / name).mkdir(parents=True)
        (repository / name / "__init__.py").write_text('"""Nothing."""\n', encoding="utf-8")
    committed(repository)
    return repository


def test_the_version_before_is_the_newest_tag_below_this_commit(empty: Path) -> None:
    tagged(empty, "v0.1.0", "v0.2.0")

    assert former_commit(empty) == "v0.1.0"


def test_without_a_tag_it_is_the_commit_before_the_last_change_of_the_product(empty: Path) -> None:
    first = subprocess.run(("git", "rev-parse", "HEAD"), cwd=empty, capture_output=True, text=True, check=True).stdout
    (empty / "bot" / "__init__.py").write_text('"""Something."""\n', encoding="utf-8")
    subprocess.run(("git", *AUTHOR, "commit", "--quiet", "--all", "--message=Change"), cwd=empty, check=True)

    assert former_commit(empty) == first.strip()


def test_a_commit_that_is_not_there_is_one_sentence(empty: Path) -> None:
    with pytest.raises(FormerError, match="name a commit that this clone has"), former_tree("0000000", empty):
        pass


def test_a_product_that_these_tests_cannot_drive_is_one_sentence(empty: Path) -> None:
    with pytest.raises(FormerError, match="cannot be driven by the tests of this tree"), former_tree("HEAD", empty):
        pass


@pytest.mark.slow
def test_a_version_that_knows_only_older_stores_refuses_this_one_and_nothing_is_lost(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    for name in PRODUCT:
        shutil.copytree(ROOT / name, repository / name, ignore=shutil.ignore_patterns("__pycache__"))
    schema = repository / "bot" / "store" / "schema.py"
    older = schema.read_text(encoding="utf-8").replace("\ndef migrate(", "\nSTEPS = STEPS[:-1]\n\n\ndef migrate(")
    schema.write_text(older, encoding="utf-8")
    committed(repository)

    with former_tree("HEAD", repository) as tree:
        shown = "import bot; print(bot.__file__)"
        ran = subprocess.run(
            (sys.executable, "-c", shown),
            cwd=tree,
            env=environment({}, tree),
            capture_output=True,
            text=True,
            check=True,
        )
        soak = run(Setting(pipelines=("booth",), days=0.6, weather=SOAK, faults=1, former=tree), None)

    assert ran.stdout.startswith(str(tree))
    assert soak.former.startswith(REFUSES)
    assert "newer" in soak.former
    assert {name: found for name, found in soak.findings.everything.items() if found} == {}
