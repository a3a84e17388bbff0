"""The Firestore store on Google's emulator."""

from __future__ import annotations

from bot.store.firestore import open_firestore_store
from bot.store.model import StateStore

PROJECT = "example-project"


def firestore_store(address: str, prefix: str, database: str = "(default)") -> StateStore:
    """Open the store whose collections begin with a prefix, on the emulator at ``host:port``."""
    return open_firestore_store(project=PROJECT, emulator=address, prefix=prefix, database=database)
