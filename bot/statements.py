"""What a GoogleSQL statement does, as far as its text tells: a query of the pipeline file only reads.

Nothing here asks BigQuery. A statement that cannot be parsed is not called a read: who runs it asks for the type of the
statement first (``statementType`` of a dry run,
https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#jobstatistics2).
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from bot.lexemes import Kind, Lexeme, lexemes
from checks.ports.warehouse import BIGQUERY, Query
from checks.source import Problem, SourceError

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each statement that it takes as a mere command

ADVICE = "Correct it in the pipeline file: a query must be one SELECT."

ONE_AT_A_TIME = threading.Lock()
"""Held while sqlglot works: it sets its dialects up at their first use, and threads that meet there go wrong."""

_WRITES = (exp.DML, exp.DDL, exp.Command, exp.Into)
_ELSEWHERE = "EXTERNAL_QUERY"
"""Hands a text to another database, where nobody can tell from here whether it reads."""

_BEGINNINGS = frozenset({"SELECT", "WITH", "FROM", "GRAPH"})
"""What a read begins with, in any syntax that BigQuery has."""

_PIPED_WRITES = frozenset({"CREATE", "EXPORT", "INSERT"})
"""Operators of the pipe syntax that put rows somewhere."""

_NAMESPACES = frozenset({"AEAD", "AI", "HLL_COUNT", "KEYS", "KLL_QUANTILES", "ML", "NET", "OBJ"})
"""Prefixes of BigQuery's own functions, beside ``SAFE``
(https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all)."""

_CLASS = re.compile(r" (?:but got|for) <")
"""Where an error of the parser begins to speak of its own classes."""

_LONGEST_PIECE = 80
"""Characters of a statement that an error repeats."""


@dataclass(frozen=True, slots=True)
class Statement:
    """``tree`` is there for one SELECT alone. ``writes`` says what a statement does beside reading; ``broken`` why it
    cannot be parsed, with the ``line`` in its text, from 1, where that is known. ``routines`` are the functions that
    it calls and BigQuery does not bring along: a remote one runs code of anybody's."""

    tree: exp.Query | None = None
    writes: str | None = None
    broken: str | None = None
    line: int = 0
    routines: tuple[str, ...] = ()


def only_reads(query: Query) -> bool | None:
    """Return True for a read, None where the text does not tell. Raises SourceError for what is none."""
    statement = statement_of(query.text())  # the prefix of its datasets makes no difference
    if statement.writes is not None:
        raise refused_to_write(query, statement.writes)
    return True if statement.tree is not None and not statement.routines else None


def refused_to_write(query: Query, what: str) -> SourceError:
    """Return the refusal of a statement that does something beside reading."""
    return SourceError(BIGQUERY, Problem.INVALID, f"the query {query.label!r} {what}, and was not run", advice=ADVICE)


@lru_cache(maxsize=1024)
def statement_of(sql: str) -> Statement:
    """Read a statement."""
    pieces = [each for each in lexemes(sql) if each.kind is not Kind.BLANK]
    writes = _by_words(pieces)
    if writes is not None:
        return Statement(writes=writes)
    routines = tuple(dict.fromkeys(_routines(pieces)))
    end = next(each.end for each in reversed(pieces) if not _ends(each))
    try:
        with ONE_AT_A_TIME:
            found = [each for each in sqlglot.parse(sql[:end], read="bigquery") if each is not None]
    except ParseError as error:
        return _broken(error, routines)
    except (SqlglotError, RecursionError, ValueError) as error:
        return Statement(broken=_first_line(error), routines=routines)
    if len(found) != 1:
        return Statement(broken=f"it is taken for {len(found)} statements", routines=routines)
    return _judged(found[0], routines)


def _by_words(pieces: Sequence[Lexeme]) -> str | None:
    """Say what a text does beside reading where its words tell, so that nothing hides behind what cannot be parsed."""
    statements = [list(each) for ends, each in groupby(pieces, _ends) if not ends]
    if not statements:
        return "is empty"
    if len(statements) > 1:
        return f"is {len(statements)} statements"
    first = next((each.text for each in statements[0] if each.text != "("), "(")
    if first.upper() not in _BEGINNINGS:
        return f"begins with {first[:_LONGEST_PIECE]}"
    for operator, each in pairwise(pieces):
        if operator.text == "|>" and each.text.upper() in _PIPED_WRITES:
            return f"has the operator |> {each.text.upper()}"
    if any(each.kind is Kind.QUOTED and "\\" in each.text for each in pieces):
        return "writes a name with an escape"
    if any(path[-1].upper() == _ELSEWHERE for path in _called(pieces)):
        return f"hands its text to another database ({_ELSEWHERE})"
    return None


def _ends(piece: Lexeme) -> bool:
    return piece.text == ";"


def _called(pieces: Sequence[Lexeme]) -> Iterator[tuple[str, ...]]:
    """Yield the name of each function that is called, by its parts."""
    path: tuple[str, ...] = ()
    goes_on = False
    for piece in pieces:
        if piece.text == ".":
            goes_on = bool(path)
            continue
        if piece.text == "(" and path:
            yield path
        path = path + piece.name if goes_on and piece.name else piece.name
        goes_on = False


def _routines(pieces: Sequence[Lexeme]) -> Iterator[str]:
    for called in _called(pieces):
        match called[1:] if called[0].upper() == "SAFE" else called:
            case [_]:
                continue
            case [first, _] if first.upper() in _NAMESPACES:
                continue
            case path:
                yield ".".join(path)


def _first_line(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _broken(error: ParseError, routines: tuple[str, ...]) -> Statement:
    first = error.errors[0] if error.errors else {}
    why = str(first.get("description") or error)
    why = _CLASS.split(why, maxsplit=1)[0].rstrip(".")
    near = str(first.get("highlight") or "")[:_LONGEST_PIECE]
    broken = f"{why} near {near!r}" if near else why
    return Statement(broken=broken, line=int(first.get("line") or 0), routines=routines)


def _judged(tree: exp.Expr, routines: tuple[str, ...]) -> Statement:
    if not isinstance(tree, exp.Query):
        return Statement(writes=f"is {_name(tree)}")
    for node in tree.walk():
        if isinstance(node, _WRITES) and not isinstance(node, exp.Query):
            return Statement(writes=f"contains {_name(node)}")
    return Statement(tree=tree, routines=routines)


def _name(tree: exp.Expr) -> str:
    if isinstance(tree, exp.Into):
        return "SELECT … INTO"
    return type(tree).key.upper() if isinstance(tree, exp.DML | exp.DDL) else "no SELECT"
