"""Follows what gives the variables of a shell script their values, and defines its functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.commands import Failure, Fate
from bot.audit.endings import Ending, Endings
from bot.audit.outcomes import last_line, looked_at, pipeline_looked_at
from bot.audit.parsing import Tree
from bot.audit.sources import UnreadableError
from bot.audit.surroundings import Surroundings
from bot.audit.words import MOST_CHARACTERS, Array, Piece, size_of

if TYPE_CHECKING:
    from bot.audit.shell import Script


def assign(script: Script, tree: Tree, node: Node, around: Surroundings) -> None:
    name_node, value_node = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name_node is None or name_node.type != "variable_name":
        return
    name = tree.source(name_node)
    if value_node is not None and "PIPESTATUS" in tree.source(value_node):
        pipeline_looked_at(script)
    kept_outcome = value_node is not None and tree.source(value_node) in {"$?", '"$?"'}
    if kept_outcome and script.commands:
        script.outcomes[name] = last_line(script)
    if kept_outcome and Endings(tree, script.state.functions).of([node]) is Ending.STOPS:
        looked_at(script)
    adds = any(child.type == "+=" for child in node.children)
    old = script.variables.get(name)
    kept, script.captured = script.captured, name
    script.around, around_before = replace(around, captured=name), script.around
    try:
        if value_node is None:
            script.variables[name] = ()
        elif value_node.type == "array":
            new = script.expander.array(tree, value_node)
            if adds and isinstance(old, Array):
                new = Array(old.items + new.items, old.keys + new.keys)
            script.variables[name] = new
        else:
            pieces = script.expander.value(tree, value_node)
            if adds:
                base = old if isinstance(old, tuple) else (Piece(f"${{{name}}}", tree.start(node), False, False),)
                pieces = base + pieces
            script.variables[name] = pieces
    finally:
        script.captured, script.around = kept, around_before
    if (size := size_of(script.variables[name])) > MOST_CHARACTERS:
        raise UnreadableError(
            f"the variable {name} would hold {size:,} characters here; more than {MOST_CHARACTERS:,} are not followed",
            tree.start(node),
            tree.end(name_node),
        )


def declaration(script: Script, tree: Tree, node: Node, around: Surroundings) -> None:
    for child in node.named_children:
        if child.type == "variable_assignment":
            # local X=$(command) succeeds whatever the command does.
            lost = Failure(Fate.UNCHECKED, "declaration", tree.start(node), tree.end(node.children[0]))
            assign(script, tree, child, replace(around, failure=lost))
        elif child.type == "variable_name" and tree.source(node.children[0]) in {"local", "declare", "typeset"}:
            script.variables.setdefault(tree.source(child), ())


def unset(script: Script, tree: Tree, node: Node, around: Surroundings) -> None:
    del around
    for child in node.named_children:
        if child.type == "variable_name":
            script.variables[tree.source(child)] = ()


def define(script: Script, tree: Tree, node: Node, around: Surroundings) -> None:
    del around
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is not None and body is not None:
        script.state.functions[tree.source(name)] = (tree, body)
