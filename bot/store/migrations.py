"""How stored records of former versions become those of today: one table, for both stores.

Every record says its version under ``format``; those of the first version say nothing. A record is migrated when it is
read, so that two versions of the program can share a store while one replaces the other; the SQLite store rewrites what
it has once, when it is opened. A migration is never edited once it is released: the next version is one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bot.store.earlier import upgraded
from bot.store.model import Alert, StoredReport, StoreError

Document = Mapping[str, Any]

FORMAT = "format"


MIGRATIONS: tuple[Mapping[str, Callable[[Document], Document]], ...] = (
    {kind.__name__: partial(upgraded, kind) for kind in (Alert, StoredReport)},
    # Bodies of deliveries are neutral (bot.render.post). Those in Slack's own form stay: its sink knows both.
    {},
)
"""What turns records of version 1 into those of version 2, and so on, by the kind of the record."""

NEWEST = 1 + len(MIGRATIONS)


class NewerStoreError(StoreError):
    """A newer program has written to the store, and this one would misread it."""

    def __init__(self, version: object, newest: int = NEWEST) -> None:
        super().__init__(
            f"the store is of version {version}, and this program knows versions up to {newest}: "
            "use the newer program, or another store.",
            retryable=False,
        )


def migrated(kind: str, document: Document) -> Document:
    """Return a record as this version has it. Raises StoreError for one of a newer version."""
    version = document.get(FORMAT, 1)
    if not isinstance(version, int) or not 1 <= version <= NEWEST:
        raise NewerStoreError(version)
    for step in MIGRATIONS[version - 1 :]:
        if kind in step:
            document = step[kind](document)
    return document
