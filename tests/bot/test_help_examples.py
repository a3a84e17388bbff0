"""The examples of --help that need nothing but a scenario of ours are run as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import bot.commands
from tests.bot.in_process import run

_EXAMPLE = re.compile(r"^ +(?:[A-Z_]+=\S+ +)*reveille (?P<words>.+--scenario [a-z][a-z-]*)(?=$|\s)", re.MULTILINE)
_SERVES = ("serve", "demo", "drill", "digest")
"""They go on for long, or post."""

EXAMPLES = sorted(
    {
        words
        for module in Path(bot.commands.__file__).parent.rglob("*.py")
        for words in _EXAMPLE.findall(module.read_text(encoding="utf-8"))
        if words.split(maxsplit=1)[0] not in _SERVES
    }
)


def test_there_are_examples_of_what_was_refused_once() -> None:
    assert {" ".join(each.split()[:2]) for each in EXAMPLES} >= {"iam ensure", "deploys --days"}


@pytest.mark.parametrize("words", EXAMPLES)
def test_an_example_is_not_refused_and_shows_something(words: str, tmp_path: Path) -> None:
    ended = run(tuple(shlex.split(words)), tmp_path, {"REVEILLE_PIPELINE": ""})

    assert ended.returncode in (0, 1, 2), ended.stderr
    assert len(ended.stdout.splitlines()) >= 1
