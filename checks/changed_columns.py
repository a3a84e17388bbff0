"""Why a query fails: a column that it reads is gone, or has another type than the pipeline file declares.

Then the source has answered: the table has a fault, and what asks the query cannot tell without the column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from checks.column_types import ColumnDifference, ColumnState, differences
from checks.ports.warehouse import read_columns
from checks.reads import Reads
from checks.source import Problem, SourceError
from checks.table_names import tables_in

_OF_COLUMNS = (Problem.INVALID, Problem.UNSUPPORTED)
"""How a query ends for which a column is missing or of another type."""

_WORD = re.compile(r"[A-Za-z_]\w*")


class ChangedColumnsError(SourceError):
    """A query of ``asker`` failed for columns that tables, by their names, have lost or changed."""

    def __init__(self, error: SourceError, asker: str, changed: Mapping[str, Sequence[ColumnDifference]]) -> None:
        super().__init__(error.source, error.problem, error.detail, advice=error.advice)
        self.asker = asker
        self.changed = changed


class Declared(Protocol):
    """A table of the pipeline file."""

    @property
    def columns(self) -> Mapping[str, str]: ...


def explained(
    error: SourceError, asker: str, tables: Mapping[str, Declared], reads: Reads, statements: Iterable[str]
) -> SourceError:
    """Return the error of a query, as one about columns where one of the ``tables`` has lost or changed a declared one
    that the statements read; a table whose columns cannot be read says nothing."""
    if error.problem not in _OF_COLUMNS or isinstance(error, ChangedColumnsError):
        return error
    asked_for = "\n".join(statements)
    words = {word.lower() for word in _WORD.findall(asked_for)}
    asked = {table: read_columns(reads, table) for table in tables_in(asked_for) if table in tables}
    changed: dict[str, list[ColumnDifference]] = {}
    for table, read in asked.items():
        declared = tables[table].columns
        used = {column: kind for column, kind in declared.items() if column.lower() in words}
        try:
            found = [each for each in differences(used, read.result()) if each.state is not ColumnState.NEW]
        except SourceError:
            continue
        if found:
            changed[table] = found
    return ChangedColumnsError(error, asker, changed) if changed else error
