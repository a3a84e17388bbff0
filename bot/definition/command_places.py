"""Where a ``{column}`` may stand in a suggested command: where quotes keep any value one text.

The template is parsed as a shell reads it, with a marker in place of each column. A column is one argument of a
program, or a part of one, bare or between quotes; the list of what may surround it is closed, so whatever is unknown
is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from checks.templates import PREFIXES, RUNS_CODE, SHELLS, marked

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_MARKER = "zq{}zq"

_LEAVES = frozenset(("word", "raw_string", "string_content"))

_AROUND = frozenset(
    ("program", "list", "pipeline", "redirected_statement", "negated_command", "command", "concatenation", "string",
     "variable_assignment", "file_redirect", "herestring_redirect")
)  # fmt: skip

_REFUSED = {
    "ansi_c_string": "between $' and '",
    "arithmetic_expansion": "in arithmetic",
    "command_name": "where the name of a program stands",
    "command_substitution": "in a command substitution",
    "comment": "in a comment",
    "expansion": "in ${...}",
    "heredoc_body": "in a here-document",
    "heredoc_start": "where a here-document begins",
    "process_substitution": "in a process substitution",
    "simple_expansion": "behind a $",
    "subscript": "in the index of an array",
    "variable_name": "in the name of a variable",
}


def misplaced(template: str) -> Iterator[tuple[str, str]]:
    """Yield each column that stands where a value could become more than one text, and where that is, in words."""
    names: list[str] = []

    def marker(name: str) -> str:
        names.append(name)
        return _MARKER.format(len(names) - 1)

    text = marked(template, marker)
    if not names:
        return
    encoded = text.encode("utf-8", "surrogatepass")
    root = _parser().parse(encoded).root_node
    for number, name in enumerate(names):
        start = encoded.index(_MARKER.format(number).encode())
        place = _place(root, encoded, start, len(_MARKER.format(number)))
        if place:
            yield name, place


def _place(root: Node, text: bytes, start: int, length: int) -> str:
    """Return where a marker stands if it may not stand there, else nothing."""
    leaf = root.descendant_for_byte_range(start, start + length)
    if root.has_error or leaf is None:
        return "in what a shell cannot read"
    if leaf.type in _REFUSED:
        around = leaf.parent.type if leaf.type == "variable_name" and leaf.parent is not None else ""
        return _REFUSED.get(around, _REFUSED[leaf.type])
    if leaf.type not in _LEAVES:
        return "where nothing keeps it one text"
    if leaf.type != "raw_string" and (len(text[:start]) - len(text[:start].rstrip(b"\\"))) % 2:
        return "behind a backslash"
    node: Node | None = leaf
    while node is not None:
        if node.type in ("string", "raw_string") and text[: node.start_byte].endswith(b"$"):
            return "between $ and a quote"
        if node.type == "command" and _runs_code(node):
            return "in a command that reads its words as code"
        if node is not leaf and node.type not in _AROUND:
            return _REFUSED.get(node.type, "where nothing keeps it one text")
        node = node.parent
    return ""


def _runs_code(command: Node) -> bool:
    words = [
        (child.text or b"").decode("utf-8", "replace").strip("'\"\\").rpartition("/")[2]
        for child in command.children
        if child.type != "variable_assignment"
    ]
    readers = {*RUNS_CODE, ".", "["}
    first = set(words if words[0] in PREFIXES else words[:1])
    return (
        bool(first & readers)
        or words[:2] == ["printf", "-v"]
        or any(word in SHELLS or word.startswith(("--command", "python")) for word in words)
    )


@cache
def _parser() -> Parser:
    import tree_sitter_bash  # noqa: PLC0415 - only files with columns in a command need it
    from tree_sitter import Language, Parser  # noqa: PLC0415 - likewise

    return Parser(Language(tree_sitter_bash.language()))
