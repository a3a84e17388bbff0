"""Words as the shell makes them: what they say, how sure that is, and where in the file each part was written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

Branch = tuple[int, int]
"""Which conditional (a number for each time one is met) and which of its ways."""

ALWAYS = 0
"""The way that is taken in any case: the left of ``||``, and a loop's body, which is followed once."""


class WordPiece(NamedTuple):
    """A part of a word. ``start`` is the offset in the file at which its text was written.

    An ``exact`` piece stands in the file character for character. A piece that is not ``known`` stands for a
    value that only the running script has; its text, such as ``${NAME}``, is a symbol for it. A ``loose``
    piece was expanded without quotes: the shell splits it at blanks. Where ``ways`` has any, the text is a symbol
    for values that differ by the way which the script took. An ``assumed`` piece is a default, for what nobody gave.
    """

    text: str
    start: int
    exact: bool = True
    known: bool = True
    loose: bool = False
    ways: tuple[Way, ...] = ()
    assumed: bool = False

    def part(self, start: int, end: int) -> WordPiece:
        """Return a stretch of this piece, with its own place."""
        return self._replace(text=self.text[start:end], start=self.start + start if self.exact else self.start)


Part = WordPiece | None
"""None stands for the end of one word and the beginning of the next, as in ``"${LIST[@]}"``."""


@dataclass(frozen=True, slots=True)
class Way:
    """What a variable holds on one way of a conditional; ``fewer`` when another way has that and more."""

    branch: Branch
    parts: tuple[Part, ...]
    fewer: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command, after expansion. ``start`` and ``end`` are offsets of where it was written."""

    pieces: tuple[WordPiece, ...]
    start: int
    end: int

    @property
    def text(self) -> str:
        """What the word says; unknown parts read like ``${NAME}``."""
        return self.pieces[0].text if len(self.pieces) == 1 else "".join(piece.text for piece in self.pieces)

    @property
    def known(self) -> bool:
        return all(piece.known for piece in self.pieces)

    @property
    def certain(self) -> bool:
        return all(piece.known and not piece.assumed for piece in self.pieces)

    def place(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where characters of the text stand in the file; None when they do not stand there as such."""
        at = 0
        for piece in self.pieces:
            if at <= start and end <= at + len(piece.text) and piece.exact and piece.known:
                return piece.start + start - at, piece.start + end - at
            at += len(piece.text)
        return None


@dataclass(frozen=True, slots=True)
class Array:
    """The value of an array: its words, and their keys when it is an associative one."""

    items: tuple[Word, ...]
    keys: tuple[str, ...] = ()


Scalar = tuple[WordPiece, ...]
Value = Scalar | Array


MOST_CHARACTERS = 200_000
"""What a variable may hold: one that doubles itself line after line would fill any machine."""


def size_of(value: Value) -> int:
    """Return how much a value holds: its characters and its parts."""
    words = [word.pieces for word in value.items] if isinstance(value, Array) else [value]
    return sum(_size(piece) for pieces in words for piece in pieces)


def _size(piece: WordPiece) -> int:
    return 1 + len(piece.text) + sum(_size(part) for way in piece.ways for part in way.parts if part)


def text_of(pieces: Iterable[WordPiece]) -> str:
    return "".join(piece.text for piece in pieces)


def split_words(parts: Sequence[Part], start: int, end: int) -> list[Word]:
    """Make words of the parts of one word as written, as the shell does: loose parts split at blanks."""
    words: list[Word] = []
    current: list[WordPiece] = []

    def close() -> None:
        if current:
            words.append(_placed(tuple(current), start, end))
            current.clear()

    for part in parts:
        if part is None:
            close()
        elif not part.loose or not part.known:
            if part.text or not part.loose:
                current.append(part)
        else:
            at = 0
            text = part.text
            while at < len(text):
                if text[at].isspace():
                    close()
                    at += 1
                    continue
                stop = at
                while stop < len(text) and not text[stop].isspace():
                    stop += 1
                current.append(part.part(at, stop))
                at = stop
    close()
    return words


def _placed(pieces: tuple[WordPiece, ...], start: int, end: int) -> Word:
    first, last = pieces[0], pieces[-1]
    if first.exact and not start <= first.start < end:
        stop = last.start + len(last.text) if last.exact and last.start >= first.start else first.start
        return Word(pieces, first.start, max(stop, first.start + len(first.text)))
    if len(pieces) == 1 and first.loose and first.exact:
        return Word(pieces, first.start, first.start + len(first.text))
    return Word(pieces, start, end)


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
    lengths = range(len(text) + 1) if len(operator) == 1 else range(len(text), -1, -1)
    for length in lengths:
        if operator[0] == "#" and fnmatchcase(text[:length], pattern):
            return length, len(text)
        if operator[0] == "%" and fnmatchcase(text[len(text) - length :], pattern):
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
