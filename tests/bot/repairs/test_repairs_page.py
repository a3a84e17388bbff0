"""The page about repairs shows what the commands really print."""

import re
import shlex
from pathlib import Path

import pytest

from tests.bot.repairs.cloud import Reveille

PAGE = (Path(__file__).parents[3] / "docs" / "repairs.md").read_text(encoding="utf-8")
SHOWN = [
    (match[1], match[2])
    for block in re.findall(r"```\n(\$ .*?)```", PAGE, re.DOTALL)
    for match in re.finditer(r"\$ (reveille [^\n]*)\n((?:(?!\$ ).*\n)*)", block)
]


def test_the_page_shows_every_command_of_its_subject() -> None:
    shown = {" ".join(command.split()[1:3]) for command, _ in SHOWN}

    assert {"repair --list", "iam ensure", "env diff", "deploy verify"} <= shown
    for command in ("reveille iam show", "reveille env merge", "reveille log"):
        assert command in PAGE


@pytest.mark.parametrize(
    ("command", "output"), [pytest.param(*each, id=each[0][:40]) for each in SHOWN if "--scenario" in each[0]]
)
def test_a_command_prints_what_the_page_shows(command: str, output: str, reveille: Reveille) -> None:
    said = reveille(*shlex.split(command)[1:])

    assert said.out == output
