"""Firestore from a scenario."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.scenarios.faults import Faults
from bot.scenarios.scene import Scene
from checks.ports.documents import FIRESTORE, Document

Stored = Mapping[str, Mapping[str, Any]]
"""Data by ``collection/id``."""


def connect(scene: Scene) -> ScenarioDocuments:
    return ScenarioDocuments(lambda: scene.world().documents, scene.faults)


@dataclass(frozen=True, slots=True)
class ScenarioDocuments:
    """The port ``Documents`` on what is stored by now."""

    documents: Callable[[], Stored]
    faults: Faults

    def get(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        self.faults.raise_for(FIRESTORE, lambda only: any(path.startswith(only) for path in paths))
        stored = self.documents()
        return {path: _document(stored, path) for path in paths}

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        self.faults.raise_for(FIRESTORE, lambda only: collection.startswith(only.rstrip("/")))
        stored = self.documents()
        paths = sorted(path for path in stored if path.rpartition("/")[0] == collection)
        return [document for path in paths[:limit] if (document := _document(stored, path)) is not None]


def _document(stored: Stored, path: str) -> Document | None:
    # A copy, because a real client gives every caller an object of its own.
    return Document(path, copy.deepcopy(dict(stored[path]))) if path in stored else None
