"""Opens the store that the environment names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from bot.serving.serving_settings import FIRESTORE, ServingSettings, StoreDatabase
from bot.settings import Settings, SettingsError
from bot.store.migrations import NewerStoreError
from bot.store.model import StateStore, StoreError
from bot.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from bot.store.firestore import FirestoreStore

log = logging.getLogger(__name__)


def store_of(
    serving: ServingSettings, settings: Settings, project: str, *others: str, patient: bool = False
) -> StateStore:
    """Open the store: a file, or a database of Firestore in ``project`` unless the settings name another. With
    ``patient`` a file on a disk that is full is opened later. ``others`` are projects of further pipelines.

    Raises StoreError, and SettingsError without credentials, for a database that does not exist, where the records
    still stand in the one that the store had before it got a database of its own, and where nobody says in which of
    several projects it lies.
    """
    if isinstance(serving.store, Path):
        return SqliteStore(serving.store, patient=patient)
    opener = STORES.get(serving.store.kind)
    if opener is None:
        raise SettingsError(
            f"REVEILLE_STORE names the store '{serving.store.kind}', which there is not: there are "
            f"{', '.join(sorted(STORES))}, and the path of a file."
        )
    there = serving.store.project or settings.project
    if there is None and set(others) - {project}:
        raise SettingsError(
            f"The pipelines lie in several projects ({', '.join(sorted({project, *others}))}): say which has the store "
            f"with REVEILLE_STORE={serving.store.kind}:PROJECT/{serving.store.name}."
        )
    return opener(serving.store, settings, there or project)


def _firestore(database: StoreDatabase, settings: Settings, project: str) -> StateStore:
    store = _in_firestore(database.name, settings, project)
    try:
        _must_be_the_right_one(store, database, settings, project)
        _must_not_be_newer(store)
    except BaseException:
        store.close()
        raise
    return store


STORES: Mapping[str, Callable[[StoreDatabase, Settings, str], StateStore]] = {
    FIRESTORE: _firestore,
}
"""What opens a store by the word before the colon of ``REVEILLE_STORE``: its database, the settings, the project."""


def _in_firestore(database: str, settings: Settings, project: str) -> FirestoreStore:
    from bot.google_cloud.credentials import default_credentials  # noqa: PLC0415 - Google's clients take a second to import
    from bot.store.firestore import open_firestore_store  # noqa: PLC0415 - likewise

    return open_firestore_store(
        project=project,
        database=database,
        emulator=settings.firestore_emulator,
        prefix=f"{settings.collection_prefix}reveille_",
        credentials=default_credentials() if settings.firestore_emulator is None else None,
    )


def _must_not_be_newer(store: FirestoreStore) -> None:
    try:
        store.meet_format()
    except NewerStoreError as error:
        raise SettingsError(f"The store cannot be opened: {error}") from error
    except StoreError as error:
        log.warning("the version of the store could not be looked up: %s", error)


def _must_be_the_right_one(store: FirestoreStore, database: StoreDatabase, settings: Settings, project: str) -> None:
    """Look once. While Firestore does not answer, the store is opened all the same: it may in a moment."""
    from bot.store.firestore_documents import MissingDatabaseError  # noqa: PLC0415 - Google's clients take a second

    name, former = database.name, settings.firestore_database
    try:
        if store.holds_records() or database.chosen or name == former:
            return
        with closing(_in_firestore(former, settings, project)) as before:
            left_behind = before.holds_records()
    except MissingDatabaseError as error:
        raise SettingsError(f"The store cannot be opened: {error}") from error
    except StoreError as error:
        log.warning("whether the store has its records could not be looked up: %s", error)
        return
    if left_behind:
        raise SettingsError(
            f"The store is empty in the Firestore database {name}, and its records are in {former}, where an earlier "
            f"version kept them. To go on there, set REVEILLE_STORE={FIRESTORE}:{former}. To move, export them from "
            f"there and import them into {name} (docs/slack.md). To begin without them, set "
            f"REVEILLE_STORE={FIRESTORE}:{name}."
        )
