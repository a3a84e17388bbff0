"""Lines that differ in a name alone: what they share is said once."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from checks.diagnosis.words import listed

T = TypeVar("T")

COMPARED = 50
"""Lines of which a short answer looks at what they share; of thousands these tell it."""

_NUMBER = re.compile(r"[\d.,:/%-]+")
_BRACKET = re.compile(r"[()\[\]{}“”\"]")
_ENDED = re.compile(r"(.*?)([.,;:]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Alike:
    """The words that lines share, and the names in which they differ; ``ends`` are what follows a name, by place."""

    words: Sequence[str]
    ends: Mapping[int, str]
    names: Sequence[str]

    def saying(self, name: str) -> str:
        """Return the line with this in the place of the name."""
        return " ".join(name + self.ends[at] if at in self.ends else word for at, word in enumerate(self.words))

    def of_all(self, most: int, more: int = 0) -> str:
        """Return the line of all names, ``most`` of them told, ``more`` without a name; its verb agrees."""
        said = self.saying(listed(self.names, most=most, more=more))
        if self.ends.get(0) != "" or len(self.words) == 1:
            return said
        verb = self.words[1].rstrip(".,;:")
        whole = re.sub(rf" {re.escape(verb)}\b", f" {_of_many(verb)}", said, count=1)
        return whole if whole == said else whole.replace(" its ", " their ")

    @property
    def lead(self) -> str:
        """What stands before a name that ends the line; empty where it stands elsewhere, or twice."""
        return " ".join(self.words[:-1]) if self.ends == {len(self.words) - 1: ""} else ""


def alike(lines: Sequence[str]) -> Alike | None:
    """Return what lines share; None where they differ in more than one name, in none, or in what is no name: a number,
    the unit behind one, or a word with half of a pair of brackets or quotes."""
    rows = [line.split(" ") for line in lines]
    if len({len(row) for row in rows}) != 1:
        return None
    ends: dict[int, str] = {}
    names: Sequence[str] = ()
    for at, column in enumerate(zip(*rows, strict=True)):
        if len(set(column)) == 1:
            continue
        parts = [_ended(word) for word in column]
        here = [name for name, _ in parts]
        if len({end for _, end in parts}) != 1 or (names and here != names) or (at and _is_number(rows[0][at - 1])):
            return None
        names, ends[at] = here, parts[0][1]
    is_named = len(set(names)) == len(names) and not any(_is_number(each) or _BRACKET.search(each) for each in names)
    return Alike(rows[0], ends, names) if names and is_named else None


_VERBS = {"is": "are", "was": "were", "has": "have", "does": "do"}
_VERB = re.compile(r"[a-z]+[^s\W]s")


def _of_many(verb: str) -> str:
    """Return a verb of one thing as that of several: "refuses" as "refuse"; another word stays."""
    if verb in _VERBS or not _VERB.fullmatch(verb):
        return _VERBS.get(verb, verb)
    return re.sub(r"(?<=[^aeiou])ie$", "y", re.sub(r"(?<=ss|sh|ch)e$", "", verb[:-1]))


def _is_number(word: str) -> bool:
    return _NUMBER.fullmatch(word) is not None


def _ended(word: str) -> tuple[str, str]:
    found = _ENDED.fullmatch(word)
    return (found[1], found[2]) if found else (word, "")


def grouped(items: Iterable[T], line: Callable[[T], str], of: Callable[[T], object] = lambda _: None) -> list[list[T]]:
    """Return items in groups whose lines are equal or differ in a name alone, and are equal in what they are ``of``."""
    groups: list[list[T]] = []
    for item in items:
        for group in groups:
            if of(group[0]) == of(item) and _is_one_line([*map(line, group), line(item)]):
                group.append(item)
                break
        else:
            groups.append([item])
    return groups


def _is_one_line(lines: Sequence[str]) -> bool:
    told = list(dict.fromkeys(lines))
    return len(told) == 1 or alike(told) is not None


def together(lines: Iterable[str]) -> list[str]:
    """Return lines, each once; of those that differ in a name one line that has all the names."""
    return [_as_one(group, len(group)) for group in grouped(dict.fromkeys(lines), str)]


def in_short(lines: Iterable[str], most: int) -> list[str]:
    """As ``together``, with ``most`` names at most; the others are counted."""
    told = list(dict.fromkeys(filter(None, lines)))
    first, rest = grouped(told[:COMPARED], str), told[COMPARED:]
    if len(first) == 1:
        return [_as_one(first[0], most, len(rest))]
    return [*(_as_one(group, most) for group in first), *rest]


def _as_one(lines: Sequence[str], most: int, more: int = 0) -> str:
    found = alike(lines)
    return found.of_all(most, more) if found is not None else lines[0]


def commands_together(commands: Iterable[str]) -> list[str]:
    """Return shell commands, each once; of those that differ in a word one loop over the words."""
    return [_as_loop(group) for group in grouped(dict.fromkeys(commands), str, _is_plain)]


def _as_loop(commands: Sequence[str]) -> str:
    found = alike(commands)
    if found is None or not _is_plain(commands[0]):
        return "\n".join(commands)
    return f"for each in {' '.join(found.names)}; do\n  {found.saying(chr(34) + '$each' + chr(34))}\ndone"


def _is_plain(command: str) -> bool:
    """Whether a shell takes each word of it as it stands."""
    try:
        return shlex.split(command) == command.split(" ") and not set(command) & set("\n$`*?;&|<>(){}[]~#!\\")
    except ValueError:
        return False
