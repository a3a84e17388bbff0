"""Where a store is, as text that another process can be told."""

from __future__ import annotations

from bot.store.firestore import open_firestore_store
from bot.store.model import StateStore
from bot.store.sqlite import SqliteStore

PROJECT = "example-project"


def sqlite_place(path: object) -> str:
    return f"sqlite {path}"


def firestore_place(address: str, prefix: str) -> str:
    return f"firestore {address} {prefix}"


def open_store(place: str) -> StateStore:
    """Open the store that is there."""
    kind, *where = place.split(" ")
    if kind == "sqlite":
        return SqliteStore(" ".join(where))
    address, prefix = where
    return open_firestore_store(project=PROJECT, emulator=address, prefix=prefix)
