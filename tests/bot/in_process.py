"""The command in this process: what it prints and how it ends, without the seconds that a start of Python takes.

What only a process can show, such as a terminal, a signal or a pipe that breaks, is tested with a process.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from bot.cli import main
from tests.of_the_process import kept


def run(arguments: tuple[str, ...], cwd: Path, environment: Mapping[str, str]) -> CompletedProcess[str]:
    """Run ``reveille`` in a folder, with an environment that replaces this process's.

    It is about the example, unless the environment names another pipeline, or none with an empty name.
    """
    stdout, stderr = _stream(), _stream()
    with (
        kept(),
        chdir(cwd),
        patch.dict(os.environ, {"REVEILLE_PIPELINE": "nba", **environment}, clear=True),
        patch.object(sys, "stdin", io.StringIO()),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        try:
            main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
    return CompletedProcess(arguments, code, _written(stdout), _written(stderr))


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
