"""The workers of a run share the tests out by file, and tell what came of each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.sections import ROOT

SHARING = """
import pytest
seen = []
@pytest.mark.parametrize("number", range(60))
def test_it(number):
    seen.append(number)
    assert seen == list(range(number + 1))
"""
ENDING = """
import pytest
@pytest.fixture
def unmade():
    raise ValueError("never made")
@pytest.fixture
def unended():
    yield
    raise ValueError("never ended")
def test_passes(): pass
def test_fails(): assert 1 == 2
def test_skips(): pytest.skip("not here")
@pytest.mark.xfail(reason="of this kind one must be told, too")
def test_known(): assert 1 == 2
def test_without(unmade): pass
def test_with(unended): pass
"""


def ran(folder: Path, **files: str) -> str:
    for name, content in files.items():
        (folder / f"test_{name}.py").write_text(content, encoding="utf-8")
    plugins = ("-p", "xdist.plugin", "-p", "tests.workers", "-p", "no:cacheprovider", "-c", os.devnull)
    command = (sys.executable, "-m", "pytest", *plugins, "-n2", "--dist=loadgroup", "-m", "not slow", str(folder))
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=False, timeout=60).stdout


def test_the_tests_of_a_file_share_what_it_makes(tmp_path: Path) -> None:
    told = ran(tmp_path, one=SHARING, two=SHARING)

    assert "120 passed" in told
    assert told.count("%]") > 1, "how far it is, at the end of each line"


def test_whatever_comes_of_a_test_is_told(tmp_path: Path) -> None:
    told = ran(tmp_path, one=ENDING)

    assert "1 failed, 2 passed, 1 skipped, 1 xfailed, 2 errors" in told
    assert "never made" in told
    assert "never ended" in told
