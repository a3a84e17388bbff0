"""Follows the tests of a shell script, and tells which commands' outcomes they look at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.shell.commands import CommandFailure, Fate, ShellCommand
from bot.audit.shell.state import ShellContext
from bot.audit.shell.tree import Tree, operands
from bot.audit.shell.words import Word, WordPiece

if TYPE_CHECKING:
    from bot.audit.shell.script import Script

_COMPARED = re.compile(r"\$?\{?(\?|[A-Za-z_]\w*)\}?\"?\s*(-eq|-ne|-gt|==|!=|=|>)\s*\"?0\b")
_EQUAL = frozenset(("-eq", "==", "="))


def test(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    raw = tree.source(node)
    script.around, before = replace(around, tested=True), script.around
    start, end = tree.start(node), tree.end(node)
    words: list[Word] = []
    for child in operands(node):
        words += script.expander.words(tree, child)
    script.around = before
    if "$?" in raw and around.failure is not None and around.failure.fate is Fate.STOPS:
        looked_at(script)
    if "PIPESTATUS" in raw:
        pipeline_looked_at(script)
    _outcome_decides(script, raw, around)
    program = Word((WordPiece("[", start, exact=False),), start, start + 1)
    script.record(ShellCommand((program, *words), start, end, raw), around)


def _outcome_decides(script: Script, raw: str, around: ShellContext) -> None:
    """Remember which way is taken when a command ran well whose outcome a test compares with 0."""
    found = _COMPARED.search(raw)
    if found is None:
        return
    passes, fails = (around.passes, around.fails) if found[2] in _EQUAL else (around.fails, around.passes)
    for index in last_line(script) if found[1] == "?" else script.outcomes.get(found[1], ()):
        command = script.commands[index]
        script.commands[index] = replace(command, passes=(*command.passes, *passes), fails=(*command.fails, *fails))


def last_line(script: Script) -> Sequence[int]:
    """Return where the commands stand that the last line may be: one, unless its words differ by the way taken."""
    last = len(script.commands) - 1
    first = last
    while first > 0 and script.commands[last].line and script.commands[first - 1].line == script.commands[last].line:
        first -= 1
    return range(first, last + 1) if last >= 0 else ()


def looked_at(script: Script) -> None:
    """Remember that the outcome of the last command, ``$?``, decides whether the script goes on."""
    for index in last_line(script):
        if script.commands[index].failure.reason in {"errexit", "inside"}:
            script.commands[index] = replace(script.commands[index], failure=CommandFailure())


def pipeline_looked_at(script: Script) -> None:
    """Remember that ``PIPESTATUS``, the outcomes of the pipeline that ended last, decides how it goes on."""
    number = script.commands[-1].pipeline if script.commands else 0
    for index in range(len(script.commands) - 1, -1, -1):
        if not number or script.commands[index].pipeline != number:
            return
        if script.commands[index].failure.reason in {"errexit", "pipe"}:
            script.commands[index] = replace(script.commands[index], failure=CommandFailure())
