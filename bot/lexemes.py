"""The pieces of a GoogleSQL text, by its lexical structure alone
(https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical).

A parser that lags behind BigQuery hides nothing here: what begins no comment, text or name is a sign of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

_LEXEME = re.compile(
    r"""
    (?P<BLANK>\s+ | (?:--|\#)[^\r\n]* | /\*.*?(?:\*/|\Z))
    | (?P<TEXT>(?:[rR][bB]?|[bB][rR]?)?(?:
        '''(?:\\(?:\r\n|.)|[^\\])*?(?:'''|\Z) | \"""(?:\\(?:\r\n|.)|[^\\])*?(?:\"""|\Z)
        | '(?:\\(?:\r\n|.)|[^'\\\r\n])*' | "(?:\\(?:\r\n|.)|[^"\\\r\n])*"))
    | (?P<QUOTED>`(?:\\(?:\r\n|.)|[^`\\\r\n])*`)
    | (?P<WORD>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<SIGN>\|> | .)
    """,
    re.VERBOSE | re.DOTALL,
)


class Kind(Enum):
    """What a piece of a text is."""

    BLANK = auto()
    """White space or a comment."""
    TEXT = auto()
    """A text or bytes between quotes."""
    QUOTED = auto()
    """A name between backticks."""
    WORD = auto()
    SIGN = auto()


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A piece of a text as it stands there, and where it ends."""

    kind: Kind
    text: str
    end: int

    @property
    def name(self) -> tuple[str, ...]:
        """The parts of a name; none for anything else."""
        return tuple(self.text.strip("`").split(".")) if self.kind in (Kind.WORD, Kind.QUOTED) else ()


def lexemes(sql: str) -> Iterator[Lexeme]:
    """Yield every piece of a text; together they are the text."""
    for match in _LEXEME.finditer(sql):
        yield Lexeme(Kind[match.lastgroup or "SIGN"], match[0], match.end())


_UNREAD = (Kind.BLANK.name, Kind.TEXT.name)


def bare(sql: str) -> str:
    """Return a statement without its comments and texts."""
    return _LEXEME.sub(lambda match: " " if match.lastgroup in _UNREAD else match[0], sql)
