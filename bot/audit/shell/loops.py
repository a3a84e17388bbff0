"""Follows the loops of a shell script: the values of a list one by one, any other body once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.shell.alternatives import variations
from bot.audit.shell.commands import CommandFailure
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
    for one in variations(tuple(words), around.open_ways(script.conditionals)):
        for word in one.words:
            script.variables[name] = word.pieces
            with script.scope("loop"):
                script.statement(tree, body, around.inside(*one.branches))


def while_loop(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    body = node.child_by_field_name("body")
    for condition in node.children_by_field_name("condition"):
        if condition.is_named:
            # What a loop tries again is not forgotten.
            script.statement(tree, condition, replace(around, failure=CommandFailure(), tested=True))
    if body is not None:
        with script.scope("loop"):
            script.optionally(tree, body.children, around.inside((script.number(), ALWAYS)))


def counted_loop(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    body = node.child_by_field_name("body")
    if body is not None:
        with script.scope("loop"):
            script.optionally(tree, body.children, around.inside((script.number(), ALWAYS)))
