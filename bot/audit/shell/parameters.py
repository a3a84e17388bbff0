"""What the operators of ``${NAME…}`` make of a value."""

from __future__ import annotations

import re
from fnmatch import translate

from bot.audit.shell.words import Word, WordPiece, text_of


def cut(pieces: list[WordPiece], operator: str, operand: str, place: int) -> WordPiece:
    """Return what an operator such as ``%%`` leaves; a symbol where it is not known on what it works."""
    text = text_of(pieces)
    symbol = WordPiece(f"${{{text}{operator}{operand}}}", place, exact=False, known=False)
    if not all(piece.known for piece in pieces):
        return symbol
    start, end = trimmed(text, operator, operand)
    if start < 0:
        changed = changed_text(text, operator, operand)
        return symbol if changed is None else WordPiece(changed, place, exact=False)
    return pieces[0].part(start, end) if len(pieces) == 1 else WordPiece(text[start:end], place, exact=False)


def without_beginning(word: Word, count: int) -> Word:
    pieces: list[WordPiece] = []
    for piece in word.pieces:
        cut = min(count, len(piece.text))
        count -= cut
        if cut < len(piece.text) or not piece.text:
            pieces.append(piece.part(cut, len(piece.text)))
    return Word(tuple(pieces), word.start, word.end)


def trimmed(text: str, operator: str, pattern: str) -> tuple[int, int]:
    """Return what ``#``, ``##``, ``%`` and ``%%`` leave of a text; (-1, -1) for another operator."""
    if operator not in {"#", "##", "%", "%%"}:
        return -1, -1
    expression = re.compile(translate(pattern))
    lengths = range(len(text) + 1) if len(operator) == 1 else range(len(text), -1, -1)
    for length in lengths:
        if operator[0] == "#" and expression.match(text[:length]):
            return length, len(text)
        if operator[0] == "%" and expression.match(text[len(text) - length :]):
            return 0, len(text) - length
    return 0, len(text)


def changed_text(text: str, operator: str, operand: str) -> str | None:
    """Return a text in other letters or with parts replaced, as ``^^``, ``,,`` and ``//`` do; None for others."""
    if operator == "^^":
        return text.upper()
    if operator == ",,":
        return text.lower()
    pattern, _, replacement = operand.partition("/")
    if operator in {"/", "//"} and pattern and not set(pattern) & set("*?["):
        return text.replace(pattern, replacement, 1 if operator == "/" else -1)
    return None
