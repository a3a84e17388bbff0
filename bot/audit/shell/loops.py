"""Follows the loops of a shell script: the values of a list one by one, any other body once."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.shell.alternatives import variations
from bot.audit.shell.commands import CommandFailure, Fate
from bot.audit.shell.outcomes import EndingKind, Endings
from bot.audit.shell.state import ShellContext
from bot.audit.shell.tree import Tree
from bot.audit.shell.words import ALWAYS, Word, WordPiece

if TYPE_CHECKING:
    from bot.audit.shell.script import Script


def for_loop(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    variable, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
    if variable is None or body is None:
        return
    name = tree.source(variable)
    values = node.children_by_field_name("value")
    words = [word for value in values for word in script.expander.words(tree, value)]
    if not values:
        words = script.expander.words(tree, variable) if script.expander.positional is None else [
            *script.expander.positional
        ]  # fmt: skip
        if script.expander.positional is None:
            start = tree.start(variable)
            words = [Word((WordPiece("${@}", start, exact=False, known=False),), start, start)]
    inside = _repeated(script, tree, body, around) if len(words) != 1 or not words[0].known else around
    for one in variations(tuple(words), around.open_ways(script.conditionals)):
        for word in one.words:
            script.variables[name] = word.pieces
            with script.scope("loop"):
                script.statement(tree, body, inside.inside(*one.branches))


def while_loop(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    body = node.child_by_field_name("body")
    for condition in node.children_by_field_name("condition"):
        if condition.is_named:
            # What a loop tries again is not forgotten, unless it gives up.
            failure = CommandFailure()
            if body is not None and _gives_up(script, tree, body):
                failure = CommandFailure(Fate.LOST, "break", tree.start(condition), tree.end(condition))
            script.statement(tree, condition, around.decides(failure))
    if body is not None:
        with script.scope("loop"):
            script.optionally(tree, body.children, replace(around, gives_up=False).inside((script.number(), ALWAYS)))


def counted_loop(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    body = node.child_by_field_name("body")
    if body is not None:
        inside = _repeated(script, tree, body, around)
        with script.scope("loop"):
            script.optionally(tree, body.children, inside.inside((script.number(), ALWAYS)))


def _repeated(script: Script, tree: Tree, body: Node, around: ShellContext) -> ShellContext:
    """Return the context in a loop that ends by itself: whatever was tried in vain until then is forgotten."""
    ends = Endings(tree, script.state.functions, counters=False).of([body]) is EndingKind.STOPS
    return replace(around, gives_up=not ends)


def _gives_up(script: Script, tree: Tree, body: Node) -> bool:
    ends = Endings(tree, script.state.functions, counters=False).of([body]) is EndingKind.STOPS
    return not ends and re.search(r"\bbreak\b", tree.source(body)) is not None
