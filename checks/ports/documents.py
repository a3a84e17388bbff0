"""Firestore: completion documents and heartbeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from checks.reads import Read, Reads
from checks.source import Source


@dataclass(frozen=True, slots=True)
class Document:
    """A Firestore document. Times are aware datetimes, references are their paths."""

    path: str
    data: Mapping[str, Any]


class Documents(Protocol):
    """Firestore. Paths are ``collection/id`` without any prefix; the adapter adds its own."""

    def get(self, paths: Sequence[str]) -> Mapping[str, Document | None]:
        """Fetch all paths in one request; a document that does not exist is None."""

    def list(self, collection: str, limit: int) -> Sequence[Document]:
        """Fetch at most ``limit`` documents of a collection, ordered by id."""


FIRESTORE: Source[Documents] = Source("Firestore", lambda limits: limits.firestore, "transitions")


def read_document(reads: Reads, path: str) -> Read[Document | None]:
    """Ask for a document; the first question for one that the run will need fetches all of those in one request."""
    wanted = tuple(sorted(reads.planned)) if path in reads.planned else (path,)
    return reads.ask(FIRESTORE, " ".join(wanted), lambda port: port.get(wanted), lambda answer: answer.get(path))


def read_collection(reads: Reads, name: str, limit: int) -> Read[Sequence[Document]]:
    """Ask for at most ``limit`` documents of a collection."""
    return reads.ask(FIRESTORE, f"{name}[:{limit}]", lambda port: port.list(name, limit))
