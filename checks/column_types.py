"""The types of columns, as GoogleSQL writes them
(https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

SIMPLE = (
    "STRING", "BYTES", "INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOL", "DATE", "DATETIME", "TIME", "TIMESTAMP",
    "INTERVAL", "JSON", "GEOGRAPHY",
)  # fmt: skip
NUMBERS = ("INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC")

RANGED = ("DATE", "DATETIME", "TIMESTAMP")
"""What a RANGE can be of."""

LEGACY = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT"}
"""Names that BigQuery's interface has beside those of its SQL."""

_ALSO_CALLED = {
    **LEGACY, "DECIMAL": "NUMERIC", "NUMBER": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC", "INT": "INT64", "BIGINT": "INT64",
    "SMALLINT": "INT64", "TINYINT": "INT64", "DOUBLE": "FLOAT64", "REAL": "FLOAT64", "VARCHAR": "STRING",
    "CHAR": "STRING", "TEXT": "STRING", "UUID": "STRING", "BLOB": "BYTES", "BINARY": "BYTES",
    "TIMESTAMPTZ": "TIMESTAMP",
}  # fmt: skip
"""What other databases, and BigQuery's own older names, call them."""

_DEEPEST = 15
"""Levels of nested records (https://cloud.google.com/bigquery/docs/nested-repeated#limitations)."""

_EXPECTED = f"expected {', '.join(SIMPLE)}, ARRAY<…>, STRUCT<name type, …> or RANGE<{' | '.join(RANGED)}>"
_PIECE = re.compile(r"\s*(`[^`]+`|[A-Za-z_]\w*|[<>,]|\S)")


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type. ``element`` is what an ARRAY or a RANGE is of. ``fields`` are those of a STRUCT that queries may use; one
    that is declared without any says nothing of them."""

    name: str
    element: ColumnType | None = None
    fields: tuple[tuple[str, ColumnType], ...] = ()

    def __str__(self) -> str:
        """Write the type as GoogleSQL does."""
        if self.element is not None:
            return f"{self.name}<{self.element}>"
        inner = ", ".join(f"{name} {kind}" for name, kind in self.fields)
        return f"{self.name}<{inner}>" if inner else self.name

    def is_met_by(self, real: ColumnType) -> bool:
        """Whether a column of the type ``real`` has all that this one declares; capitals do not tell names apart."""
        if self.name != real.name:
            return False
        if self.element is not None and real.element is not None:
            return self.element.is_met_by(real.element)
        there = {name.lower(): kind for name, kind in real.fields}
        return all(name.lower() in there and kind.is_met_by(there[name.lower()]) for name, kind in self.fields)


@lru_cache(maxsize=1024)
def column_type(text: str) -> ColumnType:
    """Read a type. Raises ValueError."""
    pieces = iter([*_PIECE.findall(text), ""])
    first = next(pieces)
    found, last = _type(first, pieces, 0)
    if last:  # NUMERIC(10, 2), STRING NOT NULL: what BigQuery's interface shows behind a type
        raise ValueError(f"expected the type alone; did you mean '{first}'?" if first in SIMPLE else _EXPECTED)
    return found


def declares(text: str, real: str) -> bool:
    """Whether the type that a file declares is that of a real column, which BigQuery may know and this page not yet."""
    try:
        return text == real or column_type(text).is_met_by(column_type(real))
    except ValueError:
        return False


class ColumnState(StrEnum):
    """What became of a column."""

    SAME = "same"
    LOST = "lost"
    RETYPED = "retyped"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class ColumnDifference:
    """A column that is not as a file declares it. ``declared`` is empty where it is new, ``real`` where it is lost."""

    column: str
    state: ColumnState
    declared: str = ""
    real: str = ""

    def sentence(self, table: str) -> str:
        """Say it of a table."""
        if self.state is ColumnState.LOST:
            return f"{table} has no column {self.column}; expected {self.declared}."
        if self.state is ColumnState.NEW:
            return f"{table} has a column {self.column} ({self.real}) that the pipeline file does not name."
        return f"The column {self.column} of {table} is {self.real}; expected {self.declared}."


def differences(declared: Mapping[str, str], real: Mapping[str, str]) -> Iterator[ColumnDifference]:
    """Yield the columns of a table that are not as they are declared, those that it has more last. Capitals do not tell
    names apart."""
    there = {column.lower(): kind for column, kind in real.items()}
    for column, kind in declared.items():
        found = there.get(column.lower())
        if found is None:
            yield ColumnDifference(column, ColumnState.LOST, declared=kind)
        elif not declares(kind, found):
            yield ColumnDifference(column, ColumnState.RETYPED, declared=kind, real=found)
    named = {column.lower() for column in declared}
    for column, kind in real.items():
        if column.lower() not in named:
            yield ColumnDifference(column, ColumnState.NEW, real=kind)


def _type(name: str, pieces: Iterator[str], depth: int) -> tuple[ColumnType, str]:
    """Read a type that begins with ``name``; return it and the piece behind it."""
    if name in SIMPLE:
        return ColumnType(name), next(pieces)
    after = next(pieces) if name in ("ARRAY", "STRUCT", "RANGE") else ""
    if name == "STRUCT" and after != "<":
        return ColumnType(name), after
    if after != "<" or depth == _DEEPEST:
        raise ValueError(_hint(name) or _EXPECTED)
    if name == "STRUCT":
        return ColumnType(name, fields=tuple(_fields(pieces, depth))), next(pieces)
    element, end = _type(next(pieces), pieces, depth + 1)
    if end != ">" or (name == "RANGE" and element.name not in RANGED) or (name == element.name):
        raise ValueError(_EXPECTED)
    return ColumnType(name, element), next(pieces)


def _fields(pieces: Iterator[str], depth: int) -> Iterator[tuple[str, ColumnType]]:
    end = ","
    while end == ",":
        name = next(pieces).strip("`")
        kind, end = _type(next(pieces, ""), pieces, depth + 1)
        if not name.isidentifier():
            raise ValueError(_EXPECTED)
        yield name, kind
    if end != ">":
        raise ValueError(_EXPECTED)


def _hint(name: str) -> str:
    if name == "ARRAY":
        return "expected what the array is of, such as ARRAY<STRING>"
    if name in ("STRUCT", "RANGE"):
        return ""
    upper = name.upper()
    known = _ALSO_CALLED.get(upper, upper if upper in (*SIMPLE, "ARRAY", "STRUCT", "RANGE") else None)
    near = [known] if known is not None else get_close_matches(upper, SIMPLE, n=1)
    return f"expected a type of GoogleSQL; did you mean '{near[0]}'?" if near else ""


def _canonical(text: str) -> str:
    return str(column_type(text))


TypeText = Annotated[
    str,
    AfterValidator(_canonical),
    Field(
        json_schema_extra={
            "pattern": rf"^({'|'.join(SIMPLE)}|ARRAY\s*<.+>|STRUCT(\s*<.+>)?|RANGE\s*<\s*({'|'.join(RANGED)})\s*>)$"
        }
    ),
]
"""The text of a type, in a file."""
