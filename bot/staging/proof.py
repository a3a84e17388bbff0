"""The proof that production stayed untouched: what every table and document was before, and what it is after.

"Production has rows" proves nothing, so each table's row count and time of its last change are compared, and each
document's time of its last write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from bot.staging.ports import StagingCollections, StagingTables, StoredTable
from bot.staging.prefix import StagingError
from bot.staging.steps import answers

VERSION = 1
"""Of the stored form; a file of another version is refused."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """What a table is at one moment."""

    rows: int
    buffered: int
    modified: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Production at one moment. Documents are the time of their last write, by collection and id."""

    project: str
    at: datetime
    tables: Mapping[str, TableState]
    documents: Mapping[str, Mapping[str, datetime]]

    @property
    def size(self) -> str:
        """What was looked at, in words."""
        documents = sum(len(each) for each in self.documents.values())
        return (
            f"{len(self.tables)} tables, and {documents} documents in {len(self.documents)} collections of production"
        )


def snapshot(
    tables: StagingTables,
    collections: StagingCollections,
    *,
    project: str,
    datasets: Sequence[str],
    watched: Sequence[str],
    at: datetime,
) -> Snapshot:
    """Look at all of production, everything at once. Raises SourceError: what was not seen is not proved."""
    names = [name for listed in answers(datasets, tables.tables) for name in listed]
    states = zip(names, answers(names, tables.table), strict=True)
    documents = answers(watched, collections.documents)
    return Snapshot(
        project=project,
        at=at,
        tables={name: _state(table) for name, table in states if table is not None},
        documents=dict(zip(watched, documents, strict=True)),
    )


def _state(table: StoredTable) -> TableState:
    return TableState(rows=table.rows, buffered=table.buffered, modified=table.modified)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionChange:
    """Something of production that is not what it was."""

    subject: str
    detail: str


def changes(before: Snapshot, after: Snapshot) -> tuple[ProductionChange, ...]:
    """Name everything that changed between two moments, in order. Raises StagingError for two that do not compare."""
    if before.project != after.project:
        raise StagingError(
            f"The first record is of the project {before.project!r}, this one at {after.project!r}; begin again."
        )
    if set(before.documents) != set(after.documents):
        raise StagingError("The watched collections are not those of the first record; begin again.")
    return (*_changed_tables(before, after), *_changed_documents(before, after))


def _changed_tables(before: Snapshot, after: Snapshot) -> Iterator[ProductionChange]:
    for name, old, new in _pairs(before.tables, after.tables):
        if old is None or new is None:
            yield ProductionChange(subject=name, detail="is new" if old is None else "is gone")
        elif old != new:
            yield ProductionChange(subject=name, detail=", ".join(_differences(old, new)))


def _differences(old: TableState, new: TableState) -> Iterator[str]:
    if old.rows != new.rows:
        yield f"{old.rows:,} → {new.rows:,} rows"
    if old.buffered != new.buffered:
        yield f"{old.buffered:,} → {new.buffered:,} rows in the streaming buffer"
    if old.modified != new.modified:
        yield f"last changed {_time(old.modified)} → {_time(new.modified)}"


def _changed_documents(before: Snapshot, after: Snapshot) -> Iterator[ProductionChange]:
    for collection, olds in before.documents.items():
        for name, old, new in _pairs(olds, after.documents[collection]):
            subject = f"{collection}/{name}"
            if old is None:
                yield ProductionChange(subject=subject, detail=f"is new, written {_time(new)}")
            elif new is None:
                yield ProductionChange(subject=subject, detail="is gone")
            elif old != new:
                yield ProductionChange(subject=subject, detail=f"last written {_time(old)} → {_time(new)}")


def _pairs(olds: Mapping[str, V], news: Mapping[str, V]) -> Iterator[tuple[str, V | None, V | None]]:
    for name in sorted({*olds, *news}):
        yield name, olds.get(name), news.get(name)


def _time(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def to_json(snapshot: Snapshot) -> str:
    """Return a snapshot as text that ``from_json`` reads."""
    return json.dumps(to_document(snapshot), indent=1, sort_keys=True)


def to_document(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot as plain JSON values."""
    return {
        "version": VERSION,
        "project": snapshot.project,
        "at": snapshot.at.isoformat(),
        "tables": {
            name: [each.rows, each.buffered, each.modified.isoformat() if each.modified is not None else None]
            for name, each in snapshot.tables.items()
        },
        "documents": {
            collection: {name: moment.isoformat() for name, moment in each.items()}
            for collection, each in snapshot.documents.items()
        },
    }


def from_json(text: str) -> Snapshot:
    """Read a snapshot. Raises StagingError for anything else."""
    try:
        return from_document(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise StagingError("This is not a first record; run 'reveille staging prove start' again.") from None


def from_document(content: Any) -> Snapshot:
    """Read a snapshot from plain JSON values. Raises ValueError, TypeError, KeyError or AttributeError."""
    if content["version"] != VERSION:
        raise ValueError(content["version"])
    return Snapshot(
        project=str(content["project"]),
        at=datetime.fromisoformat(content["at"]),
        tables={
            name: TableState(
                rows=int(rows), buffered=int(buffered), modified=datetime.fromisoformat(moment) if moment else None
            )
            for name, (rows, buffered, moment) in content["tables"].items()
        },
        documents={
            collection: {name: datetime.fromisoformat(moment) for name, moment in each.items()}
            for collection, each in content["documents"].items()
        },
    )
