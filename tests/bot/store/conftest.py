"""Both stores, each as something that can be opened any number of times on the same state."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bot.store.model import StateStore
from tests.bot.store.places import firestore_place, open_store, sqlite_place

Opener = Callable[[], StateStore]


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.xdist_group("emulators"))])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store is."""
    if request.param == "sqlite":
        return sqlite_place(tmp_path / "reveille.db")
    return firestore_place(request.getfixturevalue("firestore_address"), f"test_{uuid.uuid4().hex}_")


@pytest.fixture
def another(place: str) -> Iterator[Opener]:
    """Open the store; each call is one more client of the same state, as another process would be."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(open_store(place)))


@pytest.fixture
def store(another: Opener) -> StateStore:
    return another()
