"""The page of causes: its commands run, and its picture is what the command draws (``UPDATE_MANUAL=1`` writes it)."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.bot.in_process import run
from tests.sections import ROOT

PAGE = ROOT / "docs" / "explanation" / "causes.md"
PICTURE = PAGE.with_name("graph.svg")


@pytest.mark.slow
def test_the_commands_run_and_the_picture_is_what_they_draw(tmp_path: Path) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines():
        assert run(tuple(shlex.split(line, comments=True)[1:]), tmp_path, {}).returncode == 0

    drawn = (tmp_path / "incident.svg").read_text(encoding="utf-8")

    if os.environ.get("UPDATE_MANUAL"):
        PICTURE.write_text(drawn, encoding="utf-8")
    assert PICTURE.read_text(encoding="utf-8") == drawn
    assert (tmp_path / "incident.mmd").read_text(encoding="utf-8").startswith("flowchart")
