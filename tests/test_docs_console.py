"""What the pages show as output is what its commands print, on scenarios and the trees of the tests.

``UPDATE_MANUAL=1 pytest -n0`` on this file writes the outputs again.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sections import ROOT
from tests.servers import forked

PAGES = tuple(ROOT / "docs" / name for name in ("audit.md", "repairs.md"))
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Example:
    """A command of a page, and what the page shows that it prints."""

    command: str
    shown: str

    def __str__(self) -> str:
        return f"$ {self.command}\n{self.shown}".rstrip()


def examples(block: str) -> Iterator[Example]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield Example(command, shown.strip("\n"))


def examples_of(page: Path) -> Mapping[str, Example]:
    text = page.read_text(encoding="utf-8")
    return {each.command: each for block in BLOCK.findall(text) for each in examples(block)}


def printed(command: str) -> str:
    """Run a command as a user without settings, accounts or colours, and return all that it prints."""
    program, *words = shlex.split(command)
    assert program == "reveille"
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "USER": "alice", "NO_GCE_CHECK": "true"}
    with tempfile.TemporaryFile("w+") as output:
        forked.start("bot", *words, env=environment, stdout=output, stderr=output).wait(SECONDS)
        output.seek(0)
        said = output.read().strip("\n")
    assert str(ROOT) not in said, "a page names no folder of one machine"
    return said


def write(page: Path, example: Example) -> None:
    """Let a page show an example in place of the one with the same command."""

    def block(found: re.Match[str]) -> str:
        some = (example if each.command == example.command else each for each in examples(found[1]))
        return "```console\n" + "\n\n".join(map(str, some)) + "\n```"

    page.write_text(BLOCK.sub(block, page.read_text(encoding="utf-8")), encoding="utf-8")


EXAMPLES = [(page, command) for page in PAGES for command in examples_of(page)]


@pytest.mark.parametrize(("page", "command"), EXAMPLES, ids=[command for _, command in EXAMPLES])
def test_a_command_prints_what_its_page_shows(page: Path, command: str) -> None:
    output = printed(command)
    if os.environ.get("UPDATE_MANUAL"):
        write(page, Example(command, output))

    assert examples_of(page)[command].shown == output


def test_the_page_of_repairs_shows_every_command_of_its_subject() -> None:
    shown = {" ".join(command.split()[1:3]) for command in examples_of(ROOT / "docs" / "repairs.md")}

    assert {"iam ensure", "iam show", "env diff", "env merge", "deploy verify"} <= shown
