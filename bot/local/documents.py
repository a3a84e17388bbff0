"""Firestore from a scenario."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from bot.local.faults import Faults
from checks.looks import FIRESTORE
from checks.ports import Document


class ScenarioDocuments:
    """The port ``Documents`` on a mapping from ``collection/id`` to data."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]], faults: Faults) -> None:
        self._documents = documents
        self._faults = faults

    def get(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        """Return a document for every path, None where there is none. Raises SourceError."""
        self._faults.raise_for(FIRESTORE, lambda only: any(path.startswith(only) for path in paths))
        return {path: self._document(path) for path in paths}

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        """Return the first documents of a collection by id. Raises SourceError."""
        self._faults.raise_for(FIRESTORE, lambda only: collection.startswith(only.rstrip("/")))
        paths = sorted(path for path in self._documents if path.rpartition("/")[0] == collection)
        return [document for path in paths[:limit] if (document := self._document(path)) is not None]

    def _document(self, path: str) -> Document | None:
        # A copy, because a real client gives every caller an object of its own.
        return Document(path, copy.deepcopy(dict(self._documents[path]))) if path in self._documents else None
