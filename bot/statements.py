"""What a GoogleSQL statement does, as far as its text tells: a query of the pipeline file only reads.

Nothing here asks BigQuery. A statement that cannot be parsed is not called a read: who runs it asks for the type of the
statement first (``statementType`` of a dry run,
https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#jobstatistics2).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from checks.looks import BIGQUERY
from checks.ports import Problem, Query, SourceError

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each statement that it takes as a mere command

ONE_AT_A_TIME = threading.Lock()
"""sqlglot sets its dialects up at their first use; threads that meet there get parameters wrong, now and then."""

ADVICE = "Correct it in the pipeline file: a query must be one SELECT."

_WRITES = (exp.DML, exp.DDL, exp.Command, exp.Drop, exp.Alter, exp.Into)
_ELSEWHERE = "EXTERNAL_QUERY"
"""Hands a text to another database, where nobody can tell from here whether it reads."""

_LONGEST_PIECE = 80
"""Characters of a statement that an error repeats."""

_NAMES: dict[type[Any], str] = {
    exp.Into: "SELECT … INTO",
    exp.TruncateTable: "TRUNCATE TABLE",
    exp.LoadData: "LOAD DATA",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """``tree`` is there for one SELECT alone. ``writes`` says what a statement does beside reading; ``broken`` why it
    cannot be parsed, with the ``line`` in its text, from 1, where that is known."""

    tree: exp.Query | None = None
    writes: str | None = None
    broken: str | None = None
    line: int = 0


def only_reads(query: Query) -> bool | None:
    """Return True for a read, None where the text does not tell. Raises SourceError for what is none."""
    statement = statement_of(query.text())  # the prefix of its datasets makes no difference
    if statement.writes is not None:
        raise refused_to_write(query, statement.writes)
    return True if statement.tree is not None else None


def refused_to_write(query: Query, what: str) -> SourceError:
    """Return the refusal of a statement that does something beside reading."""
    return SourceError(BIGQUERY, Problem.INVALID, f"the query {query.label!r} {what}, and was not run", advice=ADVICE)


@lru_cache(maxsize=1024)
def statement_of(sql: str) -> Statement:
    """Read a statement."""
    try:
        with ONE_AT_A_TIME:
            found = [each for each in sqlglot.parse(sql, read="bigquery") if each is not None]
    except ParseError as error:
        return _broken(error)
    except (SqlglotError, RecursionError) as error:
        return Statement(broken=str(error).splitlines()[0][:200] if str(error) else type(error).__name__)
    if not found:
        return Statement(writes="is empty")
    if len(found) > 1:
        return Statement(writes=f"is {len(found)} statements")
    return _judged(found[0])


def _broken(error: ParseError) -> Statement:
    first = error.errors[0] if error.errors else {}
    why = str(first.get("description") or error).partition(" but got <")[0].rstrip(".")
    near = str(first.get("highlight") or "")[:_LONGEST_PIECE]
    return Statement(broken=f"{why} near {near!r}" if near else why, line=int(first.get("line") or 0))


def _judged(tree: exp.Expr) -> Statement:
    if not isinstance(tree, exp.Query):
        return Statement(writes=f"is {_name(tree)}")
    for node in tree.walk():
        if isinstance(node, _WRITES) and not isinstance(node, exp.Query):
            return Statement(writes=f"contains {_name(node)}")
        if isinstance(node, exp.Anonymous) and node.name.upper() == _ELSEWHERE:
            return Statement(writes=f"hands its text to another database ({_ELSEWHERE})")
    return Statement(tree=tree)


def _name(tree: exp.Expr) -> str:
    if isinstance(tree, exp.Command):
        return str(tree.this).upper()
    if isinstance(tree, exp.DML | exp.DDL | exp.Export | exp.Drop | exp.Alter | exp.Grant | exp.Set | exp.Into):
        return _NAMES.get(type(tree), type(tree).key.upper())
    return _NAMES.get(type(tree), "no SELECT")
