"""The examples that ``--help`` shows are understood, and show something on a scenario."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli import reveille
from tests.bot.command_tree import commands
from tests.bot.in_process import run
from tests.sections import ROOT
from tests.typed import Typed, of_line, understood

OF_THE_READER = {"--data", "--live", "--pipeline", "--undo", "shop-orders", "yesterday.yaml", "incident.yaml"}
"""What an example has that only the reader has."""
ELSEWHERE = {"serve", "demo", "drill", "digest", "round", "validate", "backtest", "record"}
"""What goes on for ever, takes long, or posts, and is run elsewhere."""


def shown() -> Iterator[tuple[Typed, bool]]:
    """Yield each example, and whether its command takes a scenario."""
    for path in commands(reveille):
        text = run((*path, "--help"), ROOT, {}).stdout
        for line in re.findall(r"^ {4}(reveille \S.*)$", text, re.MULTILINE):
            for each in of_line(re.sub(r"\s{2,}.*", "", line)):
                yield each, "--scenario " in text


def test_every_example_is_understood() -> None:
    every = [each for each, _ in shown()]

    assert len(every) > 50
    for each in every:
        understood(each.words[1:])


@pytest.mark.slow
def test_an_example_on_a_scenario_shows_something(tmp_path: Path) -> None:
    empty = {}
    for each, takes_scenario in shown():
        if not takes_scenario or OF_THE_READER & {*each.words} or each.words[1] in ELSEWHERE:
            continue
        more = () if "--scenario" in each.words else ("--scenario", "invoker-lost")
        environment = {"HOME": str(tmp_path), "REVEILLE_STORE": str(tmp_path / "reveille.db")}
        ended = run((*each.words[1:], *more), tmp_path, environment)
        if ended.returncode not in (0, 1, 2) or "Nothing was built" in ended.stdout:
            empty[str(each)] = ended.stdout + ended.stderr

    assert empty == {}
