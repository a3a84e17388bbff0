"""What the contract tests of the stores ask, in a word each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.store.model import (
    Alert,
    Delivery,
    StateStore,
)
from tests.bot.store.records import NOW, later

LEASE = later(seconds=30)
POST = "digest:nba:2026-02-11"


def keys(records: Sequence[Alert] | Sequence[Delivery]) -> list[str]:
    return [each.key for each in records]


def claimed(store: StateStore, owner: str = "one", limit: int = 100, **when: float) -> list[str]:
    now = later(**when)
    return keys(store.claim(owner, now, now + timedelta(seconds=30), limit))


def send(store: StateStore, key: str, ts: str = "1.1") -> None:
    assert store.claim("sender", NOW, LEASE, 100)
    assert store.record_sent(key, "sender", ts=ts, channel="C0000001", now=NOW)


def stored(store: StateStore, key: str) -> Delivery:
    found = store.delivery(key)
    assert found is not None
    return found
