"""Tells how a test comes out where the way that was taken before decides what its variable holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tree_sitter import Node

from bot.audit.shell.alternatives import variations
from bot.audit.shell.tree import Tree
from bot.audit.shell.words import Branch, Word

if TYPE_CHECKING:
    from bot.audit.shell.script import Script

_TEST = re.compile(r"(?:\[\[?|test) (.*?)(?: \]\]?)?")
_EMPTY_DEFAULT = re.compile(r"\$\{(\w+)(?::?-)?\}")
_PATTERN = frozenset("*?[")
Truth = tuple[frozenset[Branch], bool]
"""Ways that were taken, and how the test then comes out."""


def plain_question(text: str) -> tuple[str, bool]:
    """Return a condition in one spelling, and whether it is asked the other way round.

    `[[ ${1:-} != prod ]]` is `[ $1 = prod ]` the other way round.
    """
    negated = text.startswith("! ")
    text = text.removeprefix("! ")
    test = _TEST.fullmatch(text)
    if test is None or "&&" in text or "||" in text or " -a " in text or " -o " in text:
        return text, negated
    said = _EMPTY_DEFAULT.sub(r"$\1", test[1].replace('"', "")).replace(" == ", " = ")
    said, inverse = re.subn(r"^! ", "", said)
    for other, usual in ((" != ", " = "), ("-z ", "-n ")):
        if said.startswith(other) or (other[0] == " " and other in said):
            said, inverse = said.replace(other, usual, 1), inverse + 1
    return f"[ {said} ]", negated is (inverse % 2 == 0)


def truths(script: Script, tree: Tree, condition: Sequence[Node]) -> Iterator[Truth]:
    """Yield how a condition comes out, as far as that is known; nothing for more than one plain test."""
    if len(condition) != 1:
        return
    node = condition[0]
    negated = node.type == "negated_command" and len(node.named_children) == 1
    node = node.named_children[0] if negated else node
    if node.type != "test_command" or len(node.named_children) != 1:
        return
    expression = node.named_children[0]
    source = tree.source(expression)
    if "$" not in source or "$(" in source or "`" in source:
        return
    asks = _unary if expression.type == "unary_expression" else _binary
    for branches, came_out in asks(script, tree, expression):
        yield branches, came_out is not negated


def _unary(script: Script, tree: Tree, node: Node) -> Iterator[Truth]:
    operator, *operands = node.children
    name = tree.source(operator)
    if name not in {"-z", "-n"} or len(operands) != 1:
        return
    for branches, words in _known(tuple(script.expander.words(tree, operands[0]))):
        empty = not "".join(word.text for word in words)
        yield branches, empty is (name == "-z")


def _binary(script: Script, tree: Tree, node: Node) -> Iterator[Truth]:
    left, operator, right = node.child_by_field_name("left"), node.children[1], node.child_by_field_name("right")
    name = tree.source(operator)
    if left is None or right is None or name not in {"=", "==", "!="} or _PATTERN & set(tree.source(right)):
        return
    expected = script.expander.words(tree, right)
    if len(expected) != 1 or not expected[0].known:
        return
    for branches, words in _known(tuple(script.expander.words(tree, left))):
        yield branches, (" ".join(word.text for word in words) == expected[0].text) is (name != "!=")


def _known(words: tuple[Word, ...]) -> Iterator[tuple[frozenset[Branch], tuple[Word, ...]]]:
    for one in variations(words, lambda ways: ways):
        if one.branches and all(word.certain for word in one.words):
            yield frozenset(one.branches), one.words
