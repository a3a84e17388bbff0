"""Expands words as the shell would, as far as the file itself tells."""

from __future__ import annotations

import re
from collections.abc import Callable

from tree_sitter import Node

from bot.audit.shell.tree import Tree
from bot.audit.shell.words import Array, Part, Value, Word, WordPiece, cut, split_words, text_of, without_beginning

_LITERAL = frozenset(
    ("word", "number", "variable_name", "test_operator", "regex", "extglob_pattern", "special_variable_name")
)
_ESCAPED = re.compile(r"\\(\n|.)", re.DOTALL)
_ESCAPED_IN_QUOTES = re.compile(r"\\([\n\\\"$`])")
_CONTROL = {"n": "\n", "t": "\t", "r": "\r"}
_BRACES = re.compile(r"\{([^{}$\s\"']*,[^{}$\s\"']*)\}")
_ELEMENT = re.compile(r"\[(.+?)\]=", re.DOTALL)


class Expander:
    """Turns nodes into words with the variables known at this moment.

    ``substitute`` is called for each command substitution; it follows the commands in it, and returns what
    they print and whether that is known; where it is not, a symbol with the commands in it.
    """

    def __init__(self, substitute: Callable[[Tree, Node], tuple[str, bool]]) -> None:
        self.variables: dict[str, Value] = {}
        self.positional: list[Word] | None = None
        """The arguments of the function or script; None when nobody can know them."""
        self._substitute = substitute

    def words(self, tree: Tree, node: Node) -> list[Word]:
        """Return the words that a node becomes; ``"${LIST[@]}"`` may become many, an empty ``$X`` none."""
        start, end = tree.start(node), tree.end(node)
        if node.type == "word" and node.child_count == 0:
            source = tree.source(node)
            if "\\" not in source:
                return [Word((WordPiece(source, start, tree.text.straight(*self._range(tree, node))),), start, end)]
        braces = _BRACES.fullmatch(tree.source(node)) if node.type == "concatenation" else None
        if braces:
            items = braces[1].split(",")
            return [Word((WordPiece(item, start, exact=False),), start, end) for item in items]
        return split_words(self.parts(tree, node, quoted=False), start, end)

    def value(self, tree: Tree, node: Node) -> tuple[WordPiece, ...]:
        """Return what an assignment makes of a node: no splitting."""
        parts = self.parts(tree, node, quoted=False)
        return tuple(part._replace(loose=False) for part in parts if part is not None)

    def array(self, tree: Tree, node: Node) -> Array:
        """Return the words of ``( … )``, with their keys where it has any."""
        items: list[Word] = []
        keys: list[str] = []
        for child in node.named_children:
            if child.type == "comment":
                continue
            words = self.words(tree, child)
            keyed = _ELEMENT.match(words[0].text) if len(words) == 1 else None
            if keyed:
                keys.append(keyed[1].strip("\"'"))
                words = [without_beginning(words[0], keyed.end())]
            items += words
        return Array(tuple(items), tuple(keys) if len(keys) == len(items) else ())

    @staticmethod
    def _range(tree: Tree, node: Node) -> tuple[int, int]:
        return tree.index(node.start_byte), tree.index(node.end_byte)

    def parts(self, tree: Tree, node: Node, *, quoted: bool) -> list[Part]:
        """Return the parts of a node; ``quoted`` inside double quotes."""
        kind = node.type
        if kind == "string":
            return self._string(tree, node)
        if kind == "raw_string":
            first, last = self._range(tree, node)
            return [self._literal(tree, first + 1, last - 1)]
        if kind == "simple_expansion":
            return self._variable(tree, node, tree.source(node).lstrip()[1:], quoted=quoted)
        if kind == "expansion":
            return self._expansion(tree, node, quoted=quoted)
        if kind in {"command_substitution", "process_substitution"}:
            text, known = self._substitute(tree, node)
            return [WordPiece(text, tree.start(node), exact=False, known=known, loose=not quoted)]
        if kind == "arithmetic_expansion":
            return [WordPiece(tree.source(node), tree.start(node), exact=False, known=False)]
        if kind == "ansi_c_string":
            text = _ESCAPED.sub(lambda found: _CONTROL.get(found[1], found[1]), tree.source(node)[2:-1])
            return [WordPiece(text, tree.start(node), exact=False)]
        if kind == "concatenation" or (node.child_count and kind not in _LITERAL):
            return self._between(tree, node, *self._range(tree, node), quoted=quoted)
        return self._escaped(tree, *self._range(tree, node), _ESCAPED_IN_QUOTES if quoted else _ESCAPED)

    def _string(self, tree: Tree, node: Node) -> list[Part]:
        first, last = self._range(tree, node)
        if tree.text.text[first] == "$":
            first += 1
        parts = self._between(tree, node, first + 1, last - 1, quoted=True)
        if parts:
            return parts
        # "" is a word, though an empty one; "${LIST[@]}" of an empty list is none at all.
        return [] if node.named_child_count else [WordPiece("", tree.start(node), exact=False)]

    def _between(self, tree: Tree, node: Node, first: int, last: int, *, quoted: bool) -> list[Part]:
        # The grammar leaves blanks between two expansions out of its tree: gaps are text.
        parts: list[Part] = []
        at = first
        pattern = _ESCAPED_IN_QUOTES if quoted else _ESCAPED
        for child in node.named_children:
            start, end = self._range(tree, child)
            if child.type in {"string_content", "comment"} or start < at:
                continue
            while quoted and start < end and tree.text.text[start].isspace():
                start += 1  # The grammar counts blanks before an expansion as a part of it.
            if start > at:
                parts += self._escaped(tree, at, start, pattern)
            parts += self.parts(tree, child, quoted=quoted)
            at = end
        if at < last:
            parts += self._escaped(tree, at, last, pattern)
        return parts

    def _escaped(self, tree: Tree, first: int, last: int, pattern: re.Pattern[str]) -> list[Part]:
        text = tree.text.text
        parts: list[Part] = []
        at = first
        for found in pattern.finditer(text, first, last) if "\\" in text[first:last] else ():
            if found.start() > at:
                parts.append(self._literal(tree, at, found.start()))
            if found[1] != "\n":
                parts.append(self._literal(tree, found.start(1), found.end(1)))
            at = found.end()
        if at < last:
            parts.append(self._literal(tree, at, last))
        return parts

    @staticmethod
    def _literal(tree: Tree, first: int, last: int) -> WordPiece:
        exact = last > first and tree.text.straight(first, last)
        return WordPiece(tree.text.text[first:last], tree.text.origin(first), exact)

    def _variable(self, tree: Tree, node: Node, name: str, *, quoted: bool) -> list[Part]:
        if name in {"@", "*"}:
            return self._list(self.positional, "${@}", tree.start(node), quoted=quoted)
        value = self.lookup(name)
        if isinstance(value, Array):
            value = value.items[0].pieces if value.items else ()
        if value is None:
            return [WordPiece(f"${{{name}}}", tree.start(node), exact=False, known=False, loose=not quoted)]
        return self._used(value, quoted=quoted)

    @staticmethod
    def _used(value: tuple[WordPiece, ...], *, quoted: bool) -> list[Part]:
        if quoted and not value:
            return [WordPiece("", 0, exact=False)]
        return [piece._replace(loose=not quoted) for piece in value]

    @staticmethod
    def _list(items: list[Word] | tuple[Word, ...] | None, symbol: str, start: int, *, quoted: bool) -> list[Part]:
        if items is None:
            return [WordPiece(symbol, start, exact=False, known=False, loose=not quoted)]
        parts: list[Part] = []
        for item in items:
            if parts:
                parts.append(None)
            parts += [piece._replace(loose=not quoted) for piece in item.pieces]
        return parts

    def lookup(self, name: str) -> Value | None:
        """Return the value of a variable or of an argument; None when only the running script knows it."""
        if name.isdigit() and self.positional is not None and name != "0":
            index = int(name) - 1
            return self.positional[index].pieces if index < len(self.positional) else ()
        return self.variables.get(name)

    def _expansion(self, tree: Tree, node: Node, *, quoted: bool) -> list[Part]:
        start = tree.start(node)
        children = list(node.children[1:-1])
        symbol = [WordPiece(tree.source(node).strip(), start, exact=False, known=False, loose=not quoted)]
        prefix = children.pop(0).type if children and children[0].type in {"#", "!"} else ""
        if not children:
            return list(symbol)
        head, rest = children[0], children[1:]
        listed = self._subscript(tree, head, prefix, start, quoted=quoted)
        if listed is not None and not rest:
            return listed
        if prefix or head.type not in {"variable_name", "special_variable_name", "subscript"}:
            return list(symbol)
        source = tree.source(head)
        if rest and tree.source(rest[0]) == ":" and (source in {"@", "*"} or source.endswith(("[@]", "[*]"))):
            return self._slice(source, [tree.source(one) for one in rest if one.is_named], start, quoted=quoted)
        if listed is None:
            name = tree.source(head)
            value = self.lookup(name) if name not in {"@", "*"} else None
            current = None if value is None else self._variable(tree, head, name, quoted=quoted)
        else:
            current = listed
        if not rest:
            return self._variable(tree, head, tree.source(head), quoted=quoted)
        return self._operated(tree, node, current, rest, quoted=quoted)

    def _slice(self, source: str, numbers: list[str], start: int, *, quoted: bool) -> list[Part]:
        """Return the stretch of a list that ``"${@:2}"`` or ``"${LIST[@]:1:3}"`` takes."""
        name = source.partition("[")[0]
        value = self.variables.get(name)
        items = value.items if isinstance(value, Array) else None
        if name in {"@", "*"} and self.positional is not None:
            items = (Word((WordPiece("${0}", start, exact=False, known=False),), start, start), *self.positional)
        if items is None or not all(number.isdecimal() for number in numbers):
            return self._list(None, "${@}" if name in {"@", "*"} else f"${{{name}[@]}}", start, quoted=quoted)
        first, *count = map(int, numbers)
        return self._list(items[first : first + count[0] if count else None], "", start, quoted=quoted)

    def _subscript(self, tree: Tree, head: Node, prefix: str, start: int, *, quoted: bool) -> list[Part] | None:
        if head.type != "subscript":
            return None
        name_node, index_node = head.child_by_field_name("name"), head.child_by_field_name("index")
        name = tree.source(name_node) if name_node else ""
        value = self.variables.get(name)
        index = text_of(part for part in self.parts(tree, index_node, quoted=True) if part) if index_node else ""
        if index in {"@", "*"}:
            symbol = f"${{{prefix}{name}[@]}}"
            if not isinstance(value, Array) or prefix == "#":
                return self._list(None, symbol, start, quoted=quoted)
            if prefix == "!":
                keys = value.keys or tuple(str(number) for number in range(len(value.items)))
                return self._list([Word((WordPiece(key, start, exact=False),), start, start) for key in keys],
                                  symbol, start, quoted=quoted)  # fmt: skip
            return self._list(value.items, symbol, start, quoted=quoted)
        if isinstance(value, Array) and not prefix:
            keys = value.keys or tuple(str(number) for number in range(len(value.items)))
            if index in keys:
                return self._used(value.items[keys.index(index)].pieces, quoted=quoted)
        return [WordPiece(f"${{{name}[{index}]}}", start, exact=False, known=False, loose=not quoted)]

    def _operated(
        self, tree: Tree, node: Node, current: list[Part] | None, rest: list[Node], *, quoted: bool
    ) -> list[Part]:
        operator = tree.source(rest[0])
        filled = current is not None and any(part is None or part.text for part in current)
        if operator in {":-", "-", ":=", "="}:
            if filled:
                return list(current or ())
            default = [part for child in rest[1:] for part in self._operand(tree, child, quoted=quoted)]
            default = default or [WordPiece("", tree.start(node), exact=False, loose=not quoted)]
            return default if current is not None else [part and part._replace(assumed=True) for part in default]
        if operator in {":+", "+"}:
            if current is not None and not filled:
                return []
            return [part for child in rest[1:] for part in self._operand(tree, child, quoted=quoted)]
        if current is None:
            return [WordPiece(tree.source(node).strip(), tree.start(node), exact=False, known=False, loose=not quoted)]
        if operator in {":?", "?"}:
            return current
        operand = text_of(part for child in rest[1:] for part in self._operand(tree, child, quoted=True) if part)
        pieces = [part for part in current if part]
        return [cut(pieces, operator, operand, tree.start(node))._replace(loose=not quoted)]

    def _operand(self, tree: Tree, node: Node, *, quoted: bool) -> list[Part]:
        parts = self.parts(tree, node, quoted=quoted)
        if node.type in {"string", "raw_string"}:
            return parts
        return [part and part._replace(loose=not quoted) for part in parts]
