"""A store as one of several pipelines sees it: what it writes into the audit says whose it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from bot.store.model import AuditEntry, Changes, StateStore

PIPELINE = "pipeline"
"""The detail of a record that names the pipeline."""


@dataclass(frozen=True, slots=True)
class _Marked:
    store: StateStore
    pipeline: str

    def commit(self, changes: Changes) -> None:
        marked = [replace(each, details={PIPELINE: self.pipeline, **each.details}) for each in changes.audit]
        self.store.commit(replace(changes, audit=marked))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def marked(store: StateStore, pipeline: str) -> StateStore:
    """Return the store of a pipeline: the same, but for the records of its audit."""
    return cast(StateStore, _Marked(store, pipeline))


def shared(store: StateStore) -> StateStore:
    """Return the store itself, for what several pipelines do together."""
    return store.store if isinstance(store, _Marked) else store


def is_of(entry: AuditEntry, pipeline: str) -> bool:
    """Whether a record may be shown as one of a pipeline; those of before they said so may."""
    return bool(entry.details.get(PIPELINE, pipeline) == pipeline)
