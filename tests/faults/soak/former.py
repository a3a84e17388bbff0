"""The product as it was in an earlier commit, with the tests of today that drive it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.processes import ROOT, environment

PRODUCT = ("bot", "checks", "handlers")

DRIVER = "tests.faults.soak.instance"
"""What has to be able to import a former product."""


class FormerError(Exception):
    """One sentence: why no former product can take part."""


def former_commit(root: Path = ROOT) -> str:
    """Return the commit of the version before: that of the newest tag, without one the commit before the last change
    of the product. Raises FormerError."""
    tag = _git(root, "describe", "--tags", "--abbrev=0", "HEAD~", known=False)
    return tag or _git(root, "rev-list", "--max-count=1", "--skip=1", "HEAD", "--", *PRODUCT)


@contextmanager
def former_tree(commit: str, root: Path = ROOT) -> Iterator[Path]:
    """Yield a folder with the product of a commit and the tests of this tree. Raises FormerError where there is no such
    commit, and where these tests cannot drive what was there."""
    known = _git(root, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    with TemporaryDirectory(prefix="former-") as name:
        tree = Path(name)
        archive = tree / "product.tar"
        _git(root, "archive", f"--output={archive}", known, *PRODUCT)
        shutil.unpack_archive(archive, tree, filter="data")
        shutil.copytree(ROOT / "tests", tree / "tests", ignore=shutil.ignore_patterns("__pycache__", "golden*"))
        _must_be_driven(tree, commit)
        yield tree


def _must_be_driven(tree: Path, commit: str) -> None:
    done = subprocess.run(
        (sys.executable, "-c", f"import {DRIVER}"),
        cwd=tree, env=environment({}, tree), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or ["it does not say why"]
        raise FormerError(
            f"The product of {commit} cannot be driven by the tests of this tree ({why[0]}): name a later commit."
        )


def _git(root: Path, *arguments: str, known: bool = True) -> str:
    """Return what git says; nothing where it does not know and need not. Raises FormerError."""
    try:
        done = subprocess.run(("git", *arguments), cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        raise FormerError(f"Without git there is no former version ({error.strerror}).") from error
    if done.returncode and known:
        raise FormerError(f"git {_shown(arguments)} found nothing: name a commit that this clone has.")
    return done.stdout.strip()


def _shown(arguments: Sequence[str]) -> str:
    return " ".join(arguments)
