"""Shell text as a syntax tree, made by tree-sitter's grammar of bash."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from bot.audit.source_text import Text, UnreadableSourceError


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


class Tree:
    """The tree of one text; turns the parser's byte positions into places in the file."""

    def __init__(self, text: Text) -> None:
        encoded = text.text.encode("utf-8", "surrogatepass")
        self.text = text
        self.root = _parser().parse(encoded).root_node
        self._characters = None if len(encoded) == len(text.text) else _character_indices(text.text)

    def index(self, byte: int) -> int:
        return byte if self._characters is None else self._characters[byte]

    def start(self, node: Node) -> int:
        return self.text.origin(self.index(node.start_byte))

    def end(self, node: Node) -> int:
        return self.text.end(self.index(node.end_byte))

    def source(self, node: Node) -> str:
        return self.text.text[self.index(node.start_byte) : self.index(node.end_byte)]


def _character_indices(text: str) -> list[int]:
    indices: list[int] = []
    for index, character in enumerate(text):
        indices += [index] * len(character.encode("utf-8", "surrogatepass"))
    return [*indices, len(text)]


def parse(text: Text) -> Tree:
    """Parse a shell text. Raises UnreadableSourceError with the place of the first thing that does not fit."""
    tree = Tree(text)
    if tree.root.has_error:
        plainer = Text(_PARAMETER.sub(_plainer, text.text), text.offsets, text.path)
        tree = Tree(plainer) if plainer.text != text.text else tree
    if tree.root.has_error:
        raise _unreadable(tree, _innermost_error(tree.root))
    return tree


def _plainer(found: re.Match[str]) -> str:
    # The grammar ends `${1:?start|finish}` at the sign, which the shell takes for text.
    return found[1] + re.sub(r"[|&;<>()]", "_", found[2]) + "}"


def _unreadable(tree: Tree, node: Node) -> UnreadableSourceError:
    text = tree.text.text
    index = tree.index(node.start_byte)
    if node.is_missing:
        index = len(text[:index].rstrip())
        start = tree.text.end(index)
        sentence = f"the shell misses {_NAMES.get(node.type, repr(node.type))} here"
        if node.parent is not None:
            sentence += f", to end what begins with {_beginning(tree.source(node.parent))}"
        return UnreadableSourceError(sentence, start, start + 1)
    found = tree.source(node)
    start = tree.text.origin(index + len(found) - len(found.lstrip()))
    shown = _beginning(found)
    return UnreadableSourceError(
        f"this cannot be read as shell (`bash -n` tells more): {shown}", start, start + max(1, len(shown) - 2)
    )


_PARAMETER = re.compile(r"(\$\{\w+:?[-?+=])([^{}\"'`$]*)\}")
_NAMES = {"heredoc_end": "the last line of the here-document", "word": "a word"}
_SHOWN = 40


def _beginning(source: str) -> str:
    first = source.strip().split("\n", 1)[0].strip()
    return f"`{first[:_SHOWN]}`" if first else "a line end"


def _innermost_error(node: Node) -> Node:
    # The innermost node names the place best: an error often spans the rest of the script.
    while True:
        broken = next((child for child in node.children if child.has_error or child.is_missing), None)
        if broken is None:
            return node
        node = broken


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
    for child in node.named_children:
        if child.type.endswith("_expression"):
            yield from operands(child)
        else:
            yield child


def leaves(tree: Tree, nodes: Sequence[Node], by: Sequence[str] = ("break", "return", "exit")) -> bool:
    """Whether statements leave the loop or function that they are in: what follows is for the other case."""
    names = (node.child_by_field_name("name") for node in nodes if node.type == "command")
    return any(name is not None and tree.source(name) in by for name in names)


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
