"""What becomes of a failure: which tests look at it, and what the commands that follow it amount to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.shell.calls import runs_its_words
from bot.audit.shell.commands import CommandFailure, Fate, ShellCommand
from bot.audit.shell.state import ShellContext
from bot.audit.shell.tree import Tree, operands
from bot.audit.shell.words import Word, WordPiece

if TYPE_CHECKING:
    from bot.audit.shell.script import Script


class EndingKind(IntEnum):
    """What a list of commands amounts to once something before it has failed; the higher one decides."""

    TALKS = 0
    """It prints, waits, goes on: the failure is forgotten."""
    ACTS = 1
    """It does something that can fail in its turn, such as another way to the same end."""
    STOPS = 2
    """It ends the script or the function with a failure, or notes the failure in a variable that is used."""


_TALK = re.compile(
    r"true|:|echo|printf|cat|sleep|continue|break|date|rm|mkdir|touch|local|export|readonly|declare|set|unset|cd|shift"
    r"|read|tee|tput|curl|wget"
)
_TALKATIVE = re.compile(r"log|warn|info|error|print|echo|msg|message|notify|note|debug|slack|mail|alert", re.IGNORECASE)
_COUNTS = re.compile(r"\(\(\s*(?:(?:\+\+|--)\s*(\w+)|(\w+)\s*(?:\+\+|--|[-+]?=[^=].*))\s*\)\)")
_ENDS = frozenset(("exit", "return"))
_DEFINITIONS = frozenset(("function_definition", "comment"))
_MOST_NESTED_CALLS = 8


class Endings:
    """Judges nodes of one tree, with the functions that the script defines; counting an attempt may be no failure."""

    def __init__(self, tree: Tree, functions: Mapping[str, tuple[Tree, Node]], *, counters: bool = True) -> None:
        self._tree = tree
        self._functions = functions
        self._counters = counters

    def of(self, nodes: Iterable[Node], depth: int = 0) -> EndingKind:
        return max((self._one(node, depth) for node in nodes), default=EndingKind.TALKS)

    def _one(self, node: Node, depth: int) -> EndingKind:
        if node.type in _DEFINITIONS:
            return EndingKind.TALKS
        if node.type == "command":
            return self._command(node, depth)
        if node.type == "variable_assignment":
            name_node, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if value is not None and value.type == "arithmetic_expansion" and not self._counters:
                return EndingKind.TALKS
            return self._counted(node, self._tree.source(name_node) if name_node else "")
        if counter := self._counter(node):
            return self._counted(node, counter) if self._counters else EndingKind.TALKS
        return self.of(node.named_children, depth)

    def _command(self, node: Node, depth: int) -> EndingKind:
        name_node = node.child_by_field_name("name")
        if name_node is None:
            return self.of(node.named_children, depth)
        name = self._tree.source(name_node)
        if name in _ENDS:
            arguments = node.children_by_field_name("argument")
            return EndingKind.TALKS if arguments and self._tree.source(arguments[0]) == "0" else EndingKind.STOPS
        if name in {"false", "kill"}:
            return EndingKind.STOPS
        if name in self._functions and depth < _MOST_NESTED_CALLS:
            tree, body = self._functions[name]
            return Endings(tree, self._functions, counters=self._counters).of([body], depth + 1)
        if _TALK.fullmatch(name) or (_TALKATIVE.search(name) and not runs_its_words(name)):
            return EndingKind.TALKS
        return EndingKind.ACTS

    def _counter(self, node: Node) -> str:
        """Return the variable that ``((n++))``, ``((n += 1))`` and their like change; empty where nothing is."""
        source = self._tree.source(node) if node.children and node.children[0].type == "((" else ""
        found = _COUNTS.fullmatch(source)
        return (found[1] or found[2]) if found else ""

    def _counted(self, node: Node, name: str) -> EndingKind:
        # A failure that is counted is not forgotten, provided that something later reads the count.
        later = self._tree.text.text[self._tree.index(node.end_byte) :]
        word = re.escape(name)
        used = re.search(rf"\$\{{?[#!]?{word}\b|\(\(\s*!?\s*{word}\b(?!\s*(\+\+|--|[-+]?=[^=]))", later)
        return EndingKind.STOPS if name and used else EndingKind.TALKS


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
