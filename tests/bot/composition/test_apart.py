"""A scenario in the store of a project: it is refused where it would resolve real alerts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from bot.alerting.incident import MADE_UP
from bot.composition.apart import keep_apart
from bot.settings import SettingsError
from bot.store.model import AlertState, Changes
from bot.store.sqlite import SqliteStore
from tests.bot.store.records import NOW, an_alert


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    with closing(SqliteStore(":memory:")) as opened:
        yield opened


def test_real_alerts_keep_a_scenario_out_until_they_are_resolved(store: SqliteStore) -> None:
    alert = an_alert()
    store.commit(Changes(alerts=(alert,)))

    with pytest.raises(SettingsError, match="open alerts of nba that are no scenario's"):
        keep_apart(store, ["nba"])
    keep_apart(store, ["another"])

    store.commit(Changes(alerts=(replace(alert, version=1, state=AlertState.RESOLVED, resolved_at=NOW),)))
    keep_apart(store, ["nba"])


def test_those_of_a_scenario_do_not(store: SqliteStore) -> None:
    store.commit(Changes(alerts=(replace(an_alert(), details={MADE_UP: True}),)))

    keep_apart(store, ["nba"])
