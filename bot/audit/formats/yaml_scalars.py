"""The text of a scalar of YAML, with the place of each of its characters in the file."""

from __future__ import annotations

from bot.audit.source_text import Text
from bot.yaml_tree import Node


def scalar_text(node: Node, text: str) -> Text:
    """Return a scalar's text with the place of each of its characters in the file."""
    if node.block:
        return Text(node.written, _block_offsets(node, text))
    style = text[node.start : node.start + 1]
    at, end = node.start, node.end
    if style in {"'", '"'}:
        at, end = at + 1, end - 1
    elif style == ">":
        at = text.find("\n", at, end) + 1 or end
    offsets: list[int] = []
    for character in node.written:
        at = _next(text, at, end, character, style)
        offsets.append(min(at, max(end - 1, node.start)))
        at += 1
    return Text(node.written, offsets)


def _block_offsets(node: Node, text: str) -> list[int]:
    """Return the places of the characters of a block: its lines are lines of the file, less their indentation."""
    at = text.find("\n", node.start) + 1 or node.end
    raw = text[at : node.end].split("\n")
    lines = node.written.split("\n")
    pairs = zip(raw, lines, strict=False)
    indentation = next((len(line) - len(value) for line, value in pairs if value.strip(" ")), 0)
    offsets: list[int] = []
    for line, value in zip(raw, lines, strict=False):
        first = at + min(indentation, len(line))
        offsets += range(first, first + len(value) + 1)
        at += len(line) + 1
    return offsets[: len(node.written)]


def _next(text: str, at: int, end: int, character: str, style: str) -> int:
    """Return where a character of a quoted or folded value is written, at ``at`` or behind."""
    if style == '"' and text[at : at + 1] == "\\":
        if text[at + 1 : at + 2] != "\n":
            return at + 1  # An escape such as \n is two characters for one.
        at += 2
        while at < end and text[at] in " \t":
            at += 1
        return at
    if style == "'" and character == "'":
        return at + 1
    while at < end and text[at] != character and text[at].isspace():
        at += 1
    return at
