"""What the tests of the shipped pipelines share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.googlesql import GoogleSql


@pytest.fixture(scope="session")
def googlesql_compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let the analyser be compiled once in many runs: it lies in pytest's cache, unless there is none."""
    from tests.googlesql import keep_compiled  # noqa: PLC0415 - heavy, and few tests need it

    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    keep_compiled(cache.mkdir("googlesql") if cache is not None else tmp_path_factory.mktemp("googlesql"))


@pytest.fixture(scope="session")
def googlesql(googlesql_compiled: None) -> GoogleSql:
    """Google's analyser on the tables of the NBA pipeline; only tests of the group ``googlesql`` may ask for it."""
    from tests.googlesql import GoogleSql  # noqa: PLC0415 - heavy, and few tests need it
    from tests.pipelines.nba_world import NBA  # noqa: PLC0415 - likewise

    return GoogleSql(NBA)
