"""Reads what the grammar's nodes hold: the ways of an ``if``, the operands of a test, the functions of a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from bot.audit.parsing import Tree


def ways(node: Node) -> Iterator[tuple[list[Node] | None, list[Node]]]:
    """Yield the ways of an ``if``: the condition (None for ``else``) and the statements."""
    condition: list[Node] = []
    body: list[Node] = []
    others: list[Node] = []
    target = condition
    for child in node.children:
        if child.type == "then":
            target = body
        elif child.type in {"elif_clause", "else_clause"}:
            others.append(child)
        elif child.is_named or child.type == "&":
            target.append(child)
    yield condition, body
    for other in others:
        if other.type == "elif_clause":
            yield next(ways(other))
        else:
            yield None, [child for child in other.children if child.type != "else"]


def operands(node: Node) -> Iterator[Node]:
    """Yield the operands and operators of a test."""
    for child in node.named_children:
        if child.type.endswith("_expression"):
            yield from operands(child)
        else:
            yield child


def leaves(tree: Tree, nodes: Sequence[Node]) -> bool:
    """Whether statements leave the loop or function that they are in: what follows is for the other case."""
    names = (node.child_by_field_name("name") for node in nodes if node.type == "command")
    return any(name is not None and tree.source(name) in _LEAVING for name in names)


_LEAVING = frozenset(("break", "return", "exit"))


def local_names(tree: Tree, node: Node) -> Iterator[str]:
    for child in node.named_children:
        if child.type == "declaration_command" and tree.source(child.children[0]) in {"local", "declare", "typeset"}:
            for one in child.named_children:
                name = one.child_by_field_name("name") if one.type == "variable_assignment" else one
                if name is not None and name.type == "variable_name":
                    yield tree.source(name)
        elif child.type not in {"function_definition", "command"}:
            yield from local_names(tree, child)


def collect_functions(tree: Tree, node: Node, found: dict[str, tuple[Tree, Node]]) -> None:
    for child in node.named_children:
        if child.type == "function_definition":
            name, body = child.child_by_field_name("name"), child.child_by_field_name("body")
            if name is not None and body is not None:
                found.setdefault(tree.source(name), (tree, body))
        elif child.type in {"if_statement", "compound_statement", "else_clause"}:
            collect_functions(tree, child, found)
