"""docs/operating.md names every metric and every collection of the store."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.serving.metrics import Metrics
from bot.store.firestore import STORE
from bot.store.firestore_retention import ACTIONS, ALERTS, AUDIT, DELIVERIES, LEASES, REPORTS
from bot.store.sqlite import SqliteStore
from tests.sections import ROOT

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def metrics() -> set[str]:
    shown = Metrics()
    shown.watch(SqliteStore(":memory:"), lambda: datetime.now(UTC))
    shown.watch_turns("nba", lambda: {"watch": 1})
    names = re.findall(r"^# TYPE (reveille_\w+) (?:counter|gauge|histogram)", shown.text().decode(), re.MULTILINE)
    return {name for name in names if not name.endswith("_created")}


def test_every_metric_is_named() -> None:
    assert sorted(name for name in metrics() if f"`{name}`" not in PAGE) == []


def test_no_metric_is_named_that_is_none() -> None:
    collections = {f"reveille_{name}" for name in (ACTIONS, ALERTS, AUDIT, DELIVERIES, LEASES, REPORTS, STORE)}

    assert set(re.findall(r"`(reveille_\w+)`", PAGE)) == metrics() | collections
