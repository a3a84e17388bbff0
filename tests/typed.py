"""What pages and ``--help`` let people type, and whether the command line takes it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import click

from bot.cli import reveille

FENCED = re.compile(r"^```([a-z]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
RULES = re.compile(r"<!-- rules: .*?<!-- end of the rules -->", re.DOTALL)
"""The scripts of docs/audit.md, good ones and bad ones, which the tests of the rules audit."""
SHELL = ("", "sh", "console")
LOOP = ("do", "done")
BETWEEN = ("|", "||", "&&", ";", "&")


@dataclass(frozen=True, slots=True)
class Typed:
    """A program and its words, as a page shows it."""

    words: tuple[str, ...]

    @property
    def program(self) -> str:
        return Path(self.words[0]).name

    def __str__(self) -> str:
        return " ".join(self.words)


def typed(text: str) -> Iterator[Typed]:
    """Yield what blocks of a page let people type, and reveille's own commands within sentences."""
    for language, block in FENCED.findall(RULES.sub("", text)):
        if language in SHELL:
            yield from _of_block(block.replace("\\\n", " "), is_dialogue="$ " in block)
    for line in re.findall(r"`(reveille [^`]+)`", FENCED.sub("", text)):
        yield from of_line(line)


def _of_block(block: str, *, is_dialogue: bool) -> Iterator[Typed]:
    for line in block.splitlines():
        if line.startswith("$ ") or not is_dialogue:
            yield from of_line(line.removeprefix("$ "))


def of_line(line: str) -> Iterator[Typed]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.wordchars += "…:@=+,*$%"
    words = list(lexer)
    while words:
        command = list(takewhile(lambda word: word not in BETWEEN, words))
        words = words[len(command) + 1 :]
        command = list(takewhile(lambda word: word != ">", command))
        if command[:1] == ["for"]:
            continue
        while command and (command[0] in LOOP or re.fullmatch(r"[A-Z_]+=.*", command[0])):
            command = command[1:]
        if command:
            yield Typed(tuple(command))


def understood(words: tuple[str, ...]) -> None:
    """Parse the words after ``reveille``. Raises what a person would read."""
    command: click.Command = reveille
    context = click.Context(reveille)
    rest = list(words)
    while isinstance(command, click.Group):
        if not rest or rest[0] == "--help":
            return  # a sentence about a group of commands
        name, following, rest = command.resolve_command(context, rest)
        assert following is not None, name
        command = following
        context = click.Context(command, parent=context)
    if rest and "--help" not in rest:  # without words it is a sentence about a command
        command.parse_args(context, rest)  # raises what a person would read
