"""The store as the commands of the shell find it: the one of a bot that serves from the same folder or environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from bot.composition.stores import store_of
from bot.serving.serving_settings import DEFAULT_STORE, ServingSettings
from bot.settings import Settings, Variables
from bot.store.marked import marked
from bot.store.model import StateStore
from bot.store.sqlite import SqliteStore
from checks.pipeline import Pipeline


@contextmanager
def store_of_shell(pipeline: Pipeline, settings: Settings) -> Iterator[StateStore | None]:
    """Open the store that a bot that serves has, to read it; None where nobody named one. Raises StoreError."""
    store, durable = shell_store(pipeline, settings)
    try:
        yield store if durable else None
    finally:
        store.close()


def shell_store(pipeline: Pipeline, settings: Settings) -> tuple[StateStore, bool]:
    """Return the store of the environment, or that of a bot that serves from this folder; without either, a memory that
    ends with the process."""
    if Variables(os.environ).text("REVEILLE_STORE") is None and not DEFAULT_STORE.exists():
        return SqliteStore(":memory:"), False
    return marked(store_of(ServingSettings.from_environment(), settings, pipeline.project), pipeline.name), True
