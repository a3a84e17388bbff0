"""What a test sets for the whole process ends with the test."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

from bot.redaction.redactor import Redactor
from bot.serving.logs import log_threads, log_to_cloud
from tests.of_the_process import kept
from tests.sections import ROOT

LEAKING = """
import logging, sys
def test_one():
    logging.getLogger().addHandler(logging.StreamHandler(sys.stderr))
    logging.getLogger().setLevel(1)
def test_two():
    kinds = [type(each) for each in logging.getLogger().handlers]
    assert (logging.StreamHandler in kinds, logging.getLogger().level) == (False, logging.WARNING)
"""


def test_the_log_and_the_end_of_threads_are_put_back() -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level, threading.excepthook, warnings.showwarning

    with kept():
        log_to_cloud(Redactor(), io.StringIO())
        log_threads()
        assert (root.handlers[:], root.level, threading.excepthook, warnings.showwarning) != before

    assert (root.handlers[:], root.level, threading.excepthook, warnings.showwarning) == before


def test_a_test_that_leaves_its_log_behind_is_followed_by_one_without(tmp_path: Path) -> None:
    (tmp_path / "test_leaking.py").write_text(LEAKING, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "xdist.plugin",
        "-p",
        "tests.conftest",
        "-c",
        os.devnull,
        str(tmp_path),
    ]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stdout
