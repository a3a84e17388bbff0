"""Sentences, names and commands with ``{column}`` in them, filled from a row and safe against whatever it holds.

``{column}`` shows a value as people read it, a number with its thousands apart unless the column is called an id, a
year or the like; ``{column:.2f}`` a number with that many decimals, ``{column:,}`` one with its thousands apart
whatever its column is called. ``{{`` and ``}}`` stand for the braces themselves. Nothing else is evaluated.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from checks.agreement import agreeing, counted
from checks.cells import exact, formatted, number_words, words
from checks.shell_words import WITHHELD, WITHOUT_VALUE

_PART = re.compile(r"\{\{|\}\}|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<format>:(?:,|,?\.[0-9]f))?\}|(?P<stray>[{}])")


_NAMES = re.compile(r"(?:^|_)(?:code|id|key|number|season|version|year)(?:_|$)", re.IGNORECASE)
"""Columns whose numbers are names: their thousands do not stand apart."""


class MissingColumnError(LookupError):
    """A template names a column that the row does not have; ``column`` is its name."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def columns_in(template: str) -> tuple[str, ...]:
    """Return the columns that a template names, each once, in their order."""
    return tuple(dict.fromkeys(match["name"] for match in _PART.finditer(template) if match["name"]))


def has_stray_brace(template: str) -> bool:
    """Whether a brace belongs neither to a ``{column}`` nor to ``{{`` or ``}}``."""
    return any(match["stray"] for match in _PART.finditer(template))


def marked(template: str, mark: Callable[[str], str]) -> str:
    """Return a template with a mark in place of each column, and the braces themselves for those that are doubled."""
    return _PART.sub(lambda match: mark(match["name"]) if match["name"] else match[0][0], template)


def fill(template: str, values: Mapping[str, Any], zone: ZoneInfo, year: int | None = None) -> str:
    """Fill a sentence, whose nouns agree with their numbers; times are shown in ``zone``, with their year only if it is
    another than ``year``.

    Raises MissingColumnError.
    """
    return agreeing(_PART.sub(lambda match: _sentence_part(match, values, zone, year), template))


def _sentence_part(match: re.Match[str], values: Mapping[str, Any], zone: ZoneInfo, year: int | None) -> str:
    value, apart = values.get(match["name"] or ""), "" if _NAMES.search(match["name"] or "") else ","
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return counted(float(value), _part(match, values, lambda each: number_words(each, apart)))
    return _part(match, values, lambda each: words(each, zone, year))


def fill_name(template: str, values: Mapping[str, Any]) -> str:
    """Fill a name, which machines compare: every value is exact. Raises MissingColumnError."""
    return _PART.sub(lambda match: _part(match, values, exact), template)


def fill_command(template: str, values: Mapping[str, Any]) -> str:
    """Fill a shell command, in which every value is exact and stays a text. Raises MissingColumnError.

    Returns ``WITHHELD`` where it cannot: a value with control characters, one that would be read as an option, and one
    that is more than a plain word where the template has more than quotes. Returns ``WITHOUT_VALUE`` where a value is
    NULL, which names nothing.
    """
    if any(values.get(column, "") is None for column in columns_in(template)):
        return WITHOUT_VALUE
    command = ""
    end = 0
    shell = _Shell()
    only_quotes = _BEYOND_QUOTES.search(marked(template, lambda _: "\0")) is None
    for match in _PART.finditer(template):
        command += shell.read(template[end : match.start()])
        end = match.end()
        if match["name"] is None:
            command += shell.read(match[0][0])
            continue
        text = _part(match, values, exact)
        odd = not _PLAIN_WORD.fullmatch(text) and (shell.escaped or not only_quotes)
        if odd or not text.isprintable() or (shell.between_words and text.startswith("-")):
            return WITHHELD
        shell.between_words = shell.between_words and not text
        command += _ESCAPES[shell.quotes](text)
    return command + template[end:]


_PLAIN_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")

SHELLS = ("sh", "bash", "dash", "ash", "zsh", "ksh", "csh", "tcsh", "fish", "ssh", "xargs", "eval")
"""Wherever they stand among the words of a command, they read other words of it as code."""

RUNS_CODE = (
    "source", "trap", "alias", "let", "declare", "typeset", "local", "export", "readonly", "unset", "read", "mapfile",
    "readarray", "test", "su", "watch", "parallel", "find", "awk", "gawk", "mawk", "sed", "perl", "ruby", "node", "php",
    "lua",
)  # fmt: skip
"""As the first word of a command they read others of it as code, or as names of variables."""

PREFIXES = ("sudo", "doas", "env", "nohup", "timeout", "nice", "time", "command", "builtin", "exec", "stdbuf")
"""As the first word of a command they start another, which their own words name."""

_BEYOND_QUOTES = re.compile(
    r"`|\$[({\['\"\0]|(?<!<)<<(?!<)|\(\(|\[|(?:^|[\s;|&(])#|--command\b"
    rf"|(?<![\w.-])(?:python[0-9.]*|{'|'.join(SHELLS)})(?![\w.-])"
    rf"|(?:^|[;|&(\n])\s*(?:\.|printf\s+-v|{'|'.join((*RUNS_CODE, *PREFIXES))})(?![\w.-])"
)
"""What makes the quotes around a value mean something else, or gives it to a program that reads it as code."""


def _part(match: re.Match[str], values: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    name = match["name"]
    if name is None:
        return match[0][0]
    if name not in values:
        raise MissingColumnError(name)
    value, specification = values[name], (match["format"] or "").removeprefix(":")
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return formatted(value, specification) if specification and number else write(value)


_ESCAPES: Mapping[str, Callable[[str], str]] = {
    "": shlex.quote,
    "'": lambda text: text.replace("'", "'\\''"),
    # An interactive shell would replace an exclamation mark by an earlier command, even behind a backslash.
    '"': lambda text: re.sub(r'([\\$`"])', r"\\\1", text).replace("!", "\"'!'\""),
}
"""How a value stays a text: outside of quotes, between single ones, between double ones."""


class _Shell:
    """What a shell is in the middle of: the quotes that are open, a backslash just read, a word not yet begun."""

    def __init__(self) -> None:
        self.quotes = ""
        self.escaped = False
        self.between_words = True

    def read(self, literal: str) -> str:
        """Read on, and return what was read."""
        for letter in literal:
            if self.escaped:
                self.escaped = False
                self.between_words = self.between_words and letter == "\n"
            elif letter == "\\" and self.quotes != "'":
                self.escaped = True
            elif letter == self.quotes:
                self.quotes = ""
            elif not self.quotes and letter in "'\"":
                self.quotes = letter
            else:
                self.between_words = not self.quotes and letter in _BETWEEN_WORDS
        return literal


_BETWEEN_WORDS = " \t\n;|&()<>"
