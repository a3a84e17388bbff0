"""A store that lives as long as a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.store.sqlite import SqliteStore


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    opened = SqliteStore(":memory:")
    yield opened
    opened.close()
