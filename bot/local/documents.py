"""Firestore from a scenario."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.local.faults import Faults
from checks.ports import Document
from checks.reads import FIRESTORE

Stored = Mapping[str, Mapping[str, Any]]
"""Data by ``collection/id``."""


class ScenarioDocuments:
    """The port ``Documents`` on what is stored by now."""

    def __init__(self, documents: Callable[[], Stored], faults: Faults) -> None:
        self._documents = documents
        self._faults = faults

    def get(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        """Return a document for every path, None where there is none. Raises SourceError."""
        self._faults.raise_for(FIRESTORE, lambda only: any(path.startswith(only) for path in paths))
        stored = self._documents()
        return {path: _document(stored, path) for path in paths}

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        """Return the first documents of a collection by id. Raises SourceError."""
        self._faults.raise_for(FIRESTORE, lambda only: collection.startswith(only.rstrip("/")))
        stored = self._documents()
        paths = sorted(path for path in stored if path.rpartition("/")[0] == collection)
        return [document for path in paths[:limit] if (document := _document(stored, path)) is not None]


def _document(stored: Stored, path: str) -> Document | None:
    # A copy, because a real client gives every caller an object of its own.
    return Document(path, copy.deepcopy(dict(stored[path]))) if path in stored else None
