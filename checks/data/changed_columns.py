"""Why a query fails: a column that it reads is gone, or has another type than the pipeline file declares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from checks.actions import Action
from checks.amounts import SENTENCE, cut_text
from checks.column_types import ColumnDifference, ColumnState, differences
from checks.context import Context
from checks.data.decision import Setting, early
from checks.facts import Values
from checks.model import Finding, Outcome
from checks.places import Place, PlaceKind
from checks.ports.warehouse import read_columns
from checks.source import SourceError
from checks.sql_check_spec import SqlCheck
from checks.table_names import tables_in

_WORD = re.compile(r"[A-Za-z_]\w*")


def changed_columns(spec: SqlCheck, context: Context, setting: Setting, statements: Iterable[str]) -> Iterator[Finding]:
    """Yield a failure for each declared column that the statements of a check read and a table has lost or changed;
    nothing of a table whose columns cannot be read."""
    asked_for = "\n".join(statements)
    words = {word.lower() for word in _WORD.findall(asked_for)}
    tables = [each for each in tables_in(asked_for) if each in context.pipeline.tables]
    asked = {table: read_columns(context.reads, table) for table in tables}
    for table, read in asked.items():
        declared = context.pipeline.tables[table].columns
        used = {column: kind for column, kind in declared.items() if column.lower() in words}
        try:
            found = tuple(differences(used, read.result()))
        except SourceError:
            continue
        yield from (_finding(spec, setting, table, each) for each in found if each.state is not ColumnState.NEW)


def not_asked(
    spec: SqlCheck, setting: Setting, subject: str, changed: Sequence[Finding], error: SourceError
) -> Finding:
    """Say what follows for the check itself, as bad as the truth could be: the source answered, so it is none that
    could not be read; what it said stays there, for it may have refused the query for something else, too."""
    columns = ", ".join(dict.fromkeys(each.subject for each in changed))
    return Finding(
        outcome=Outcome.UNKNOWN,
        code="no-value",
        subject=subject,
        summary=f"The query cannot run without {columns} as declared, so what else it would find is not known. "
        f"{error.source} says: {cut_text(error.detail, SENTENCE).rstrip('.')}.",
        severity=setting.capped(spec.worst),
        phase=spec.phase,
        interval=setting.interval,
        facts=Values(values={"columns": columns}),
        action=Action(text=f"Give the table {columns} back first; the check then runs again by itself."),
        link=spec.runbook,
    )


def _finding(spec: SqlCheck, setting: Setting, table: str, each: ColumnDifference) -> Finding:
    return Finding(
        outcome=Outcome.FAILED,
        code=f"column-{each.state}",
        subject=f"{table}.{each.column}",
        summary=each.sentence(table) + early(setting),
        severity=setting.capped(spec.worst),
        phase=spec.phase,
        interval=setting.interval,
        place=Place(PlaceKind.TABLE, table, each.column),
        facts=Values(values={"column": each.column, "declared": each.declared, "actual": each.real or "none"}),
        impact=f"The check '{spec.id}', and whatever else reads {each.column} of {table}, fails.",
        action=Action(
            text=f"Check what writes {table} and give it {each.column} back as {each.declared}; where the change is "
            "meant, change the pipeline file."
        ),
        link=spec.runbook,
        read=True,
    )
