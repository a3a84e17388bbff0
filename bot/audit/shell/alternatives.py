"""Values that differ by the way a script took, and the commands that they make.

Behind a conditional, a variable holds what each way left in it. The piece that stands for it keeps them all, and a
command with such a piece is as many commands, each on the way that its value came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from bot.audit.shell.words import Array, Branch, Part, Value, Way, Word, WordPiece, split_words, text_of

MOST_WAYS = 16
"""The commands that one command line may stand for; beyond, a variable is a symbol of its own name."""
AtEnd = tuple[Branch, Mapping[str, Value]]
"""What the variables hold at the end of one way."""


@dataclass(frozen=True, slots=True)
class Variation:
    """One command that a command line may be, and the ways on which it is that."""

    words: tuple[Word, ...]
    branches: tuple[Branch, ...] = ()
    fewer: bool = False
    """Whether another way has the same words and more, such as a flag that is added under a condition."""


def merged(states: Sequence[AtEnd], before: Mapping[str, Value]) -> dict[str, Value]:
    """Return what the variables may hold behind the ways of a conditional, with what they held before it."""
    first = dict(states[0][1])
    if all(state == first for _, state in states[1:]):
        return first
    names = dict.fromkeys(name for _, state in states for name in state)
    values = {
        name: _joined(name, [(branch, state.get(name)) for branch, state in states], before.get(name)) for name in names
    }
    return {name: value for name, value in values.items() if value is not None}


def _joined(name: str, options: Sequence[tuple[Branch, Value | None]], before: Value | None) -> Value | None:
    given = [value for _, value in options if value is not None]
    if all(value == given[0] for value in given[1:]) and (len(given) == len(options) or not _is_a_flag(given[0])):
        return given[0]
    listed = any(isinstance(value, Array) for value in given)
    symbol = WordPiece(f"${{{name}[@]}}" if listed else f"${{{name}}}", _start(given), exact=False, known=False)
    parts = [_parts(value, symbol, unset=_is_a_flag(given[0])) for _, value in options]
    if any(_says_nothing(one) for one in parts) or sum(map(_count, parts)) > MOST_WAYS:
        return Array((Word((symbol,), symbol.start, symbol.start),)) if listed else (symbol,)
    texts = [_texts(one) for one in parts]
    ways = tuple(
        Way(branch, one, fewer=value == before and any(_adds(text, other) for other in texts))
        for (branch, value), one, text in zip(options, parts, texts, strict=True)
    )
    piece = symbol._replace(ways=ways)
    return Array((Word((piece,), piece.start, piece.start),)) if listed else (piece,)


def _start(values: Sequence[Value]) -> int:
    for value in values:
        if isinstance(value, Array):
            if value.items:
                return value.items[0].start
        elif value:
            return value[0].start
    return 0


def _is_a_flag(value: Value) -> bool:
    # A variable for flags that is not set on a way adds none there; any other has the value of the environment.
    return (value.items[0].text if isinstance(value, Array) and value.items else _text(value)).startswith("-")


def _text(value: Value) -> str:
    return "" if isinstance(value, Array) else text_of(value)


def _parts(value: Value | None, symbol: WordPiece, *, unset: bool) -> tuple[Part, ...]:
    if value is None:
        return (symbol._replace(text="", known=True),) if unset else (symbol,)
    if not isinstance(value, Array):
        return value or (WordPiece("", symbol.start, exact=False),)
    parts: list[Part] = []
    for item in value.items:
        parts += [*([None] if parts else []), *item.pieces]
    return tuple(parts)


def _says_nothing(parts: Sequence[Part]) -> bool:
    # A value that only the running script has stands for any other as well.
    pieces = [part for part in parts if part is not None]
    return bool(pieces) and not any(piece.known or piece.ways for piece in pieces)


def _count(parts: Sequence[Part]) -> int:
    return prod(sum(_count(way.parts) for way in part.ways) for part in parts if part is not None and part.ways)


def _texts(parts: Sequence[Part]) -> tuple[str, ...]:
    texts = [""]
    for part in parts:
        if part is None:
            texts.append("")
        else:
            texts[-1] += part.text
    return tuple(texts)


def _adds(shorter: tuple[str, ...], longer: tuple[str, ...]) -> bool:
    """Whether a value has all that another one has, and more."""
    if shorter == longer:
        return False
    if len(shorter) == len(longer) == 1:
        return longer[0].startswith(shorter[0])
    return set(filter(None, shorter)) <= set(longer)


def variations(words: tuple[Word, ...], open_ways: Callable[[Sequence[Way]], Sequence[Way]]) -> Sequence[Variation]:
    """Return the commands that the words may be; ``open_ways`` leaves out the ways that were not taken here."""
    found: list[Variation] = []
    for variation in _varied(words, {}, open_ways, fewer=False):
        if len(found) == MOST_WAYS:
            return [Variation(words)]
        found.append(variation)
    return found or [Variation(words)]


def _varied(
    words: tuple[Word, ...], chosen: dict[int, int], open_ways: Callable[[Sequence[Way]], Sequence[Way]], *, fewer: bool
) -> Iterator[Variation]:
    piece = next((piece for word in words for piece in word.pieces if piece.ways), None)
    if piece is None:
        yield Variation(words, tuple(chosen.items()), fewer)
        return
    for way in open_ways(piece.ways):
        number, which = way.branch
        if chosen.get(number, which) == which:
            made = tuple(one for word in words for one in _chosen(word, piece, way))
            yield from _varied(made, {**chosen, number: which}, open_ways, fewer=fewer or way.fewer)


def _chosen(word: Word, chosen: WordPiece, way: Way) -> Sequence[Word]:
    """Return the words that a word becomes when the value of one way is put in."""
    if not any(piece.ways is chosen.ways for piece in word.pieces):
        return [word]
    parts: list[Part] = []
    for piece in word.pieces:
        if piece.ways is chosen.ways:
            parts += [part and part._replace(loose=piece.loose) for part in way.parts]
        else:
            parts.append(piece)
    return split_words(parts, word.start, word.end)
