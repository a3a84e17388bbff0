"""docs/several-pipelines.md: its commands run, on the examples that it names."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.bot.in_process import run
from tests.sections import ROOT

PAGE = (ROOT / "docs" / "several-pipelines.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
COMMANDS = [line.partition("#")[0].strip() for line in LINES if line.startswith("reveille ")]


def test_the_page_has_commands() -> None:
    assert len(COMMANDS) == len([line for line in LINES if line and not line.startswith("export ")]) == 4


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_works(command: str) -> None:
    ended = run(tuple(shlex.split(command)[1:]), ROOT, {"REVEILLE_PIPELINE": "examples"})

    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_command_about_one_of_several_says_which_there_are() -> None:
    asked = [
        run(words, ROOT, {"REVEILLE_PIPELINE": "examples"})
        for words in (("checks",), ("validate",), ("digest",), ("checks", "--pipeline", "evnts"))
    ]

    assert [each.returncode for each in asked[:2]] == [3, 3]
    assert all("events, finance" in each.stderr for each in (asked[0], asked[1], asked[3]))
    assert "Did you mean events?" in asked[3].stderr
    assert not [each for each in asked if "Traceback" in each.stderr]
