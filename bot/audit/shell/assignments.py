"""Follows what gives the variables of a shell script their values, and defines its functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.shell.commands import CommandFailure, Fate
from bot.audit.shell.outcomes import EndingKind, Endings, last_line, looked_at, pipeline_looked_at
from bot.audit.shell.state import ShellContext
from bot.audit.shell.tree import Tree
from bot.audit.shell.words import MOST_CHARACTERS, Array, Word, WordPiece, size_of, text_of
from bot.audit.source_text import UnreadableSourceError

if TYPE_CHECKING:
    from bot.audit.shell.script import Script


def assign(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    name_node, value_node = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name_node is None:
        return
    if name_node.type == "subscript":
        _assign_element(script, tree, name_node, value_node, around)
    else:
        _assign_name(script, tree, node, tree.source(name_node), value_node, around)


def _assign_name(
    script: Script, tree: Tree, node: Node, name: str, value_node: Node | None, around: ShellContext
) -> None:
    if value_node is not None and "PIPESTATUS" in tree.source(value_node):
        pipeline_looked_at(script)
    kept_outcome = value_node is not None and tree.source(value_node) in {"$?", '"$?"'}
    if kept_outcome and script.commands:
        script.outcomes[name] = last_line(script)
    if kept_outcome and Endings(tree, script.state.functions).of([node]) is EndingKind.STOPS:
        looked_at(script)
    adds = any(child.type == "+=" for child in node.children)
    old = script.variables.get(name)
    with script.capturing(name, around):
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
                base = old if isinstance(old, tuple) else (WordPiece(f"${{{name}}}", tree.start(node), False, False),)
                pieces = base + pieces
            script.variables[name] = pieces
    if (size := size_of(script.variables[name])) > MOST_CHARACTERS:
        raise UnreadableSourceError(
            f"the variable {name} would hold {size:,} characters here; more than {MOST_CHARACTERS:,} are not followed",
            tree.start(node),
            tree.start(node) + len(name),
        )


def _assign_element(script: Script, tree: Tree, element: Node, value: Node | None, around: ShellContext) -> None:
    """Follow ``NAME[KEY]=VALUE``; where the key is not known, nor is what the array then holds."""
    name_node, index = element.child_by_field_name("name"), element.child_by_field_name("index")
    name = tree.source(name_node) if name_node is not None else ""
    with script.capturing(name, around):
        given = script.expander.value(tree, value) if value is not None else ()
        key = script.expander.value(tree, index) if index is not None else ()
    old = script.variables.get(name)
    if not isinstance(old, Array) or not all(piece.known for piece in key) or len(old.keys) != len(old.items):
        script.variables.pop(name, None)
        return
    word = Word(given or (WordPiece("", tree.start(element), exact=False),), tree.start(element), tree.end(element))
    elements = {**dict(zip(old.keys, old.items, strict=True)), text_of(key): word}
    script.variables[name] = Array(tuple(elements.values()), tuple(elements))


def declaration(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    for child in node.named_children:
        if child.type == "variable_assignment":
            # local X=$(command) succeeds whatever the command does.
            lost = CommandFailure(Fate.UNCHECKED, "declaration", tree.start(node), tree.end(node.children[0]))
            assign(script, tree, child, replace(around, failure=lost))
        elif child.type == "variable_name" and tree.source(node.children[0]) in {"local", "declare", "typeset"}:
            script.variables.setdefault(tree.source(child), ())


def unset(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    del around
    for child in node.named_children:
        if child.type == "variable_name":
            script.variables[tree.source(child)] = ()


def define(script: Script, tree: Tree, node: Node, around: ShellContext) -> None:
    del around
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is not None and body is not None:
        script.state.functions[tree.source(name)] = (tree, body)
