"""What the tests of the shipped pipelines share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.googlesql import GoogleSql


@pytest.fixture(scope="session")
def googlesql(googlesql_compiled: None) -> GoogleSql:
    """Google's analyser on the tables of the NBA pipeline; only tests of the group ``googlesql`` may ask for it."""
    from tests.googlesql import GoogleSql  # noqa: PLC0415 - heavy, and few tests need it
    from tests.pipelines.nba_world import NBA  # noqa: PLC0415 - likewise

    return GoogleSql(NBA)
